/** FPConvert() and FPConvertBF(): between half, single and double precision, and to BFloat16. */
import type { Builder } from "../../ir/builder.ts";
import { type Helper, helper } from "../../ir/helper.ts";
import { c32, c64, type I32, i32, type I64, i64 } from "../../ir/ops.ts";
import { f16, type Format, Fpcr, Fpsr, Mode } from "./format.ts";
import { Kind, raise, roundingMode, roundPackCv, signBit, unpackCv } from "./parts.ts";

/** FPConvertNaN(): sign and leading payload bits, made quiet. */
export function convertNaN(from: Format, to: Format, x: I64): I64 {
  const sign = i64.and(i64.shr_u(x, c64(from.bits - 1)), c64(1));
  const payload = i64.and(x, c64(from.fraction));
  const moved = to.fracBits >= from.fracBits
    ? i64.shl(payload, c64(to.fracBits - from.fracBits))
    : i64.shr_u(payload, c64(from.fracBits - to.fracBits));
  return i64.or(i64.or(i64.shl(sign, c64(to.bits - 1)), moved), c64(to.infinity | to.quiet));
}

const made = new Map<string, Helper<"i64">>();

function convertHelper(from: Format, to: Format, toOdd: boolean): Helper<"i64"> {
  const name = `fcvt${toOdd ? "xn" : ""}${from.name}to${to.name}`;
  const found = made.get(name);
  if (found) return found;
  const convert = helper(name, ["i64"], "i64", (b, x) => {
    const A = unpackCv(b, from, x);
    const alternative: I32 = to === f16 ? b.let(i32.and(b.sys("fpcr"), c32(Fpcr.AHP))) : c32(0);
    b.if(i32.and(A.kind, c32(Kind.nan)), () => {
      b.if(i32.or(i32.eq(A.kind, c32(Kind.snan)), alternative), () => raise(b, Fpsr.IOC));
      b.if(alternative, () => b.return(signBit(to, A.sign)));
      b.if(i32.and(b.sys("fpcr"), c32(Fpcr.DN)), () => b.return(c64(to.defaultNaN)));
      b.return(convertNaN(from, to, x));
    });
    b.if(i32.eq(A.kind, c32(Kind.infinity)), () => {
      b.if(alternative, () => {
        raise(b, Fpsr.IOC);
        b.return(i64.or(signBit(to, A.sign), c64(to.sign - 1n)));
      });
      b.return(i64.or(signBit(to, A.sign), c64(to.infinity)));
    });
    b.if(i32.eq(A.kind, c32(Kind.zero)), () => b.return(signBit(to, A.sign)));
    return roundPackCv(b, to, A, toOdd ? c32(Mode.O) : roundingMode(b));
  });
  made.set(name, convert);
  return convert;
}

/** FPConvert() in the rounding mode of FPCR. */
export const softConvert = (b: Builder, from: Format, to: Format, x: I64): I64 =>
  b.call(convertHelper(from, to, false), x);
/** FPConvert() rounding to odd, as FCVTXN does so that a second rounding is harmless. */
export const softConvertToOdd = (b: Builder, from: Format, to: Format, x: I64): I64 =>
  b.call(convertHelper(from, to, true), x);
