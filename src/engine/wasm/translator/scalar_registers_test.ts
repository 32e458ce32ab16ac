import { deepEqual } from "node:assert/strict";
import { Machine } from "../testing.ts";
import { findRegion } from "./find_region.ts";
import { scalarRegisters } from "./scalar_registers.ts";

const RET = 0xd65f03c0;
const numbers = (mask: number) => [...Array(32).keys()].filter((n) => mask & (1 << n));
function scalarsOf(...words: readonly number[]): { f64: number[]; f32: number[] } {
  const { f64, f32 } = scalarRegisters(findRegion(0, (pc) => [...words, RET][pc / 4]));
  return { f64: numbers(f64), f32: numbers(f32) };
}

Deno.test("scalarRegisters: registers with numbers of one format alone in them", () => {
  deepEqual(
    scalarsOf(
      0xfd400020, // ldr d0, [x1]
      0x2f00e401, // movi d1, #0
      0x1e612802, // fadd d2, d0, d1
      0xfd000022, // str d2, [x1]
      0x9e670043, // fmov d3, x2
      0xbd400024, // ldr s4, [x1]
      0x1e270045, // fmov s5, w2
      0x0f000406, // movi v6.2s, #0
      0x1f051886, // fmadd s6, s4, s5, s6
      0x1e22c087, // fcvt d7, s4
      0x1e670c08, // fcsel d8, d0, d7, eq
      0x1e250c89, // fcsel s9, s4, s5, eq
      0x5ea1d92a, // frecpe s10, s9
      0x1ee2418b, // fcvt s11, h12
    ),
    { f64: [0, 1, 2, 3, 7, 8], f32: [4, 5, 6, 9, 10, 11] },
  );
});

Deno.test("scalarRegisters: none that is a vector, a part of one, or of both formats", () => {
  deepEqual(
    scalarsOf(
      0x1e602800, // fadd d0, d0, d0
      0x4ea01c01, // mov v1.16b, v0.16b
      0x1e622842, // fadd d2, d2, d2
      0x1e624042, // fcvt s2, d2
      0x1e22c063, // fcvt d3, s3
      0x4e181c44, // mov v4.d[1], x2
      0x0f000405, // movi v5.2s, #0
      0x3dc00026, // ldr q6, [x1]
    ),
    { f64: [], f32: [] },
  );
});

for (const tier of ["interpreter", "translator"] as const) {
  Deno.test(`above a number are zeros once it was written, and what was there if not: ${tier}`, () => {
    const machine = new Machine(undefined, tier), old = (7n << 64n) | 0x3ff0000000000000n;
    for (const n of [0, 1, 2]) machine.setV(n, old);
    machine.regs.setX(1, 100n);
    const exit = machine.run([
      0xf100c83f, // cmp x1, #50
      0x54000041, // b.ne, +8
      0x1e602800, // fadd d0, d0, d0: once
      0x1e622841, // fadd d1, d2, d2: in each pass
      0xd1000421, // sub x1, x1, #1
      0xb5ffff61, // cbnz x1, start
      0xd4000001, // svc #0
    ], 10_000);
    const two = 0x4000000000000000n;
    deepEqual([exit.kind, machine.v(0), machine.v(1), machine.v(2)], ["syscall", two, two, old]);

    for (const n of [0, 1, 2]) machine.setV(n, old);
    machine.regs.setX(1, 20n); // never
    machine.regs.pc = 0x10000n;
    machine.resume(10_000);
    deepEqual([machine.v(0), machine.v(1)], [old, two]);
  });
}
