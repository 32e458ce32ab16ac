/** The shim as it is tested in the emulated machine, and what the sanitized one needs there. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { linuxCommand } from "../../ffi/build.ts";
import { sh } from "../../ffi/sh.ts";
import { HERE } from "./machine.ts";

const FFI = fileURLToPath(new URL("../../ffi/", import.meta.url));
const CROSS_CC = "aarch64-linux-gnu-gcc";

export type EngineName = "kvm" | "hvf";

/**
 * How undefined behaviour is found. `trap`: everywhere, it ends the machine's Deno. `address`: wrong accesses too, in
 * the shim and in the calls that it makes, and executed lines are counted; needs the sanitizer's libraries, and time.
 */
export type Sanitizer = "trap" | "address";

const FLAGS: Readonly<Record<Sanitizer, readonly string[]>> = {
  trap: ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"],
  address: ["-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
};

/** File name of a shim in the machine's /payload. */
export const shimName = (name: EngineName, sanitizer: Sanitizer): string =>
  `libelftap-${name}${sanitizer === "address" ? "-sanitized" : ""}.so`;

/** Executed lines are counted, by several threads. */
const COVERAGE: readonly string[] = ["--coverage", "-fprofile-update=atomic"];

/** Builds a shim for the machine: kvm.c, or hvf.c over the test double of the framework. @returns its path */
export async function buildForTest(name: EngineName, sanitizer: Sanitizer): Promise<string> {
  const path = join(HERE, "build", shimName(name, sanitizer));
  Deno.mkdirSync(join(HERE, "build"), { recursive: true });
  const command = linuxCommand(CROSS_CC, path)
    .map((word) => name === "hvf" && word.endsWith("/kvm.c") ? join(FFI, "hvf.c") : word);
  const double = name === "hvf" ? ["-I", join(FFI, "cross/include"), join(HERE, "hypervisor_double.c")] : [];
  const counted = sanitizer === "address" ? COVERAGE : [];
  await sh([...command, ...FLAGS[sanitizer], ...counted, ...double]);
  return path;
}

/** A library of this folder with the sanitizers' checks. @returns its path */
export async function buildSanitized(name: string): Promise<string> {
  const path = join(HERE, "build", `lib${name}.so`);
  const flags = ["-std=c11", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", ...FLAGS.address];
  await sh([CROSS_CC, ...flags, "-o", path, join(HERE, `${name}.c`)]);
  return path;
}

/** A static program of this folder for the machine. @returns its path */
export async function buildProgram(name: string): Promise<string> {
  const path = join(HERE, "build", name);
  await sh([
    CROSS_CC,
    "-O1",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-static",
    "-pthread",
    "-o",
    path,
    join(HERE, `${name}.c`),
  ]);
  return path;
}

/** The sanitizers' libraries of the cross compiler, as files to put into one folder of the machine. */
export async function sanitizerLibraries(): Promise<string[]> {
  const names = ["libasan.so.8", "libubsan.so.1", "libstdc++.so.6", "libgcc_s.so.1"];
  return await Promise.all(names.map(async (name) => {
    const { stdout } = await new Deno.Command(CROSS_CC, { args: [`-print-file-name=${name}`], stdin: "null" }).output();
    return new TextDecoder().decode(stdout).trim();
  }));
}
