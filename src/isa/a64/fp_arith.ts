/**
 * The floating-point operations on one and two operands: each with the soft function that defines it and, where it
 * has one, the host operator that usually gives the same. The rows (scalar and vector) only choose among these.
 */
import type { Builder } from "../ir/builder.ts";
import { type Helper, helper } from "../ir/helper.ts";
import { c32, c64, cV128, f32x4, f64x2, type I32, i32, type I64, i64, intLanes, type V128, v128 } from "../ir/ops.ts";
import type { Value } from "../ir/ops.ts";
import { type Accept, acceptScalar, acceptVector, bitsOf, type Host, type Operand, refusedLanes } from "./fp_host.ts";
import { operandOf, scalarHost, vectorHost } from "./fp_host.ts";
import { extract, insert } from "./lanes.ts";
import { softAdd, softDiv, softMul, softMulX, softSqrt, softSub } from "./softfloat/arith.ts";
import { softMax, softMaxNum, softMin, softMinNum } from "./softfloat/compare.ts";
import { softRecipEstimate, softRecpX, softRSqrtEstimate } from "./softfloat/estimate.ts";
import { softRecipStep, softRSqrtStep } from "./softfloat/fma.ts";
import { f32, f64, type Format, Mode, powerOfTwo } from "./softfloat/format.ts";
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
  /** A zero result is exact if one of the operands is zero, and common: to be accepted as well. */
  readonly zeros?: boolean;
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
export const FMUL = binary("FMUL", softMul, { host: (it, x, y) => it.mul(x, y), accept: "normal", zeros: true });
export const FMULX: Operation = { ...FMUL, name: "FMULX", soft: (b, fmt, x, y) => b.call(softMulX(fmt), x, y) };
export const FDIV = binary("FDIV", softDiv, { host: (it, x, y) => it.div(x, y), accept: "normal", zeros: true });
export const FNMUL: Operation = {
  name: "FNMUL",
  arity: 2,
  soft: (b, fmt, x, y) => i64.xor(b.call(softMul(fmt), x, y), c64(fmt.sign)),
  host: (it, x, y) => it.neg(it.mul(x, y)),
  accept: "normal",
  zeros: true,
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
  const half = it.constant(powerOfTwo(it.fmt, -1)), one = it.constant(powerOfTwo(it.fmt, 0));
  const up = it.choose(it.ge(fraction, half), it.add(whole, one), whole);
  return it.choose(it.ge(it.neg(fraction), half), it.sub(whole, one), up);
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

/** Whether the host's result of an operation that keeps values stands: unchanged, or inexact is already recorded. */
const kept = (b: Builder, changed: I32): I32 => i32.or(b.sys("fpFast"), i32.eqz(changed));

/** The operation on scalars. */
export function compute(b: Builder, fmt: Format, op: Operation, x: Operand, y: Operand = x): Operand {
  const it = scalarHost(fmt);
  if (it === undefined || op.host === undefined) return operandOf(fmt, op.soft(b, fmt, bitsOf(x), bitsOf(y)));
  const result = b.let(op.host(it, x, y));
  let stands = acceptScalar(b, fmt, op.accept!, result);
  if (op.keepsValue) stands = i32.and(stands, kept(b, i32.eqz(it.eq(result, x) as I32)));
  return b.shortcut(stands, it.type, () => result, () => operandOf(fmt, op.soft(b, fmt, bitsOf(x), bitsOf(y))));
}

const vectorHelpers = new Map<string, Helper<"v128">>();

/** The operation lane by lane in software: how many lanes is the third parameter, half of them or all. */
function vectorHelper(fmt: Format, op: Operation): Helper<"v128"> {
  const name = `${op.name}V${fmt.bits}`;
  const found = vectorHelpers.get(name);
  if (found) return found;
  const whole = 128 / fmt.bits;
  const made = helper(name, ["v128", "v128", "i32"], "v128", (b, x, y, lanes) => {
    if (op.zeros) acceptZeros(b, fmt, op, x, y, lanes, (result) => b.return(result));
    const result = b.let(cV128(0n));
    const apply = (lane: number) => {
      const [p, q] = [extract(x, fmt.bits, lane, false), extract(y, fmt.bits, lane, false)];
      b.set(result, insert(result, fmt.bits, lane, op.soft(b, fmt, b.let(p), b.let(q))));
    };
    for (let lane = 0; lane < whole / 2; lane++) apply(lane);
    b.if(i32.eq(lanes, c32(whole)), () => {
      for (let lane = whole / 2; lane < whole; lane++) apply(lane);
    });
    return result;
  });
  vectorHelpers.set(name, made);
  return made;
}

/** The host's result where all that keeps it from standing is zeros that came from zeros. */
function acceptZeros(
  b: Builder,
  fmt: Format,
  op: Operation,
  x: V128,
  y: V128,
  lanes: I32,
  then: (result: V128) => void,
): void {
  const it = vectorHost(fmt);
  if (it === undefined) return;
  b.if(b.sys("fpFast"), () => {
    const zero = it.constant(0n);
    const result = b.let(op.host!(it, x, y)) as V128;
    const fromZero = v128.or(it.eq(x, zero) as V128, it.eq(y, zero) as V128);
    const zeros = v128.and(it.eq(result, zero) as V128, fromZero);
    const refused = intLanes[fmt.bits].bitmask(v128.andnot(refusedLanes(fmt, op.accept!, result), zeros));
    const counted = i32.sub(i32.shl(c32(1), lanes), c32(1));
    b.if(i32.eqz(i32.and(refused, counted)), () => then(result));
  });
}

/** The operation on the first `lanes` lanes, half of them or all. */
export function computeVector(b: Builder, fmt: Format, op: Operation, x: V128, y: V128, lanes: number): V128 {
  const slow = () => b.call(vectorHelper(fmt, op), x, y, c32(lanes));
  const it = vectorHost(fmt);
  if (it === undefined || op.host === undefined) return slow();
  const result = b.let(op.host(it, x, y)) as V128;
  let stands = acceptVector(b, fmt, op.accept!, result, lanes);
  if (op.keepsValue) stands = i32.and(stands, kept(b, v128.any_true(v128.not(it.eq(result, x) as V128))));
  return b.shortcut(stands, "v128", () => result, slow);
}

/** A scalar of a vector register's lane as an operand. */
export const laneOperand = (fmt: Format, value: V128, lane: number): Operand =>
  fmt === f64
    ? f64x2.extract_lane(value, lane)
    : fmt === f32
    ? f32x4.extract_lane(value, lane)
    : extract(value, fmt.bits, lane, false);
