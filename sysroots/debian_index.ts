/** Debian's package index, and which packages a wish list needs (deb-control(5), Debian Policy chapter 7). */
import { parseDeb822 } from "../src/sysroot/apt_sources.ts";
import type { PinnedPackage } from "../src/sysroot/profile.ts";

/** One binary package of an index. */
export interface IndexedPackage {
  readonly pinned: PinnedPackage;
  /** Pre-Depends and Depends: all of these, each by one of its alternatives. */
  readonly depends: readonly (readonly string[])[];
}

/** The packages of one suite, component and architecture. */
export class PackageIndex {
  readonly #packages = new Map<string, IndexedPackage>();
  /** Virtual names, and the packages that provide them. */
  readonly #providers = new Map<string, string[]>();

  /** @param text an uncompressed `Packages` file. */
  constructor(text: string) {
    for (const stanza of parseDeb822(text)) {
      const field = (name: string): string => {
        const value = stanza.get(name);
        if (value === undefined) throw new Error(`package ${stanza.get("package")} has no ${name}`);
        return value;
      };
      const name = field("package");
      const pinned = {
        name,
        version: field("version"),
        path: field("filename"),
        size: Number(field("size")),
        sha256: field("sha256"),
      };
      const depends = [stanza.get("pre-depends"), stanza.get("depends")].flatMap((relations) =>
        parseRelations(relations)
      );
      // A suite keeps an older version as long as some architecture or source still needs it.
      const other = this.#packages.get(name);
      if (other !== undefined && compareVersions(other.pinned.version, pinned.version) >= 0) continue;
      this.#packages.set(name, { pinned, depends });
      for (const [provided] of parseRelations(stanza.get("provides"))) {
        if (provided === undefined) continue;
        const providers = this.#providers.get(provided) ?? [];
        providers.push(name);
        this.#providers.set(provided, providers);
      }
    }
  }

  /**
   * The wanted packages and what they depend on, without the omitted ones, sorted by name.
   *
   * An alternative that is wanted or taken already is preferred, else the first that exists: as apt does it. Versions
   * in relations are not compared: within one released suite they hold.
   */
  resolve(want: readonly string[], omit: readonly string[]): PinnedPackage[] {
    const taken = new Map<string, PinnedPackage>();
    const omitted = new Set(omit);
    const pending = [...want];
    const wanted = new Set(want);
    for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
      if (taken.has(name) || omitted.has(name)) continue;
      const found = this.#packages.get(name);
      if (found === undefined) throw new Error(`no package ${name} in the index`);
      taken.set(name, found.pinned);
      for (const alternatives of found.depends) {
        const satisfied = (each: string) => taken.has(each) || omitted.has(each) || wanted.has(each);
        const provided = (each: string) => this.#providers.get(each) ?? [];
        if (alternatives.some((each) => satisfied(each) || provided(each).some(satisfied))) continue;
        const choice = alternatives.find((each) => this.#packages.has(each)) ??
          alternatives.flatMap(provided)[0];
        if (choice === undefined) throw new Error(`nothing satisfies ${alternatives.join(" | ")} of ${name}`);
        pending.push(choice);
      }
    }
    return [...taken.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/**
 * Orders two Debian versions (Debian Policy 5.6.12): negative when `a` is older, positive when newer, else 0.
 *
 * Epochs as numbers, then upstream version, then revision: runs of non-digits by character with `~` before the end
 * and letters before the rest, runs of digits as numbers.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [splitVersion(a), splitVersion(b)];
  return left.epoch - right.epoch || comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision);
}

function splitVersion(version: string): { epoch: number; upstream: string; revision: string } {
  const [, epoch = "0", upstream = "", revision = "0"] = /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/.exec(version) ?? [];
  return { epoch: Number(epoch), upstream, revision };
}

function comparePart(a: string, b: string): number {
  const pieces = (text: string) => text.match(/\d+|\D+/g) ?? [];
  // Begin both with non-digits, if only an empty run, so that the runs pair up.
  const [left, right] = [a, b].map((text) => /^\D/.test(text) ? pieces(text) : ["", ...pieces(text)]) as [
    string[],
    string[],
  ];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i] ?? "", right[i] ?? ""];
    const order = i % 2 === 1 ? Number(x) - Number(y) : compareText(x, y);
    if (order !== 0) return order;
  }
  return 0;
}

function compareText(a: string, b: string): number {
  const weight = (text: string, at: number): number => {
    const char = text[at];
    if (char === undefined) return 0;
    if (char === "~") return -1;
    return /[A-Za-z]/.test(char) ? char.charCodeAt(0) : char.charCodeAt(0) + 256;
  };
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = weight(a, at) - weight(b, at);
    if (order !== 0) return order;
  }
  return 0;
}

/** `a (>= 1), b | c:any` as `[["a"], ["b", "c"]]`. */
export function parseRelations(text: string | undefined): string[][] {
  if (text === undefined || text.trim() === "") return [];
  return text.split(",").map((group) =>
    group.split("|").map((each) => each.replace(/\(.*?\)|\[.*?\]|<.*?>/g, "").trim().replace(/:[a-z0-9-]+$/, ""))
  );
}
