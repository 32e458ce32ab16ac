import { equal } from "node:assert/strict";
import { wantsFarStack } from "./far_stack.ts";
import type { ElfFile } from "../../elf/parse.ts";
import { bytesSource } from "../../elf/source.ts";

let programs = 0;

/** What is asked about a program that needs these libraries and has this in it. */
function wants(needed: readonly string[] | undefined, content = "", envp: readonly string[] = [], hasPreinit = false) {
  const source = bytesSource(new TextEncoder().encode(content));
  const dynamic = needed && { needed, hasPreinit, soname: undefined, rpath: undefined, runpath: undefined };
  return wantsFarStack(`program ${++programs}`, { source, dynamic } as unknown as ElfFile, envp);
}

Deno.test("wantsFarStack: the address sanitizer as a library, GCC's and LLVM's", () => {
  for (const name of ["libasan.so.8", "libasan.so", "libclang_rt.asan-aarch64.so", "/opt/lib/libasan.so.6"]) {
    equal(wants([name, "libc.so.6"]), true, name);
  }
  for (const name of ["libc.so.6", "libhwasan.so.0", "libtsan.so.2", "libasan.a", "notlibasan.so"]) {
    equal(wants([name]), false, name);
  }
  equal(wants(undefined), false, "a static program");
});

Deno.test("wantsFarStack: preloaded, and linked in", () => {
  equal(wants(["libc.so.6"], "", ["HOME=/", "LD_PRELOAD=/usr/lib/libasan.so.8"]), true);
  equal(wants(["libc.so.6"], "", ["PRELOAD=libasan.so.8", "LD_PRELOAD=libfoo.so"]), false);
  const padding = "-".repeat(2 ** 20 - 5);
  equal(wants(["libc.so.6"], `${padding}ASAN_OPTIONS\0`, [], true), true, "also over the border of two pieces");
  equal(wants(["libc.so.6"], `${padding}ASAN_OPTIONS\0`), false, "a program that only names the variable");
  equal(wants(["libc.so.6"], padding, [], true), false);
});

Deno.test("wantsFarStack: looks once at a program", () => {
  const dynamic = { needed: ["libasan.so.8"], hasPreinit: true };
  equal(wantsFarStack("the same", { dynamic } as unknown as ElfFile, []), true);
  equal(wantsFarStack("the same", {} as ElfFile, []), true);
});
