/** The shim's sources and the macOS library: what can be checked without a Mac. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildShim, digest } from "../ffi/build.ts";
import { hasCommand } from "./guests/toolchain.ts";

const FFI = fileURLToPath(new URL("../ffi/", import.meta.url));
const PREBUILT = join(FFI, "prebuilt/libelftap-hvf.dylib");

/** The first of these commands that is installed. */
const tool = (...names: string[]): string | undefined => names.find(hasCommand);
const clang = tool("clang", "clang-14", "clang-16"), linker = tool("ld64.lld", "ld64.lld-14", "ld64.lld-16");
const nm = tool("llvm-nm", "llvm-nm-14", "llvm-nm-16"), objdump = tool("llvm-objdump", "llvm-objdump-14");
const tidy = tool("clang-tidy", "clang-tidy-14");

/** Output of a command that succeeds. */
async function output(command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, stdin: "null" }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.ok(success, text(stderr) + text(stdout));
  return text(stdout);
}

/** What the header exports. */
const declared = (): string[] =>
  [...Deno.readTextFileSync(join(FFI, "elftap_shim.h")).matchAll(/^ELFTAP_EXPORT .*\b(elftap_\w+)\(/gm)]
    .map(([, name]) => name!).sort();

Deno.test("the prebuilt macOS library has the recorded hash", () => {
  assert.equal(digest(PREBUILT), Deno.readTextFileSync(`${PREBUILT}.sha256`).trim());
});

Deno.test({
  name: "the prebuilt macOS library exports exactly the ABI and is signed ad hoc",
  ignore: !nm || !objdump,
  async fn() {
    const names = (await output(nm!, "--extern-only", "--defined-only", "--format=just-symbols", PREBUILT)).trim();
    assert.deepEqual(names.split("\n").map((name) => name.replace(/^_/, "")).sort(), declared());
    assert.match(await output(objdump!, "--macho", "--private-headers", PREBUILT), /LC_CODE_SIGNATURE/);
  },
});

Deno.test({
  name: "the macOS library links from the sources, the same bytes each time",
  ignore: !clang || !linker,
  async fn() {
    const one = Deno.makeTempDirSync(), two = Deno.makeTempDirSync();
    try {
      assert.equal(digest(await buildShim("macos", one, true)), digest(await buildShim("macos", two, true)));
    } finally {
      for (const folder of [one, two]) Deno.removeSync(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "the shim for arm64 Linux compiles without warnings",
  ignore: !hasCommand("aarch64-linux-gnu-gcc"),
  async fn() {
    const folder = Deno.makeTempDirSync();
    try {
      await buildShim("linux", folder, true);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "clang-tidy has nothing to say about the shim",
  ignore: !tidy || !hasCommand("aarch64-linux-gnu-gcc"),
  async fn() {
    const checks = "-*,bugprone-*,cert-*,clang-analyzer-*,-bugprone-easily-swappable-parameters," +
      "-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,-bugprone-reserved-identifier," +
      "-cert-dcl37-c,-cert-dcl51-cpp";
    const flags = ["--target=aarch64-linux-gnu", "-std=c11", "-D_GNU_SOURCE", `-I${FFI}cross/include`];
    const files = ["shim.c", "kvm.c", "hvf.c"].map((name) => join(FFI, name));
    const include = "-I/usr/aarch64-linux-gnu/include";
    await output(tidy!, "--quiet", `--checks=${checks}`, "--warnings-as-errors=*", ...files, "--", ...flags, include);
  },
});
