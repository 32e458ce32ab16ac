import assert from "node:assert/strict";
import { MAP_FIXED } from "../kernel/abi/mman.ts";
import { SigFrame, SIGFRAME_SIZE } from "../kernel/abi/sigframe.ts";
import { fakeEngine } from "../kernel/mm/fake_space.ts";
import { map } from "../kernel/mm/map.ts";
import { Mm } from "../kernel/mm/mm.ts";
import { backtrace, MAX_FRAMES } from "./backtrace.ts";

const CODE = 0x400000, STACK = 0x800000;

function newMm(): Mm {
  const mm = new Mm(fakeEngine());
  map(mm, { address: CODE, length: 0x10000, prot: 5, flags: MAP_FIXED });
  map(mm, { address: STACK, length: 0x10000, prot: 3, flags: MAP_FIXED });
  return mm;
}

function record(mm: Mm, at: number, fp: number, lr: number): void {
  mm.writeU64(at, BigInt(fp));
  mm.writeU64(at + 8, BigInt(lr));
}

const pcs = (frames: ReturnType<typeof backtrace>) => frames.map(({ pc }) => pc);

Deno.test("backtrace follows the chain of frame records to its end", () => {
  const mm = newMm();
  record(mm, STACK + 0x100, STACK + 0x200, CODE + 0x20);
  record(mm, STACK + 0x200, 0, CODE + 0x30);
  const frames = backtrace(mm, { pc: CODE, sp: STACK + 0x80, fp: STACK + 0x100, lr: CODE + 0x20 });
  assert.deepEqual(pcs(frames), [CODE, CODE + 0x20, CODE + 0x30]);
});

Deno.test("backtrace takes a leaf's caller from x30", () => {
  const mm = newMm();
  record(mm, STACK + 0x100, 0, CODE + 0x30);
  const frames = backtrace(mm, { pc: CODE, sp: STACK, fp: STACK + 0x100, lr: CODE + 0x20 });
  assert.deepEqual(pcs(frames), [CODE, CODE + 0x20, CODE + 0x30]);
});

Deno.test("backtrace ignores an x30 that points into the function itself", () => {
  const mm = newMm();
  record(mm, STACK + 0x100, 0, CODE + 0x30);
  const frames = backtrace(mm, { pc: CODE, sp: STACK, fp: STACK + 0x100, lr: CODE + 0x20 }, () => true);
  assert.deepEqual(pcs(frames), [CODE, CODE + 0x30]);
});

Deno.test("backtrace ends at a chain that goes down or leaves the memory", () => {
  const mm = newMm();
  record(mm, STACK + 0x200, STACK + 0x100, CODE + 0x20);
  assert.equal(backtrace(mm, { pc: CODE, sp: STACK, fp: STACK + 0x200, lr: 0 }).length, 2);
  assert.equal(backtrace(mm, { pc: CODE, sp: STACK, fp: 2 ** 60, lr: 0 }).length, 1);
  assert.equal(backtrace(mm, { pc: CODE, sp: STACK, fp: STACK + 1, lr: 0 }).length, 1);
});

Deno.test("backtrace is bounded", () => {
  const mm = newMm();
  for (let i = 0; i < 200; i++) record(mm, STACK + i * 16, STACK + (i + 1) * 16, CODE + 4 * i + 4);
  assert.equal(backtrace(mm, { pc: CODE, sp: STACK, fp: STACK, lr: 0 }).length, MAX_FRAMES);
});

Deno.test("backtrace goes through a signal handler to what it interrupted", () => {
  const mm = newMm();
  mm.sigreturn = CODE + 0x800;
  const handler = STACK + 0x100, frame = STACK + 0x200, signal = frame + SIGFRAME_SIZE, main = STACK + 0x8000;
  record(mm, handler, signal, mm.sigreturn);
  record(mm, signal, main, CODE + 0x50);
  mm.writeU64(frame + SigFrame.pc, BigInt(CODE + 0x44));
  mm.writeU64(frame + SigFrame.sp, BigInt(signal + 16));
  mm.writeU64(frame + SigFrame.regs + 29 * 8, BigInt(main));
  record(mm, main, 0, CODE + 0x60);
  const frames = backtrace(mm, { pc: CODE, sp: STACK, fp: handler, lr: mm.sigreturn });
  assert.deepEqual(pcs(frames), [CODE, CODE + 0x800, CODE + 0x44, CODE + 0x60]);
});
