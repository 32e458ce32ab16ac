/**
 * What the disassembler's tables are made of: an encoding class of the Arm ARM (C4.1), by its fixed bits and fields,
 * and how GNU tools write the instructions of that class. The mnemonic comes from the instruction table.
 */
import { insn, type Row } from "../row.ts";

/** The instruction to be written. */
export interface Instruction {
  readonly word: number;
  /** Address of the instruction. */
  readonly pc: number;
  /** Mnemonic of the instruction table, in lower case. */
  readonly name: string;
}

/** Names of the fields in a pattern. */
type FieldNames<P extends string> = P extends `${infer First} ${infer Rest}` ? FieldNames<First> | FieldNames<Rest>
  : P extends `${infer Name}:${string}` ? Name
  : never;

export interface Format {
  readonly class: Row;
  readonly write: (f: Readonly<Record<string, number>>, i: Instruction) => string;
}

/**
 * One line of a table.
 *
 * @param pattern bits and fields as for {@link insn}
 * @param write the text, mnemonic and operands separated by a tab as objdump does it
 */
export function format<P extends string>(
  pattern: P,
  write: (f: Readonly<Record<FieldNames<P>, number>>, i: Instruction) => string,
): Format {
  return { class: insn(pattern, pattern, {}), write };
}

/** The mnemonic and its operands. */
export const line = (name: string, ...operands: readonly string[]): string =>
  operands.length === 0 ? name : `${name}\t${operands.join(", ")}`;
