/**
 * What a sysroot profile is: which packages, pinned by hash, and what their maintainer scripts would have set up.
 *
 * A profile is a JSON file (`/sysroots/*.json`). Its upper half is written by hand (`want`, `omit`, `exclude`, `links`,
 * …); `packages`, `interpreters` and `libraries` are resolved and pinned by `sysroots/pin.ts`.
 */
import { relativeComponents, show } from "./guest_path.ts";
import { SysrootError } from "./sysroot_error.ts";

/** One package file, pinned. */
export interface PinnedPackage {
  /** Debian's name: `libc6`. */
  readonly name: string;
  /** Debian's version, with epoch if any. */
  readonly version: string;
  /** Path of the `.deb` below the mirror's base. */
  readonly path: string;
  /** Length of the `.deb` in bytes. */
  readonly size: number;
  /** SHA-256 of the `.deb`, hexadecimal. */
  readonly sha256: string;
}

/** A file that the profile itself adds to the root. */
export interface ProfileFile {
  /** Text, written as UTF-8. */
  readonly text: string;
  /** Permission bits; 0o644 unless given. JSON spells it as a string of octal digits. */
  readonly mode?: string;
}

/** A managed sysroot: everything needed to make the same folder on any host. */
export interface Profile {
  /** What users type: `debian-12-glibc-aarch64`. */
  readonly name: string;
  /** One line for `sysroot ls`. */
  readonly description: string;
  /** ELF machine that its programs run on. */
  readonly machine: "aarch64";
  /** Distribution suite the packages come from; also which apt sources of the host may serve them. */
  readonly suite: string;
  /** Component of the suite. */
  readonly component: string;
  /** Base URL of the distribution's archive as it was on one day: where the packages can always be had. */
  readonly snapshot: string;
  /** Packages that were asked for; the pin tool adds what they depend on. */
  readonly want: readonly string[];
  /** Dependencies that are not needed here (a package manager, debconf, …). */
  readonly omit: readonly string[];
  /** What is not unpacked: `usr/share/doc/` a whole folder, without the slash one path. */
  readonly exclude: readonly string[];
  /** Folders to make, with permission bits in octal digits. Made before any package is unpacked. */
  readonly directories: Readonly<Record<string, string>>;
  /** Symbolic links to make before any package is unpacked: packages may write through these and no others. */
  readonly mergedLinks: Readonly<Record<string, string>>;
  /** Symbolic links to make after the packages are unpacked. */
  readonly links: Readonly<Record<string, string>>;
  /** Files to write after the packages are unpacked. */
  readonly files: Readonly<Record<string, ProfileFile>>;
  /** The packages, in the order in which they are unpacked. */
  readonly packages: readonly PinnedPackage[];
  /** Guest paths of the dynamic loaders that it holds. */
  readonly interpreters: readonly string[];
  /** Shared libraries that it holds: DT_SONAME to guest path. */
  readonly libraries: Readonly<Record<string, string>>;
}

/** Bumped when unpacking the same profile gives another tree. */
const LAYOUT_VERSION = 1;

/** Names that are safe as file names and on a command line. */
export const PROFILE_NAME = /^[a-z0-9][a-z0-9.+-]{0,99}$/;
const PACKAGE_NAME = /^[a-z0-9][a-z0-9.+-]{0,99}$/;
const POOL_PATH = /^[A-Za-z0-9][A-Za-z0-9+.~_%/-]{0,500}\.deb$/;
/** A larger .deb is not read into memory. */
const MAX_DEB_BYTES = 512 * 1024 * 1024;
const MAX_PACKAGES = 5000;

/** Names the tree that a profile unpacks to: equal hash, equal tree. 64 hexadecimal digits. */
export async function profileHash(profile: Profile): Promise<string> {
  const what = [
    LAYOUT_VERSION,
    profile.machine,
    profile.packages.map((pinned) => pinned.sha256),
    profile.exclude,
    sorted(profile.directories),
    sorted(profile.mergedLinks),
    sorted(profile.links),
    sorted(profile.files).map(([path, file]) => [path, file.text, file.mode ?? "644"]),
  ];
  // Not node:crypto, whose loading would be a third of the start-up time of a run that names a profile.
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(what)));
  return new Uint8Array(digest).toHex();
}

/** The bytes a pull of this profile downloads when nothing is there yet. */
export function downloadSize(profile: Profile): number {
  return profile.packages.reduce((sum, pinned) => sum + pinned.size, 0);
}

function sorted<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * Reads a profile from the text of its JSON file.
 *
 * @param where the file's name, for messages.
 * @throws SysrootError that names the offending field.
 */
export function parseProfile(text: string, where: string): Profile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SysrootError(`${where} is not JSON: ${(cause as Error).message}`, { cause });
  }
  return checkProfile(json, where);
}

/** Checks a profile that was read from JSON; every field that a pull uses, since the file may be anyone's. */
export function checkProfile(json: unknown, where: string): Profile {
  const field = new FieldReader(object(json, where), where);
  const machine = field.text("machine", /^aarch64$/) as "aarch64";
  const packages = field.list("packages", (item, at) => checkPackage(item, at));
  if (packages.length > MAX_PACKAGES) throw new SysrootError(`${where}: ${packages.length} packages`);
  const profile: Profile = {
    name: field.text("name", PROFILE_NAME),
    description: field.text("description", /^[^\n]{1,300}$/),
    machine,
    suite: field.text("suite", /^[a-z0-9][a-z0-9.-]*$/),
    component: field.text("component", /^[a-z][a-z0-9-]*$/),
    snapshot: field.text("snapshot", /^https?:\/\/[^\s]+\/$/),
    want: field.list("want", (item, at) => text(item, at, PACKAGE_NAME)),
    omit: field.list("omit", (item, at) => text(item, at, PACKAGE_NAME), []),
    exclude: field.list("exclude", (item, at) => text(item, at, /^[^/].*$/), []),
    directories: field.map("directories", (item, at) => text(item, at, /^[0-7]{3,4}$/), {}),
    mergedLinks: field.map("mergedLinks", (item, at) => text(item, at, /^[^\0]{1,4095}$/), {}),
    links: field.map("links", (item, at) => text(item, at, /^[^\0]{1,4095}$/), {}),
    files: field.map("files", (item, at) => checkFile(item, at), {}),
    packages,
    interpreters: field.list("interpreters", (item, at) => text(item, at, /^\/.+$/), []),
    libraries: field.map("libraries", (item, at) => text(item, at, /^\/.+$/), {}),
  };
  for (const key of ["directories", "mergedLinks", "links", "files"] as const) {
    for (const path of Object.keys(profile[key])) {
      if (relativeComponents(path, `${where}: ${key}`).length === 0) {
        throw new SysrootError(`${where}: ${key}: the root itself cannot be one`);
      }
    }
  }
  return profile;
}

function checkPackage(json: unknown, where: string): PinnedPackage {
  const field = new FieldReader(object(json, where), where);
  const path = field.text("path", POOL_PATH);
  relativeComponents(path, where);
  return {
    name: field.text("name", PACKAGE_NAME),
    version: field.text("version", /^[A-Za-z0-9.+:~-]{1,200}$/),
    path,
    size: field.integer("size", 1, MAX_DEB_BYTES),
    sha256: field.text("sha256", /^[0-9a-f]{64}$/),
  };
}

function checkFile(json: unknown, where: string): ProfileFile {
  const field = new FieldReader(object(json, where), where);
  const mode = field.optionalText("mode", /^[0-7]{3,4}$/);
  const content = field.text("text", /^/);
  return mode === undefined ? { text: content } : { text: content, mode };
}

class FieldReader {
  readonly #json: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(json: Readonly<Record<string, unknown>>, where: string) {
    this.#json = json;
    this.#where = where;
  }

  text(key: string, pattern: RegExp): string {
    return text(this.#own(key), `${this.#where}: ${key}`, pattern);
  }

  optionalText(key: string, pattern: RegExp): string | undefined {
    return this.#own(key) === undefined ? undefined : this.text(key, pattern);
  }

  integer(key: string, min: number, max: number): number {
    const value = this.#own(key);
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      throw new SysrootError(`${this.#where}: ${key} is not a whole number from ${min} to ${max}`);
    }
    return value;
  }

  list<T>(key: string, read: (item: unknown, where: string) => T, absent?: readonly T[]): readonly T[] {
    const value = this.#own(key);
    if (value === undefined && absent !== undefined) return absent;
    if (!Array.isArray(value)) throw new SysrootError(`${this.#where}: ${key} is not a list`);
    return value.map((item, index) => read(item, `${this.#where}: ${key}[${index}]`));
  }

  map<T>(key: string, read: (item: unknown, where: string) => T, absent: Record<string, T>): Record<string, T> {
    const value = this.#own(key);
    if (value === undefined) return absent;
    const where = `${this.#where}: ${key}`;
    // No prototype: a key such as `__proto__` is a name like any other.
    const result = Object.create(null) as Record<string, T>;
    for (const [name, item] of Object.entries(object(value, where))) {
      result[name] = read(item, `${where} ${show(name)}`);
    }
    return result;
  }

  #own(key: string): unknown {
    return Object.hasOwn(this.#json, key) ? this.#json[key] : undefined;
  }
}

function object(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SysrootError(`${where} is not a JSON object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function text(value: unknown, where: string, pattern: RegExp): string {
  if (typeof value !== "string") throw new SysrootError(`${where} is missing or not a text`);
  if (!pattern.test(value)) throw new SysrootError(`${where}: ${show(value)} is not allowed there`);
  return value;
}
