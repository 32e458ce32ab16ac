/** FCMEQ, FCMGE, FCMGT and their forms with zero and absolute values: masks of lanes (Arm ARM C7.2). */
import type { Builder } from "../ir/builder.ts";
import { type Helper, helper } from "../ir/helper.ts";
import { c32, c64, cV128, type I32, i32, type I64, select, splat, type V128, v128 } from "../ir/ops.ts";
import { allSet, bitsOf, type Operand, operandOf, readOperand, scalarHost, vectorHost, writeBits } from "./fp_host.ts";
import { extract, insert } from "./lanes.ts";
import type { Row } from "./row.ts";
import { type Bits, readVector, type Shape, threeSame, threeSameScalar, twoMisc } from "./simd_fp_rows.ts";
import { twoMiscScalar, writeVector } from "./simd_fp_rows.ts";
import { Order, softCompare } from "./softfloat/compare.ts";
import { type Format, Fpcr } from "./softfloat/format.ts";
import { magnitude } from "./softfloat/parts.ts";

type Relation = "eq" | "ge" | "gt";

/** All ones or zeros for one pair in software. Only FPCompareEQ() lets quiet NaNs pass silently. */
function softMask(b: Builder, fmt: Format, relation: Relation, x: I64, y: I64): I64 {
  const order = b.call(softCompare(fmt), x, y, c32(relation === "eq" ? 0 : 1));
  const equal = i32.eq(order, c32(Order.equal)), greater = i32.eq(order, c32(Order.greater));
  const held: I32 = relation === "eq" ? equal : relation === "gt" ? greater : i32.or(equal, greater);
  return select(held, c64((1n << BigInt(fmt.bits)) - 1n), c64(0));
}

const helpers = new Map<string, Helper<"v128">>();
function slowVector(fmt: Format, relation: Relation): Helper<"v128"> {
  const name = `fcm${relation}V${fmt.bits}`;
  const found = helpers.get(name);
  if (found) return found;
  const whole = 128 / fmt.bits;
  const made = helper(name, ["v128", "v128", "i32"], "v128", (b, x, y, lanes) => {
    const result = b.let(cV128(0n));
    const apply = (lane: number) => {
      const p = extract(x, fmt.bits, lane, false), q = extract(y, fmt.bits, lane, false);
      b.set(result, insert(result, fmt.bits, lane, softMask(b, fmt, relation, p, q)));
    };
    for (let lane = 0; lane < whole / 2; lane++) apply(lane);
    b.if(i32.eq(lanes, c32(whole)), () => {
      for (let lane = whole / 2; lane < whole; lane++) apply(lane);
    });
    return result;
  });
  helpers.set(name, made);
  return made;
}

/** Subnormals compare as they are. */
const noFlush = (b: Builder): I32 => i32.eqz(i32.and(b.sys("fpcr"), c32(Fpcr.FZ)));

function compareVector(b: Builder, { fmt, lanes }: Shape, relation: Relation, x: V128, y: V128): V128 {
  const slow = () => b.call(slowVector(fmt, relation), x, y, c32(lanes));
  const it = vectorHost(fmt);
  if (it === undefined) return slow();
  const ordered = v128.and(it.eq(x, x) as V128, it.eq(y, y) as V128);
  const stands = i32.and(noFlush(b), allSet(fmt, ordered, lanes));
  return b.shortcut(stands, "v128", () => it[relation](x, y) as V128, slow);
}

function compareScalar(b: Builder, fmt: Format, relation: Relation, x: Operand, y: Operand): I64 {
  const slow = () => softMask(b, fmt, relation, bitsOf(x), bitsOf(y));
  const it = scalarHost(fmt);
  if (it === undefined) return slow();
  const ordered = i32.and(it.eq(x, x) as I32, it.eq(y, y) as I32);
  const held = it[relation](x, y) as I32;
  const mask = () => select(held, c64((1n << BigInt(fmt.bits)) - 1n), c64(0));
  return b.shortcut(i32.and(noFlush(b), ordered), "i64", mask, slow);
}

const absolute = (fmt: Format, x: V128): V128 => v128.and(x, splat(fmt.bits, fmt.sign - 1n));
const absoluteScalar = (fmt: Format, x: Operand): Operand => scalarHost(fmt)?.abs(x) ?? magnitude(fmt, bitsOf(x));

function registers(name: string, relation: Relation, bits: Bits, abs = false): Row[] {
  return [
    ...threeSame(name, bits, (b, shape) => {
      const x = readVector(b, shape, "Rn"), y = readVector(b, shape, "Rm");
      const [p, q] = abs ? [b.let(absolute(shape.fmt, x)), b.let(absolute(shape.fmt, y))] : [x, y];
      writeVector(b, shape, compareVector(b, shape, relation, p, q));
    }),
    ...threeSameScalar(name, bits, (b, fmt) => {
      const x = readOperand(b, fmt, "Rn"), y = readOperand(b, fmt, "Rm");
      const [p, q] = abs ? [b.let(absoluteScalar(fmt, x)), b.let(absoluteScalar(fmt, y))] : [x, y];
      writeBits(b, "Rd", compareScalar(b, fmt, relation, p, q));
    }),
  ];
}

/** Against zero; LE and LT are GE and GT with zero as the first operand. */
function zero(name: string, relation: Relation, bits: Bits, zeroFirst = false): Row[] {
  return [
    ...twoMisc(`${name} (zero)`, bits, (b, shape) => {
      const x = readVector(b, shape, "Rn"), nought = cV128(0n);
      const [p, q] = zeroFirst ? [nought, x] : [x, nought];
      writeVector(b, shape, compareVector(b, shape, relation, p, q));
    }),
    ...twoMiscScalar(`${name} (zero)`, bits, (b, fmt) => {
      const x = readOperand(b, fmt, "Rn"), nought = operandOf(fmt, c64(0));
      const [p, q] = zeroFirst ? [nought, x] : [x, nought];
      writeBits(b, "Rd", compareScalar(b, fmt, relation, p, q));
    }),
  ];
}

export const rows: readonly Row[] = [
  ...registers("FCMEQ", "eq", [0, 0, "11100"]),
  ...registers("FCMGE", "ge", [1, 0, "11100"]),
  ...registers("FCMGT", "gt", [1, 1, "11100"]),
  ...registers("FACGE", "ge", [1, 0, "11101"], true),
  ...registers("FACGT", "gt", [1, 1, "11101"], true),
  ...zero("FCMEQ", "eq", [0, 1, "01101"]),
  ...zero("FCMGE", "ge", [1, 1, "01100"]),
  ...zero("FCMGT", "gt", [0, 1, "01100"]),
  ...zero("FCMLE", "ge", [1, 1, "01101"], true),
  ...zero("FCMLT", "gt", [0, 1, "01110"], true),
];
