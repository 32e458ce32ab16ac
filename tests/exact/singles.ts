/** Single instructions: every variant of every row in turn, on difficult operands. */
import { type Fields, fieldsOf, type Row } from "../../src/isa/a64/row.ts";
import { rows } from "../../src/isa/a64/table.ts";
import { randomWords } from "../isa/encodings.ts";
import { encoding, fillState, touchesMemory, variants } from "./cases.ts";
import type { Source } from "./differential.ts";
import { Pools } from "./pools.ts";

const BRK = 0xd4200000;

/**
 * Rows whose outcome is not a function of the state or is the kernel's, and those where the oracle's processor is
 * another one: identification registers, counters, the block of DC ZVA, cache maintenance without access checks.
 */
const EXCLUDED = /^(SVC|MRS( .*)?|IC IVAU|DC .*)$/;
/** Readable all the same: NZCV, FPCR, FPSR, DIT, SSBS. */
const STATUS = /^MRS (5a10|5a20|5a21|DIT|SSBS)$/;

const cases: readonly (readonly [Row, Fields])[] = rows
  .filter(({ name, lift }) => lift && (!EXCLUDED.test(name) || STATUS.test(name)))
  .flatMap((row) => variants(row).map((variant) => [row, variant] as const));

/** A branch to itself does not end. */
function endless(row: Row, word: number): boolean {
  const offset = row.immediates.offset;
  return offset !== undefined && /^(B|CB|TB)/.test(row.name) && offset.of(fieldsOf(row, word)) === 0;
}

export const singles = (): Source & { readonly variants: number } => {
  let pools: Pools | undefined, turn = 0;
  return {
    name: "singles",
    variants: cases.length,
    fill(batch, seed, most) {
      pools ??= new Pools(seed);
      pools.refresh();
      const next = randomWords(seed), lengths: number[] = [];
      while (lengths.length < most && batch.fits(4)) {
        const [row, variant] = cases[turn++ % cases.length]!;
        const pc = 0x10000 + batch.codeSize;
        const word = encoding(row, variant, next, { pc });
        if (word === undefined || endless(row, word)) continue;
        const at = batch.add([word, BRK, BRK, BRK], touchesMemory(row));
        fillState(batch, at, row, word, pc, next, pools);
        lengths.push(1);
      }
      return lengths;
    },
  };
};
