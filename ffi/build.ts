/**
 * `deno task shim`: builds the native shim of the hypervisor engines into `ffi/build/`, with its SHA-256 beside it.
 *
 *     deno task shim                      for this host, with its cc
 *     deno task shim --target linux       for arm64 Linux, with Debian's cross compiler
 *     deno task shim --target macos       for Apple Silicon, with clang and LLVM's linker (on any host)
 *     deno task shim --prebuilt           the same into ffi/prebuilt/, which is part of the project
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crossBuild } from "./cross/macos.ts";
import { sh } from "./sh.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** What both compilers are told. The sources are clean of warnings. */
const FLAGS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-fvisibility=hidden", "-D_GNU_SOURCE"];
const SHARED = ["shim.c", "vectors.S"];

/** The library for arm64 Linux. @param cc the compiler */
export function linuxCommand(cc: string, output: string): string[] {
  const sources = ["kvm.c", ...SHARED].map((name) => join(HERE, name));
  return [cc, ...FLAGS, "-shared", "-Wl,--build-id=none", "-o", output, ...sources, "-lpthread"];
}

/** The library for Apple Silicon, with the host's own tools. */
function macCommand(output: string): string[] {
  const sources = ["hvf.c", ...SHARED].map((name) => join(HERE, name));
  return ["cc", ...FLAGS, "-arch", "arm64", "-dynamiclib", "-o", output, ...sources, "-framework", "Hypervisor"];
}

/** SHA-256 of a file, in hexadecimal. */
export const digest = (path: string): string => createHash("sha256").update(Deno.readFileSync(path)).digest("hex");

/**
 * Builds for a system into a folder; returns the library's path.
 *
 * @param cross with the tools for other hosts also on a Mac: they make the same bytes everywhere
 */
export async function buildShim(
  target: "linux" | "macos",
  folder: string = join(HERE, "build"),
  cross = false,
): Promise<string> {
  Deno.mkdirSync(folder, { recursive: true });
  const path = join(folder, target === "linux" ? "libelftap-kvm.so" : "libelftap-hvf.dylib");
  const isNative = Deno.build.arch === "aarch64" && Deno.build.os === (target === "linux" ? "linux" : "darwin");
  if (target === "linux") await sh(linuxCommand(isNative ? "cc" : "aarch64-linux-gnu-gcc", path));
  else if (isNative && !cross) await sh(macCommand(path));
  else await crossBuild(path);
  Deno.writeTextFileSync(`${path}.sha256`, digest(path) + "\n");
  return path;
}

if (import.meta.main) {
  const at = Deno.args.indexOf("--target");
  const target = at >= 0 ? Deno.args[at + 1] : Deno.build.os === "darwin" ? "macos" : "linux";
  if (target !== "linux" && target !== "macos") {
    console.error("shim: --target is linux or macos");
    Deno.exit(1);
  }
  try {
    const prebuilt = Deno.args.includes("--prebuilt");
    console.log(await (prebuilt ? buildShim("macos", join(HERE, "prebuilt"), true) : buildShim(target)));
  } catch (error) {
    console.error(`shim: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
