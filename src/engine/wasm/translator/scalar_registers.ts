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
    for (const { body } of instructions) look(body!, true, used);
  }
  return { f64: used.f64 & ~(used.f32 | used.vector), f32: used.f32 & ~(used.f64 | used.vector) };
}

function look(body: readonly Stmt[], isCertain: boolean, used: Record<Use, number>): void {
  for (const stmt of body) {
    if (stmt.s === "if") {
      look(stmt.then, false, used);
      look(stmt.else, false, used);
    } else if (stmt.s === "loop") look(stmt.body, false, used);
    else if (stmt.s === "get" && stmt.place.file === "v") {
      used[useOfRead(stmt.load, stmt.place.byte)] |= 1 << (stmt.place.reg as number);
    } else if (stmt.s === "put" && stmt.place.file === "v") {
      // What an instruction writes in some cases only would have to be noted in those.
      const use = stmt.clears && isCertain ? useOfWrite(stmt.value) : "vector";
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
function useOfWrite(value: Value): Use | undefined {
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
