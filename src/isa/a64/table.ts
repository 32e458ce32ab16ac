/** The instruction table, family by family. The order has no meaning. */
import { FEATURES } from "./features.ts";
import type { Row } from "./row.ts";
import { rows as dpImm } from "./dp_imm.ts";
import { rows as dpReg } from "./dp_reg.ts";
import { rows as branch } from "./branch.ts";
import { rows as system } from "./system.ts";
import { rows as ldst } from "./ldst.ts";
import { rows as atomic } from "./atomic.ts";
import { rows as simdSame } from "./simd_same.ts";
import { rows as simdDiff } from "./simd_diff.ts";
import { rows as simdMisc } from "./simd_misc.ts";
import { rows as simdShift } from "./simd_shift.ts";
import { rows as simdI8mm } from "./simd_i8mm.ts";
import { rows as cryptoAes } from "./crypto_aes.ts";
import { rows as cryptoSha } from "./crypto_sha.ts";
import { rows as cryptoSm } from "./crypto_sm.ts";
import { rows as fp } from "./fp.ts";
import { rows as fpCompare } from "./fp_compare.ts";
import { rows as fpConvert } from "./fp_convert.ts";
import { rows as simdFp } from "./simd_fp.ts";
import { rows as simdFpBf16 } from "./simd_fp_bf16.ts";
import { rows as simdFpCompare } from "./simd_fp_compare.ts";
import { rows as simdFpComplex } from "./simd_fp_complex.ts";
import { rows as simdFpConvert } from "./simd_fp_convert.ts";
import { rows as simdFpElement } from "./simd_fp_element.ts";
import { rows as simdFpMisc } from "./simd_fp_misc.ts";

/** All rows, also those of features that are not announced: what the disassembler knows. */
export const allRows: readonly Row[] = [
  ...dpImm,
  ...dpReg,
  ...branch,
  ...system,
  ...ldst,
  ...atomic,
  ...simdSame,
  ...simdDiff,
  ...simdMisc,
  ...simdShift,
  ...simdI8mm,
  ...cryptoAes,
  ...cryptoSha,
  ...cryptoSm,
  ...fp,
  ...fpCompare,
  ...fpConvert,
  ...simdFp,
  ...simdFpBf16,
  ...simdFpCompare,
  ...simdFpComplex,
  ...simdFpConvert,
  ...simdFpElement,
  ...simdFpMisc,
];

/** The rows that are executed. */
export const rows: readonly Row[] = allRows.filter((row) => row.feature === undefined || FEATURES.has(row.feature));
