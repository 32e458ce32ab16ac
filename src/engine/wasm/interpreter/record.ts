/**
 * Records: where a handler expects the operands of a predecoded instruction, as its lift asks for them.
 */
import type { Row } from "../../../isa/a64/row.ts";
import { RECORD } from "../layout.ts";

/** Where a handler expects an operand in its record. */
export interface Slot {
  readonly at: number;
  readonly kind: "zr" | "sink" | "sp" | "v" | "imm";
  /** Field name, or name of an immediate. */
  readonly name: string;
  /** Added to a register number, modulo 32. */
  readonly plus: number;
  /** Bytes of an immediate. */
  readonly bytes: number;
}

/** The handlers of a row, by combination of its varying fields (mixed radix, first field most significant). */
export interface RowHandlers {
  /** Handler number, or 0 where the combination is unallocated. */
  readonly numbers: readonly number[];
  /** The twin that stays within the decoded page, for rows that branch by an immediate; else as `numbers`. */
  readonly near: readonly number[];
  /** The operand layouts that occur, and which of them each combination has. */
  readonly layouts: readonly (readonly Slot[])[];
  readonly layoutOf: readonly number[];
}

/**
 * Where an operand may stand, the best place first. The dispatch has loaded the first half of the record already:
 * that is for registers, which every instruction has. Measured, interpreting a Python loop: 7.8 s, and 8.5 s with the
 * operands in the order in which they are asked for.
 */
function* places(bytes: number): Generator<number> {
  if (bytes > 2) { for (let at = RECORD / 2; at + bytes <= RECORD; at += bytes) yield at; }
  for (let at = 0; at + bytes <= RECORD; at += bytes) yield at;
}

/** Allots operand slots as the lift names its operands. */
export class RecordLayout {
  readonly slots: Slot[] = [];
  readonly #used = new Uint8Array(RECORD);

  constructor(readonly row: Row) {
    this.#used.fill(1, 0, 2); // the handler number
  }

  find(kind: Slot["kind"], name: string, plus: number, bytes: number): Slot {
    const known = this.slots.find((s) => s.kind === kind && s.name === name && s.plus === plus);
    if (known) return known;
    for (const at of places(bytes)) {
      if (this.#used.subarray(at, at + bytes).some((taken) => taken !== 0)) continue;
      this.#used.fill(1, at, at + bytes);
      const slot: Slot = { at, kind, name, plus, bytes };
      this.slots.push(slot);
      return slot;
    }
    throw new Error(`row ${this.row.name}: its operands do not fit a record`);
  }
}
