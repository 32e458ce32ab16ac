/**
 * Predecoding: writes the record of an instruction (handler and operands) into a decoded block, a straight run at a
 * time, when it is first executed.
 */
import { type Fields, fieldsOf, type Row } from "../../isa/a64/row.ts";
import { matchRow } from "../../isa/a64/decode.ts";
import { rows } from "../../isa/a64/table.ts";
import type { RowHandlers, Slot } from "./interpreter/record.ts";
import { Cpu, FixedHandler, HEAT, HEAT_COUNTERS, RECORD } from "./layout.ts";
import type { EngineMemory } from "./memory.ts";

/** Longest run decoded at a time: what lies behind a branch may never be executed. */
const RUN = 64;

export class Predecoder {
  readonly #memory: EngineMemory;
  readonly #handlers = new Map<Row, RowHandlers>();
  /** Gives the block of a frame back when the frame is gone. */
  readonly #registry: FinalizationRegistry<number>;

  constructor(memory: EngineMemory, handlers: readonly RowHandlers[]) {
    this.#memory = memory;
    rows.forEach((row, index) => {
      const found = handlers[index];
      if (found !== undefined) this.#handlers.set(row, found);
    });
    this.#registry = new FinalizationRegistry((block) => memory.freeBlock(block));
  }

  freeWith(owner: WeakKey, block: number): void {
    this.#registry.register(owner, block);
  }

  /**
   * Decodes the run of instructions from `va` on: to the first unconditional branch, to what is already decoded, or
   * to the end of the page.
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
      if (allowNear) u16[(HEAT >> 1) + (((base + at) / 4) & (HEAT_COUNTERS - 1))] = 0;
      const word = (page[at]! | (page[at + 1]! << 8) | (page[at + 2]! << 16) | (page[at + 3]! << 24)) >>> 0;
      if (!this.#decode(word, at, record, allowNear)) {
        u16[record >> 1] = FixedHandler.undefined;
        return;
      }
      // B, and BR, BLR, RET: what follows is reached, if at all, from elsewhere.
      if ((word & 0xfc000000) >>> 0 === 0x14000000 || (word & 0xfe000000) >>> 0 === 0xd6000000) return;
    }
  }

  #decode(word: number, at: number, record: number, allowNear: boolean): boolean {
    const row = matchRow(word);
    if (row === undefined || row.lift === undefined) return false;
    const handlers = this.#handlers.get(row);
    if (handlers === undefined) return false;
    const fields = fieldsOf(row, word);
    if (!row.allocated(fields) || !row.valid(fields)) return false;
    let variant = 0;
    for (const name of row.vary) variant = variant * (1 << widthOf(row, name)) + fields[name]!;
    const slots = handlers.layouts[handlers.layoutOf[variant]!];
    if (slots === undefined) return false;
    for (const slot of slots) this.#operand(row, fields, slot, record + slot.at);
    let number = handlers.numbers[variant]!;
    const offset = !allowNear || handlers.near[variant] === number ? undefined : row.immediates.offset;
    if (offset !== undefined) {
      const target = at + Number(offset.of(fields));
      if (target >= 0 && target < 4096) number = handlers.near[variant]!;
    }
    this.#memory.u16[record >> 1] = number;
    return number !== 0;
  }

  #operand(row: Row, fields: Fields, slot: Slot, address: number): void {
    const { u16, i32, view } = this.#memory;
    if (slot.kind === "imm") {
      const value = row.immediates[slot.name]!.of(fields);
      if (slot.bytes === 2) u16[address >> 1] = Number(value);
      else if (slot.bytes === 4) i32[address >> 2] = Number(value);
      else view.setBigInt64(address, BigInt(value), true);
      return;
    }
    const number = (fields[slot.name]! + slot.plus) & 31;
    u16[address >> 1] = slot.kind === "v"
      ? Cpu.v + number * 16
      : number !== 31 || slot.kind === "sp"
      ? Cpu.x + number * 8
      : slot.kind === "zr"
      ? Cpu.zero
      : Cpu.sink;
  }
}

function widthOf(row: Row, name: string): number {
  return row.fields.find((field) => field.name === name)!.width;
}
