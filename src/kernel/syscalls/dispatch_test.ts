import assert from "node:assert/strict";
import { ScriptedRegisters } from "../task/scripted_engine.ts";
import type { Task } from "../task/task.ts";
import { compileTable } from "./dispatch.ts";
import { row } from "./row.ts";

const task = undefined as unknown as Task;

/** What a handler with one argument of this format gets for a register. */
function convert(format: string, register: bigint): number {
  let got = NaN;
  const regs = new ScriptedRegisters();
  regs.setX(0, BigInt.asUintN(64, register));
  compileTable([row(5, "probe", `a:${format}`, (_, a) => got = a!)])[5]!.invoke(task, regs);
  return got;
}

Deno.test("compileTable gives int arguments as their low 32 bits, signed", () => {
  assert.equal(convert("int", 0x1_ffff_fffen), -2);
  assert.equal(convert("flags:open", 0x8000_0000n), -0x80000000);
});

Deno.test("compileTable gives pointers unsigned", () => {
  assert.equal(convert("ptr", 0xffff_0000_1000n), 0xffff00001000);
  assert.equal(convert("size", -1n), 2 ** 64);
});

Deno.test("compileTable gives longs signed and exact", () => {
  assert.equal(convert("long", -1n), -1);
  assert.equal(convert("off", -4096n), -4096);
  assert.equal(convert("off", 1n << 40n), 2 ** 40);
});

Deno.test("compileTable passes six arguments in order", () => {
  let got: number[] = [];
  const regs = new ScriptedRegisters();
  for (let n = 0; n < 6; n++) regs.setX(n, n + 10);
  const table = compileTable([row(1, "six", "a:int b:int c:int d:int e:int f:int", (_, ...args) => {
    got = args;
    return 0;
  })]);
  table[1]!.invoke(task, regs);
  assert.deepEqual(got, [10, 11, 12, 13, 14, 15]);
});

Deno.test("compileTable refuses two rows with one number", () => {
  assert.throws(() => compileTable([row(1, "a", "", () => 0), row(1, "b", "", () => 0)]), /system call 1/);
});
