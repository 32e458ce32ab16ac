import assert from "node:assert/strict";
import { MAP_FIXED } from "../kernel/abi/mman.ts";
import { SigFrame, SIGFRAME_SIZE } from "../kernel/abi/sigframe.ts";
import { noContext } from "../kernel/exec/fake_program.ts";
import { fakeEngine } from "../kernel/mm/fake_space.ts";
import { map } from "../kernel/mm/map.ts";
import { Mm } from "../kernel/mm/mm.ts";
import { backtrace, MAX_FRAMES, unwindSpace } from "./backtrace.ts";
import { unwind } from "./unwind.ts";

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

/** Registers of which only these matter. */
function at({ pc, sp, fp, lr }: { pc: number; sp: number; fp: number; lr: number }) {
  const registers = new Array<bigint>(32).fill(0n);
  registers[29] = BigInt(fp);
  registers[30] = BigInt(lr);
  registers[31] = BigInt(sp);
  return { pc, registers };
}

const trace = (mm: Mm, start: Parameters<typeof at>[0]) => backtrace(mm, noContext, at(start)).frames;
const pcs = (frames: ReturnType<typeof trace>) => frames.map(({ pc }) => pc);

Deno.test("backtrace follows the chain of frame records to its end", () => {
  const mm = newMm();
  record(mm, STACK + 0x100, STACK + 0x200, CODE + 0x20);
  record(mm, STACK + 0x200, 0, CODE + 0x30);
  const frames = trace(mm, { pc: CODE, sp: STACK + 0x80, fp: STACK + 0x100, lr: CODE + 0x20 });
  assert.deepEqual(pcs(frames), [CODE, CODE + 0x20, CODE + 0x30]);
});

Deno.test("backtrace takes a leaf's caller from x30", () => {
  const mm = newMm();
  record(mm, STACK + 0x100, 0, CODE + 0x30);
  const frames = trace(mm, { pc: CODE, sp: STACK, fp: STACK + 0x100, lr: CODE + 0x20 });
  assert.deepEqual(pcs(frames), [CODE, CODE + 0x20, CODE + 0x30]);
});

Deno.test("backtrace ignores an x30 that points into the function itself", () => {
  const mm = newMm();
  record(mm, STACK + 0x100, 0, CODE + 0x30);
  const space = { ...unwindSpace(mm, noContext), sameFunction: () => true };
  const start = at({ pc: CODE, sp: STACK, fp: STACK + 0x100, lr: CODE + 0x20 });
  assert.deepEqual(Array.from(unwind(space, start.pc, start.registers), ({ pc }) => pc), [CODE, CODE + 0x30]);
});

Deno.test("backtrace ends at a chain that goes down or leaves the memory", () => {
  const mm = newMm();
  record(mm, STACK + 0x200, STACK + 0x100, CODE + 0x20);
  assert.equal(trace(mm, { pc: CODE, sp: STACK, fp: STACK + 0x200, lr: 0 }).length, 2);
  assert.equal(trace(mm, { pc: CODE, sp: STACK, fp: 2 ** 60, lr: 0 }).length, 1);
  assert.equal(trace(mm, { pc: CODE, sp: STACK, fp: STACK + 1, lr: 0 }).length, 1);
});

Deno.test("backtrace keeps both ends of a deep stack", () => {
  const mm = newMm();
  for (let i = 0; i < 200; i++) record(mm, STACK + i * 16, STACK + (i + 1) * 16, CODE + 4 * i + 4);
  const { frames, omitted } = backtrace(mm, noContext, at({ pc: CODE, sp: STACK, fp: STACK, lr: 0 }));
  assert.deepEqual(omitted, { count: 201 - MAX_FRAMES, after: 48 });
  assert.deepEqual(pcs(frames), [
    ...Array.from({ length: 48 }, (_, i) => CODE + 4 * i),
    ...Array.from({ length: 16 }, (_, i) => CODE + 4 * (185 + i)),
  ]);
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
  mm.writeU64(frame + SigFrame.regs + 30 * 8, BigInt(CODE + 0x50));
  record(mm, main, 0, CODE + 0x60);
  const frames = trace(mm, { pc: CODE, sp: STACK, fp: handler, lr: mm.sigreturn });
  assert.deepEqual(pcs(frames), [CODE, CODE + 0x800, CODE + 0x44, CODE + 0x60]);
});
