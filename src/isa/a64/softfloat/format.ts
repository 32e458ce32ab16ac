/**
 * Software floating point, exact to the flag: what host arithmetic cannot give (rounding modes, flushing, NaN
 * propagation, cumulative exceptions) is computed here on bit patterns. All values travel as i64, zero-extended.
 * The functions follow the shared pseudocode of the Arm ARM (J1.1.3, shared/functions/float).
 *
 * This file: the IEEE 754 formats and BFloat16, and the bits of FPCR and FPSR.
 */

/** A binary interchange format with its constants as bit patterns. */
export interface Format {
  /** Distinguishes helpers: the width, or `b16`. */
  readonly name: string;
  readonly bits: 16 | 32 | 64;
  readonly fracBits: number;
  readonly bias: number;
  /** All ones in the exponent field, as a number. */
  readonly expMax: number;
  readonly sign: bigint;
  readonly infinity: bigint;
  /** The top fraction bit: set in quiet NaNs. */
  readonly quiet: bigint;
  readonly fraction: bigint;
  /** FPDefaultNaN(): positive, quiet, no payload. */
  readonly defaultNaN: bigint;
  readonly maxNormal: bigint;
  /** FPCR bit that flushes subnormals of this format. */
  readonly flush: number;
}

function format(bits: 16 | 32 | 64, fracBits: number, flush: number, name = `${bits}`): Format {
  const expBits = bits - 1 - fracBits, expMax = (1 << expBits) - 1, one = 1n << BigInt(fracBits);
  const infinity = BigInt(expMax) << BigInt(fracBits), quiet = one >> 1n;
  return {
    name,
    bits,
    fracBits,
    bias: expMax >> 1,
    expMax,
    sign: 1n << BigInt(bits - 1),
    infinity,
    quiet,
    fraction: one - 1n,
    defaultNaN: infinity | quiet,
    maxNormal: infinity - 1n,
    flush,
  };
}

/** Fields of FPCR. */
export const Fpcr = {
  FZ16: 1 << 19,
  /** RMode: see {@link Mode} 0..3. */
  RModeShift: 22,
  FZ: 1 << 24,
  DN: 1 << 25,
  AHP: 1 << 26,
} as const;

/** Cumulative exception bits of FPSR. */
export const Fpsr = { IOC: 1, DZC: 2, OFC: 4, UFC: 8, IXC: 16, IDC: 128 } as const;

/** Rounding modes; the first four are encoded as FPCR.RMode. */
export const Mode = {
  /** To nearest, ties to even. */
  N: 0,
  /** Towards plus infinity. */
  P: 1,
  /** Towards minus infinity. */
  M: 2,
  /** Towards zero. */
  Z: 3,
  /** To nearest, ties away from zero. */
  A: 4,
  /** To odd (FCVTXN). */
  O: 5,
} as const;

export const f16 = format(16, 10, Fpcr.FZ16);
export const f32 = format(32, 23, Fpcr.FZ);
export const f64 = format(64, 52, Fpcr.FZ);
/** BFloat16: the upper half of a single, and flushed like it. */
export const bf16 = format(16, 7, Fpcr.FZ, "b16");

/** The pattern of 2^exp in a format, for constants of the algorithms. */
export const powerOfTwo = (fmt: Format, exp: number): bigint => BigInt(exp + fmt.bias) << BigInt(fmt.fracBits);
