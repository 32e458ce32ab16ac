/**
 * Vector registers that a region has only numbers in: they get locals of a floating-point type. In one of 128 bits,
 * each result takes two instructions of x86 more, for the zeros above it, and many an operand a copy.
 */
import type { LoadOp, Stmt } from "../../../isa/ir/builder.ts";
import type { Value } from "../../../isa/ir/ops.ts";
import type { Region } from "./region.ts";

/** Bit masks of the registers that hold one number, and zeros above it wherever they are written. */
export interface ScalarRegisters {
  readonly f64: number;
  readonly f32: number;
}

type Use = "f64" | "f32" | "vector";

/** The registers of a region that are read and written as numbers of one format, and as nothing else. */
export function scalarRegisters({ blocks }: Region): ScalarRegisters {
  const used = { f64: 0, f32: 0, vector: 0 };
  for (const { instructions } of blocks.values()) {
    for (const { body } of instructions) look(body!, used);
  }
  return { f64: used.f64 & ~(used.f32 | used.vector), f32: used.f32 & ~(used.f64 | used.vector) };
}

function look(body: readonly Stmt[], used: Record<Use, number>): void {
  for (const stmt of body) {
    if (stmt.s === "if") {
      look(stmt.then, used);
      look(stmt.else, used);
    } else if (stmt.s === "loop") look(stmt.body, used);
    else if ((stmt.s === "get" || stmt.s === "put") && stmt.place.file === "v") {
      const use = stmt.s === "get"
        ? useOfRead(stmt.load, stmt.place.byte)
        : stmt.clears
        ? written(stmt.value)
        : "vector";
      if (use) used[use] |= 1 << (stmt.place.reg as number);
    }
  }
}

const READS: Partial<Record<LoadOp, Use>> = {
  "f64.load": "f64",
  "i64.load": "f64",
  "f32.load": "f32",
  "i32.load": "f32",
};
const useOfRead = (load: LoadOp, byte: number): Use => byte === 0 ? READS[load] ?? "vector" : "vector";

const EXTEND_U = 0xad;

/** What a register is that such a value is written to; undefined if it may be either number. */
function written(value: Value): Use | undefined {
  switch (value.type) {
    case "f64":
    case "f32":
      return value.type;
    case "i32":
      return "f32";
    default: {
      const isShort = value.kind === "const"
        ? BigInt.asUintN(64, value.value as bigint) >> 32n === 0n
        : value.kind === "op" && value.code === EXTEND_U;
      return isShort ? undefined : "f64";
    }
  }
}
