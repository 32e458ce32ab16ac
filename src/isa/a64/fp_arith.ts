/**
 * The floating-point operations on one and two operands: each with the soft function that defines it and, where it
 * has one, the host operator that usually gives the same. The rows (scalar and vector) only choose among these.
 */
import type { Builder } from "../ir/builder.ts";
import { type Helper, helper } from "../ir/helper.ts";
import { c32, c64, i32, type I32, i64, type I64, type V128, v128, type Value } from "../ir/ops.ts";
import { extract, insert } from "./lanes.ts";
import { acceptableLanes, acceptScalar, acceptVector, allSet, bitsOf, type Accept, type Host } from "./fp_host.ts";
import { readBits, readHost, scalarHost, vectorHost, writeBits, writeHost } from "./fp_host.ts";
import { softAdd, softDiv, softMul, softMulX, softSqrt, softSub } from "./softfloat/arith.ts";
import { softMax, softMaxNum, softMin, softMinNum } from "./softfloat/compare.ts";
import { softRecipEstimate, softRecpX, softRSqrtEstimate } from "./softfloat/estimate.ts";
import { softRecipStep, softRSqrtStep } from "./softfloat/fma.ts";
import { type Format, Mode, powerOfTwo } from "./softfloat/format.ts";
import { softRoundInt, softRoundIntN } from "./softfloat/integral.ts";
import { magnitude, roundingMode } from "./softfloat/parts.ts";

/** An operation on `arity` operands of one format. */
export interface Operation {
  readonly name: string;
  readonly arity: 1 | 2;
  /** On bit patterns, exact in value and flags. */
  readonly soft: (b: Builder, fmt: Format, x: I64, y: I64) => I64;
  readonly host?: (it: Host, x: Value, y: Value) => Value;
  readonly accept?: Accept;
  /** Accept only results equal to the operand, or fast mode: an operation that raises inexact by itself. */
  readonly keepsValue?: boolean;
  /** Accept zeros where an operand is zero (`product`) or the first is (`quotient`): exact, and common. */
  readonly zeros?: "product" | "quotient";
}

const binary = (
  name: string,
  soft: (fmt: Format) => Helper<"i64">,
  rest: Pick<Operation, "host" | "accept" | "zeros"> = {},
): Operation => ({ name, arity: 2, soft: (b, fmt, x, y) => b.call(soft(fmt), x, y), ...rest });
const unary = (
  name: string,
  soft: (fmt: Format) => Helper<"i64">,
  rest: Pick<Operation, "host" | "accept"> = {},
): Operation => ({ name, arity: 1, soft: (b, fmt, x) => b.call(soft(fmt), x), ...rest });

export const FADD = binary("FADD", softAdd, { host: (it, x, y) => it.add(x, y), accept: "finite" });
export const FSUB = binary("FSUB", softSub, { host: (it, x, y) => it.sub(x, y), accept: "finite" });
export const FMUL = binary("FMUL", softMul, { host: (it, x, y) => it.mul(x, y), accept: "normal", zeros: "product" });
export const FMULX: Operation = { ...FMUL, name: "FMULX", soft: (b, fmt, x, y) => b.call(softMulX(fmt), x, y) };
export const FDIV = binary("FDIV", softDiv, { host: (it, x, y) => it.div(x, y), accept: "normal", zeros: "quotient" });
export const FNMUL: Operation = {
  name: "FNMUL",
  arity: 2,
  soft: (b, fmt, x, y) => i64.xor(b.call(softMul(fmt), x, y), c64(fmt.sign)),
  host: (it, x, y) => it.neg(it.mul(x, y)),
  accept: "normal",
};
export const FABD: Operation = {
  name: "FABD",
  arity: 2,
  soft: (b, fmt, x, y) => magnitude(fmt, b.call(softSub(fmt), x, y)),
  host: (it, x, y) => it.abs(it.sub(x, y)),
  accept: "finite",
};
// WebAssembly's min and max order zeros as Arm's do.
export const FMAX = binary("FMAX", softMax, { host: (it, x, y) => it.max(x, y), accept: "ordered" });
export const FMIN = binary("FMIN", softMin, { host: (it, x, y) => it.min(x, y), accept: "ordered" });
export const FMAXNM = binary("FMAXNM", softMaxNum, { host: (it, x, y) => it.max(x, y), accept: "ordered" });
export const FMINNM = binary("FMINNM", softMinNum, { host: (it, x, y) => it.min(x, y), accept: "ordered" });
export const FRECPS = binary("FRECPS", softRecipStep);
export const FRSQRTS = binary("FRSQRTS", softRSqrtStep);

export const FSQRT = unary("FSQRT", softSqrt, { host: (it, x) => it.sqrt(x), accept: "finite" });
export const FRECPE = unary("FRECPE", softRecipEstimate);
export const FRSQRTE = unary("FRSQRTE", softRSqrtEstimate);
export const FRECPX = unary("FRECPX", softRecpX);

function round(name: string, mode: number | "fpcr", host: (it: Host, x: Value) => Value, exact = false): Operation {
  return {
    name,
    arity: 1,
    soft: (b, fmt, x) =>
      b.call(softRoundInt(fmt), x, mode === "fpcr" ? roundingMode(b) : c32(mode), c32(exact ? 1 : 0)),
    host,
    accept: "ordered",
    keepsValue: exact,
  };
}
/** To nearest, ties away: the fraction is exact, and so is the step. */
export function nearestAway(it: Host, x: Value): Value {
  const whole = it.trunc(x), fraction = it.sub(x, whole);
  const fmt = it.type === "f32" || it === vectorHost(SINGLE) ? SINGLE : DOUBLE;
  const half = it.constant(powerOfTwo(fmt, -1)), one = powerOfTwo(fmt, 0);
  const up = it.choose(it.ge(fraction, half), it.add(whole, it.constant(one)), whole);
  return it.choose(it.ge(it.neg(fraction), half), it.sub(whole, it.constant(one)), up);
}
export const FRINTN = round("FRINTN", Mode.N, (it, x) => it.nearest(x));
export const FRINTP = round("FRINTP", Mode.P, (it, x) => it.ceil(x));
export const FRINTM = round("FRINTM", Mode.M, (it, x) => it.floor(x));
export const FRINTZ = round("FRINTZ", Mode.Z, (it, x) => it.trunc(x));
export const FRINTA = round("FRINTA", Mode.A, nearestAway);
export const FRINTX = round("FRINTX", "fpcr", (it, x) => it.nearest(x), true);
export const FRINTI = round("FRINTI", "fpcr", (it, x) => it.nearest(x));

function roundN(name: string, size: 32 | 64, mode: number | "fpcr"): Operation {
  return {
    name,
    arity: 1,
    soft: (b, fmt, x) => b.call(softRoundIntN(fmt), x, mode === "fpcr" ? roundingMode(b) : c32(mode), c32(size)),
  };
}
export const FRINT32Z = roundN("FRINT32Z", 32, Mode.Z);
export const FRINT32X = roundN("FRINT32X", 32, "fpcr");
export const FRINT64Z = roundN("FRINT64Z", 64, Mode.Z);
export const FRINT64X = roundN("FRINT64X", 64, "fpcr");
