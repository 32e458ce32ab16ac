/** The cross compilers: Debian's gcc for glibc, and the same gcc with musl's headers and libraries. */
import { join } from "node:path";
import { RootUnavailable, unpackArm64 } from "../support/arm64_root.ts";
import type { GuestSource, Variant } from "./source.ts";

/** Compiler of a language. */
const COMPILERS = { c: "aarch64-linux-gnu-gcc", assembly: "aarch64-linux-gnu-gcc", "c++": "aarch64-linux-gnu-g++" };

/** Folder of the cross C library, which serves as sysroot of dynamic glibc programs. */
export const GLIBC_SYSROOT = "/usr/aarch64-linux-gnu";

/** True if a command can be started. */
export function hasCommand(command: string): boolean {
  try {
    return new Deno.Command(command, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** The compiler that is missing, if one is. */
export function missingCompiler(sources: readonly GuestSource[]): string | undefined {
  return [...new Set(sources.map((source) => COMPILERS[source.language]))].find((each) => !hasCommand(each));
}

/** Musl for the cross gcc. */
export interface Musl {
  /** Root with musl's loader, libraries and headers; the sysroot of dynamic musl programs. */
  readonly root: string;
  /** gcc specs that replace the C library. */
  readonly specs: string;
}

/**
 * Prepares musl below a folder, unpacking Debian's package once.
 *
 * @throws RootUnavailable
 */
export async function prepareMusl(folder: string): Promise<Musl> {
  const root = join(folder, "root-musl"), specs = join(folder, "musl-gcc.specs");
  const lib = `${root}/usr/lib/aarch64-linux-musl`;
  const done = join(root, "usr/lib/aarch64-linux-musl/libc.a");
  try {
    Deno.statSync(done);
  } catch {
    await unpackArm64(root, ["musl", "musl-dev"], { state: join(folder, "apt"), dependencies: false });
    try {
      Deno.statSync(done);
    } catch {
      throw new RootUnavailable("the musl-dev package has no libc.a where it was expected");
    }
  }
  // Linux's own headers are not musl's: they come from the cross C library, behind all others.
  const include = `-nostdinc -isystem ${root}/usr/include/aarch64-linux-musl -idirafter ${GLIBC_SYSROOT}/include`;
  Deno.writeTextFileSync(
    specs,
    [
      "%rename cpp_options old_cpp_options",
      "",
      "*cpp_options:",
      `${include} -isystem include%s %(old_cpp_options)`,
      "",
      "*cc1:",
      `%(cc1_cpu) ${include} -isystem include%s`,
      "",
      "*link_libgcc:",
      `-L${lib} -L .%s`,
      "",
      "*libgcc:",
      "libgcc.a%s libgcc_eh.a%s",
      "",
      "*startfile:",
      `%{static-pie:${lib}/rcrt1.o;:%{pie:${lib}/Scrt1.o;:${lib}/crt1.o}} ${lib}/crti.o ` +
      "%{static:crtbeginT.o%s;:%{static-pie|pie:crtbeginS.o%s;:crtbegin.o%s}}",
      "",
      "*endfile:",
      `%{static-pie|pie:crtendS.o%s;:crtend.o%s} ${lib}/crtn.o`,
      "",
      "*link:",
      "-X -EL -maarch64linux %{static|static-pie:-static} %{static-pie:-pie --no-dynamic-linker} %{pie:-pie} " +
      "%{!static:%{!static-pie:-dynamic-linker /lib/ld-musl-aarch64.so.1}} -z relro %{!static:--eh-frame-hdr}",
      "",
    ].join("\n"),
  );
  return { root, specs };
}

const LINKING: Record<Variant, readonly string[]> = {
  "static": ["-static"],
  "static-pie": ["-static-pie"],
  "dynamic": ["-pie", "-fPIE"],
  "dynamic-nopie": ["-no-pie", "-fno-pie"],
  "musl-static": ["-static"],
  "musl-dynamic": ["-pie", "-fPIE"],
};

/** The command that builds one program. */
export function compileCommand(source: GuestSource, variant: Variant, output: string, musl: Musl | undefined) {
  // Programs that hand wrong arguments to the kernel on purpose are not to be warned about it.
  const deliberate = [
    "unused-result",
    "stringop-overread",
    "stringop-overflow",
    "format-overflow",
    "nonnull",
    "infinite-recursion",
  ];
  const warnings = ["-Wall", "-Wextra", "-Werror", ...deliberate.map((name) => `-Wno-${name}`)];
  const args = ["-g", "-O1", ...warnings, "-pthread", ...source.flags];
  if (source.language === "assembly") args.push("-nostdlib");
  if (source.language === "c++") args.push("-std=c++17");
  if (variant.startsWith("musl")) args.push(`-specs=${musl!.specs}`);
  args.push(...LINKING[variant], "-o", output, source.file);
  // Libraries follow the file that needs them.
  args.push(...source.flags.filter((flag) => flag.startsWith("-l")), "-lm");
  if (source.language === "assembly") args.pop();
  return { command: COMPILERS[source.language], args };
}
