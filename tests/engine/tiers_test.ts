/**
 * The tiers agree: random loops of random instructions run to the same registers, flags, memory and end, interpreted
 * and translated. `ELFTAP_FUZZ=N` runs N loops (default 60), `ELFTAP_SEED` chooses others.
 */
import { equal, ok } from "node:assert/strict";
import { buildInterpreter } from "../../src/engine/wasm/build_image.ts";
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

function run(machine: Machine, words: readonly number[], seed: number, passes = PASSES): string {
  const next = random(seed);
  for (let n = 0; n < 31; n++) machine.regs.setX(n, (BigInt(next()) << 32n) | BigInt(next() >>> (next() % 32)));
  machine.regs.setX(26, machine.data + 0x1000);
  machine.regs.setX(28, passes);
  const vectors = new Uint8Array(512).map(() => next() & 0xff);
  machine.regs.writeV(vectors);
  machine.regs.nzcv = 0x60000000;
  machine.regs.fpcr = 0;
  machine.regs.fpsr = 0;
  machine.memory(0, 65536).forEach((_, at, bytes) => bytes[at] = at * 7);
  // Time slices end at other places in the two tiers; only the end of the program counts.
  let exit = machine.run(words, 1_000_000), retired = exit.retired;
  for (; exit.kind === "fuel"; retired += exit.retired) exit = machine.resume(1_000_000);
  machine.regs.readV(vectors);
  const registers = Array.from({ length: 31 }, (_, n) => machine.regs.x(n).toString(16));
  return [
    exit.kind,
    exit.kind === "fault" || exit.kind === "alignment" ? exit.address.toString(16) : "",
    `pc ${machine.regs.pc.toString(16)} after ${retired}`,
    `nzcv ${machine.regs.nzcv.toString(16)} fpsr ${machine.regs.fpsr.toString(16)}`,
    ...registers.map((value, n) => `x${n} ${value}`),
    ...Array.from({ length: 32 }, (_, n) => `v${n} ${vectors.subarray(16 * n, 16 * n + 16).toHex()}`),
    `memory ${hash(machine.memory(0, 65536))}`,
  ].join("\n");
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
