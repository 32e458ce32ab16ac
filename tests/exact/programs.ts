/**
 * Small programs: a main part that runs in a loop, and functions of two levels that it calls directly, through
 * registers and through tables. In them are loops that are entered anywhere and continued early, recursion, switches,
 * chains of conditions behind whatever sets flags, floating-point registers with numbers alone in them, every rounding
 * mode, accesses that cross pages, go through several, and perhaps out of memory, code that changes itself, and faults
 * behind which they go on ({@link Batch.add}). Some never end: who runs them has to set a limit.
 */
import type { Stmt } from "../../src/isa/ir/builder.ts";
import { rows } from "../../src/isa/a64/table.ts";
import { decode } from "../../src/isa/a64/decode.ts";
import { KnownBuilder } from "../../src/engine/wasm/translator/known_builder.ts";
import { randomWords } from "../isa/encodings.ts";
import { encoding, type Next, variants } from "./cases.ts";
import {
  BRK,
  CodeWriter,
  COUNTER,
  fillRegisters,
  LINK,
  memory,
  NOP,
  pick,
  plain,
  spread,
  TARGET,
  UDF,
  type Variant,
} from "./code_writer.ts";
import type { Source } from "./differential.ts";
import { At, CODE, DATA, PAGE } from "./machines.ts";
import { Pools } from "./pools.ts";

/** Registers with a part to play, beside those of the writer: a second one for addresses, and where a link is kept. */
const ADDRESS = 17, SAVED_LINK = 18;
/** Goes through memory in loops. */
const WALKER = 19;
/** Counters of inner loops by level: main, functions, leaves; the last one counts the depth of recursion, too. */
const COUNTERS = [20, 21, 22], DEPTH = COUNTERS[2]!;
/** The stack of recursion. */
const STACK = 27;
const FREE = 17;
/** Vector registers that are used as doubles, and as singles: six of each; anything else uses others. */
const DOUBLES = 17, SINGLES = 23, NUMBERS = 6;
/** Longest program with its tables, and the BRKs behind it. */
const MOST = 1700, PADDING = 4;

function setsFlags(body: readonly Stmt[]): boolean {
  return body.some((stmt) => stmt.s === "flags" || (stmt.s === "if" && (setsFlags(stmt.then) || setsFlags(stmt.else))));
}
const flagSetters: readonly Variant[] = plain.filter(([row, variant]) => {
  const word = encoding(row, variant, randomWords(1));
  const decoded = word === undefined ? undefined : decode(word);
  if (decoded === undefined) return false;
  const builder = new KnownBuilder(decoded, CODE);
  try {
    row.lift!(builder);
  } catch {
    return true; // some of the flags only: the interpreter does that
  }
  return setsFlags(builder.body);
});
const flagUsers = spread(rows.filter(({ name }) => /^(CSEL|ADC|CCMN|FCSEL|FCCMP)$/.test(name)));
const indexed = rows.find(({ name }) => name === "LDR (register)")!, indexedVariants = variants(indexed);

const movz = (register: number, value: number, half = 0): number =>
  (0xd2800000 | (half << 21) | ((value & 0xffff) << 5) | register) >>> 0;
const movk = (register: number, value: number, half = 0): number =>
  (0xf2800000 | (half << 21) | ((value & 0xffff) << 5) | register) >>> 0;
const mov = (to: number, from: number): number => (0xaa0003e0 | (from << 16) | to) >>> 0;
const addImmediate = (to: number, from: number, value: number): number =>
  (0x91000000 | (value << 10) | (from << 5) | to) >>> 0;
const sub1 = (register: number): number => (0xd1000400 | (register << 5) | register) >>> 0;
/** Bits 47..32 of an address where nothing is; qemu-user loads position-independent programs from 0x5500000000 on. */
function nowhere(next: Next): number {
  const bits = 1 + next() % 0x7eff;
  return bits === 0x55 ? 0x56 : bits;
}
/** RET, BR or BLR. */
const ret = (register: number): number => (0xd65f0000 | (register << 5)) >>> 0;
const br = (register: number): number => (0xd61f0000 | (register << 5)) >>> 0;
const blr = (register: number): number => (0xd63f0000 | (register << 5)) >>> 0;
const DSB_ISH = 0xd5033b9f, ISB = 0xd5033fdf;

/** A word to be completed when it is known where everything is. */
interface Fixup {
  readonly at: number;
  readonly target: number | "main" | "table" | "leaves" | "slot";
}

class Program extends CodeWriter {
  readonly #fixups: Fixup[] = [];
  /** Where each function begins: those that call others, then the leaves. */
  readonly #functions: number[] = [];
  readonly #callers: number;
  readonly #all: number;
  /** Instructions that may be replaced. */
  readonly #slots: number[] = [];
  /** Main, a function that calls others, a leaf. */
  #level = 0;
  #inLoop = false;

  constructor(entry: number, next: Next, readonly faults: boolean, readonly modifies: boolean) {
    super(entry, next, FREE);
    this.moving = [25, 26];
    this.#callers = next() % 4 === 0 ? 2 : 1;
    this.#all = this.#callers + 1 + next() % 2;
    const mainFirst = next() & 1;
    if (mainFirst) this.#main();
    else this.#fix("main", 0x14000000);
    for (let n = 0; n < this.#all; n++) this.#function(n);
    let main = 0;
    if (!mainFirst) {
      main = this.words.length;
      this.#main();
    }
    this.#complete(main);
  }

  // ---- parts ----------------------------------------------------------------------------------------------------

  #main(): void {
    const { next } = this, start = this.words.length;
    this.#level = 0;
    this.more = [31, LINK];
    this.links = true;
    // Seldom longer than a region can be.
    this.#body(start + (next() % 512 === 0 ? 900 + next() % 600 : 10 + next() % 36));
    this.words.push(sub1(COUNTER));
    this.words.push((0xb5000000 | (((start - this.words.length) & 0x7ffff) << 5) | COUNTER) >>> 0); // cbnz
    this.words.push(BRK);
  }

  #function(number: number): void {
    const { next } = this, isLeaf = number >= this.#callers;
    this.#functions[number] = this.words.length;
    this.#level = isLeaf ? 2 : 1;
    // The link register is a leaf's way back.
    this.more = isLeaf ? [31] : [31, LINK];
    this.links = !isLeaf;
    if (isLeaf && next() % 3 === 0) return this.#recursive();
    if (!isLeaf) this.#glue([mov(SAVED_LINK, LINK)]);
    this.#body(this.words.length + 3 + next() % 12);
    const link = isLeaf ? LINK : SAVED_LINK;
    switch (next() % 6) {
      case 0: // early, on a condition
        this.#glue([(0xb4000040 | (next() % FREE)) >>> 0, ret(link)]); // cbz over it
        this.arithmetic();
        this.words.push(ret(link));
        break;
      case 1:
        this.words.push(br(link));
        break;
      case 2: // a leaf skips what is behind the call, another goes on in a leaf
        if (isLeaf) this.#glue([addImmediate(LINK, LINK, 4), ret(LINK)]);
        else {
          this.#glue([mov(LINK, SAVED_LINK)]);
          this.#fix(this.#leaf(), 0x14000000);
        }
        break;
      case 3:
        this.#glue([mov(LINK, link), ret(LINK)]);
        break;
      default:
        this.words.push(ret(link));
    }
  }

  /** Calls itself as often as its counter says, with links on a stack. */
  #recursive(): void {
    const start = this.words.length;
    this.words.push(0xf81f0c00 | (STACK << 5) | LINK); // str x30, [x27, #-16]!
    this.words.push(sub1(DEPTH));
    const out = this.words.length;
    this.words.push(0);
    this.#straight(1 + this.next() % 4);
    this.words.push((0x94000000 | ((start - this.words.length) & 0x3ffffff)) >>> 0); // bl
    this.#straight(1 + this.next() % 4);
    this.words[out] = (0xb7f80000 | ((this.words.length - out) << 5) | DEPTH) >>> 0; // tbnz #63
    this.words.push((0xf8410400 | (STACK << 5) | LINK) >>> 0, ret(LINK)); // ldr x30, [x27], #16
  }

  #straight(count: number): void {
    for (const end = this.words.length + count; this.words.length < end;) {
      if (this.next() & 3) this.arithmetic();
      else this.instruction(pick(memory, this.next));
    }
  }

  #body(end: number): void {
    while (this.words.length < end) this.#piece(end);
  }

  #piece(end: number): void {
    const { next } = this, room = end - this.words.length, kind = next() % 100;
    if (kind < 30) this.arithmetic();
    else if (kind < 33) this.#numbers(1 + next() % 6);
    else if (kind < 36) this.#walk(room);
    else if (kind < 54) this.instruction(pick(memory, next));
    else if (kind < 58) this.#indexed();
    else if (kind < 66) this.#conditions(room);
    else if (kind < 74) this.branch(room);
    else if (kind < 76) this.indirect(room);
    else if (kind < 79) this.exclusive(room);
    else if (kind < 86) this.#loop(room);
    else if (kind < 92) this.#call(room);
    else if (kind < 94) this.#switch(room);
    else if (kind < 96) this.#modes(room);
    else if (kind < 98) {
      if (this.faults) this.#fault(room);
    } else if (this.modifies) {
      if (next() & 1) this.#slot();
      else this.#modify(room);
    }
  }

  // ---- pieces ---------------------------------------------------------------------------------------------------

  #glue(words: readonly number[]): boolean {
    const from = this.words.length;
    this.glue(words);
    return this.words.length > from;
  }

  /** A base and an index, the index small. */
  #indexed(): void {
    const { next } = this;
    const word = encoding(indexed, pick(indexedVariants, next), next, {
      register: (field) => field === "Rm" ? TARGET : field === "Rn" ? 23 + next() % 4 : next() % FREE,
    });
    // and x29, xN, #0x78: of sixteen bytes each, that is 1920 at most
    if (word !== undefined) this.#glue([(0x927d0c00 | ((next() % FREE) << 5) | TARGET) >>> 0, word]);
  }

  /** Calculates with doubles and singles, which have zeros above them if they were made here, and anything if not. */
  #numbers(count: number): void {
    const { next } = this, general = () => next() % FREE, base = () => (23 + next() % 4) << 5;
    for (; count > 0; count--) {
      const isDouble = next() & 1, type = isDouble << 22;
      const number = (of = isDouble) => (of ? DOUBLES : SINGLES) + next() % NUMBERS;
      const [d, n, m, a] = [number(), number() << 5, number() << 16, number() << 10];
      const place = base() | (next() % 16) << 10;
      const word = pick([
        () => 0x1e200800 | type | (next() % 9) << 12 | m | n | d, // FMUL to FNMUL
        () => 0x1e200800 | type | (next() % 4) << 12 | m | n | d, // FMUL, FDIV, FADD, FSUB
        () => 0x1f000000 | type | (next() & 1) << 21 | (next() & 1) << 15 | m | a | n | d, // FMADD and others
        () => 0x1e204000 | type | pick([0, 1, 2, 3, 8, 9, 10, 11, 12, 14, 15], next) << 15 | n | d, // FMOV to FRINTI
        () => 0x1e201000 | type | (next() & 0xff) << 13 | d, // FMOV #
        () => 0x1e202000 | type | (next() & 1) << 4 | m | n, // FCMP
        () => 0x1e200c00 | type | (next() & 15) << 12 | m | n | d, // FCSEL
        () => isDouble ? 0x1e22c000 | number(0) << 5 | d : 0x1e624000 | number(1) << 5 | d, // FCVT
        () => 0x1e220000 | (next() & 1) << 31 | (next() & 1) << 16 | type | general() << 5 | d, // SCVTF, UCVTF
        () => 0x1e380000 | (next() & 1) << 31 | (next() & 1) << 16 | type | n | general(), // FCVTZS, FCVTZU
        () => 0x1e260000 | isDouble << 31 | type | n | general(), // FMOV to a general register
        () => 0x1e270000 | isDouble << 31 | type | general() << 5 | d, // and from one
        () => (isDouble ? 0xfd400000 : 0xbd400000) | place | d, // LDR
        () => (isDouble ? 0xfd000000 : 0xbd000000) | place | d, // STR
        () => (isDouble ? 0x6d400000 : 0x2d400000) | base() | a | (d === a >> 10 ? d - 1 : d), // LDP
        () => (isDouble ? 0x6d000000 : 0x2d000000) | base() | a | d, // STP
        () => pick([0x2f00e400, 0x6f00e400, 0x0f000400], next) | d, // MOVI #0
        () => next() & 7 ? 0x1e204000 | type | n | d : 0x4ea01c00 | general() * 0x10020 | d, // FMOV; MOV of a vector
      ], next)();
      this.words.push(word >>> 0);
    }
  }

  /** Something that sets flags, and what they decide. */
  #conditions(room: number): void {
    const { next } = this;
    this.instruction(pick(flagSetters, next));
    for (let n = 1 + next() % 4; n > 0; n--) {
      if (next() & 3) this.instruction(pick(flagUsers, next));
      else if (room > 8) {
        const over = 1 + next() % 3;
        this.landings.add(this.words.length + over);
        this.words.push((0x54000000 | (over << 5) | (next() & 15)) >>> 0); // b.cond
      }
    }
  }

  /** Branches to the start from two places, perhaps; entered from above, or by a branch into its middle. */
  #loop(room: number): void {
    if (this.#inLoop || room < 10) return;
    const { next } = this, counter = COUNTERS[this.#level]!, from = this.words.length;
    const passes = next() % 8 === 0 ? 20 + next() % 40 : next() % 5;
    // Whoever comes in from the side meets the counter as it was left: below zero, where this kind of loop ends.
    const isSigned = next() & 1 || [...this.landings].some((landing) => landing > from);
    this.words.push(movz(counter, passes + (isSigned ? 0 : 1)));
    const start = this.words.length, end = start + 3 + next() % Math.min(12, room - 6);
    const close = () => {
      const back = start - this.words.length - 1;
      const branch = isSigned ? 0xb6f80000 | ((back & 0x3fff) << 5) : 0xb5000000 | ((back & 0x7ffff) << 5); // tbz, cbnz
      this.#glue([sub1(counter), (branch | counter) >>> 0]);
    };
    this.#inLoop = true;
    while (this.words.length < end) {
      if (isSigned && next() % 16 === 0) close();
      else this.#piece(end);
    }
    this.#inLoop = false;
    const last = this.words.length;
    close();
    // Where a branch lands between the two, plain words do: the loop is left with a counter that is used up.
    if (this.words.length === last) this.words.push(NOP);
  }

  /** Goes through memory step by step, up or down, over the end of a page; out of memory only where faults are wanted. */
  #walk(room: number): void {
    if (this.#inLoop || room < 13) return;
    const { next } = this, counter = COUNTERS[this.#level]!, size = next() % 5, bytes = 1 << size, isLoad = next() & 1;
    const length = pick([1, bytes, bytes, 2 * bytes, 24, 200, 1000, 4095], next), goesUp = (next() & 1) === 1;
    const low = DATA + 64, high = DATA + (isLoad ? 3 : 2) * PAGE - 64;
    let passes = 2 + next() % 60;
    const turn = DATA + PAGE * (1 + (isLoad ? next() & 1 : 0)), before = next() % (length * passes);
    const start = Math.min(Math.max(goesUp ? turn - before : turn + before, low), high);
    if (!this.faults) passes = Math.min(passes, Math.floor((goesUp ? high - start : start - low) / length));
    if (passes === 0) return;
    const register = 2 + next() % (FREE - 2), operands = (WALKER << 5) | register, near = next() % 48 - 24;
    const common = size === 4 ? 0x3c800000 | (isLoad << 22) : (size << 30) | 0x38000000 | (isLoad << 22);
    const stepOf = (of: number, by: number) => (goesUp ? 0x91000000 : 0xd1000000) | (by << 10) | (of << 5) | of;
    const imm9 = (value: number) => (value & 0x1ff) << 12;
    const loop: number[] = [];
    // Not in every pass, perhaps.
    if (next() & 1) loop.push(0x36000040 | ((next() & 3) << 19) | counter); // tbz
    const form = next() % 3;
    if (form === 0 && length < 256) loop.push(common | 0x400 | imm9(goesUp ? length : -length) | operands); // post-index
    else if (form === 1) {
      const scale = length % bytes === 0 ? next() & 1 : 0;
      loop.push(common | 0x206800 | (TARGET << 16) | (scale << 12) | operands); // [x19, x29]
      loop.push(stepOf(TARGET, scale ? length / bytes : length));
    } else loop.push(common | imm9(near) | operands, stepOf(WALKER, length));
    if (next() & 1) loop.push(0x8b000000 | (register << 16) | (next() % FREE) * 0x21); // add x, x, what was loaded
    loop.push(sub1(counter));
    loop.push(0xb5000000 | ((-loop.length & 0x7ffff) << 5) | counter); // cbnz
    const head = [movz(WALKER, start >>> 16, 1), movk(WALKER, start & 0xffff), movz(TARGET, 0), movz(counter, passes)];
    this.#glue([...head, ...loop.map((word) => word >>> 0)]);
  }

  #leaf(): number {
    return this.#callers + this.next() % (this.#all - this.#callers);
  }

  #call(room: number): void {
    // A leaf calls nothing; two words at least are left for who returns behind the next.
    if (this.#level === 2 || room < 7) return;
    const { next } = this, isMain = this.#level === 0;
    const to = isMain ? next() % this.#all : this.#leaf();
    // How deep recursion goes; seldom deeper than a host's stack.
    this.words.push(movz(DEPTH, next() % 16 ? next() % 12 : next() % 240));
    const at = this.words.length;
    switch (next() % 4) {
      case 0: // adr, blr
        if (this.#glue([0x10000000 | TARGET, blr(TARGET)])) this.#fixups.push({ at, target: to });
        break;
      case 1: // and x29, xN, #3; adr x17, table; ldr x29, [x17, x29, lsl #3]; blr x29
        if (
          this.#glue([
            (0x92400400 | ((next() % FREE) << 5) | TARGET) >>> 0,
            0x10000000 | ADDRESS,
            (0xf8607800 | (TARGET << 16) | (ADDRESS << 5) | TARGET) >>> 0,
            blr(TARGET),
          ])
        ) this.#fixups.push({ at: at + 1, target: isMain ? "table" : "leaves" });
        break;
      default:
        this.#fix(to, 0x94000000);
    }
    this.#straight(1);
  }

  /** A computed branch into a table of branches. */
  #switch(room: number): void {
    if (room < 13) return;
    const { next } = this;
    const cases = [0, 1, 2, 3].map((n) => 4 - n + next() % 4);
    const from = this.words.length;
    const done = this.#glue([
      (0x92400400 | ((next() % FREE) << 5) | TARGET) >>> 0, // and x29, xN, #3
      0x10000060 | ADDRESS, // adr x17, the cases
      (0x8b000800 | (TARGET << 16) | (ADDRESS << 5) | TARGET) >>> 0, // add x29, x17, x29, lsl #2
      br(TARGET),
      ...cases.map((over) => 0x14000000 | over),
    ]);
    if (done) cases.forEach((over, n) => this.landings.add(from + 4 + n + over));
  }

  /** FPCR with any rounding mode and any flushing; FPSR with some of its bits. */
  #modes(room: number): void {
    if (room < 3) return;
    const { next } = this;
    switch (next() % 4) {
      case 0:
        this.#glue([movz(TARGET, next() & 0x9f), 0xd51b4420 | TARGET]); // msr fpsr
        break;
      case 1:
        this.words.push(0xd51b4400 | 31); // msr fpcr, xzr
        break;
      default:
        this.#glue([movz(TARGET, next() & 0x07c8, 1), 0xd51b4400 | TARGET]); // msr fpcr
    }
  }

  /** A signal behind which the program goes on. */
  #fault(room: number): void {
    if (room < 6) return;
    const { next } = this, register = 2 + next() % (FREE - 2);
    /** Loads and stores of all sizes at x29. */
    const access = pick([
      0xf9400000, // ldr x
      0xf9000000, // str x
      0x39400000, // ldrb
      0x79000000, // strh
      0xa9400400, // ldp x, x1
      0xa9000400, // stp x, x1
      0x3dc00000, // ldr q
      0x3d800000, // str q
      0x4c407000, // ld1 {v.16b}
      0x0c000000, // st4 {v.8b…}
      0xc85f7c00, // ldxr
      0xc8dffc00, // ldar
      0xf8200000, // ldadd
    ], next) | (TARGET << 5) | register;
    switch (next() % 6) {
      case 0:
        this.words.push((BRK | ((1 + next() % 0xffff) << 5)) >>> 0);
        break;
      case 1:
        this.words.push((UDF | (next() & 0xffff)) >>> 0);
        break;
      case 2: // an access where nothing is
        this.#glue([movz(TARGET, nowhere(next), 2), movk(TARGET, 16 * (1 + next() % 0xfff)), access >>> 0]);
        break;
      case 3: // an access to the read-only page
        this.#glue([
          movz(TARGET, (DATA + 2 * PAGE) >>> 16, 1),
          movk(TARGET, ((DATA + 2 * PAGE) & 0xffff) + 16 * (1 + next() % 200)),
          access >>> 0,
        ]);
        break;
      case 4: // a branch where nothing is; the link says where to go on
        this.#glue([
          0x10000080 | LINK, // adr x30
          movz(TARGET, nowhere(next), 2),
          movk(TARGET, 4 * (next() % 0x3fff)),
          next() & 1 ? br(TARGET) : ret(TARGET),
        ]);
        break;
      default: // a branch to an address between instructions
        this.#glue([
          0x10000060 | LINK, // adr x30
          ((0x10000040 | ((1 + next() % 3) << 29)) | TARGET) >>> 0, // adr x29
          next() & 1 ? br(TARGET) : ret(TARGET),
        ]);
    }
    // The leaf has lost its way back, and returns to where it was sent by then: it ends soon.
  }

  /** An instruction that may be replaced while the program runs. */
  #slot(): void {
    const register = this.next() % FREE;
    this.#slots.push(this.words.length);
    this.words.push(addImmediate(register, register, this.next() & 0xfff));
  }
  /** Turns a bit of a slot's immediate and makes that known, as Arm ARM B2.4.4 has it. */
  #modify(room: number): void {
    if (room < 10) return;
    const at = this.words.length;
    const done = this.#glue([
      0x10000000 | ADDRESS, // adr x17, the slot
      (0xb9400000 | (ADDRESS << 5) | TARGET) >>> 0, // ldr w29, [x17]
      (0x52160000 | (TARGET << 5) | TARGET) >>> 0, // eor w29, w29, #0x400
      (0xb9000000 | (ADDRESS << 5) | TARGET) >>> 0, // str w29, [x17]
      (0xd50b7b20 | ADDRESS) >>> 0, // dc cvau, x17
      DSB_ISH,
      (0xd50b7520 | ADDRESS) >>> 0, // ic ivau, x17
      DSB_ISH,
      ISB,
    ]);
    if (done) this.#fixups.push({ at, target: "slot" });
  }

  // ---- addresses ------------------------------------------------------------------------------------------------

  /** Adds a branch or an ADR to what is not known yet. */
  #fix(target: Fixup["target"], word: number): void {
    this.#fixups.push({ at: this.words.length, target });
    this.words.push(word >>> 0);
  }

  #complete(main: number): void {
    const { words, next } = this;
    if (this.#slots.length === 0) this.#slot();
    const table = words.length;
    for (let n = 0; n < 8; n++) {
      const to = n < 4 ? next() % this.#all : this.#leaf();
      words.push(this.entry + 4 * this.#functions[to]!, 0);
    }
    for (const { at, target } of this.#fixups) {
      const to = target === "main"
        ? main
        : target === "table"
        ? table
        : target === "leaves"
        ? table + 8
        : target === "slot"
        ? pick(this.#slots, next)
        : this.#functions[target]!;
      const distance = to - at;
      words[at] = ((words[at]! >>> 24) & 0x1f) === 0x10
        ? (words[at]! | ((distance & 0x7ffff) << 5)) >>> 0 // adr
        : (words[at]! | (distance & 0x3ffffff)) >>> 0; // b, bl
    }
  }
}

export const programs = (): Source => {
  let pools: Pools | undefined;
  return {
    name: "tiers",
    fill(batch, seed, most) {
      pools ??= new Pools(seed);
      pools.refresh();
      const next = randomWords(seed), lengths: number[] = [];
      while (lengths.length < most && batch.fits(MOST + PADDING)) {
        const faults = next() & 1, modifies = next() % 8 === 0;
        const { words } = new Program(CODE + batch.codeSize, next, faults === 1, modifies);
        if (words.length > MOST) continue;
        const all = [...words, ...new Array<number>(PADDING).fill(BRK)];
        const at = batch.add(all, true, faults ? next() % 16 : 0);
        const x = fillRegisters(batch, at, next, pools);
        if (next() & 1) batch.words[at + At.fpcr / 4] = next() & 0x07c80000;
        for (const counter of COUNTERS) x[counter] = BigInt(next() % 4);
        x[STACK] = BigInt(DATA + 2 * PAGE - 16 * (1 + next() % 64));
        // Around the ends of pages.
        x[25] = BigInt(DATA + (next() & 3 || !faults ? PAGE : 2 * PAGE) - next() % 64);
        if (next() & 1) x[26] = BigInt(DATA + PAGE - next() % 4000);
        // The top byte of an address is ignored.
        if (next() % 16 === 0) x[24 + next() % 3]! |= BigInt(next() & 0xff) << 56n;
        // Few passes; so many that time slices end in them; so many that the code is hot.
        const kind = next() % 32;
        x[COUNTER] = BigInt(
          kind === 0 ? 3000 + next() % 1000 : kind < 16 && !faults ? 30 + next() % 200 : 1 + next() % 8,
        );
        lengths.push(words.length);
      }
      return lengths;
    },
  };
};
