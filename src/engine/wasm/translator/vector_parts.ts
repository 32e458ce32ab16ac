/** Reads and writes of parts of vector registers that are locals. */
import type { LoadOp, StoreOp } from "../../../isa/ir/builder.ts";

const v = (n: number): number => 0xfd000 | n;
/** How a read of part of a vector register becomes an extraction: opcode, lanes per register, extension. */
export const VECTOR_READ: Partial<Record<LoadOp, readonly [opcode: number, lanes: number, extend?: number]>> = {
  "v128.load": [0, 1],
  "f64.load": [v(33), 2],
  "f32.load": [v(31), 4],
  "i64.load": [v(29), 2],
  "i32.load": [v(27), 4],
  "i32.load16_u": [v(25), 8],
  "i32.load8_u": [v(22), 16],
  "i64.load32_u": [v(27), 4, 0xad],
  "i64.load32_s": [v(27), 4, 0xac],
  "i64.load16_u": [v(25), 8, 0xad],
  "i64.load16_s": [v(24), 8, 0xac],
  "i64.load8_u": [v(22), 16, 0xad],
  "i64.load8_s": [v(21), 16, 0xac],
};
/** How a write becomes a replacement: opcode, lanes, whether an i64 is wrapped first. */
export const VECTOR_WRITE: Partial<Record<StoreOp, readonly [opcode: number, lanes: number, wrap: boolean]>> = {
  "i64.store": [v(30), 2, false],
  "f64.store": [v(34), 2, false],
  "f32.store": [v(32), 4, false],
  "i32.store": [v(28), 4, false],
  "i64.store32": [v(28), 4, true],
  "i64.store16": [v(26), 8, true],
  "i64.store8": [v(23), 16, true],
};
