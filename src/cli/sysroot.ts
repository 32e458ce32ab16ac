/**
 * What `elftap sysroot pull|ls|path|rm|verify` do. Results go to stdout, talk to stderr; each returns the exit status:
 * 0, or 1 for an answer in the negative (not pulled, damaged). What fails throws a Failure.
 */
import { downloadSize } from "../sysroot/profile.ts";
import { pull } from "../sysroot/pull.ts";
import { findProfile } from "../sysroot/shipped_profiles.ts";
import { Store } from "../sysroot/store.ts";
import { SysrootError } from "../sysroot/sysroot_error.ts";
import { list, pulledNames, remove } from "../sysroot/sysroots.ts";
import { verify } from "../sysroot/verify.ts";
import { megabytes, PullProgress, type SysrootIo } from "./sysroot_progress.ts";

/** Options of {@link sysrootPull}. */
export interface SysrootPullOptions {
  /** Base URL to download from. */
  readonly mirror?: string | undefined;
  /** Downloads at a time. */
  readonly jobs?: number | undefined;
  /** No progress. */
  readonly quiet?: boolean;
}

/** Options of {@link sysrootList}. */
export interface SysrootListOptions {
  /** A JSON array instead of a table. */
  readonly json?: boolean;
}

/** Pulls profiles, by name or `.json` file, and prints the host path of each root. */
export async function sysrootPull(
  names: readonly string[],
  options: SysrootPullOptions,
  io: SysrootIo = processIo(),
): Promise<number> {
  if (names.length === 0) throw new SysrootError("no profile given", { hint: "elftap sysroot ls shows them" });
  // All names first: a typing error is better told before the first download.
  const profiles = await Promise.all(names.map((name) => findProfile(name)));
  for (const profile of profiles) {
    const progress = new PullProgress(io);
    try {
      const root = await pull(profile, {
        mirror: options.mirror,
        jobs: options.jobs,
        ...(options.quiet ? {} : { onProgress: progress.take }),
      });
      progress.end();
      io.stdout(`${root}\n`);
    } finally {
      progress.end();
    }
  }
  return 0;
}

/** Prints the profiles, shipped and pulled. */
export async function sysrootList(options: SysrootListOptions = {}, io: SysrootIo = processIo()): Promise<number> {
  const sysroots = await list();
  if (options.json) {
    const rows = sysroots.map(({ profile, state, name, path }) => ({
      profile: profile.name,
      description: profile.description,
      state,
      name,
      path: path ?? null,
      packages: profile.packages.length,
      downloadBytes: downloadSize(profile),
    }));
    io.stdout(`${JSON.stringify(rows, null, 2)}\n`);
    return 0;
  }
  const shown = sysroots.map((each) => ({ ...each, title: each.state === "outdated" ? each.name : each.profile.name }));
  const width = Math.max(...shown.map(({ title }) => title.length));
  for (const { title, state, profile } of shown) {
    const size = `${megabytes(downloadSize(profile))} MB`.padStart(9);
    io.stdout(`${title.padEnd(width)}  ${state.padEnd(9)} ${size}  ${profile.description}\n`);
  }
  return 0;
}

/** Prints the host path of a pulled sysroot's root. */
export async function sysrootPath(name: string, io: SysrootIo = processIo()): Promise<number> {
  const store = new Store();
  const profile = await findProfile(name);
  if (!(await store.has(profile))) {
    io.stderr(`elftap: the sysroot ${profile.name} is not there yet\nelftap: hint: elftap sysroot pull ${name}\n`);
    return 1;
  }
  io.stdout(`${await store.rootFolder(profile)}\n`);
  return 0;
}

/** Removes pulled sysroots and the packages that nothing else needs. */
export async function sysrootRemove(names: readonly string[], io: SysrootIo = processIo()): Promise<number> {
  if (names.length === 0) throw new SysrootError("no sysroot given", { hint: "elftap sysroot ls shows them" });
  for (const name of names) {
    const { sysroots, blobBytes } = await remove(name);
    for (const each of sysroots) io.stderr(`elftap: removed ${each}\n`);
    if (blobBytes > 0) io.stderr(`elftap: freed ${megabytes(blobBytes)} MB of packages\n`);
  }
  return 0;
}

/** Damages that are shown of one sysroot. */
const MAX_SHOWN = 20;

/** Verifies pulled sysroots, all of them when none is named; prints one line for each thing that is wrong. */
export async function sysrootVerify(names: readonly string[], io: SysrootIo = processIo()): Promise<number> {
  const store = new Store();
  const folders: string[] = [];
  for (const name of names) {
    const found = await pulledNames(name, store);
    if (found.length === 0) {
      await findProfile(name); // a name that is nobody's gets its own message
      throw new SysrootError(`the sysroot ${name} was not pulled`, { hint: `elftap sysroot pull ${name}` });
    }
    folders.push(...found);
  }
  if (names.length === 0) folders.push(...await store.sysrootNames());
  let damaged = false;
  for (const folder of folders) {
    const { entries, damages } = await verify(folder, store);
    for (const { path, what } of damages.slice(0, MAX_SHOWN)) io.stdout(`${folder}: ${path} ${what}\n`);
    if (damages.length > MAX_SHOWN) io.stdout(`${folder}: and ${damages.length - MAX_SHOWN} more\n`);
    if (damages.length === 0) {
      io.stdout(`${folder}: ${entries} files are as they were unpacked\n`);
    } else {
      damaged = true;
      io.stderr(`elftap: hint: elftap sysroot rm ${folder}, then pull it again\n`);
    }
  }
  return damaged ? 1 : 0;
}

/** The process's own streams. */
export function processIo(): SysrootIo {
  const encoder = new TextEncoder();
  const write = (stream: { writeSync(bytes: Uint8Array): number }, text: string): void => {
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
  };
  const isTerminal = Deno.stderr.isTerminal();
  return {
    stdout: (text) => write(Deno.stdout, text),
    stderr: (text) => {
      try {
        write(Deno.stderr, text);
      } catch {
        // stderr is closed: there is nobody to talk to
      }
    },
    isTerminal,
    columns: isTerminal ? terminalColumns() : 80,
  };
}

function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns;
  } catch {
    return 80;
  }
}
