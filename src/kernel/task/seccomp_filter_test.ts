import assert from "node:assert/strict";
import { BPF, RET } from "../abi/seccomp.ts";
import { type BpfInstruction, isValid, run } from "./seccomp_filter.ts";

const op = (code: number, k = 0, jt = 0, jf = 0): BpfInstruction => ({ code, jt, jf, k });
const load = (at: number) => op(BPF.LD | BPF.W | BPF.ABS, at), end = (k: number) => op(BPF.RET | BPF.K, k);
const data = (nr: number) => {
  const view = new DataView(new ArrayBuffer(64));
  view.setUint32(0, nr, true);
  return view;
};

Deno.test("a filter judges by what it loads", () => {
  const program = [load(0), op(BPF.JMP | BPF.JEQ | BPF.K, 93, 0, 1), end(RET.ALLOW), end(RET.ERRNO | 13)];
  assert.ok(isValid(program));
  assert.equal(run(program, data(93)), RET.ALLOW);
  assert.equal(run(program, data(94)), RET.ERRNO | 13);
});

Deno.test("a filter computes in 32 bits without sign", () => {
  const compute = (operation: number, a: number, b: number) =>
    run([op(BPF.LD | BPF.IMM, a), op(BPF.ALU | operation | BPF.K, b), op(BPF.RET | BPF.A)], data(0)) >>> 0;
  assert.equal(compute(BPF.ADD, 0xffffffff, 2), 1);
  assert.equal(compute(BPF.SUB, 0, 1), 0xffffffff);
  assert.equal(compute(BPF.MUL, 0xffffffff, 0xffffffff), 1);
  assert.equal(compute(BPF.DIV, 0xfffffffe, 2), 0x7fffffff);
  assert.equal(compute(BPF.LSH, 1, 31), 0x80000000);
  assert.equal(compute(BPF.RSH, 0x80000000, 31), 1);
  assert.equal(compute(BPF.NEG, 1, 0), 0xffffffff);
  const byZero = [op(BPF.LDX | BPF.IMM, 0), op(BPF.ALU | BPF.DIV | BPF.X), end(RET.ALLOW)];
  assert.ok(isValid(byZero));
  assert.equal(run(byZero, data(0)), RET.KILL_THREAD);
});

Deno.test("a filter keeps words, and reads those alone that it has stored on all ways", () => {
  const keeps = [
    op(BPF.LD | BPF.IMM, 7),
    op(BPF.ST, 3),
    op(BPF.LDX | BPF.MEM, 3),
    op(BPF.MISC | BPF.TXA),
    op(BPF.RET | BPF.A),
  ];
  assert.ok(isValid(keeps));
  assert.equal(run(keeps, data(0)), 7);
  assert.ok(!isValid([op(BPF.LD | BPF.MEM, 3), end(0)]));
  const oneWay = [load(0), op(BPF.JMP | BPF.JEQ | BPF.K, 1, 0, 1), op(BPF.ST, 0), op(BPF.LD | BPF.MEM, 0), end(0)];
  assert.ok(!isValid(oneWay));
});

Deno.test("a filter that does not end, jumps out or loads from elsewhere is none", () => {
  assert.ok(!isValid([]));
  assert.ok(!isValid([load(0)]));
  assert.ok(!isValid([op(BPF.JMP | BPF.JA, 1), end(0)]));
  assert.ok(!isValid([op(BPF.JMP | BPF.JA, 0xffffffff), end(0)]));
  assert.ok(!isValid([op(BPF.JMP | BPF.JEQ | BPF.K, 0, 1, 0), end(0)]));
  assert.ok(!isValid([load(64), end(0)]));
  assert.ok(!isValid([load(2), end(0)]));
  assert.ok(!isValid([op(BPF.LD | 0x10 | BPF.ABS), end(0)]));
  assert.ok(!isValid([op(BPF.ALU | BPF.DIV | BPF.K, 0), end(0)]));
  assert.ok(!isValid([op(BPF.ALU | BPF.LSH | BPF.K, 32), end(0)]));
});
