/**
 * Where the guest's dynamic loader will look for shared libraries: the rules of glibc's ld.so (man 8 ld.so) and of
 * musl's (its documentation, "Dynamic linker search path"), for the question "is it there at all?".
 */
import type { DynamicInfo } from "./dynamic.ts";
import { absolute, baseName, type GuestFiles, parentOf } from "./guest_files.ts";
import { readWhole } from "./text_file.ts";

/** A loaded object on the way from the program to the library that asks. */
export interface Loaded {
  /** Guest path it was found at. */
  readonly path: string;
  /** What `$ORIGIN` means in it. */
  readonly origin: string;
  readonly dynamic: DynamicInfo;
  /** Who asked for it; undefined for the program. */
  readonly neededBy: Loaded | undefined;
}

/** One C library's loader. */
export interface Loader {
  /** Names that are there without a file, such as musl's libc. */
  providesItself(name: string): boolean;
  /** Directories to search for what `requester` needs, in order. Undefined entries are ones that cannot be known here. */
  directories(requester: Loaded): readonly (string | undefined)[];
  /** Subfolders of the directories where some versions look too; asked only when all else failed. */
  readonly subfolders: readonly string[];
  /** True if the loader's own index knows the name from a place that is not searched here. */
  mayKnow(name: string): boolean;
}

/** What a loader takes from the program's surroundings. */
export interface LoaderContext {
  readonly files: GuestFiles;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** The loader a program names in PT_INTERP; undefined for one whose rules are not known. */
export function loaderOf(interpreter: string, context: LoaderContext): Loader | undefined {
  const name = baseName(interpreter);
  if (/^ld-musl-/.test(name)) return muslLoader(interpreter, context);
  if (/^ld-linux-aarch64|^ld-2\.\d+\.so$|^ld\.so/.test(name)) return glibcLoader(context);
  return undefined;
}

/** Default directories: Debian's multiarch ones, then those of distributions with lib64, then everyone's. */
const GLIBC_DIRECTORIES = [
  "/lib/aarch64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/lib64",
  "/usr/lib64",
  "/lib",
  "/usr/lib",
];

/** `$LIB` as the distributions build it into their glibc. */
const LIB_VALUES = ["lib/aarch64-linux-gnu", "lib64", "lib"];

/** A search path's directories; undefined for one with a token whose value only the loader knows. */
function expand(list: string, separators: RegExp, loaded: Loaded, cwd: string): (string | undefined)[] {
  return list.split(separators).flatMap((entry) => {
    const withOrigin = entry
      .replace(/\$ORIGIN\b|\$\{ORIGIN\}/g, () => loaded.origin)
      .replace(/\$PLATFORM\b|\$\{PLATFORM\}/g, "aarch64");
    const variants = /\$LIB\b|\$\{LIB\}/.test(withOrigin)
      ? LIB_VALUES.map((lib) => withOrigin.replace(/\$LIB\b|\$\{LIB\}/g, lib))
      : [withOrigin];
    return variants.map((variant) => variant.includes("$") ? undefined : absolute(variant, cwd));
  });
}

function glibcLoader({ files, env, cwd }: LoaderContext): Loader {
  const libraryPath = env["LD_LIBRARY_PATH"];
  let configured: string[] | undefined;
  let cache: string | undefined;
  return {
    providesItself: () => false,
    directories(requester) {
      const found: (string | undefined)[] = [];
      // DT_RPATH of the requester and of those who asked for it, none of which has a runpath.
      if (requester.dynamic.runpath === undefined) {
        for (let each: Loaded | undefined = requester; each; each = each.neededBy) {
          const { rpath, runpath } = each.dynamic;
          if (rpath !== undefined && runpath === undefined) found.push(...expand(rpath, /:/, each, cwd));
        }
      }
      if (libraryPath) found.push(...expand(libraryPath, /[:;]/, requester, cwd));
      const { runpath } = requester.dynamic;
      if (runpath !== undefined) found.push(...expand(runpath, /:/, requester, cwd));
      if (!requester.dynamic.noDefaultLibs) {
        found.push(...(configured ??= configuredDirectories(files)), ...GLIBC_DIRECTORIES);
      }
      return found;
    },
    // Before glibc 2.37 (man 8 ld.so, "Hardware capabilities").
    subfolders: ["tls/", "tls/aarch64/", "tls/aarch64/atomics/", "aarch64/", "aarch64/atomics/", "atomics/"],
    mayKnow(name) {
      cache ??= readWhole(files, "/etc/ld.so.cache", 16 << 20) ?? "";
      return cache.includes(`\0${name}\0`);
    },
  };
}

/** Directories of /etc/ld.so.conf and the files it includes (man 8 ldconfig). */
function configuredDirectories(files: GuestFiles): string[] {
  const directories: string[] = [];
  const read = (path: string, depth: number): void => {
    for (const line of (readWhole(files, path, 1 << 16) ?? "").split("\n")) {
      const text = line.replace(/#.*/, "").trim();
      if (text === "" || text.startsWith("hwcap ")) continue;
      const include = /^include\s+(.*)$/.exec(text);
      if (!include) directories.push(absolute(text.replace(/=.*/, "").trim(), "/"));
      else if (depth < 4) {
        for (const each of glob(files, absolute(include[1]!, parentOf(path)))) read(each, depth + 1);
      }
    }
  };
  read("/etc/ld.so.conf", 0);
  return directories;
}

/** Files that match a pattern with `*` in its last component, as ld.so.conf uses it. */
function glob(files: GuestFiles, pattern: string): string[] {
  if (!pattern.includes("*")) return [pattern];
  const directory = parentOf(pattern);
  const parts = baseName(pattern).split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const matcher = new RegExp(`^${parts.join("[^/]*")}$`);
  return files.list(directory).filter((name) => matcher.test(name)).sort().map((name) => `${directory}/${name}`);
}

function muslLoader(interpreter: string, { files, env, cwd }: LoaderContext): Loader {
  const libraryPath = env["LD_LIBRARY_PATH"];
  // The configuration lies beside the loader's lib directory: /lib/ld-musl-… reads /etc, /opt/lib/ld-musl-… /opt/etc.
  const prefix = parentOf(parentOf(interpreter));
  const text = readWhole(files, absolute("etc/ld-musl-aarch64.path", prefix), 1 << 16);
  const system = (text ?? "/lib:/usr/local/lib:/usr/lib").split(/[:\n]/).filter((each) => each !== "");
  return {
    // Names that musl answers with itself, up to the first dot.
    providesItself: (name) => name === interpreter || /^lib(c|pthread|rt|m|dl|util|xnet)\./.test(name),
    directories(requester) {
      const found: (string | undefined)[] = libraryPath ? expand(libraryPath, /[:\n]/, requester, cwd) : [];
      for (let each: Loaded | undefined = requester; each; each = each.neededBy) {
        const path = each.dynamic.runpath ?? each.dynamic.rpath;
        if (path !== undefined) found.push(...expand(path, /[:\n]/, each, cwd));
      }
      found.push(...system.map((each) => absolute(each, cwd)));
      return found;
    },
    subfolders: [],
    mayKnow: () => false,
  };
}
