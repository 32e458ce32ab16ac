/**
 * The disassembler: an instruction word as GNU objdump writes it, aliases included. What an instruction is comes from
 * the decode table; how its class of encodings is written, from the tables of this room.
 */
import { rowIndex } from "../decode.ts";
import { fieldsOf, type Row } from "../row.ts";
import { allRows } from "../table.ts";
import { undefinedRows } from "../undefined_rows.ts";
import { formats as branch } from "./branch.ts";
import { formats as crypto } from "./crypto.ts";
import { formats as dataProcessing } from "./data_processing.ts";
import { formats as float } from "./float.ts";
import type { Format } from "./format.ts";
import { formats as loadStore } from "./load_store.ts";
import { formats as simd } from "./simd.ts";
import { formats as simdScalar } from "./simd_scalar.ts";
import { formats as sve } from "./sve.ts";

interface Tables {
  readonly known: (word: number) => Row | undefined;
  readonly undefined: (word: number) => Row | undefined;
  readonly classOf: (word: number) => Row | undefined;
  readonly formats: ReadonlyMap<Row, Format>;
}

let made: Tables | undefined;
/** Tables are made on first use: most programs never run into an undefined instruction. */
function tables(): Tables {
  if (made !== undefined) return made;
  const formats = [
    ...branch(),
    ...crypto(),
    ...dataProcessing(),
    ...float(),
    ...loadStore(),
    ...simd(),
    ...simdScalar(),
    ...sve(),
  ];
  made = {
    known: rowIndex(allRows),
    undefined: rowIndex(undefinedRows()),
    classOf: rowIndex(formats.map((format) => format.class)),
    formats: new Map(formats.map((format) => [format.class, format])),
  };
  return made;
}

/** The mnemonic by a list of rows, in lower case; undefined where the encoding is unallocated. */
function mnemonic(row: Row | undefined, word: number): string | undefined {
  if (row === undefined) return undefined;
  const fields = fieldsOf(row, word);
  return row.allocated(fields) && row.valid(fields) ? row.mnemonic(fields).toLowerCase() : undefined;
}

/**
 * Writes an instruction as `objdump -d` does: mnemonic, a tab, operands; addresses in hexadecimal without prefix.
 * Unallocated and unknown encodings are `.inst` with the word.
 *
 * @param word the instruction's 32 bits
 * @param pc its address, of which PC-relative operands are shown as absolute addresses
 * @example
 * ```ts
 * import { disassemble } from "./disassemble.ts";
 * import assert from "node:assert/strict";
 * assert.equal(disassemble(0x910003fd, 0), "mov\tx29, sp");
 * ```
 */
export function disassemble(word: number, pc: number): string {
  const { known, undefined: others, classOf, formats } = tables();
  const name = mnemonic(known(word), word) ?? mnemonic(others(word), word);
  const found = classOf(word);
  if (name === undefined || found === undefined) {
    return `.inst\t0x${(word >>> 0).toString(16).padStart(8, "0")} ; undefined`;
  }
  return formats.get(found)!.write(fieldsOf(found, word), { word, pc, name });
}
