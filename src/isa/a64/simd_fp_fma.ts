/** Fused multiply-add on vectors: FMLA and FMLS, the half-widening FMLAL and FMLSL. */
import type { Builder } from "../ir/builder.ts";
import { type Helper, helper } from "../ir/helper.ts";
import { c32, cV128, type F32, f32x4, type F64, f64x2, i32, i64x2, i8x16, splat, type V128, v128 } from "../ir/ops.ts";
import { acceptScalar, acceptVector, bitsOf, type Operand, operandOf, refusedLanes } from "./fp_host.ts";
import { extract, half, insert } from "./lanes.ts";
import { fusedPair } from "./softfloat/fast_fma.ts";
import { softFma, softFmaHalf } from "./softfloat/fma.ts";
import { f16, f32, f64, type Format } from "./softfloat/format.ts";
import { perFormat } from "./softfloat/parts.ts";

/** Pairs of floats in double precision, where their product is exact and only the sum rounds. */
function singles(b: Builder, c: V128, x: V128, y: V128, then: (result: V128) => void): void {
  const sum = (upper: number): V128 => {
    const wide = (v: V128) => f64x2.promote_low_f32x4(half(v, upper));
    return b.let(f64x2.add(f64x2.mul(wide(x), wide(y)), wide(c)));
  };
  const low = sum(0), high = sum(1);
  // The second rounding is harmless, except from exactly halfway between two floats.
  const halfway = (v: V128) => i64x2.eq(v128.and(v, splat(64, 0x1fffffff)), splat(64, 0x10000000));
  const ties = v128.any_true(v128.or(halfway(low), halfway(high)));
  const lanes = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
  const result = b.let(i8x16.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), lanes));
  b.if(i32.eqz(i32.or(ties, v128.any_true(refusedLanes(f32, "normal", result)))), () => then(result));
}

const vectorHelper = perFormat((fmt): Helper<"v128"> => {
  const whole = 128 / fmt.bits;
  return helper(`fmaV${fmt.bits}`, ["v128", "v128", "v128", "i32"], "v128", (b, c, x, y, lanes) => {
    b.if(i32.and(b.sys("fpFast"), i32.eq(lanes, c32(whole))), () => {
      if (fmt === f32) singles(b, c, x, y, (result) => b.return(result));
      else if (fmt === f64) {
        const { result, valid } = fusedPair(b, c, x, y);
        b.if(i64x2.all_true(valid), () => b.return(result));
      }
    });
    const result = b.let(cV128(0n));
    const apply = (lane: number) => {
      const [p, q, r] = [c, x, y].map((v) => extract(v, fmt.bits, lane, false));
      b.set(result, insert(result, fmt.bits, lane, b.call(softFma(fmt), p!, q!, r!)));
    };
    for (let lane = 0; lane < whole / 2; lane++) apply(lane);
    b.if(i32.eq(lanes, c32(whole)), () => {
      for (let lane = whole / 2; lane < whole; lane++) apply(lane);
    });
    return result;
  });
});

/** Both operands in every lane, so that the host's vector instruction serves a scalar. */
const everywhere = (x: Operand): V128 => x.type === "f64" ? f64x2.splat(x as F64) : f32x4.splat(x as F32);

/** c + x * y of scalars. */
export function fmaScalar(b: Builder, fmt: Format, c: Operand, x: Operand, y: Operand): Operand {
  const soft = () => operandOf(fmt, b.call(softFma(fmt), bitsOf(c), bitsOf(x), bitsOf(y)));
  if (!b.fusesMadd || fmt === f16) return soft();
  const it = fmt === f32 ? f32x4 : f64x2;
  const sum = it.relaxed_madd(everywhere(x), everywhere(y), everywhere(c));
  const result: Operand = b.let(it.extract_lane(sum, 0) as Operand);
  return b.shortcut(acceptScalar(b, fmt, "normal", result), result.type, () => result, soft);
}

/** c + x * y, or c - x * y, in the first `lanes` lanes (half of them or all). */
export function fmaVector(
  b: Builder,
  fmt: Format,
  negate: boolean,
  c: V128,
  x: V128,
  y: V128,
  lanes: number,
): V128 {
  const p = negate ? v128.xor(x, splat(fmt.bits, fmt.sign)) : x;
  const slow = () => b.call(vectorHelper(fmt), c, p, y, c32(lanes));
  if (!b.fusesMadd || fmt === f16) return slow();
  const result = b.let((fmt === f32 ? f32x4 : f64x2).relaxed_madd(p, y, c));
  return b.shortcut(acceptVector(b, fmt, "normal", result, lanes), "v128", () => result, slow);
}

const halfHelper = helper("fmlalV", ["v128", "v128", "v128", "i32"], "v128", (b, c, x, y, lanes) => {
  const result = b.let(cV128(0n));
  const apply = (lane: number) => {
    const sum = b.call(
      softFmaHalf,
      extract(c, 32, lane, false),
      extract(x, 16, lane, false),
      extract(y, 16, lane, false),
    );
    b.set(result, insert(result, 32, lane, sum));
  };
  apply(0);
  apply(1);
  b.if(i32.eq(lanes, c32(4)), () => {
    apply(2);
    apply(3);
  });
  return result;
});

/** Floats plus products of the low halves' half-precision numbers, in the first two or four lanes. */
export function fmaHalfVector(b: Builder, negate: boolean, c: V128, x: V128, y: V128, lanes: number): V128 {
  const p = negate ? v128.xor(x, splat(16, f16.sign)) : x;
  return b.call(halfHelper, c, p, y, c32(lanes));
}
