/** What the emulated machine gets of the project: sources, the built Worker, guest programs, the shim. */
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildStamp, DIST, STAMP_FILE } from "../../src/build_product.ts";
import { digest } from "../../ffi/build.ts";
import { GLIBC_SYSROOT } from "../guests/toolchain.ts";
import type { Guest } from "../guests/build.ts";
import { GUESTS_ROOT } from "../guests/build.ts";
import { HERE } from "./machine.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Where the machine finds the C library of dynamic programs. */
export const GLIBC_THERE = "/payload/glibc";

function copy(from: string, to: string): void {
  const { success } = new Deno.Command("cp", { args: ["-aL", from, to], stderr: "null" }).outputSync();
  if (!success) throw new Error(`cannot copy ${from}`);
}

/**
 * The build's stamp names sources by their time of change, which a file system made from a folder keeps in whole
 * seconds only: times are rounded in the copy, and in its stamp.
 */
function roundTimes(folder: string): void {
  const path = join(folder, "dist", STAMP_FILE);
  const stamp = JSON.parse(Deno.readTextFileSync(path)) as BuildStamp;
  const files = stamp.files.map(([file, size, mtime]) => {
    const seconds = Math.floor(mtime / 1000);
    Deno.utimeSync(join(folder, file), seconds, seconds);
    return [file, size, seconds * 1000] as const;
  });
  Deno.writeTextFileSync(path, JSON.stringify({ ...stamp, files }));
}

/** A program as the machine sees it. */
export function guestThere(guest: Guest): Guest {
  const moved = (path: string) => path.replace(ROOT, "/payload/");
  const { sysroot } = guest;
  return {
    ...guest,
    path: moved(guest.path),
    sysroot: sysroot === undefined ? undefined : sysroot === GLIBC_SYSROOT ? GLIBC_THERE : moved(sysroot),
  };
}

/** What a boot needs besides the project's sources. */
export interface Stage {
  /** Programs by the name of the list, which becomes /payload/NAME.json. */
  readonly lists: Readonly<Record<string, readonly Guest[]>>;
  /** Programs that are in no list. */
  readonly more?: readonly Guest[];
  /** Libraries, by the name that they get in /payload. */
  readonly shims: Readonly<Record<string, string>>;
  /** Host files by their name in /payload; several in a folder of that name. */
  readonly files?: Readonly<Record<string, string | readonly string[]>>;
  /** Empty folders of /payload, for disks. */
  readonly folders?: readonly string[];
  /** The machine's run.sh. */
  readonly script: string;
}

/** Makes the payload folder. */
export function stage({ lists, more = [], shims, files = {}, folders = [], script }: Stage): string {
  const folder = join(HERE, "build", "payload");
  const guests = [...new Set([...Object.values(lists).flat(), ...more])];
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch {
    // the first time
  }
  Deno.mkdirSync(join(folder, "tests/guests/build"), { recursive: true });
  for (const name of ["src", "sysroots", "tools", "deno.json", "cli.ts", "mod.ts"]) {
    copy(join(ROOT, name), join(folder, name));
  }
  copy(fileURLToPath(DIST), join(folder, "dist"));
  roundTimes(folder);
  for (const name of ["kvm", "support", "corpus"]) {
    Deno.mkdirSync(join(folder, "tests", name));
    for (const entry of Deno.readDirSync(join(ROOT, "tests", name))) {
      if (entry.isFile) copy(join(ROOT, "tests", name, entry.name), join(folder, "tests", name, entry.name));
    }
  }
  for (const entry of Deno.readDirSync(GUESTS_ROOT)) {
    if (entry.isFile) copy(join(GUESTS_ROOT, entry.name), join(folder, "tests/guests", entry.name));
  }
  for (const guest of guests) {
    const place = join(folder, "tests/guests/build", guest.variant, guest.source.name);
    Deno.mkdirSync(join(place, ".."), { recursive: true });
    copy(guest.path, place);
  }
  if (guests.some((guest) => guest.variant === "musl-dynamic")) {
    Deno.mkdirSync(join(folder, "tests/guests/build/root-musl/usr"), { recursive: true });
    copy(join(GUESTS_ROOT, "build/root-musl/usr/lib"), join(folder, "tests/guests/build/root-musl/usr/lib"));
  }
  if (guests.some((guest) => guest.sysroot === GLIBC_SYSROOT)) {
    Deno.mkdirSync(join(folder, "glibc/lib"), { recursive: true });
    for (const entry of Deno.readDirSync(join(GLIBC_SYSROOT, "lib"))) {
      if (/\.so(\.\d+)*$/.test(entry.name)) {
        copy(join(GLIBC_SYSROOT, "lib", entry.name), join(folder, "glibc/lib", entry.name));
      }
    }
  }
  for (const [name, path] of Object.entries(shims)) copy(path, join(folder, name));
  for (const name of folders) Deno.mkdirSync(join(folder, name));
  for (const [name, from] of Object.entries(files)) {
    if (typeof from !== "string") Deno.mkdirSync(join(folder, name));
    for (const path of [from].flat()) copy(path, join(folder, name, typeof from === "string" ? "" : basename(path)));
  }
  // Where elftap looks for it, with the hash that it wants.
  const kvm = shims["libelftap-kvm.so"];
  if (kvm !== undefined) {
    const place = join(folder, "ffi/build/libelftap-kvm.so");
    Deno.mkdirSync(join(folder, "ffi/build"), { recursive: true });
    copy(kvm, place);
    Deno.writeTextFileSync(`${place}.sha256`, digest(kvm) + "\n");
  }
  for (const [name, list] of Object.entries(lists)) {
    Deno.writeTextFileSync(join(folder, `${name}.json`), JSON.stringify(list.map(guestThere)));
  }
  Deno.writeTextFileSync(join(folder, "run.sh"), script);
  return folder;
}
