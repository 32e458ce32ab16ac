/**
 * From an instruction word to its row. Rows are found through buckets by bits 31..21; within a bucket the row with
 * the most fixed bits wins, as encodings that are special cases of others have more of them.
 */
import { type Fields, fieldsOf, type Row } from "./row.ts";
import { rows } from "./table.ts";

export interface Decoded {
  readonly row: Row;
  readonly fields: Fields;
}

const BUCKET_SHIFT = 21;

function popcount(n: number): number {
  let bits = 0;
  for (; n !== 0; n &= n - 1) bits++;
  return bits;
}

/** Makes the function that finds, in a list, the row that matches a word's fixed bits. */
export function rowIndex(rows: readonly Row[]): (word: number) => Row | undefined {
  const buckets: (Row[] | undefined)[] = new Array(1 << (32 - BUCKET_SHIFT));
  const fill = (index: number): Row[] => {
    const high = (index << BUCKET_SHIFT) >>> 0;
    const highMask = (-1 << BUCKET_SHIFT) >>> 0;
    const found = rows.filter((row) => ((high ^ row.value) & row.mask & highMask) === 0);
    found.sort((a, b) => popcount(b.mask) - popcount(a.mask));
    buckets[index] = found;
    return found;
  };
  return (word) => {
    const index = word >>> BUCKET_SHIFT;
    const bucket = buckets[index] ?? fill(index);
    for (const row of bucket) {
      if (((word ^ row.value) & row.mask) === 0) return row;
    }
    return undefined;
  };
}

/** The row that matches the word's fixed bits, whether or not its field values are allocated. */
export const matchRow: (word: number) => Row | undefined = rowIndex(rows);

/** Decodes a word; undefined where the encoding is unallocated or unknown. */
export function decode(word: number): Decoded | undefined {
  const row = matchRow(word);
  if (row === undefined) return undefined;
  const fields = fieldsOf(row, word);
  return row.allocated(fields) && row.valid(fields) ? { row, fields } : undefined;
}
