/**
 * Reads where a Debian-like host gets its packages: sources.list(5), in the one-line and the deb822 style. Only what
 * can serve a pinned package is of interest: binary packages of Debian's main archive over HTTP.
 */

/** One archive that apt may use for binary packages. */
export interface AptSource {
  /** Base URL, ending in a slash. */
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
}

/** Reads a `.list` file: `deb [options] uri suite component…` a line. */
export function parseOneLineSources(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split("\n")) {
    const words = line.replace(/#.*/, "").replace(/\[[^\]]*\]/, " ").trim().split(/\s+/);
    const [type, uri, suite, ...components] = words;
    if (type !== "deb" || uri === undefined || suite === undefined) continue;
    addSource(sources, uri, suite, components);
  }
  return sources;
}

/** Reads a `.sources` file: stanzas of fields, in which URIs and suites are lists. */
export function parseDeb822Sources(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const stanza of parseDeb822(text)) {
    const words = (field: string) => (stanza.get(field) ?? "").split(/\s+/).filter((word) => word !== "");
    // sources.list(5): "Enabled: no" disables the stanza.
    if (!words("types").includes("deb") || /^(no|false|0|without|off|disable)$/i.test(stanza.get("enabled") ?? "")) {
      continue;
    }
    for (const uri of words("uris")) {
      for (const suite of words("suites")) addSource(sources, uri, suite, words("components"));
    }
  }
  return sources;
}

/**
 * Splits text into stanzas of `Field: value` lines (deb822(5)): names in lower case, folded lines joined by newlines,
 * comment lines gone.
 */
export function* parseDeb822(text: string): Generator<Map<string, string>> {
  let stanza = new Map<string, string>();
  let field = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) continue;
    if (line.trim() === "") {
      if (stanza.size > 0) yield stanza;
      stanza = new Map();
      field = "";
    } else if (/^[ \t]/.test(line)) {
      if (field !== "") stanza.set(field, `${stanza.get(field)}\n${line.trim()}`);
    } else {
      const colon = line.indexOf(":");
      if (colon < 0) continue;
      field = line.slice(0, colon).trim().toLowerCase();
      stanza.set(field, line.slice(colon + 1).trim());
    }
  }
  if (stanza.size > 0) yield stanza;
}

function addSource(sources: AptSource[], uri: string, suite: string, components: readonly string[]): void {
  // Other transports (file:, cdrom:, mirror+…, tor+…) are apt's own.
  if (!/^https?:\/\/[^\s]+$/.test(uri) || !URL.canParse(uri)) return;
  sources.push({ uri: uri.endsWith("/") ? uri : `${uri}/`, suite, components });
}

/** Suites of Debian's own archive, all of which share one pool. Derived distributions have other names. */
const DEBIAN_SUITES: ReadonlySet<string> = new Set([
  ...["buster", "bullseye", "bookworm", "trixie", "forky", "duke", "sid"],
  ...["oldoldstable", "oldstable", "stable", "testing", "unstable", "experimental"],
]);

/**
 * Base URLs whose pool may hold the packages of a suite, likeliest first, none twice.
 *
 * The very suite is best. Another suite of the same archive will do, since they share a pool. Security and other
 * archives with suites such as `bookworm-security` have pools of their own.
 */
export function archivesFor(sources: readonly AptSource[], suite: string, component: string): string[] {
  const usable = sources.filter((source) => DEBIAN_SUITES.has(source.suite) && source.components.includes(component));
  const exact = usable.filter((source) => source.suite === suite);
  return [...new Set([...exact, ...usable].map((source) => source.uri))];
}
