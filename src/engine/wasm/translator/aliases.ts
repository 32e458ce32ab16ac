/** Reads of registers that need no copy: the register keeps its content until the value was last used. */
import type { LoadOp, Place, Stmt } from "../../../isa/ir/builder.ts";
import type { Local, Value } from "../../../isa/ir/ops.ts";
import { isZero } from "./register_flow.ts";
import type { ScalarRegisters } from "./scalar_registers.ts";

type RegisterPlace = Place & { readonly file: "x" | "v" };

/** The load of all that the local of a register holds. */
function wholeLoad({ file, reg }: RegisterPlace, scalars: ScalarRegisters): LoadOp {
  if (file === "x") return "i64.load";
  const bit = 1 << (reg as number);
  return scalars.f64 & bit ? "f64.load" : scalars.f32 & bit ? "f32.load" : "v128.load";
}

/** Locals that may stand for the local of a register throughout the statements of an instruction. */
export function lastingReads(body: readonly Stmt[], scalars: ScalarRegisters): [Local, RegisterPlace][] {
  const found: [Local, RegisterPlace][] = [];
  for (const [at, stmt] of body.entries()) {
    if (stmt.s !== "get" || stmt.place.file === "sys" || stmt.place.file === "vdyn" || isZero(stmt.place)) continue;
    if (stmt.load !== wholeLoad(stmt.place, scalars)) continue;
    if (lasts(body, at, stmt.local, stmt.place)) found.push([stmt.local, stmt.place]);
  }
  return found;
}

function lasts(body: readonly Stmt[], from: number, local: Local, place: RegisterPlace): boolean {
  let overwritten = false;
  for (let at = from + 1; at < body.length; at++) {
    const stmt = body[at]!;
    if (overwritten && uses(stmt, local)) return false;
    if (!writes(stmt, place)) continue;
    // A plain write evaluates its value first; inside an arm or a loop the order is not looked into.
    if (stmt.s !== "put" && uses(stmt, local)) return false;
    overwritten = true;
  }
  return true;
}

function writes(stmt: Stmt, place: RegisterPlace): boolean {
  switch (stmt.s) {
    case "put":
      return stmt.place.file === place.file && stmt.place.reg === place.reg;
    case "if":
      return stmt.then.some((each) => writes(each, place)) || stmt.else.some((each) => writes(each, place));
    case "loop":
      return stmt.body.some((each) => writes(each, place));
    default:
      return false;
  }
}

function inValue(value: Value, local: Local): boolean {
  return value === local || (value.kind === "op" && value.args.some((arg) => inValue(arg, local)));
}

/** Whether a statement reads or sets the local. */
function uses(stmt: Stmt, local: Local): boolean {
  switch (stmt.s) {
    case "set":
      return stmt.local === local || inValue(stmt.value, local);
    case "put":
    case "spcheck":
    case "exit":
      return inValue(stmt.value, local);
    case "access":
    case "load":
    case "fill":
      return inValue(stmt.address, local);
    case "store":
      return inValue(stmt.address, local) || inValue(stmt.value, local);
    case "jump":
      return inValue(stmt.target, local);
    case "call":
      return stmt.args.some((arg) => inValue(arg, local));
    case "return":
      return stmt.values.some((value) => inValue(value, local));
    case "flags":
      return inValue(stmt.a, local) || inValue(stmt.b, local);
    case "if":
      return inValue(stmt.cond, local) || stmt.then.some((each) => uses(each, local)) ||
        stmt.else.some((each) => uses(each, local));
    case "loop":
      return stmt.body.some((each) => uses(each, local));
    default:
      return false;
  }
}
