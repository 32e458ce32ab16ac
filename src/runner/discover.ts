/**
 * Finds test programs: files as named, folders searched through for aarch64 programs and scripts, and globs that no
 * shell has expanded (which is how paths inside a sysroot arrive).
 */
import { ELFCLASS64, ELFDATA2LSB, EM_AARCH64, ET_DYN, ET_EXEC } from "../elf/constants.ts";
import { MACHINES } from "../elf/machines.ts";
import { Failure } from "../failure.ts";
import type { Bind } from "./guest_spec.ts";
import { absolutePath, baseName, childPath, isWithin } from "./host_path.ts";

/** A test program. */
export interface TestCase {
  /** As shown to the user; unique within a discovery. */
  readonly name: string;
  /** As for `elftap run`: absolute paths are the guest's, relative ones the host's. */
  readonly path: string;
}

/** Where to look. */
export interface DiscoverOptions {
  /** Absolute operands inside of one are looked for there. */
  readonly binds?: readonly Bind[];
  /** Other absolute ones are looked for here first. */
  readonly sysroot?: string;
  /** Absolute operands may be the host's. Default true. */
  readonly hostFallback?: boolean;
}

/** Files looked at in one discovery at most: a mistyped `/` must end. */
const MAX_FILES = 200_000;

/**
 * Finds the test programs that the operands name, each once, in the order of the operands and by name within one.
 *
 * @throws {Failure} for an operand that names nothing
 */
export function discoverTests(operands: readonly string[], options: DiscoverOptions = {}): TestCase[] {
  const found = new Map<string, TestCase>();
  for (const operand of operands) {
    const search = new Search(operand, options);
    for (const path of search.find()) {
      const place = path.startsWith("/") ? absolutePath(path, "/") : path;
      if (!found.has(place)) found.set(place, { name: displayName(path), path });
    }
  }
  return [...found.values()];
}

function displayName(path: string): string {
  return path.startsWith("./") ? path.slice(2) : path;
}

/** The search for one operand. Paths are as the user will see them. */
class Search {
  readonly #binds: readonly Bind[];
  /** What precedes a path outside of binds to make it the host's: the sysroot, or nothing. */
  readonly #root: string;
  #looked = 0;
  /** ELF programs for other machines met on the way, by machine. */
  readonly #others = new Map<string, number>();

  constructor(readonly operand: string, { binds = [], sysroot, hostFallback }: DiscoverOptions) {
    const isGuests = operand.startsWith("/");
    // Innermost first; of two at one place the last one is what the guest sees. None can be at the root.
    const inner = binds.toReversed().sort((a, b) => b.guest.length - a.guest.length);
    this.#binds = isGuests ? inner.filter(({ guest }) => guest !== "/") : [];
    const base = absolutePath(globBase(operand), "/");
    const isThere = () => hostFallback === false || stat(sysroot + base) !== undefined;
    this.#root = isGuests && sysroot !== undefined && isThere() ? sysroot : "";
  }

  /** The host's path for one. */
  #onHost(path: string): string {
    if (!path.startsWith("/")) return path;
    const place = absolutePath(path, "/"), bind = this.#binds.find(({ guest }) => isWithin(place, guest));
    return bind ? bind.host + place.slice(bind.guest.length) : this.#root + place;
  }

  /**
   * Adds what is bound in a folder, and what leads to something bound further below, to its entries: names, and whether
   * they are folders. A bind is found under the name that it was given, not through links.
   */
  #addMountPoints(folder: string, entries: Map<string, boolean>): void {
    const place = absolutePath(folder, "/");
    for (const { guest, host } of this.#binds) {
      if (guest === place || !isWithin(guest, place)) continue;
      const [name, ...rest] = guest.slice(place === "/" ? 1 : place.length + 1).split("/");
      if (rest.length === 0) entries.set(name!, stat(host)?.isDirectory === true);
      else if (!entries.has(name!)) entries.set(name!, true);
    }
  }

  find(): string[] {
    const info = stat(this.#onHost(this.operand));
    if (info && !info.isDirectory) return [this.operand];
    const bound = new Map<string, boolean>();
    this.#addMountPoints(this.operand, bound);
    const isFolder = info?.isDirectory === true || bound.size > 0;
    if (!isFolder && !isGlob(this.operand)) throw new Failure(`${this.operand}: no such file or folder`);
    const folder = isFolder ? trimSlash(this.operand) : globBase(this.operand);
    const pattern = isFolder ? undefined : globPattern(this.operand);
    // A glob without ** goes no deeper than it has components.
    const depth = pattern === undefined || this.operand.includes("**")
      ? Infinity
      : this.operand.split("/").length - (folder === "" ? 0 : folder === "/" ? 1 : trimSlash(folder).split("/").length);
    const paths: string[] = [];
    this.#walk(folder, depth, (path) => {
      if ((pattern === undefined || pattern.test(path)) && this.#isTest(path)) paths.push(path);
    });
    if (paths.length === 0) throw this.#nothing(isFolder ? "below" : "matching");
    return paths;
  }

  #walk(folder: string, depth: number, visit: (path: string) => void): void {
    if (depth <= 0) return;
    const entries = new Map<string, boolean>();
    try {
      for (const { name, isDirectory } of Deno.readDirSync(this.#onHost(folder === "" ? "." : folder))) {
        entries.set(name, isDirectory);
      }
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      // unreadable, gone, or only on the way to a bind
    }
    this.#addMountPoints(folder, entries);
    for (const [name, isDirectory] of [...entries].sort(([a], [b]) => a < b ? -1 : 1)) {
      if (name.startsWith(".")) continue;
      if (++this.#looked > MAX_FILES) throw new Failure(`${this.operand}: more than ${MAX_FILES} files to look at`);
      const path = folder === "" ? name : childPath(folder, name);
      if (isDirectory) this.#walk(path, depth - 1, visit);
      else visit(path);
    }
  }

  /** An aarch64 program or a script that someone may execute. */
  #isTest(path: string): boolean {
    // A shared library may be executable, too.
    if (/\.so(\.|$)/.test(baseName(path))) return false;
    const info = stat(this.#onHost(path));
    if (!info?.isFile || ((info.mode ?? 0o111) & 0o111) === 0) return false;
    const head = readHead(this.#onHost(path));
    if (head[0] === 0x23 && head[1] === 0x21) return true; // #!
    if (head.length < 20 || head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46) return false;
    const type = head[16]! | head[17]! << 8, machine = head[18]! | head[19]! << 8;
    if (type !== ET_EXEC && type !== ET_DYN) return false;
    if (machine === EM_AARCH64 && head[4] === ELFCLASS64 && head[5] === ELFDATA2LSB) return true;
    const name = MACHINES.get(machine)?.title ?? `machine ${machine}`;
    this.#others.set(name, (this.#others.get(name) ?? 0) + 1);
    return false;
  }

  #nothing(how: string): Failure {
    const others = [...this.#others].map(([machine, count]) => `${count} for ${machine}`).join(", ");
    return new Failure(`no aarch64 test programs ${how} ${this.operand}`, {
      hint: others === ""
        ? "programs and scripts need their x bit"
        : `there are programs for other machines: ${others}`,
    });
  }
}

function stat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

function readHead(path: string): Uint8Array {
  try {
    using file = Deno.openSync(path);
    const head = new Uint8Array(20);
    return head.subarray(0, file.readSync(head) ?? 0);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return new Uint8Array(0);
  }
}

function trimSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") || "/" : path;
}

function isGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

/** The folder above the first component with a wildcard. */
function globBase(glob: string): string {
  const at = glob.search(/[*?[{]/);
  if (at < 0) return glob;
  const slash = glob.lastIndexOf("/", at);
  return slash < 0 ? "" : slash === 0 ? "/" : glob.slice(0, slash);
}

/**
 * A glob as a regular expression: `*` and `?` within a component, `**` across them, `[a-z]`, `{one,two}`.
 *
 * @throws {Failure} when it cannot be read
 */
export function globPattern(glob: string): RegExp {
  let source = "", braces = 0;
  for (let at = 0; at < glob.length; at++) {
    const char = glob[at]!;
    if (char === "*") {
      if (glob[at + 1] === "*") {
        const isFolder = glob[at + 2] === "/";
        source += isFolder ? "(?:.*/)?" : ".*";
        at += isFolder ? 2 : 1;
      } else source += "[^/]*";
    } else if (char === "?") source += "[^/]";
    else if (char === "[") {
      const end = glob.indexOf("]", at + 2);
      if (end < 0) source += "\\[";
      else {
        const set = glob.slice(at + 1, end).replace(/\\/g, "\\\\").replace(/^!/, "^");
        source += `[${set}]`;
        at = end;
      }
    } else if (char === "{") {
      braces++;
      source += "(?:";
    } else if (char === "}" && braces > 0) {
      braces--;
      source += ")";
    } else if (char === "," && braces > 0) source += "|";
    else source += char.replace(/[.+^$()|\\{}\]]/, "\\$&");
  }
  try {
    return new RegExp(`^${source}$`);
  } catch {
    throw new Failure(`${glob}: not a glob that can be read`);
  }
}
