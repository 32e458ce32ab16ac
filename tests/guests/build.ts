/**
 * Builds the guest programs of this folder into `build/` with the cross compilers, those that changed, in parallel.
 *
 *     deno run -A tests/guests/build.ts [filter…]
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findSources, type GuestSource, type Variant } from "./source.ts";
import { compileCommand, GLIBC_SYSROOT, missingCompiler, type Musl, prepareMusl } from "./toolchain.ts";
import { RootUnavailable } from "../support/arm64_root.ts";

/** Folder of the sources. */
export const GUESTS_ROOT = dirname(fileURLToPath(import.meta.url));

/** A program that can be run. */
export interface Guest {
  /** `subject/name [variant]`, without variant for static ones. */
  readonly title: string;
  readonly source: GuestSource;
  readonly variant: Variant;
  /** Host path of the program. */
  readonly path: string;
  /** Host folder with its C library; undefined for static ones. */
  readonly sysroot: string | undefined;
}

/** What {@link buildGuests} did. */
export interface BuildResult {
  readonly guests: readonly Guest[];
  /** What could not be built for lack of something, and why: to be shown, never to be swallowed. */
  readonly skipped: readonly { readonly title: string; readonly why: string }[];
  /** What the compiler refused. */
  readonly failed: readonly { readonly title: string; readonly output: string }[];
}

function modified(path: string): number {
  try {
    return Deno.statSync(path).mtime?.getTime() ?? 0;
  } catch {
    return 0;
  }
}

const isMusl = (variant: Variant): boolean => variant.startsWith("musl");

/** Builds all programs whose name contains one of the filters (all without filters). */
export async function buildGuests(filters: readonly string[] = []): Promise<BuildResult> {
  const folder = join(GUESTS_ROOT, "build");
  const sources = findSources(GUESTS_ROOT).filter((source) =>
    filters.length === 0 || filters.some((filter) => source.name.includes(filter))
  );
  const guests: Guest[] = [], skipped: { title: string; why: string }[] = [];
  const failed: { title: string; output: string }[] = [];
  const missing = missingCompiler(sources);
  if (missing !== undefined) {
    const why = `${missing} is not installed (Debian: apt-get install gcc-aarch64-linux-gnu g++-aarch64-linux-gnu)`;
    return { guests, skipped: sources.map((source) => ({ title: source.name, why })), failed };
  }
  Deno.mkdirSync(folder, { recursive: true });
  let musl: Musl | undefined, muslWhy = "";
  if (sources.some((source) => source.variants.some(isMusl))) {
    try {
      musl = await prepareMusl(folder);
    } catch (error) {
      if (!(error instanceof RootUnavailable)) throw error;
      muslWhy = error.message;
    }
  }
  const shared = Math.max(
    ...["tap.h", "toolchain.ts"].map((name) => modified(join(GUESTS_ROOT, name))),
  );
  const work: Guest[] = [];
  for (const source of sources) {
    for (const variant of source.variants) {
      const title = variant === "static" ? source.name : `${source.name} [${variant}]`;
      if (isMusl(variant) && !musl) {
        skipped.push({ title, why: `no musl: ${muslWhy}` });
        continue;
      }
      const sysroot = variant.startsWith("dynamic")
        ? GLIBC_SYSROOT
        : variant === "musl-dynamic"
        ? musl!.root
        : undefined;
      const path = join(folder, variant, source.name);
      work.push({ title, source, variant, path, sysroot });
    }
  }
  const queue = [...work];
  const build = async (): Promise<void> => {
    for (let guest = queue.shift(); guest; guest = queue.shift()) {
      if (modified(guest.path) > Math.max(modified(guest.source.file), shared)) {
        guests.push(guest);
        continue;
      }
      Deno.mkdirSync(dirname(guest.path), { recursive: true });
      const partial = `${guest.path}.partial`;
      const { command, args } = compileCommand(guest.source, guest.variant, partial, musl);
      const output = await new Deno.Command(command, { args, stdin: "null", env: { LC_ALL: "C" } }).output();
      if (output.success) {
        Deno.renameSync(partial, guest.path);
        guests.push(guest);
      } else {
        failed.push({ title: guest.title, output: new TextDecoder().decode(output.stderr) });
      }
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, build));
  guests.sort((a, b) => a.title < b.title ? -1 : 1);
  return { guests, skipped, failed };
}

if (import.meta.main) {
  const { guests, skipped, failed } = await buildGuests(Deno.args);
  for (const { title, why } of skipped) console.error(`skipped ${title}: ${why}`);
  for (const { title, output } of failed) console.error(`failed ${title}\n${output}`);
  console.log(`${guests.length} built, ${failed.length} failed, ${skipped.length} skipped`);
  if (failed.length > 0) Deno.exit(1);
}
