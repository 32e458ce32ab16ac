/**
 * The instruction table in numbers: what decoding needs of the rows, without their code. Written by
 * `interpreter/tabulate.ts` when the interpreter is generated, read by `predecode.ts`, kept beside the module.
 *
 * `words` begins with 2,049 indices: the rows that bits 31..21 of an instruction leave are those whose indices stand
 * between two neighbours, the one with the most fixed bits first. All other indices are into `words` too:
 *
 * - Row: mask, value, index of the expression that must not be zero (0: none), index of the branch offset's expression
 *   (0: none), number of varying fields, their {@link Piece}s, then two words per variant: handler in the low half and
 *   its near twin in the high half (0: unallocated), index of the operand layout.
 * - Layout: number of operands, then four words each: offset in the record, {@link OperandKind}, and for registers the
 *   field's piece and what is added to it, for immediates the index of the expression.
 * - Expression: {@link ExpressionKind} and what it needs.
 * - Piece of a word, packed: lsb + width * 32.
 *
 * Values are found in the four pools by the width of what they are for.
 */

/** See above. */
export const OperandKind = { zr: 0, sink: 1, sp: 2, v: 3, imm2: 4, imm4: 5, imm8: 6 } as const;

export const ExpressionKind = {
  /** Piece: the value is the field, unsigned. */
  field: 0,
  /** Start in the pool, number of pieces, pieces: the value stands at the number that the pieces make, first one highest. */
  table: 1,
  /**
   * Start in the pool, number of pieces, pieces, piece of the operand, 1 if that is signed: the pieces make a number as
   * above, two values stand there: base and weight of the operand.
   */
  affine: 2,
} as const;

/** Buckets of rows by the highest bits of an instruction. */
export const BUCKET_SHIFT = 21;

/** A field of an instruction word, packed. */
export const piece = (lsb: number, width: number): number => lsb + width * 32;

export interface DecodeTables {
  readonly words: Int32Array;
  readonly i64: BigInt64Array;
  readonly i32: Int32Array;
  readonly i16: Int16Array;
  readonly u8: Uint8Array;
}

/** One buffer: the lengths of the five parts in bytes, the widest part first. */
const HEADER = 24;

/** Packs tables for keeping and sending. */
export function packTables(tables: DecodeTables): Uint8Array<ArrayBuffer> {
  const parts = [tables.i64, tables.i32, tables.words, tables.i16, tables.u8];
  const lengths = parts.map((part) => part.byteLength);
  const out = new Uint8Array(HEADER + lengths.reduce((sum, each) => sum + each, 0));
  out.set(new Uint8Array(Uint32Array.from(lengths).buffer));
  let at = HEADER;
  for (const part of parts) {
    out.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return out;
}

/**
 * Views of packed tables.
 *
 * @param bytes must begin at a multiple of 8 in its buffer
 * @throws {RangeError} when they are cut short
 */
export function unpackTables(bytes: Uint8Array<ArrayBuffer>): DecodeTables {
  const { buffer } = bytes;
  const lengths = new Uint32Array(buffer, bytes.byteOffset, 5);
  let at = bytes.byteOffset + HEADER;
  const next = (index: number): [ArrayBuffer, number, number] => {
    const length = lengths[index]!, start = at;
    at += length;
    return [buffer, start, length];
  };
  const of = (index: number, bytesEach: number): [ArrayBuffer, number, number] => {
    const [from, start, length] = next(index);
    return [from, start, length / bytesEach];
  };
  const i64 = new BigInt64Array(...of(0, 8)), i32 = new Int32Array(...of(1, 4)), words = new Int32Array(...of(2, 4));
  return { i64, i32, words, i16: new Int16Array(...of(3, 2)), u8: new Uint8Array(...of(4, 1)) };
}
