import { deepEqual, equal } from "node:assert/strict";
import { FlagKinds } from "../layout.ts";
import { findRegion } from "./find_region.ts";
import { FlagEffect, type FlagState, type Operand } from "./flag_effect.ts";

const effect = (word: number): FlagEffect =>
  new FlagEffect(findRegion(0, (pc) => pc === 0 ? word : undefined).blocks.get(0)!.instructions[0]!.body!);

const x = (reg: number, plus = 0): Operand => ({ reg, plus: BigInt(plus) });
const value = (value: number): Operand => ({ value: BigInt(value) });

const SET: readonly [name: string, word: number, kind: keyof typeof FlagKinds, a: Operand, b: Operand][] = [
  ["cmp x1, x2", 0xeb02003f, "sub64", x(1), x(2)],
  ["cmp w1, w2", 0x6b02003f, "sub32", x(1), x(2)],
  ["cmp x1, #5", 0xf100143f, "sub64", x(1), value(5)],
  ["cmn w1, #5", 0x3100143f, "add32", x(1), value(5)],
  ["cmp sp, x2", 0xeb2263ff, "sub64", x(31), x(2)],
  ["cmp x1, w2, uxtw: not all of X2", 0xeb22403f, "sub64", x(1), "kept"],
  ["cmp x1, x2, lsl #3", 0xeb020c3f, "sub64", x(1), "kept"],
  ["subs x1, x1, #1: X1 was one more", 0xf1000421, "sub64", x(1, 1), value(1)],
  ["adds w1, w1, #1", 0x31000421, "add32", x(1, -1), value(1)],
  ["subs x1, x2, #1", 0xf1000441, "sub64", x(2), value(1)],
  ["subs x1, x1, x2: its first operand is gone", 0xeb020021, "sub64", "kept", x(2)],
  ["subs x2, x1, x2: its second operand is gone", 0xeb020022, "sub64", x(1), "kept"],
  ["ands x3, x1, x2: the result", 0xea020023, "logic64", x(3), value(0)],
  ["ands w3, w1, #1", 0x72000023, "logic32", x(3), value(0)],
  ["tst x1, x2", 0xea02003f, "logic64", "kept", value(0)],
];

Deno.test("operands of flags are told by the registers that hold them behind the instruction", () => {
  for (const [name, word, kind, a, b] of SET) {
    const { sets, set } = effect(word);
    equal(sets, "plainly", name);
    deepEqual(set, { kinds: 1 << FlagKinds[kind], kindKept: false, a, b, dirty: true }, name);
  }
});

const WRITTEN: readonly [name: string, word: number, kind: keyof typeof FlagKinds, before: Operand, after: Operand][] =
  [
    ["add x1, x1, #8", 0x91002021, "sub64", x(1), x(1, -8)],
    ["add x1, x1, #8, a second time", 0x91002021, "sub64", x(1, -8), x(1, -16)],
    ["sub sp, sp, #16", 0xd10043ff, "sub64", x(31), x(31, 16)],
    ["add x2, x1, #8: X1 is as it was", 0x91002022, "sub64", x(1), x(1)],
    ["add x1, x2, #8: X1 is another", 0x91002041, "sub64", x(1), "kept"],
    ["add w1, w1, #8 keeps the low half", 0x11002021, "sub32", x(1), x(1, -8)],
    ["add w1, w1, #8 loses the high one", 0x11002021, "sub64", x(1), "kept"],
    ["add x1, x1, #8, low half", 0x91002021, "sub32", x(1), x(1, -8)],
    ["ldr x0, [x1], #8", 0xf8408420, "sub64", x(1), x(1, -8)],
    ["ldr x1, [x0], #8", 0xf8408401, "sub64", x(1), "kept"],
    ["mov x1, x2", 0xaa0203e1, "sub64", x(1), "kept"],
    ["csel x1, x1, x2, eq", 0x9a820021, "sub64", x(1), "kept"],
    ["add x1, x1, #8, of a constant", 0x91002021, "sub64", value(1), value(1)],
  ];

Deno.test("an instruction that changes a register says what the operand is then, or that it has to be kept", () => {
  for (const [name, word, kind, before, after] of WRITTEN) {
    const state: FlagState = { kinds: 1 << FlagKinds[kind], kindKept: false, a: before, b: "kept", dirty: true };
    deepEqual(effect(word).behind(state), { ...state, a: after }, name);
  }
});

Deno.test("a conditional comparison keeps all: which operation it was is known at run time", () => {
  const ccmp = effect(0xfa411800); // ccmp x0, #1, #0, ne
  equal(ccmp.sets, "either");
  equal(ccmp.set.kinds, 1 << FlagKinds.sub64 | 1 << FlagKinds.nzcv);
  equal(ccmp.reads, true);
});
