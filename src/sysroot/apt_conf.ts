/** Reads from apt's configuration which proxy a mirror is reached by: apt.conf(5), apt-transport-http(1). */

/** Settings by their full name in lower case (`acquire::http::proxy`); the last one wins. */
export type AptSettings = ReadonlyMap<string, string>;

/** Reads the text of apt.conf files, joined in apt's order. Lists and unknown directives are passed over. */
export function parseAptConf(text: string): AptSettings {
  const settings = new Map<string, string>();
  const scopes: string[] = [];
  let scope = "";
  let words: string[] = [];
  for (const token of tokens(text)) {
    if (token === "{") {
      scopes.push(scope);
      scope = join(scope, words[0] ?? "");
      words = [];
    } else if (token === "}") {
      scope = scopes.pop() ?? "";
      words = [];
    } else if (token === ";") {
      const [name, value] = words;
      if (name !== undefined && value !== undefined) settings.set(join(scope, name).toLowerCase(), value);
      words = [];
    } else {
      words.push(token);
    }
  }
  return settings;
}

/**
 * The proxy for a URL, or undefined to go there directly. A host's own setting goes before the scheme's, and
 * `DIRECT` says none (apt-transport-http(1)).
 */
export function aptProxyFor(settings: AptSettings, url: URL): string | undefined {
  const scheme = url.protocol.slice(0, -1);
  const value = settings.get(`acquire::${scheme}::proxy::${url.hostname}`) ??
    settings.get(`acquire::${scheme}::proxy`) ??
    // apt's https method falls back to the http setting.
    (scheme === "https" ? settings.get("acquire::http::proxy") : undefined);
  if (value === undefined || value === "" || value.toUpperCase() === "DIRECT") return undefined;
  return /^(https?|socks5h?):\/\/[^\s]+$/.test(value) && URL.canParse(value) ? value : undefined;
}

function join(scope: string, name: string): string {
  return scope === "" ? name : `${scope}::${name}`;
}

function* tokens(text: string): Generator<string> {
  // Comments, quoted words, punctuation, bare words. `#` begins a comment only at the start of a line in practice;
  // `#clear` and `#include` are directives, which are passed over like comments.
  const pattern = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|^[ \t]*#[^\n]*|"([^"]*)"|([{};])|([^\s{};"]+)/gm;
  for (const match of text.matchAll(pattern)) {
    const token = match[1] ?? match[2] ?? match[3];
    if (token !== undefined) yield token;
  }
}
