/** FCMP, FCMPE, FCCMP and FCCMPE (Arm ARM C4.1.96). */
import type { Builder } from "../ir/builder.ts";
import { c32, c64, f32 as F32, f64 as F64, type I32, i32, select } from "../ir/ops.ts";
import { bitsOf, type Operand, operandOf, readOperand, scalarHost } from "./fp_host.ts";
import { floatRows } from "./fp_rows.ts";
import type { Row } from "./row.ts";
import { Order, softCompare } from "./softfloat/compare.ts";
import { type Format, Fpcr } from "./softfloat/format.ts";

/**
 * NZCV of a comparison. Subtracting 1 from 0 sets the flags of "less" (N), from 1 those of "equal" (Z, C), from 2 those
 * of "greater" (C), and from the least number those of "unordered" (C, V): so translated code has one operation to keep,
 * and tests it as it does that of an integer comparison. Ordered operands raise nothing, so FPCR only matters where it
 * flushes subnormals.
 */
function compareFlags(b: Builder, fmt: Format, x: Operand, y: Operand, signalAll: number): void {
  const soft = () => b.call(softCompare(fmt), bitsOf(x), bitsOf(y), c32(signalAll));
  if (scalarHost(fmt) === undefined) return b.flagsNzcv(soft());
  const it = (x.type === "f64" ? F64 : F32) as typeof F64;
  const [p, q] = [x, y] as [Parameters<typeof it.lt>[0], Parameters<typeof it.lt>[0]];
  const notLess = b.let(it.ge(p, q));
  const exact = i32.eqz(i32.and(b.sys("fpcr"), c32(Fpcr.FZ)));
  const order = b.shortcut(
    i32.and(exact, i32.or(it.lt(p, q), notLess)),
    "i32",
    () => i32.add(notLess, it.gt(p, q)),
    () => {
      const nzcv = b.let(soft());
      const is = (outcome: number, value: number, otherwise: I32): I32 =>
        select(i32.eq(nzcv, c32(outcome)), c32(value), otherwise);
      return is(Order.less, 0, is(Order.equal, 1, is(Order.greater, 2, c32(-0x80000000))));
    },
  );
  b.flagsSub(order, c32(1), b.let(i32.sub(order, c32(1))));
}

const second = (b: Builder, fmt: Format, zero: boolean): Operand =>
  zero ? operandOf(fmt, c64(0)) : readOperand(b, fmt, "Rm");

export const rows: readonly Row[] = [
  ...floatRows("FCMP", "00011110 ftype 1 Rm:5 00 1000 Rn:5 E:1 0 000", {
    vary: "E",
    mnemonic: (f) => f.E ? "FCMPE" : "FCMP",
  }, (b, fmt) => compareFlags(b, fmt, readOperand(b, fmt, "Rn"), second(b, fmt, false), b.num("E"))),
  ...floatRows("FCMP (zero)", "00011110 ftype 1 xxxxx 00 1000 Rn:5 E:1 1 000", {
    vary: "E",
    mnemonic: (f) => f.E ? "FCMPE" : "FCMP",
  }, (b, fmt) => compareFlags(b, fmt, readOperand(b, fmt, "Rn"), second(b, fmt, true), b.num("E"))),
  ...floatRows("FCCMP", "00011110 ftype 1 Rm:5 cond:4 01 Rn:5 op:1 nzcv:4", {
    vary: "cond op",
    mnemonic: (f) => f.op ? "FCCMPE" : "FCCMP",
  }, (b, fmt) =>
    b.if(
      b.condition(b.num("cond")),
      () => compareFlags(b, fmt, readOperand(b, fmt, "Rn"), readOperand(b, fmt, "Rm"), b.num("op")),
      () => b.flagsNzcv(b.imm32("nzcv")),
    )),
];
