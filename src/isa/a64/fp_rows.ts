/** Rows that exist for single and double precision in the base architecture and, with FEAT_FP16, for half. */
import type { Builder } from "../ir/builder.ts";
import { insn, type Row, type RowOptions } from "./row.ts";
import { f16, f32, f64, type Format } from "./softfloat/format.ts";

/** The format for the one-bit field `sz`. */
export const formatOf = (b: Builder): Format => b.num("sz") ? f64 : f32;

/**
 * Scalar rows of the floating-point group.
 *
 * @param pattern with `ftype` for the two bits of that field
 */
export function floatRows(
  name: string,
  pattern: string,
  options: RowOptions,
  lift: (b: Builder, fmt: Format) => void,
): Row[] {
  const vary = options.vary ?? "";
  return [
    insn(name, pattern.replace("ftype", "0 sz:1"), { ...options, vary: `sz ${vary}` }, (b) => lift(b, formatOf(b))),
    insn(
      `${name} half`,
      pattern.replace("ftype", "11"),
      { ...options, vary, feature: options.feature ?? "FP16" },
      (b) => lift(b, f16),
    ),
  ];
}
