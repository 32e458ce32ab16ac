import { deepEqual, equal } from "node:assert/strict";
import { Machine } from "../testing.ts";
import { findRegion } from "./find_region.ts";
import { planRegion } from "./region_plan.ts";

/** Of the accesses of a region that have a check, by address: which way they go, or undefined. */
function streamsOf(words: readonly number[]): Record<number, "up" | "down" | undefined> {
  const { region, accesses } = planRegion(findRegion(0, (pc) => words[pc / 4]));
  const found: Record<number, "up" | "down" | undefined> = {};
  for (const { instructions } of region.blocks.values()) {
    for (const { pc, body } of instructions) {
      for (const stmt of body!) {
        if (stmt.s !== "access" || !accesses.checks.has(stmt)) continue;
        const stream = accesses.streams.get(stmt);
        found[pc] = stream && (stream.grows ? "up" : "down");
      }
    }
  }
  return found;
}

Deno.test("planAccesses: addresses that go one way in a loop, or stay, are streams", () => {
  deepEqual(
    streamsOf([
      0x38401420, // ldrb w0, [x1], #1
      0xf81f8c43, // str x3, [x2, #-8]!
      0xf8656884, // ldr x4, [x4, x5]: the base is another every time
      0xf86578c7, // ldr x7, [x6, x5, lsl #3]
      0xf9400108, // ldr x8, [x8]
      0xf9400129, // ldr x9, [x9]: the same
      0xf940014b, // ldr x11, [x10]: stays
      0x910020a5, // add x5, x5, #8
      0xb5ffff00, // cbnz x0, start
      0xd65f03c0, // ret
    ]),
    { 0: "up", 4: "down", 8: undefined, 12: "up", 16: undefined, 20: undefined, 24: "up" },
  );
});

Deno.test("planAccesses: an address that goes both ways, or by a number not known, is no stream", () => {
  deepEqual(
    streamsOf([
      0x39400020, // ldrb w0, [x1]
      0x36000080, // tbz w0, #0, +16
      0x91000421, // add x1, x1, #1
      0x38626883, // ldrb w3, [x4, x2]
      0x14000002, // b +8
      0xd1000421, // sub x1, x1, #1
      0x8b050042, // add x2, x2, x5
      0xb5ffff20, // cbnz x0, start
      0xd65f03c0, // ret
    ]),
    { 0: undefined, 12: undefined },
  );
});

Deno.test("planAccesses: a stream goes on through the outermost loop that moves it one way", () => {
  const headOf = (first: number): number | undefined => {
    const words = [
      0xd503201f, // nop
      first, // outer
      0x38401420, // inner: ldrb w0, [x1], #1
      0x35ffffe0, // cbnz w0, inner
      0xb5ffffa3, // cbnz x3, outer
      0xd65f03c0, // ret
    ];
    const { accesses } = planRegion(findRegion(0, (pc) => words[pc / 4]));
    return [...accesses.streams.values()][0]?.header;
  };
  equal(headOf(0x91000421), 4); // add x1, x1, #1
  equal(headOf(0xaa0503e1), 8); // mov x1, x5
});

Deno.test("planAccesses: behind a call only what is compared there goes on", () => {
  deepEqual(
    streamsOf([
      0x38401660, // ldrb w0, [x19], #1
      0x38401421, // ldrb w1, [x1], #1
      0xf9400282, // ldr x2, [x20]
      0x94001000, // bl elsewhere
      0xb5ffff80, // cbnz x0, start
      0xd65f03c0, // ret
    ]),
    { 0: "up", 4: undefined, 8: "up" },
  );
});

Deno.test("a sum may be in an address as often as a step cannot lead round, and no more", () => {
  const goes = (doublings: number) => {
    const words = [
      0x91000020, // add x0, x1, #0
      ...Array<number>(doublings).fill(0x8b000000), // add x0, x0, x0
      0x386068c3, // ldrb w3, [x6, x0]
      0x91000421, // add x1, x1, #1
      (0xb5000005 | ((-(doublings + 3) & 0x7ffff) << 5)) >>> 0, // cbnz x5, start
      0xd65f03c0, // ret
    ];
    return streamsOf(words)[4 * (doublings + 1)];
  };
  equal(goes(5), "up");
  equal(goes(6), undefined);
  equal(goes(1000), undefined);
});

for (const tier of ["interpreter", "translator"] as const) {
  Deno.test(`an address that goes below zero, past what the loop has accessed, faults there: ${tier}`, () => {
    const machine = new Machine(undefined, tier);
    machine.regs.setX(1, BigInt(machine.data + 64));
    machine.regs.setX(2, 3n);
    const exit = machine.run([
      0x36000062, // tbz w2, #0, +12: in the first pass, and in the third
      0xf9400020, // ldr x0, [x1]
      0x91000400, // add x0, x0, #1
      0xd1400821, // sub x1, x1, #2, lsl #12
      0xd1408021, // sub x1, x1, #32, lsl #12
      0xd1000442, // sub x2, x2, #1
      0xb5ffff42, // cbnz x2, start
      0xd4000001, // svc #0
    ], 10_000);
    const address = BigInt(machine.data + 64 - 2 * 34 * 4096);
    deepEqual([exit.kind, machine.regs.x(1), machine.regs.pc], ["fault", BigInt.asUintN(64, address), 0x10004n]);
  });
}
