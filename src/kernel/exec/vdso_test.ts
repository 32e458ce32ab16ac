import assert from "node:assert/strict";
import { bytesSource } from "../../elf/source.ts";
import { parseElf } from "../../elf/parse.ts";
import { buildVdso } from "./vdso.ts";

Deno.test("buildVdso makes an ELF library with its name", () => {
  const elf = parseElf(bytesSource(buildVdso().bytes));
  assert.equal(elf.dynamic?.soname, "linux-vdso.so.1");
});

Deno.test("buildVdso's trampoline is the two instructions unwinders know", () => {
  const { bytes, sigreturn } = buildVdso();
  const view = new DataView(bytes.buffer);
  assert.deepEqual([view.getUint32(sigreturn, true), view.getUint32(sigreturn + 4, true)], [0xd2801168, 0xd4000001]);
});
