import assert from "node:assert/strict";
import { fakeElf, FakeFile, memoryEngine, noContext } from "../kernel/exec/fake_program.ts";
import { prepareExec } from "../kernel/exec/prepare.ts";
import { defaultLimits } from "../kernel/abi/resource.ts";
import { describeAddress, locate } from "./symbols.ts";

function program() {
  const segments = [{ vaddr: 0x400000, flags: 5, bytes: new Uint8Array(64) }];
  const prepared = prepareExec({
    engine: memoryEngine(),
    file: new FakeFile(fakeElf({ type: 2, entry: 0x400000, segments })),
    filename: "/prog",
    argv: ["prog"],
    envp: [],
    open: () => -2,
    identity: () => ({ uid: 0, euid: 0, gid: 0, egid: 0, secure: false }),
    limits: defaultLimits(),
    context: noContext,
    random: new Uint8Array(16),
  });
  assert.ok(typeof prepared !== "number");
  return prepared.mm;
}

Deno.test("locate names the functions of the vDSO", () => {
  const mm = program();
  const { symbol, offset, file } = locate(mm, mm.sigreturn + 4, noContext)!;
  assert.deepEqual({ symbol, offset, file }, { symbol: "__kernel_rt_sigreturn", offset: 4, file: "[vdso]" });
});

Deno.test("describeAddress falls back to the file and the offset in it", () => {
  const mm = program();
  assert.equal(describeAddress(mm, 0x400010, noContext), "(+0x1010)");
  assert.equal(describeAddress(mm, mm.startStack, noContext), undefined);
});

Deno.test("describeAddress looks for a caller before its return address", () => {
  const mm = program();
  assert.equal(describeAddress(mm, mm.sigreturn + 8, noContext, true), "__kernel_rt_sigreturn+0x8 ([vdso])");
});
