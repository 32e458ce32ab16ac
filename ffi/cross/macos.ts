/**
 * Builds the macOS library where there is no Mac: clang and LLVM's linker for Mach-O, own declarations instead of
 * Apple's headers, and stubs (.tbd) that name the functions of the system's libraries. The linker signs it ad hoc. The
 * same tools make the same bytes.
 *
 * What macOS's headers declare beyond C11 and is used here is in `libc/`, Hypervisor.framework in `include/`.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sh } from "../sh.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const SOURCES = ["hvf.c", "shim.c", "vectors.S"];

/** The oldest macOS that it is for. */
const VERSION = "13.0";

/** The first of these commands that there is. */
function find(names: readonly string[]): string {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  for (const name of names) {
    for (const folder of folders) {
      try {
        Deno.statSync(join(folder, name));
        return name;
      } catch {
        // not here
      }
    }
  }
  throw new Error(`none of ${names.join(", ")} is installed (Debian: apt-get install clang lld)`);
}

/** Builds `libelftap-hvf.dylib`. @param output its path */
export async function crossBuild(output: string): Promise<void> {
  const clang = find(["clang", "clang-16", "clang-14"]), linker = find(["ld64.lld", "ld64.lld-16", "ld64.lld-14"]);
  const objects: string[] = [];
  const work = Deno.makeTempDirSync();
  try {
    for (const name of SOURCES) {
      const object = join(work, `${name}.o`);
      objects.push(object);
      await sh([
        clang,
        ...[
          "-target",
          `arm64-apple-macos${VERSION}`,
          "-std=c11",
          "-O2",
          "-fPIC",
          "-fvisibility=hidden",
          "-ffreestanding",
        ],
        ...["-Wall", "-Wextra", "-Werror", "-isystem", join(HERE, "libc"), "-isystem", join(HERE, "include")],
        ...["-c", join(HERE, "..", name), "-o", object],
      ]);
    }
    await sh([
      linker,
      ...["-arch", "arm64", "-platform_version", "macos", VERSION, VERSION, "-dylib"],
      ...["-install_name", "@rpath/libelftap-hvf.dylib", "-syslibroot", join(HERE, "sdk")],
      ...["-lSystem", "-framework", "Hypervisor", "-adhoc_codesign", "-o", output, ...objects],
    ]);
  } finally {
    Deno.removeSync(work, { recursive: true });
  }
}
