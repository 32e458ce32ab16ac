/** FPCompare() and its kin, FPMin(), FPMax() and the NM forms. */
import type { HelperBuilder } from "../../ir/helper.ts";
import { type Helper, helper } from "../../ir/helper.ts";
import { c32, c64, type I32, i32, type I64, i64, select } from "../../ir/ops.ts";
import { type Format, Fpsr } from "./format.ts";
import { isNaN, isSNaN, magnitude, perFormat, processNaNs, raise, squash } from "./parts.ts";

/** NZCV of a comparison, as FPCompare() has it. */
export const Order = { less: 0b1000, equal: 0b0110, greater: 0b0010, unordered: 0b0011 } as const;

/** Whether both are zero, of any sign. */
const zeros = (fmt: Format, x: I64, y: I64): I32 => i64.eqz(magnitude(fmt, i64.or(x, y)));
/** Ordering of sign and magnitude, for operands that are neither NaNs nor both zero. */
const less = (fmt: Format, x: I64, y: I64): I32 => {
  const signX = i32.wrap(i64.shr_u(x, c64(fmt.bits - 1))), signY = i32.wrap(i64.shr_u(y, c64(fmt.bits - 1)));
  return select(i32.ne(signX, signY), signX, select(signX, i64.gt_u(x, y), i64.lt_u(x, y)));
};

/** NZCV of op1 and op2; `signalAll` (FCMPE, and the ordering comparisons of AdvSIMD) makes quiet NaNs invalid too. */
export const softCompare = perFormat((fmt) =>
  helper(`fcmp${fmt.bits}`, ["i64", "i64", "i32"], "i32", (b, a, c, signalAll) => {
    const x = b.call(squash(fmt), a), y = b.call(squash(fmt), c);
    b.if(i32.or(isNaN(fmt, x), isNaN(fmt, y)), () => {
      b.if(i32.or(signalAll, i32.or(isSNaN(fmt, x), isSNaN(fmt, y))), () => raise(b, Fpsr.IOC));
      b.return(c32(Order.unordered));
    });
    b.if(i32.or(i64.eq(x, y), zeros(fmt, x, y)), () => b.return(c32(Order.equal)));
    return select(less(fmt, x, y), c32(Order.less), c32(Order.greater));
  })
);

function extremum(b: HelperBuilder, fmt: Format, x: I64, y: I64, max: boolean): I64 {
  // FPMax(): of two zeros the positive one, FPMin(): the negative one.
  b.if(zeros(fmt, x, y), () => b.return(max ? i64.and(x, y) : i64.or(x, y)));
  return max ? select(less(fmt, x, y), y, x) : select(less(fmt, x, y), x, y);
}

function minMaxHelper(fmt: Format, max: boolean, numeric: boolean): Helper<"i64"> {
  return helper(`f${max ? "max" : "min"}${numeric ? "nm" : ""}${fmt.bits}`, ["i64", "i64"], "i64", (b, a, c) => {
    const x = b.call(squash(fmt), a), y = b.call(squash(fmt), c);
    const nanX = b.let(isNaN(fmt, x)), nanY = b.let(isNaN(fmt, y));
    b.if(i32.or(nanX, nanY), () => {
      if (numeric) {
        // A single quiet NaN counts as the infinity that loses.
        b.if(i32.eqz(i32.and(nanX, nanY)), () => {
          b.if(i32.eqz(i32.or(isSNaN(fmt, x), isSNaN(fmt, y))), () => b.return(select(nanX, y, x)));
        });
      }
      b.return(b.call(processNaNs(fmt), x, y, c64(0)));
    });
    return extremum(b, fmt, x, y, max);
  });
}
export const softMax = perFormat((fmt) => minMaxHelper(fmt, true, false));
export const softMin = perFormat((fmt) => minMaxHelper(fmt, false, false));
export const softMaxNum = perFormat((fmt) => minMaxHelper(fmt, true, true));
export const softMinNum = perFormat((fmt) => minMaxHelper(fmt, false, true));
