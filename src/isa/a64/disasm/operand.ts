/** How GNU tools write operands: registers, immediates, shifts, conditions, addresses. */
import { signed } from "../row.ts";

/** W or X register; 31 is the zero register. */
export const reg = (sf: number, n: number): string => (sf ? "x" : "w") + (n === 31 ? "zr" : n);
/** W or X register; 31 is the stack pointer. */
export const regOrSp = (sf: number, n: number): string => n === 31 ? (sf ? "sp" : "wsp") : (sf ? "x" : "w") + n;
export const x = (n: number): string => reg(1, n);
export const w = (n: number): string => reg(0, n);
export const xsp = (n: number): string => regOrSp(1, n);

/** Decimal and hexadecimal immediates: which of them an operand takes is GNU's habit. */
export const dec = (n: number): string => `#${n}`;
export const hex = (n: number | bigint): string => `#0x${n.toString(16)}`;

export const CONDITIONS = [
  "eq",
  "ne",
  "cs",
  "cc",
  "mi",
  "pl",
  "vs",
  "vc",
  "hi",
  "ls",
  "ge",
  "lt",
  "gt",
  "le",
  "al",
  "nv",
] as const;
export const condition = (cond: number): string => CONDITIONS[cond & 15]!;

export const SHIFTS = ["lsl", "lsr", "asr", "ror"] as const;
/** A shift as a further operand; `lsl #0` is left out. */
export const shift = (type: number, amount: number): string[] =>
  type === 0 && amount === 0 ? [] : [`${SHIFTS[type & 3]} #${amount}`];

export const EXTENDS = ["uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"] as const;

/** An address, relative to one below 2^53; addresses wrap at 64 bits. */
export function address(base: number, offset: number): string {
  const at = base + offset;
  return (at >= 0 ? at : BigInt.asUintN(64, BigInt(at))).toString(16);
}
/** The target of a PC-relative field that counts words. */
export const target = (pc: number, imm: number, bits: number): string => address(pc, signed(imm, bits) * 4);

/** Memory operands: base with an optional offset, and with writeback. */
export const memory = (n: number, offset = 0): string => offset ? `[${xsp(n)}, #${offset}]` : `[${xsp(n)}]`;
export const preIndexed = (n: number, offset: number): string => `[${xsp(n)}, #${offset}]!`;
export const postIndexed = (n: number, offset: number): string => `[${xsp(n)}], #${offset}`;

/** Scalar SIMD&FP register of 8 << scale bits. */
export const scalar = (scale: number, n: number): string => "bhsdq"[scale]! + n;

const ARRANGEMENTS = ["8b", "16b", "4h", "8h", "2s", "4s", "1d", "2d"] as const;
/** Vector register with 64 << Q bits of elements of 8 << size bits. */
export const vector = (size: number, Q: number, n: number): string => `v${n}.${ARRANGEMENTS[size * 2 + Q]}`;
/** One element. */
export const element = (size: number, n: number, index: number): string => `v${n}.${"bhsd"[size]}[${index}]`;

/** Consecutive registers, wrapping at 31: GNU writes a range for more than two in order. */
export function registerList(first: number, count: number, write: (n: number) => string): string {
  const last = first + count - 1;
  if (count > 2 && last < 32) return `{${write(first)}-${write(last)}}`;
  return `{${Array.from({ length: count }, (_, i) => write((first + i) & 31)).join(", ")}}`;
}

/** VFPExpandImm() as a decimal number: sign, exponent and four bits of fraction (Arm ARM C2.2.3). */
export function floatImmediate(imm8: number): string {
  const exponent = ((imm8 >> 4) & 7) ^ 4;
  const value = (16 + (imm8 & 15)) / 16 * 2 ** (exponent - 3);
  const [digits, e] = (imm8 & 0x80 ? -value : value).toExponential(18).split("e") as [string, string];
  return `#${digits}e${e[0]}${e.slice(1).padStart(2, "0")}`;
}
