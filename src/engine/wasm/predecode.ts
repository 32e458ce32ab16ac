/**
 * Predecoding: writes the record of an instruction (handler and operands) into a decoded block, a straight run at a
 * time, when it is first executed. Works from tables ({@link ./decode_tables.ts}), so that neither the rows need to be
 * loaded nor an object to be made per instruction.
 */
import { BUCKET_SHIFT, type DecodeTables, ExpressionKind, OperandKind } from "./decode_tables.ts";
import { Cpu, FixedHandler, RECORD } from "./layout.ts";
import type { EngineMemory } from "./memory.ts";

/** Longest run decoded at a time. */
const RUN = 64;

export class Predecoder {
  readonly #memory: EngineMemory;
  readonly #tables: DecodeTables;

  constructor(memory: EngineMemory, tables: DecodeTables) {
    this.#memory = memory;
    this.#tables = tables;
  }

  /**
   * Decodes the run of instructions from `va` on: to the first branch, to what is already decoded, or to the end of
   * the page.
   *
   * @param page the bytes of the page that holds `va`
   * @param block address of the page's decoded block
   * @param allowNear branches within the page stay in this block; else they go through the block table
   */
  decodeRun(
    page: Uint8Array,
    va: number,
    block: number,
    breakpoints: ReadonlySet<number>,
    allowNear: boolean,
  ): void {
    const u16 = this.#memory.u16;
    const first = va & 0xffc, base = va - first;
    for (let at = first, count = 0; at < 4096 && count < RUN; at += 4, count++) {
      const record = block + at * (RECORD / 4);
      if (at !== first && u16[record >> 1] !== FixedHandler.undecoded) return;
      if (breakpoints.size > 0 && breakpoints.has(base + at)) {
        u16[record >> 1] = FixedHandler.breakpoint;
        return;
      }
      // Other code than what was counted here before, in this process or another.
      if (allowNear) this.#memory.forgetArrivals(base + at);
      const word = page[at]! | (page[at + 1]! << 8) | (page[at + 2]! << 16) | (page[at + 3]! << 24);
      const handler = this.#decode(word, at, record, allowNear);
      u16[record >> 1] = handler;
      if (handler === FixedHandler.undefined) return;
      if (endsRun(word)) return;
    }
  }

  /** Writes the operands of an instruction; returns its handler. */
  #decode(word: number, at: number, record: number, allowNear: boolean): number {
    const { words } = this.#tables;
    let bucket = words[word >>> BUCKET_SHIFT]!;
    const end = words[(word >>> BUCKET_SHIFT) + 1]!;
    let row = 0;
    for (; bucket < end; bucket++) {
      row = words[bucket]!;
      if (((word ^ words[row + 1]!) & words[row]!) === 0) break;
    }
    if (bucket === end) return FixedHandler.undefined;
    const valid = words[row + 2]!;
    if (valid !== 0 && this.#tables.u8[this.#index(word, valid)] === 0) return FixedHandler.undefined;
    const varying = words[row + 4]!;
    const variant = row + 5 + varying + 2 * gather(words, word, row + 5, varying);
    const numbers = words[variant]!;
    const number = numbers & 0xffff, near = numbers >>> 16;
    if (number === 0) return FixedHandler.undefined;
    const layout = words[variant + 1]!;
    for (let operand = layout + 1, last = operand + 4 * words[layout]!; operand < last; operand += 4) {
      this.#operand(word, operand, record);
    }
    if (!allowNear || near === number) return number;
    const offset = words[row + 3]!;
    if (offset === 0) return number;
    const target = at + this.#value(word, offset, this.#tables.i32);
    return target >= 0 && target < 4096 ? near : number;
  }

  #operand(word: number, operand: number, record: number): void {
    const { u16, i32, i64 } = this.#memory, { words } = this.#tables;
    const address = record + words[operand]!, kind = words[operand + 1]!, from = words[operand + 2]!;
    switch (kind) {
      case OperandKind.imm2:
        u16[address >> 1] = this.#value(word, from, this.#tables.i16);
        return;
      case OperandKind.imm4:
        i32[address >> 2] = this.#value(word, from, this.#tables.i32);
        return;
      case OperandKind.imm8:
        i64[address >> 3] = this.#wide(word, from);
        return;
    }
    const number = (extract(word, from) + words[operand + 3]!) & 31;
    u16[address >> 1] = kind === OperandKind.v
      ? Cpu.v + number * 16
      : number !== 31 || kind === OperandKind.sp
      ? Cpu.x + number * 8
      : kind === OperandKind.zr
      ? Cpu.zero
      : Cpu.sink;
  }

  /** Where in its pool the value of a table or the base of an affine expression stands. */
  #index(word: number, expression: number): number {
    const { words } = this.#tables;
    const selected = gather(words, word, expression + 3, words[expression + 2]!);
    return words[expression + 1]! + (words[expression] === ExpressionKind.affine ? 2 * selected : selected);
  }

  #value(word: number, expression: number, pool: Int16Array | Int32Array): number {
    const { words } = this.#tables, kind = words[expression];
    if (kind === ExpressionKind.field) return extract(word, words[expression + 1]!);
    const at = this.#index(word, expression);
    return kind === ExpressionKind.table ? pool[at]! : pool[at]! + pool[at + 1]! * this.#weighted(word, expression);
  }

  #wide(word: number, expression: number): bigint {
    const { words, i64 } = this.#tables, kind = words[expression];
    if (kind === ExpressionKind.field) return BigInt(extract(word, words[expression + 1]!));
    const at = this.#index(word, expression);
    return kind === ExpressionKind.table
      ? i64[at]!
      : BigInt.asIntN(64, i64[at]! + i64[at + 1]! * BigInt(this.#weighted(word, expression)));
  }

  /** The operand that an affine expression weighs. */
  #weighted(word: number, expression: number): number {
    const { words } = this.#tables;
    const at = expression + 3 + words[expression + 2]!;
    const packed = words[at]!, value = extract(word, packed);
    const unused = 32 - (packed >> 5);
    return words[at + 1] === 1 ? (value << unused) >> unused : value;
  }
}

/**
 * Whether a run ends behind this instruction: B, BR, BLR, RET; B.cond, CBZ, TBZ and their opposites. What follows a
 * conditional branch may never be executed, and the translator leaves out what is not decoded. Measured with cc1 of
 * gcc and SQLite, without this and with it: 242,000 and 188,000 instructions translated, 13.1 and 8.9 s; 33,100 and
 * 27,600, 3.9 and 3.2 s.
 */
function endsRun(word: number): boolean {
  return (word & 0xfc000000) === 0x14000000 || (word & 0xfe000000) >>> 0 === 0xd6000000 ||
    (word & 0xff000000) === 0x54000000 || (word & 0x7c000000) === 0x34000000;
}

/** A field of a word; none is wider than 31 bits. */
function extract(word: number, packed: number): number {
  return (word >>> (packed & 31)) & ((1 << (packed >> 5)) - 1);
}

/** The number that some fields make, the first one highest. */
function gather(words: Int32Array, word: number, first: number, count: number): number {
  let number = 0;
  for (let at = first; at < first + count; at++) {
    const packed = words[at]!;
    number = (number << (packed >> 5)) | extract(word, packed);
  }
  return number;
}
