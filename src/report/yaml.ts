/**
 * Writes the YAML of TAP diagnostics: mappings, lists, numbers, and strings as block literals or in JSON's quotes
 * (YAML 1.2 contains JSON). It keeps to the part of YAML that prove's YAMLish reader knows.
 */

/** What can be written. */
export type YamlValue = string | number | boolean | readonly YamlValue[] | {
  readonly [key: string]: YamlValue | undefined;
};

/** The lines of a mapping. */
export function yamlLines(value: { readonly [key: string]: YamlValue | undefined }): string[] {
  return Object.entries(value).flatMap(([key, each]) => each === undefined ? [] : entryLines(keyText(key), each));
}

function keyText(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(key) ? key : JSON.stringify(key);
}

function entryLines(key: string, value: YamlValue): string[] {
  if (typeof value === "string") return stringLines(key, value);
  if (typeof value !== "object") return [`${key}: ${value}`];
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${key}: []`];
    return [`${key}:`, ...value.flatMap((item: YamlValue) => itemLines(item))];
  }
  const lines = yamlLines(value as { readonly [key: string]: YamlValue });
  return lines.length === 0 ? [`${key}: {}`] : [`${key}:`, ...lines.map((line) => `  ${line}`)];
}

function itemLines(item: YamlValue): string[] {
  if (typeof item === "string") return [`  - ${JSON.stringify(item)}`];
  if (typeof item !== "object") return [`  - ${item}`];
  const lines = yamlLines(item as { readonly [key: string]: YamlValue });
  return lines.map((line, at) => (at === 0 ? "  - " : "    ") + line);
}

function stringLines(key: string, text: string): string[] {
  const isPrintable = /^[\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/.test(text);
  // A first line with an indentation would need an indicator, which YAMLish does not know.
  if (!text.includes("\n") || !isPrintable || /^\s/.test(text)) return [`${key}: ${JSON.stringify(text)}`];
  // Empty lines are indented, too: for YAMLish a line with less ends the text.
  return [`${key}: |`, ...text.replace(/\n+$/, "").split("\n").map((line) => `  ${line}`)];
}
