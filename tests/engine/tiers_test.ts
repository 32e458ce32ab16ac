/**
 * The tiers agree: random loops of random instructions run to the same registers, flags, memory and end, interpreted
 * and translated. `ELFTAP_FUZZ=N` runs N loops (default 60), `ELFTAP_SEED` chooses others.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { buildInterpreter } from "../../src/engine/wasm/build_image.ts";
import { GUEST_LIMIT, GUEST_MEMORY_MAX } from "../../src/engine/wasm/layout.ts";
import { Machine } from "../../src/engine/wasm/testing.ts";
import { decode } from "../../src/isa/a64/decode.ts";
import { rows } from "../../src/isa/a64/table.ts";

const LOOPS = Number(Deno.env.get("ELFTAP_FUZZ") ?? 60);
const SEED = Number(Deno.env.get("ELFTAP_SEED") ?? 1);
/** Instructions of a loop: the translator does differently in short ones and in long ones. */
const SHORT = 24, LONG = 240, PASSES = 4000;

/** xorshift32 */
function random(seed: number): () => number {
  let state = (seed * 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>>= 0;
  };
}

const isMemory = (name: string) => /^(LD|ST|CAS|SWP)/.test(name);
/** Branches come from the loop itself; what reads the clock or leaves for the host has no place in a comparison. */
const candidates = rows.filter(({ name, lift }) =>
  lift &&
  !/^(B|BL|BR|B\.cond|CBZ|TBZ|SVC|BRK|IC IVAU|DC .*|ADR|LDR \((literal|register)\)|LDAPUR|MRS .*|MRS|UDF)$/.test(name)
);

/** A random instruction on X0..X25, or fewer, and V0..V7, memory at X26. */
function instruction(next: () => number, registers = 26): number {
  for (;;) {
    const row = candidates[next() % candidates.length]!;
    let word = ((next() & ~row.mask) | row.value) >>> 0;
    for (const { name, lsb, width } of row.fields) {
      if (!/^R[a-z]2?$/.test(name)) continue;
      const isBase = name === "Rn" && isMemory(row.name);
      const number = isBase ? 26 : next() % (width < 5 ? 8 : registers);
      word = (word & ~(((1 << width) - 1) << lsb)) | ((number & ((1 << width) - 1)) << lsb);
    }
    // Offsets stay within the data, most of the time.
    if (row.name === "LDR (immediate)") word &= ~(1 << 21);
    word >>>= 0;
    const decoded = decode(word);
    // A base that moves would soon leave the data.
    if (decoded?.row === row && !(isMemory(row.name) && /index/.test(row.name))) return word;
  }
}

/** Forward branches over one or two instructions, on flags, a register or a bit. */
function branch(next: () => number, registers = 26): number {
  const over = 2 + (next() % 2);
  switch (next() % 3) {
    case 0:
      return (0x54000000 | (over << 5) | (next() % 14)) >>> 0;
    case 1:
      return ((next() % 2 ? 0xb4000000 : 0x35000000) | (over << 5) | (next() % registers)) >>> 0;
    default:
      return (0x36000000 | ((next() % 2) << 24) | ((next() % 32) << 19) | (over << 5) | (next() % registers)) >>> 0;
  }
}

function program(next: () => number): number[] {
  const words: number[] = [], length = next() % 2 ? SHORT : LONG;
  for (let at = 0; at < length; at++) {
    words.push(at < length - 3 && next() % 5 === 0 ? branch(next) : instruction(next));
  }
  // Not subs: the flags of the last pass are compared too.
  words.push(0xd100079c); // sub x28, x28, #1
  words.push((0xb5000000 | (((-(length + 1)) & 0x7ffff) << 5) | 28) >>> 0); // cbnz x28, start
  words.push(0xd4000001); // svc #0
  return words;
}

/** Operations of a machine, a power of two, and how many are executed. */
const OPERATIONS = 16, EXECUTED = 100_000;

/**
 * A machine that executes random operations and goes on at the next by a computed branch: each by one of its own, or
 * all by one that they branch back to. Short operations fit a region with its registers, long ones do not. Some
 * call a function between accesses at X20, which it lets point to nothing in the end.
 */
function operations(next: () => number, isThreaded: boolean): number[] {
  const shift = 7 + next() % 2, room = (1 << shift) / 4;
  const dispatch = (at: number, end: number): number[] => [
    0xd100079c, // sub x28, x28, #1
    (0xb4000000 | (((end - at - 1) & 0x7ffff) << 5) | 28) >>> 0, // cbz x28, end
    0xca193739, // eor x25, x25, x25, lsl #13
    0xca591f39, // eor x25, x25, x25, lsr #7
    0xca194739, // eor x25, x25, x25, lsl #17
    0x92400f38, // and x24, x25, #15
    next() % 2 ? 0xd503201f : 0x927f0b18, // nop, or and x24, x24, #14: the odd ones are executed more seldom
    (0x8b1802f8 | (shift << 10)) >>> 0, // add x24, x23, x24, lsl #shift
    0xd61f0300, // br x24
  ];
  const length = dispatch(0, 0).length, start = 3 + length, end = start + OPERATIONS * room;
  const words = [
    (0x10000000 | (start << 5) | 23) >>> 0, // adr x23, start
    0xaa1a03f4, // mov x20, x26
    0x91403f56, // add x22, x26, #15, lsl #12
  ];
  const head = words.length;
  words.push(...dispatch(head, end));
  for (let operation = 0; operation < OPERATIONS; operation++) {
    const from = words.length, body = from + room / 2 + next() % (room / 2 - length - 6);
    // Into the middle or to the start of an operation: loops beside the dispatch, entered by it at several places.
    if (next() % 3 === 0) {
      const to = start + room * (next() % OPERATIONS) + (next() % 2) * 6;
      words.push(0xd100079c, (0xb4000000 | (((end - from - 1) & 0x7ffff) << 5) | 28) >>> 0);
      words.push((0x36000000 | (next() % 8 << 19) | (((to - from - 2) & 0x3fff) << 5) | next() % 20) >>> 0); // tbz
    }
    while (words.length < body) {
      words.push(words.length < body - 3 && next() % 5 === 0 ? branch(next, 20) : instruction(next, 20));
    }
    if (next() % 4 === 0) words.splice(-3, 3, 0xf9400280, 0x94000000 | (end + 3 - words.length), 0xf9000a81);
    if (isThreaded) words.push(...dispatch(words.length, end));
    else words.push((0x14000000 | ((head - words.length) & 0x3ffffff)) >>> 0); // b to the first dispatch
    while (words.length < from + room) words.push(0xd503201f);
  }
  words.push(0xd4000001); // svc #0
  words.push(0xf10fa39f, 0x9a9432d4, 0xd65f03c0); // cmp x28, #1000; csel x20, x22, x20, lo; ret
  return words;
}

/** Blocks that a graph executes, instructions of a slice (a shorter one is interpreted), and slices that are compared. */
const VISITED = 20_000, SLICE = 4096, COMPARED = 30;

/**
 * An instruction that sets flags, looks at them or changes what they came from: X0 to X2, and X21, which points into
 * the data and moves.
 */
function flagInstruction(next: () => number): number {
  const register = () => [0, 1, 2, 21][next() % 4]!, sf = next() % 2 * 2 ** 31;
  const n = register(), m = register(), small = next() % 3, cond = next() % 14;
  // Not to X21: it has to stay near the data.
  const d = next() % 3, dOrZero = next() % 2 ? d : 31, opS = next() % 2 << 30 | 1 << 29;
  const forms = [
    () => 0x11000000 | sf | opS | small << 10 | n << 5 | dOrZero, // adds, subs, cmn, cmp (immediate)
    () => 0x11000000 | sf | opS | small << 10 | d << 5 | d, // the same of and to a register
    () => 0x0b000000 | sf | opS | m << 16 | (next() % 4 ? 0 : 3) << 10 | n << 5 | dOrZero, // of two registers
    () => 0x6a000000 | sf | m << 16 | n << 5 | dOrZero, // ands, tst
    () => 0x3a400800 | sf | opS | small << 16 | cond << 12 | n << 5 | next() % 16, // ccmn, ccmp
    () => 0x11000000 | sf | (next() % 2 << 30) | small << 10 | d << 5 | d, // add, sub to a register
    () => 0x11000000 | sf | (next() % 2 << 30) | small << 10 | n << 5 | d,
    () => 0x92400b20 | d, // and d, x25, #7: comparisons of what is nearly the same
    () => 0x2a0003e0 | sf | m << 16 | d, // mov
    () => 0x1a800000 | sf | m << 16 | cond << 12 | n << 5 | d, // csel
    () => 0x1a000000 | sf | (next() % 4 << 29) | m << 16 | n << 5 | d, // adc, sbc, adcs, sbcs
    () => 0x1e602000 | next() % 3 << 16 | next() % 3 << 5 | next() % 2 << 4, // fcmp, fcmpe of D0 to D2
    () => 0x1e600400 | next() % 3 << 16 | cond << 12 | next() % 3 << 5 | next() % 16, // fccmp
    () => 0x9e620000 | n << 5 | next() % 3, // scvtf
    () => 0xf9400340 | next() % 64 << 10 | d, // ldr d, [x26, #]
    () => 0xf9000340 | next() % 64 << 10 | d, // str d, [x26, #]
    () => 0xf84006a0 | (next() % 2 ? 8 : 504) << 12 | d, // ldr d, [x21], #8 or #-8
    () => 0xf80006a0 | (next() % 2 ? 8 : 504) << 12 | d, // str d, [x21], #8 or #-8
  ];
  return forms[next() % forms.length]!() >>> 0;
}

/** Blocks that branch to each other as it comes, on flags and registers. */
function graph(next: () => number): number[] {
  const bodies = Array.from({ length: 2 + next() % 7 }, () => [
    ...Array.from({ length: 1 + next() % 5 }, () => flagInstruction(next)),
    (0x9a9f07e7 | next() % 14 << 12) >>> 0, // cset x7: all flags count in the end
    0xcac7f4c6, // eor x6, x6, x7, ror #61
    ...Array.from({ length: next() % 3 }, () => flagInstruction(next)),
    0xca193739, // eor x25, x25, x25, lsl #13
    0xca591f39, // eor x25, x25, x25, lsr #7
    0xca194739, // eor x25, x25, x25, lsl #17
  ]);
  const starts: number[] = [];
  let end = 1;
  for (const body of bodies) {
    starts.push(end);
    end += body.length + 3;
  }
  const words = [0xaa1a03f5]; // mov x21, x26
  for (const body of bodies) {
    words.push(...body);
    words.push(0xd100079c); // sub x28, x28, #1
    words.push((0xb4000000 | (((end - words.length) & 0x7ffff) << 5) | 28) >>> 0); // cbz x28, end
    const offset = ((starts[next() % starts.length]! - words.length) & 0x7ffff) << 5, last = words.length === end - 1;
    if (last) words.push((0x14000000 | ((starts[next() % starts.length]! - words.length) & 0x3ffffff)) >>> 0); // b
    else if (next() % 4) words.push((0x54000000 | offset | next() % 14) >>> 0); // b.cond
    else words.push((0x34000000 | next() % 2 << 24 | offset | next() % 3) >>> 0); // cbz, cbnz
  }
  words.push(0xd4000001); // svc #0
  return words;
}

/** Sets a machine up to run a program: random registers, X28 the number of passes. */
function prepare(machine: Machine, seed: number, passes: number): void {
  const next = random(seed);
  for (let n = 0; n < 31; n++) machine.regs.setX(n, (BigInt(next()) << 32n) | BigInt(next() >>> (next() % 32)));
  machine.regs.setX(26, machine.data + 0x1000);
  machine.regs.setX(28, passes);
  machine.regs.writeV(new Uint8Array(512).map(() => next() & 0xff));
  machine.regs.nzcv = 0x60000000;
  machine.regs.fpcr = 0;
  machine.regs.fpsr = 0;
  machine.memory(0, 65536).forEach((_, at, bytes) => bytes[at] = at * 7);
}

function run(machine: Machine, words: readonly number[], seed: number, passes = PASSES): string {
  prepare(machine, seed, passes);
  // Time slices end at other places in the two tiers; only the end of the program counts.
  let exit = machine.run(words, 1_000_000), retired = exit.retired;
  for (; exit.kind === "fuel"; retired += exit.retired) exit = machine.resume(1_000_000);
  const vectors = new Uint8Array(512);
  machine.regs.readV(vectors);
  return [
    exit.kind,
    exit.kind === "fault" || exit.kind === "alignment" ? exit.address.toString(16) : "",
    `after ${retired} fpsr ${machine.regs.fpsr.toString(16)}`,
    ...registersOf(machine),
    ...Array.from({ length: 32 }, (_, n) => `v${n} ${vectors.subarray(16 * n, 16 * n + 16).toHex()}`),
    `memory ${hash(machine.memory(0, 65536))}`,
  ].join("\n");
}

const registersOf = ({ regs }: Machine): string[] => [
  `pc ${regs.pc.toString(16)} nzcv ${regs.nzcv.toString(16)}`,
  ...Array.from({ length: 31 }, (_, n) => `x${n} ${regs.x(n).toString(16)}`),
];

/**
 * Runs a first time slice and then equal ones of a machine, and as many instructions of an interpreter, which stops where it is told.
 *
 * @return what both were like at the end of a slice; the last one, or the first that differs
 */
function runSlices(
  machine: Machine,
  interpreter: Machine,
  words: readonly number[],
  seed: number,
  fuel: number,
  first = fuel,
) {
  for (const each of [machine, interpreter]) prepare(each, seed, VISITED);
  for (let slice = 0;; slice++) {
    const { kind, retired } = slice === 0 ? machine.run(words, first) : machine.resume(fuel);
    if (retired > 0) slice === 0 ? interpreter.run(words, retired) : interpreter.resume(retired);
    const [found, expected] = [machine, interpreter].map((each) => registersOf(each).join("\n"));
    if (found !== expected || kind !== "fuel" || slice === COMPARED) return { found, expected };
  }
}

function hash(bytes: Uint8Array): number {
  let h = 0x811c9dc5;
  for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193);
  return h >>> 0;
}

Deno.test("branches that the operands decide are translated: AL, NV, comparisons of ZR", () => {
  const image = buildInterpreter();
  // Each skips the addition or falls into it.
  const branches = [0x5400004e, 0x5400004f, 0xb400005f, 0xb500005f, 0x3600005f, 0x3700005f];
  const words = branches.flatMap((branch) => [branch, 0x91000421]); // add x1, x1, #1
  words.push(0xd100079c, (0xb5000000 | ((-(words.length + 1) & 0x7ffff) << 5) | 28) >>> 0, 0xd4000001);
  const interpreter = new Machine(image, "interpreter"), translator = new Machine(image, "auto");
  equal(run(translator, words, 1), run(interpreter, words, 1));
  ok(translator.engine.translator!.stats.regions > 0, "nothing was translated");
});

Deno.test("translated loops end as interpreted ones do", () => {
  const image = buildInterpreter();
  const interpreter = new Machine(image, "interpreter"), translator = new Machine(image, "auto");
  const eager = new Machine(image, "translator");
  for (let loop = 0; loop < LOOPS; loop++) {
    const seed = SEED * 1_000_003 + loop;
    const words = program(random(seed));
    const listing = words.map((word) => word.toString(16)).join(" ");
    const expected = run(interpreter, words, seed);
    equal(run(translator, words, seed), expected, `loop ${loop}, seed ${seed}: ${listing}`);
    equal(run(eager, words, seed), expected, `all translated: loop ${loop}, seed ${seed}: ${listing}`);
  }
  ok(translator.engine.translator!.stats.regions > LOOPS / 4, "hardly anything was translated");
});

Deno.test("translated computed branches go where interpreted ones do", () => {
  const image = buildInterpreter();
  const interpreter = new Machine(image, "interpreter"), translator = new Machine(image, "auto");
  const eager = new Machine(image, "translator");
  for (let loop = 0; loop < LOOPS / 4; loop++) {
    const seed = SEED * 1_000_003 + loop, words = operations(random(seed), loop % 2 === 0);
    const expected = run(interpreter, words, seed, EXECUTED);
    equal(run(translator, words, seed, EXECUTED), expected, `auto, machine ${loop}, seed ${seed}`);
    equal(run(eager, words, seed, EXECUTED), expected, `all translated, machine ${loop}, seed ${seed}`);
  }
  ok(translator.engine.translator!.stats.dispatching > LOOPS / 16, "hardly any was distributed in a region");
});

Deno.test("flags come from where they do interpreted, whichever way blocks are taken, and wherever slices end", () => {
  const image = buildInterpreter();
  const interpreter = new Machine(image, "interpreter"), translator = new Machine(image, "auto");
  const eager = new Machine(image, "translator");
  for (let loop = 0; loop < 5 * LOOPS; loop++) {
    const seed = SEED * 1_000_003 + loop, words = graph(random(seed));
    const where = `graph ${loop}, seed ${seed}: ${words.map((word) => word.toString(16)).join(" ")}`;
    const ends = run(interpreter, words, seed, VISITED);
    equal(run(translator, words, seed, VISITED), ends, `auto, ${where}`);
    equal(run(eager, words, seed, VISITED), ends, `all translated, ${where}`);
    const { found, expected } = runSlices(eager, interpreter, words, seed, SLICE + loop % 100);
    equal(found, expected, `in slices, ${where}`);
  }
  ok(translator.engine.translator!.stats.regions > LOOPS / 4, "hardly anything was translated");
});

/** Loops in whose middle slices end; X28 passes. */
const SLICED: readonly [string, ...number[]][] = [
  [
    "a loop that other flags lead into than it ends with",
    0x94000004, // outer: bl start
    0xd100079c, // sub x28, x28, #1
    0xb5ffffdc, // cbnz x28, outer
    0xd4000001, // svc #0
    0xab020020, // start: adds x0, x1, x2
    0xd2800003, // mov x3, #0
    0x91000463, // inner: add x3, x3, #1
    0xf1001c7f, // cmp x3, #7
    0x54ffffc1, // b.ne inner
    0x8b010021, // add x1, x1, x1
    0xd65f03c0, // ret
  ],
  [
    "a loop that counts down",
    0xd2800063, // outer: mov x3, #3
    0xf1000463, // inner: subs x3, x3, #1
    0x54ffffe1, // b.ne inner
    0xd100079c, // sub x28, x28, #1
    0xb5ffff9c, // cbnz x28, outer
    0xd4000001, // svc #0
  ],
  [
    "a loop that is called at its increment",
    ...new Array(20).fill(0x91000442), // outer: add x2, x2, #1
    0x94000004, // bl increment
    0xd100079c, // sub x28, x28, #1
    (0xb5000000 | ((-22 & 0x7ffff) << 5) | 28) >>> 0, // cbnz x28, outer
    0xd4000001, // svc #0
    0x91000421, // increment: add x1, x1, #1
    0xf240103f, // tst x1, #31
    0x540000c0, // b.eq end
    0xf9400344, // head: ldr x4, [x26]
    0x36ffff81, // tbz x1, #31, increment
    0x91000c21, // add x1, x1, #3
    0xf240183f, // tst x1, #127
    0x54ffff81, // b.ne head
    0xd65f03c0, // end: ret
  ],
  [
    "a computed branch to where other flags lead too",
    0x10000117, // adr x23, first
    0xeb02003f, // loop: cmp x1, x2
    0x91000421, // add x1, x1, #1
    0x8a180398, // and x24, x28, x24
    0x92400398, // and x24, x28, #1
    0x8b1812f8, // add x24, x23, x24, lsl #4
    0xd61f0300, // br x24
    0xd503201f, // nop
    0x9a9f17e7, // first: cset x7, eq
    0xcac7f4c6, // eor x6, x6, x7, ror #61
    0x14000005, // b behind
    0xd503201f, // nop
    0xf10004bf, // second: cmp x5, #1
    0xd24000a5, // eor x5, x5, #1
    0x17fffffa, // b first
    0xd100079c, // behind: sub x28, x28, #1
    0xb5fffe3c, // cbnz x28, loop
    0xd4000001, // svc #0
  ],
  [
    "an inner loop and an increment that regions begin with",
    0xd2800001, // loop: mov x1, #0
    0x92400422, // head: and x2, x1, #3
    0xb5000122, // cbnz x2, increment
    0xd28000a0, // mov x0, #5
    0x8b000063, // inner: add x3, x3, x0
    0xd1000400, // sub x0, x0, #1
    0xb5ffffc0, // cbnz x0, inner
    0x91000421, // add x1, x1, #1
    0xf100243f, // cmp x1, #9
    0x54ffff01, // b.ne head
    0x14000004, // b around
    0x91000421, // increment: add x1, x1, #1
    0xf100243f, // cmp x1, #9
    0x54fffe81, // b.ne head
    0xd100079c, // around: sub x28, x28, #1
    0xb5fffe3c, // cbnz x28, loop
    0xd4000001, // svc #0
  ],
];

Deno.test("time slices that end anywhere in loops find the registers and flags of an interpreter", () => {
  const image = buildInterpreter();
  const interpreter = new Machine(image, "interpreter");
  for (const tier of ["translator", "auto"] as const) {
    const machine = new Machine(image, tier);
    for (const [name, ...words] of SLICED) {
      for (let fuel = SLICE; fuel < SLICE + 60; fuel++) {
        // The first is long enough for what is hot to be found out.
        const { found, expected } = runSlices(
          machine,
          interpreter,
          words,
          fuel,
          fuel,
          tier === "auto" ? 150_000 : fuel,
        );
        equal(found, expected, `${name}, ${fuel} instructions, ${tier}`);
      }
    }
    ok(machine.engine.translator!.stats.regions > 0, "nothing was translated");
  }
});

Deno.test("a function whose loop goes through memory at hundreds of places calls itself a thousand times", () => {
  const machine = new Machine(undefined, "translator");
  const loads: number[] = [];
  for (let base = 3; base < 29; base++) {
    // ldr x2, [base, index, lsl #3]
    for (let index = 3; index < 29; index++) loads.push((0xf8607802 | (index << 16) | (base << 5)) >>> 0);
  }
  const words = [
    0x94000002, // bl f
    0xd4000001, // svc #0
    0xa9bf07fe, // f: stp x30, x1, [sp, #-16]!
    0xd2800041, // mov x1, #2
    ...loads,
    0xd1000421, // sub x1, x1, #1
    (0xb5000001 | ((-(loads.length + 1) & 0x7ffff) << 5)) >>> 0, // cbnz x1, to the loads
    0xb4000060, // cbz x0, +12
    0xd1000400, // sub x0, x0, #1
    (0x94000000 | (-(loads.length + 6) & 0x3ffffff)) >>> 0, // bl f
    0xa8c107fe, // ldp x30, x1, [sp], #16
    0xd65f03c0, // ret
  ];
  for (let n = 3; n < 29; n++) machine.regs.setX(n, 0x4000n);
  machine.regs.setX(0, 1000n);
  machine.regs.sp = BigInt(machine.data + 65536);
  equal(machine.run(words, 100_000_000).kind, "syscall");
});

/** Functions in a loop that counts X28 down, and what becomes of the return: each of them is part of the loop's region. */
const CALLED: Readonly<Record<string, readonly number[]>> = {
  "returns": [
    0x8b040021, // add x1, x1, x4
    0xd65f03c0, // ret
  ],
  "returns by another register, which another function may have set": [
    0xaa1e03e9, // mov x9, x30
    0x8b040021, // add x1, x1, x4
    0xd65f0120, // ret x9
  ],
  "returns behind the next instruction now and then": [
    0xf240079f, // tst x28, #3
    0x91001021, // add x1, x1, #4
    0x54000041, // b.ne +8
    0x910013de, // add x30, x30, #4
    0xd65f03c0, // ret
  ],
  "returns between two instructions in the end": [
    0xf101439f, // cmp x28, #80
    0x9a9f17e9, // cset x9, eq
    0x8b0903de, // add x30, x30, x9
    0xd65f03c0, // ret
  ],
  "has a loop, and accesses memory that it may not in the end": [
    0xd2800069, // mov x9, #3
    0xf9400340, // ldr x0, [x26]
    0x8b000021, // add x1, x1, x0
    0xd1000529, // sub x9, x9, #1
    0xb5ffffa9, // cbnz x9, -12
    0xf101439f, // cmp x28, #80
    0x9a9a03fa, // csel x26, xzr, x26, eq
    0xd65f03c0, // ret
  ],
  "calls another, with the link on the stack": [
    0xf81f0ffe, // str x30, [sp, #-16]!
    0x94000004, // bl +16
    0x91000442, // add x2, x2, #1
    0xf84107fe, // ldr x30, [sp], #16
    0xd65f03c0, // ret
    0xca020042, // eor x2, x2, x2
    0xd65f03c0, // ret
  ],
  "calls itself": [
    0xf81f0ffe, // str x30, [sp, #-16]!
    0x91000463, // add x3, x3, #1
    0x36000063, // tbz x3, #0, +12
    0x36080043, // tbz x3, #1, +8
    0x97fffffc, // bl -16
    0xf84107fe, // ldr x30, [sp], #16
    0xd65f03c0, // ret
  ],
  "makes a condition of the flags that it was called with": [
    0x54000040, // b.eq +8
    0xeb04003f, // cmp x1, x4
    0x1a9f17e5, // cset w5, eq
    0xd65f03c0, // ret
  ],
};

Deno.test("a function that is part of its caller's region returns where it would, with what it would", () => {
  const image = buildInterpreter();
  const interpreter = new Machine(image, "interpreter");
  for (const tier of ["translator", "auto"] as const) {
    const machine = new Machine(image, tier);
    for (const [what, callee] of Object.entries(CALLED)) {
      const words = [
        0x9140235f, // add sp, x26, #8, lsl #12
        0x8b1c00c6, // loop: add x6, x6, x28
        0x94000005, // bl function
        0x9a841484, // cinc x4, x4, eq
        0xd100079c, // sub x28, x28, #1
        0xb5ffff9c, // cbnz x28, loop
        0xd4000001, // svc #0
        ...callee,
      ];
      for (const fuel of [SLICE, SLICE + 1, SLICE + 13, 150_000]) {
        const { found, expected } = runSlices(machine, interpreter, words, fuel, fuel);
        equal(found, expected, `${what}, ${fuel} instructions, ${tier}`);
      }
    }
    ok(machine.engine.translator!.stats.regions > 0, "nothing was translated");
  }
});

/** Runs a program to its end in so many time slices that a call of it is met often. */
function runAgain(machine: Machine, words: readonly number[]): { kind: string; retired: number } {
  let { kind, retired } = machine.run(words, 150_000);
  for (let slice = 0; kind === "fuel"; slice++) {
    const end = machine.resume(SLICE + slice % 64);
    kind = end.kind;
    retired += end.retired;
  }
  const { again, regions } = machine.engine.translator!.stats;
  ok(again > 0, `of ${regions} regions none was translated again`);
  return { kind, retired };
}

Deno.test("what contains a call that is executed often is translated again, and goes on as before", () => {
  const image = buildInterpreter();
  const machine = new Machine(image, "auto"), interpreter = new Machine(image, "interpreter");
  const words = [
    0x94000004, // loop: bl function
    0xd100079c, // sub x28, x28, #1
    0xb5ffffdc, // cbnz x28, loop
    0xd4000001, // svc #0
    ...new Array(30).fill(0x8b1c0021), // function: add x1, x1, x28
    0xd65f03c0, // ret
  ];
  for (const each of [machine, interpreter]) {
    each.regs.reset();
    each.regs.setX(28, 1_000_000);
  }
  const end = runAgain(machine, words);
  const { kind, retired } = interpreter.run(words, 1e9);
  deepEqual(end, { kind, retired });
  equal(machine.regs.x(1), interpreter.regs.x(1));
  // A region without the function in it would come back to a function that is another now.
  words[10] = 0xcb1c0021; // sub x1, x1, x28
  for (const each of [machine, interpreter]) each.regs.setX(28, 10_000);
  equal(machine.run(words, 1e9).retired, interpreter.run(words, 1e9).retired);
  equal(machine.regs.x(1), interpreter.regs.x(1));
});

Deno.test("a computed call that is executed often goes where it is to go, also to other functions later on", () => {
  const image = buildInterpreter();
  const machine = new Machine(image, "auto"), interpreter = new Machine(image, "interpreter");
  const words = [
    0x92400784, // loop: and x4, x28, #3
    0xcb1d0084, // sub x4, x4, x29: other functions when X29 changes
    0x10000123, // adr x3, functions
    0x8b041463, // add x3, x3, x4, lsl #5
    0xd63f0060, // blr x3
    0x9a850421, // cinc x1, x1, ne
    0xd100079c, // sub x28, x28, #1
    0xb5ffff3c, // cbnz x28, loop
    0xd4000001, // svc #0
    0xd503201f, // nop
    0xd503201f, // nop
  ];
  // Eight instructions each: what is in the middle differs, also in the flags that are left.
  for (const different of [0x8b1c0021, 0xcb1c0021, 0xeb1c0021, 0xca1c0021, 0x8b010021]) {
    words.push(0x91000400, different, 0xf1000400, 0xb4000040, 0x91000442, 0xd65f03c0, 0xd503201f, 0xd503201f);
  }
  words[2] = 0x10000000 | ((11 - 2) << 5) | 3;
  const start = (x28: number, x29: number) => {
    for (const each of [machine, interpreter]) {
      each.regs.setX(28, x28);
      each.regs.setX(29, x29);
    }
  };
  const same = (what: string) => {
    for (let n = 0; n < 31; n++) equal(machine.regs.x(n), interpreter.regs.x(n), `x${n} ${what}`);
    equal(machine.regs.nzcv, interpreter.regs.nzcv, what);
  };
  for (const each of [machine, interpreter]) each.regs.reset();
  start(3_000_000, 0);
  const end = runAgain(machine, words);
  equal(interpreter.run(words, 1e9).retired, end.retired);
  same("in the end");
  // The functions behind each: the last one has not been met.
  start(100_000, -1);
  for (const each of [machine, interpreter]) each.regs.pc = 0x10000n;
  equal(machine.resume(1e9).retired, interpreter.resume(1e9).retired);
  same("with other functions");
});

Deno.test("a branch that leads out of the window faults where it leads, not at the same place from its start", () => {
  const image = buildInterpreter(), at = GUEST_LIMIT - 4096, distance = 4 * 0x1ffffff;
  for (const tier of ["interpreter", "translator"] as const) {
    const machine = new Machine(image, tier);
    for (const [place, word] of [[at, 0x15ffffff], [(at + distance) % GUEST_MEMORY_MAX, 0xd4000001]] as const) {
      const page = Math.floor(place / 4096) * 4096;
      machine.space.mapZero(page, 4096, 7);
      machine.space.view(place, 4, "write")!.set([word, word >>> 8, word >>> 16, word >>> 24]);
      machine.space.invalidateCode(page, 4096);
    }
    machine.regs.pc = BigInt(at);
    const { kind, address, access } = machine.resume(100_000);
    equal(`${kind} ${address.toString(16)} ${access}`, `fault ${(at + distance).toString(16)} execute`, tier);
  }
});

/** Registers that callees preserve change by an instruction of the callee that is always executed. */
const CALLEE = [
  0xd2800004, // mov x4, #0
  0xf101439f, // cmp x28, #80
  0x9a930093, // csel x19, x4, x19, eq
  0xd65f03c0, // ret
];

Deno.test("a callee may change the registers that callees preserve: the caller's next access faults where they lead", () => {
  const image = buildInterpreter();
  for (const [change, end] of [[0xd2800004, "fault\n8\n"], [0x91400664, "syscall\n"]] as const) {
    const words = [
      0xaa1a03f3, // mov x19, x26
      0xf9400260, // loop: ldr x0, [x19]
      0x94000005, // bl callee
      0xf9400661, // ldr x1, [x19, #8]
      0xd100079c, // sub x28, x28, #1
      0xb5ffff9c, // cbnz x28, loop
      0xd4000001, // svc #0
      change, // mov x4, #0, or add x4, x19, #1, lsl #12
      ...CALLEE.slice(1),
    ];
    const expected = run(new Machine(image, "interpreter"), words, 1);
    equal(run(new Machine(image, "auto"), words, 1), expected);
    equal(run(new Machine(image, "translator"), words, 1), expected);
    ok(expected.startsWith(end), expected.slice(0, 40));
  }
});

Deno.test("a callee may change them too where a computed branch comes before the next access", () => {
  const image = buildInterpreter();
  // Regions that keep registers at the branch, and that do not.
  for (const padding of [100, 320]) {
    const callee = 15 + padding;
    const words = [
      0xaa1a03f3, // mov x19, x26
      0x100000d7, // adr x23, first
      0xf9400260, // loop: ldr x0, [x19]
      0x94000000 | (callee - 3), // bl callee
      0x92400398, // and x24, x28, #1
      0x8b180ef8, // add x24, x23, x24, lsl #3
      0xd61f0300, // br x24
      0xf9400661, // first: ldr x1, [x19, #8]
      0x14000003, // b behind
      0xf9400661, // second: ldr x1, [x19, #8]
      0x91000442, // add x2, x2, #1
      ...new Array(padding).fill(0x91000463), // behind: add x3, x3, #1
      0xd100079c, // sub x28, x28, #1
      (0xb5000000 | (((2 - 12 - padding) & 0x7ffff) << 5) | 28) >>> 0, // cbnz x28, loop
      0xd4000001, // svc #0
      0xd503201f,
      ...CALLEE,
    ];
    const expected = run(new Machine(image, "interpreter"), words, 1, 20_000);
    ok(expected.startsWith("fault\n8\n"), expected.slice(0, 40));
    const translator = new Machine(image, "auto");
    equal(run(translator, words, 1, 20_000), expected);
    ok(translator.engine.translator!.stats.dispatching > 0, "nothing was distributed in a region");
    equal(run(new Machine(image, "translator"), words, 1, 20_000), expected);
  }
});
