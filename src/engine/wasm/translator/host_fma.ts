/** What this host makes of `relaxed_madd`, which WebAssembly lets round once or twice. */
import { c64, f64x2, i64x2, type Value } from "../../../isa/ir/ops.ts";
import { Lowering } from "../lower.ts";
import { Code, Module } from "../module.ts";

class Expression extends Lowering {
  protected callHelper(): never {
    throw new Error("an expression calls nothing");
  }
  protected state(): never {
    throw new Error("an expression has no state");
  }
  leave(value: Value): void {
    this.value(value);
  }
}

/** Whether (1 + 2^-52) squared minus (1 + 2^-51) gives 2^-104, which only a single rounding leaves. */
function probe(): boolean {
  const x = i64x2.splat(c64(0x3ff0000000000001n)), minus = i64x2.splat(c64(-0x400ffffffffffffen));
  const module = new Module();
  const index = module.declare([], ["i64"]), code = new Code(0);
  new Expression(code).leave(i64x2.extract_lane(f64x2.relaxed_madd(x, x, minus), 0));
  module.define(index, code);
  module.exportFunction("probe", index);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.finish()));
  return (exports.probe as () => bigint)() === 0x3970000000000000n;
}

export const FUSES_MADD = probe();
