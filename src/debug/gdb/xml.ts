/** Text in XML. */

const ENTITIES: Readonly<Record<string, string>> = {
  "<": "&lt;",
  ">": "&gt;",
  "&": "&amp;",
  '"': "&quot;",
  "'": "&apos;",
};

/** A byte string as text or attribute of an XML document in Latin-1's reading of bytes; control characters are dropped. */
export function xmlText(text: string): string {
  // deno-lint-ignore no-control-regex -- XML 1.0 has no way to write them
  return text.replace(/[\x00-\x1f]/g, "?").replace(/[<>&"']/g, (char) => ENTITIES[char]!);
}
