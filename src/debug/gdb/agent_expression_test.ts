import { equal, throws } from "node:assert/strict";
import { type AgentContext, AgentError, evaluate } from "./agent_expression.ts";

const context: AgentContext = {
  register: (number) => number < 31 ? BigInt(number) * 10n : undefined,
  memory: (address, length) =>
    address === 0x1000n ? Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 1, 2, 3, 4).subarray(0, length) : undefined,
};
const run = (...code: number[]) => evaluate(Uint8Array.from(code), context);

Deno.test("evaluate: constants are big-endian", () => {
  equal(run(0x23, 0x12, 0x34, 0x27), 0x1234n);
  equal(run(0x25, 1, 2, 3, 4, 5, 6, 7, 8, 0x27), 0x0102030405060708n);
});

Deno.test("evaluate: arithmetic wraps at 64 bits; comparisons know signs", () => {
  equal(run(0x22, 0, 0x22, 1, 0x03, 0x27), 2n ** 64n - 1n); // 0 - 1
  equal(run(0x22, 0xff, 0x16, 8, 0x22, 1, 0x14, 0x27), 1n); // (signed char) 255 < 1
  equal(run(0x22, 0xff, 0x16, 8, 0x22, 1, 0x15, 0x27), 0n); // unsigned
  equal(run(0x22, 7, 0x22, 2, 0x05, 0x27), 3n);
  equal(run(0x22, 1, 0x22, 4, 0x09, 0x27), 16n);
});

Deno.test("evaluate: registers and memory, sign-extended as an int is", () => {
  equal(run(0x26, 0, 3, 0x27), 30n);
  equal(BigInt.asIntN(64, run(0x23, 0x10, 0, 0x19, 0x16, 32, 0x27)), -2n);
});

Deno.test("evaluate: branches", () => {
  // if (x3 == 30) 1 else 2
  const code = (value: number) => [0x26, 0, 3, 0x22, value, 0x13, 0x20, 0, 12, 0x22, 2, 0x27, 0x22, 1, 0x27];
  equal(run(...code(30)), 1n);
  equal(run(...code(31)), 2n);
});

Deno.test("evaluate: stack operations", () => {
  equal(run(0x22, 1, 0x22, 2, 0x2b, 0x03, 0x27), 1n); // swap: 2 - 1
  equal(run(0x22, 5, 0x28, 0x04, 0x27), 25n); // dup
  equal(run(0x22, 1, 0x22, 2, 0x32, 1, 0x27), 1n); // pick
  equal(run(0x22, 1, 0x22, 2, 0x22, 3, 0x33, 0x27), 2n); // rot: c a b
  equal(run(0x22, 9, 0x22, 1, 0x29, 0x27), 9n); // pop
  equal(run(0x22, 0, 0x0e, 0x27), 1n);
});

for (
  const [what, code] of [
    ["an empty expression", []],
    ["no end", [0x22, 1]],
    ["a constant cut off", [0x24, 1, 2]],
    ["stack underflow", [0x02, 0x27]],
    ["division by zero", [0x22, 1, 0x22, 0, 0x05, 0x27]],
    ["unreadable memory", [0x22, 1, 0x17, 0x27]],
    ["no such register", [0x26, 0, 200, 0x27]],
    ["an endless loop", [0x21, 0, 0]],
    ["an endless stack", [0x22, 1, 0x21, 0, 0]],
    ["floating point", [0x01, 0x27]],
    ["a jump beyond the end", [0x21, 0xff, 0xff]],
  ] as const
) {
  Deno.test(`evaluate: ${what} is an AgentError`, () => {
    throws(() => run(...code), AgentError);
  });
}
