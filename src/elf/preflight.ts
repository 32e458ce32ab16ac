/**
 * Looks ahead at what a program needs before it starts, so that a missing interpreter or library is one line that
 * names it and says who needs it. It must never turn away what the guest's own loader would accept: in doubt, it is
 * silent and the loader speaks.
 */
import { EACCES, EISDIR, ELIBBAD, ELOOP, ENOENT } from "../kernel/abi/errno.ts";
import { ElfError, WrongMachineError } from "./elf_error.ts";
import { absolute, baseName, type GuestFile, type GuestFiles, parentOf } from "./guest_files.ts";
import { type Loaded, type Loader, loaderOf } from "./library_search.ts";
import { type ElfFile, parseElf } from "./parse.ts";
import { EXEC_HEAD_SIZE, parseScriptLine } from "./script.ts";

/** What {@link checkProgram} may take into account. */
export interface PreflightOptions {
  /** The program's environment, for LD_LIBRARY_PATH and LD_PRELOAD. */
  readonly env?: Readonly<Record<string, string>>;
  /** Working directory, for relative paths; default `/`. */
  readonly cwd?: string;
  /**
   * What is known to be there, kept by the caller for programs of the same tree and environment; should a library go
   * meanwhile, the guest's loader says so.
   */
  readonly complete?: Set<string>;
  /** First address that cannot be mapped. */
  readonly limit?: number;
  /** Names of sysroot profiles that hold a path or a library name, for the hint. */
  readonly providers?: (name: string) => readonly string[];
}

/** Linux follows at most this many interpreters (fs/exec.c, exec_binprm). */
const MAX_INTERPRETERS = 5;

/** Kinds of programs remembered as complete. */
const MAX_COMPLETE = 10_000;

/** Libraries looked at; a program with more is left to its loader. */
const MAX_LIBRARIES = 2000;

/**
 * Checks that a program can start: it is a program for this machine (or a script), and its interpreter and shared
 * libraries are there.
 *
 * @param path guest path, absolute or relative to `cwd`
 * @returns what is wrong, or undefined
 */
export function checkProgram(path: string, files: GuestFiles, options: PreflightOptions = {}): ElfError | undefined {
  try {
    checkFile(absolute(path, options.cwd ?? "/"), files, options, 0, path);
    return undefined;
  } catch (error) {
    if (error instanceof ElfError) return error;
    throw error;
  }
}

/** The name as people know it: byte strings that are UTF-8 become text, control characters are escaped. */
export function displayName(path: string): string {
  let text = path;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(path, (char) => char.charCodeAt(0)));
  } catch {
    // not UTF-8: shown as Latin-1
  }
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function providersHint(name: string, options: PreflightOptions): string | undefined {
  const names = options.providers?.(name) ?? [];
  return names.length === 0 ? undefined : `it is in ${names.map((each) => `--sysroot ${each}`).join(" or ")}`;
}

function missing(message: string, hint: string | undefined): ElfError {
  return new ElfError(message, { errno: ENOENT, exitCode: 127, ...(hint === undefined ? {} : { hint }) });
}

/** An error about a file, led by the file's name. */
function named(error: ElfError, name: string): ElfError {
  return new ElfError(`${displayName(name)}: ${error.message}`, {
    errno: error.errno,
    exitCode: error.exitCode,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}

/** Runs `look` on the file at a path and closes it; undefined if there is nothing at the path. */
function withFile<T>(files: GuestFiles, path: string, look: (file: GuestFile) => T): T | undefined {
  const file = files.open(path);
  if (!file) return undefined;
  try {
    return look(file);
  } finally {
    file.close();
  }
}

function checkFile(path: string, files: GuestFiles, options: PreflightOptions, depth: number, shown: string): void {
  const found = withFile(files, path, (file) => {
    if (file.kind === "directory") {
      throw new ElfError(`${displayName(shown)} is a folder, not a program`, { errno: EISDIR, exitCode: 126 });
    }
    if (file.kind === "other") {
      throw new ElfError(`${displayName(shown)} is not a regular file`, { errno: EACCES, exitCode: 126 });
    }
    if (!file.executable) {
      throw new ElfError(`${displayName(shown)} has no execute permission`, {
        errno: EACCES,
        exitCode: 126,
        hint: `chmod +x ${displayName(shown)}`,
      });
    }
    try {
      const script = parseScriptLine(file.read(0, Math.min(file.size, EXEC_HEAD_SIZE)));
      if (script) checkScript(script.interpreter, files, options, depth, shown);
      else checkElf(parseElf(file, limitOf(options)), path, files, options, shown);
    } catch (error) {
      throw error instanceof ElfError && !(error instanceof NamedError) ? named(error, shown) : error;
    }
    return true;
  });
  if (!found) throw new NamedError(missing(`${displayName(shown)}: no such file`, undefined));
}

function limitOf(options: PreflightOptions): { limit?: number } {
  return options.limit === undefined ? {} : { limit: options.limit };
}

/** An error whose message names the file it is about. */
class NamedError extends ElfError {
  constructor(error: ElfError) {
    super(error.message, {
      errno: error.errno,
      exitCode: error.exitCode,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

function checkScript(
  interpreter: string,
  files: GuestFiles,
  options: PreflightOptions,
  depth: number,
  script: string,
): void {
  if (depth >= MAX_INTERPRETERS) {
    throw new ElfError("a script interpreted by a script, too many times over", { errno: ELOOP, exitCode: 126 });
  }
  const path = absolute(interpreter, options.cwd ?? "/");
  if (!files.realpath(path)) {
    const hint = interpreter.endsWith("\r")
      ? "the script has Windows line endings: convert it to Unix ones"
      : providersHint(path, options) ?? "choose a --sysroot that holds it, or bind it with --bind";
    throw new NamedError(
      missing(`interpreter ${displayName(interpreter)} of script ${displayName(script)} not found`, hint),
    );
  }
  try {
    checkFile(path, files, options, depth + 1, interpreter);
  } catch (error) {
    throw error instanceof ElfError ? new NamedError(error) : error;
  }
}

function checkElf(elf: ElfFile, path: string, files: GuestFiles, options: PreflightOptions, shown: string): void {
  const { interpreter } = elf;
  if (interpreter === undefined) return;
  const cwd = options.cwd ?? "/";
  const wants = requirements(elf, interpreter, path);
  if (options.complete?.has(wants)) return;
  const interpreterPath = absolute(interpreter, cwd);
  const there = withFile(files, interpreterPath, (file) => {
    try {
      parseElf(file, limitOf(options));
    } catch (error) {
      if (!(error instanceof ElfError)) throw error;
      throw new NamedError(
        new ElfError(
          `interpreter ${displayName(interpreter)} of ${displayName(shown)}: ${error.message}`,
          { errno: ELIBBAD, exitCode: 126, ...(error.hint === undefined ? {} : { hint: error.hint }) },
        ),
      );
    }
    return true;
  });
  if (!there) {
    const hint = providersHint(interpreterPath, options) ?? "choose a --sysroot that holds it, or link with -static";
    throw new NamedError(
      missing(`interpreter ${displayName(interpreter)} of ${displayName(shown)} not found`, hint),
    );
  }
  const loader = loaderOf(interpreter, { files, env: options.env ?? {}, cwd });
  if (loader) checkLibraries(elf, path, files, options, shown, loader);
  if (options.complete && options.complete.size < MAX_COMPLETE) options.complete.add(wants);
}

/**
 * Whether a program like this one was found to have all that it needs.
 *
 * @param path guest path, absolute
 * @param complete of the same tree and environment
 */
export function isKnownComplete(elf: ElfFile, path: string, complete: ReadonlySet<string>): boolean {
  return elf.interpreter !== undefined && complete.has(requirements(elf, elf.interpreter, path));
}

/** Everything about a program that decides what has to be there for it. */
function requirements({ dynamic }: ElfFile, interpreter: string, path: string): string {
  if (!dynamic) return interpreter;
  const { needed, rpath, runpath, noDefaultLibs } = dynamic;
  const isPlaced = `${rpath}${runpath}${needed}`.includes("$");
  return JSON.stringify([interpreter, needed, rpath, runpath, noDefaultLibs, isPlaced ? path : ""]);
}

/** Breadth first, as the loaders do: the first library that is nowhere is the one they would name. */
function checkLibraries(
  elf: ElfFile,
  path: string,
  files: GuestFiles,
  options: PreflightOptions,
  shown: string,
  loader: Loader,
): void {
  if (!elf.dynamic) return;
  const cwd = options.cwd ?? "/";
  const program: Loaded = {
    path: shown,
    origin: parentOf(files.realpath(path) ?? path),
    dynamic: elf.dynamic,
    neededBy: undefined,
  };
  /** Names that are satisfied: as asked for, by soname, by file name. */
  const known = new Set<string>();
  const queue: Loaded[] = [program];
  const add = (found: Found, name: string, requester: Loaded): void => {
    known.add(name).add(baseName(found.path));
    if (!found.elf?.dynamic) return;
    if (found.elf.dynamic.soname !== undefined) known.add(found.elf.dynamic.soname);
    queue.push({
      path: found.path,
      origin: parentOf(found.path),
      dynamic: found.elf.dynamic,
      neededBy: requester,
    });
  };
  // A preloaded library that is missing is only a warning; one that is there may satisfy others by its soname.
  for (const name of (options.env?.["LD_PRELOAD"] ?? "").split(/[ :]/)) {
    if (name === "") continue;
    const found = findLibrary(name, program, loader, files, cwd);
    if (found && found !== "unknown") add(found, name, program);
  }
  for (let at = 0; at < queue.length && queue.length < MAX_LIBRARIES; at++) {
    const requester = queue[at]!;
    for (const name of requester.dynamic.needed) {
      if (name === "" || known.has(name) || loader.providesItself(name)) continue;
      const found = findLibrary(name, requester, loader, files, cwd);
      if (found === "unknown") known.add(name);
      else if (found) add(found, name, requester);
      else {
        const who = displayName(requester.path);
        const hint = providersHint(name, options) ??
          "add its package to the sysroot, or name its folder in LD_LIBRARY_PATH (--env)";
        throw new NamedError(missing(`shared library ${displayName(name)}, needed by ${who}, not found`, hint));
      }
    }
  }
}

interface Found {
  readonly path: string;
  /** Undefined for a file that is there but damaged: the loader will say so better. */
  readonly elf: ElfFile | undefined;
}

/** "unknown": it may be somewhere that only the loader can tell. */
function findLibrary(
  name: string,
  requester: Loaded,
  loader: Loader,
  files: GuestFiles,
  cwd: string,
): Found | "unknown" | undefined {
  if (name.includes("$")) return "unknown";
  if (name.includes("/")) return openLibrary(absolute(name, cwd), files);
  const directories = [...new Set(loader.directories(requester))];
  for (const directory of directories) {
    const found = directory !== undefined && openLibrary(absolute(name, directory), files);
    if (found) return found;
  }
  for (const directory of directories) {
    for (const subfolder of directory === undefined ? [] : loader.subfolders) {
      const found = openLibrary(absolute(subfolder + name, directory!), files);
      if (found) return found;
    }
  }
  return directories.includes(undefined) || loader.mayKnow(name) ? "unknown" : undefined;
}

/** The library at a path; undefined if there is none or it is for another machine (loaders search on then). */
function openLibrary(path: string, files: GuestFiles): Found | undefined {
  return withFile(files, path, (file) => {
    if (file.kind !== "file") return undefined;
    try {
      const elf = parseElf(file);
      void elf.dynamic; // read now: the file is closed afterwards
      return { path, elf };
    } catch (error) {
      if (!(error instanceof ElfError)) throw error;
      return error instanceof WrongMachineError ? undefined : { path, elf: undefined };
    }
  });
}
