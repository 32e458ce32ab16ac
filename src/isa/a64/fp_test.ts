import { strict as assert } from "node:assert";
import { Machine } from "../../engine/wasm/testing.ts";
import { expandImmediate } from "./fp.ts";
import { f16, f32, f64, Fpcr, Fpsr, Mode } from "./softfloat/format.ts";

const machine = new Machine();

/** Runs one instruction on D or S registers 1, 2 and 3; returns V0 and what FPSR became. */
function run(word: number, v: readonly bigint[], fpcr = 0, fpsr = 0): { v0: bigint; fpsr: number } {
  v.forEach((value, i) => machine.setV(i + 1, value));
  machine.regs.fpcr = fpcr;
  machine.regs.fpsr = fpsr;
  assert.equal(machine.step(word).kind, "fuel");
  return { v0: machine.v(0), fpsr: machine.regs.fpsr };
}

const FADD_S = 0x1e222820, FADD_D = 0x1e622820, FMUL_S = 0x1e220820, FDIV_S = 0x1e221820, FDIV_D = 0x1e621820;
const FMADD_S = 0x1f020c20, FSQRT_D = 0x1e61c020, FCVT_H_S = 0x1e23c020, FCVT_S_D = 0x1e624020;
const FCVTZS_W_D = 0x1e780020, FMAX_S = 0x1e224820, FMAXNM_S = 0x1e226820, FCMP_D = 0x1e622020, FCMPE_D = 0x1e622030;
const ONE = 0x3f800000n, THREE = 0x40400000n, QNAN = 0x7fc00001n, SNAN = 0x7f800001n, INF = 0x7f800000n;

Deno.test("FDIV rounds one third as FPCR.RMode says", () => {
  const third = (mode: number) => run(FDIV_S, [ONE, THREE], mode << Fpcr.RModeShift);
  assert.deepEqual(third(Mode.N), { v0: 0x3eaaaaabn, fpsr: Fpsr.IXC });
  assert.deepEqual(third(Mode.P), { v0: 0x3eaaaaabn, fpsr: Fpsr.IXC });
  assert.deepEqual(third(Mode.M), { v0: 0x3eaaaaaan, fpsr: Fpsr.IXC });
  assert.deepEqual(third(Mode.Z), { v0: 0x3eaaaaaan, fpsr: Fpsr.IXC });
});

Deno.test("FADD of exactly representable numbers leaves FPSR alone", () => {
  assert.deepEqual(run(FADD_D, [0x3ff0000000000000n, 0x4000000000000000n]), { v0: 0x4008000000000000n, fpsr: 0 });
});

Deno.test("FADD takes the first signalling NaN before any quiet one and makes it quiet", () => {
  assert.deepEqual(run(FADD_S, [QNAN, SNAN]), { v0: 0x7fc00001n, fpsr: Fpsr.IOC });
  assert.deepEqual(run(FADD_S, [QNAN | 0xffn, QNAN]), { v0: 0x7fc000ffn, fpsr: 0 });
});

Deno.test("FADD gives the default NaN with FPCR.DN", () => {
  assert.deepEqual(run(FADD_S, [0xffc12345n, ONE], Fpcr.DN), { v0: 0x7fc00000n, fpsr: 0 });
});

Deno.test("FADD flushes subnormal operands with FPCR.FZ and sets IDC", () => {
  assert.deepEqual(run(FADD_S, [1n, 0x80000001n], Fpcr.FZ), { v0: 0n, fpsr: Fpsr.IDC });
});

Deno.test("FMUL flushes a subnormal result with FPCR.FZ and sets UFC only", () => {
  assert.deepEqual(run(FMUL_S, [0x00800000n, 0x3f000000n], Fpcr.FZ), { v0: 0n, fpsr: Fpsr.UFC });
});

Deno.test("FMUL that rounds up to the smallest normal number was tiny before rounding", () => {
  assert.deepEqual(run(FMUL_S, [0x00ffffffn, 0x3f000000n], 0, Fpsr.IXC), {
    v0: 0x00800000n,
    fpsr: Fpsr.IXC | Fpsr.UFC,
  });
});

Deno.test("FMUL overflows to infinity or to the largest number by the rounding mode", () => {
  assert.deepEqual(run(FMUL_S, [0x7f000000n, 0x7f000000n]), { v0: INF, fpsr: Fpsr.OFC | Fpsr.IXC });
  assert.deepEqual(run(FMUL_S, [0x7f000000n, 0x7f000000n], Mode.Z << Fpcr.RModeShift), {
    v0: INF - 1n,
    fpsr: Fpsr.OFC | Fpsr.IXC,
  });
});

Deno.test("FDIV by zero sets DZC, zero by zero IOC", () => {
  assert.deepEqual(run(FDIV_D, [0xbff0000000000000n, 0n]), { v0: 0xfff0000000000000n, fpsr: Fpsr.DZC });
  assert.deepEqual(run(FDIV_D, [0n, 0n]), { v0: 0x7ff8000000000000n, fpsr: Fpsr.IOC });
});

Deno.test("FMADD of infinity and zero is invalid even with a quiet NaN addend", () => {
  assert.deepEqual(run(FMADD_S, [INF, 0n, 0xffc12345n]), { v0: 0x7fc00000n, fpsr: Fpsr.IOC });
});

Deno.test("FMADD rounds once", () => {
  // (1 + 2^-12)^2 - (1 + 2^-11) = 2^-24, lost by a rounded product.
  assert.deepEqual(run(FMADD_S, [0x3f800800n, 0x3f800800n, 0xbf801000n]), { v0: 0x33800000n, fpsr: 0 });
});

Deno.test("FSQRT of minus zero is minus zero, of minus one invalid", () => {
  assert.deepEqual(run(FSQRT_D, [1n << 63n]), { v0: 1n << 63n, fpsr: 0 });
  assert.deepEqual(run(FSQRT_D, [0xbff0000000000000n]), { v0: 0x7ff8000000000000n, fpsr: Fpsr.IOC });
});

Deno.test("FMAX propagates a quiet NaN, FMAXNM prefers the number", () => {
  assert.equal(run(FMAX_S, [QNAN, ONE]).v0, QNAN);
  assert.equal(run(FMAXNM_S, [QNAN, ONE]).v0, ONE);
});

Deno.test("FCVT to half precision has neither infinities nor NaNs with FPCR.AHP", () => {
  assert.deepEqual(run(FCVT_H_S, [INF], Fpcr.AHP), { v0: 0x7fffn, fpsr: Fpsr.IOC });
  assert.deepEqual(run(FCVT_H_S, [0x477fe000n]), { v0: 0x7bffn, fpsr: 0 });
  assert.deepEqual(run(FCVT_H_S, [0x47800000n], Fpcr.AHP), { v0: 0x7c00n, fpsr: 0 });
});

Deno.test("FCVT keeps the sign and leading payload of a NaN", () => {
  assert.deepEqual(run(FCVT_S_D, [0xfff0000020000000n]), { v0: 0xffc00001n, fpsr: Fpsr.IOC });
});

Deno.test("FCVTZS saturates with IOC and truncates with IXC", () => {
  const convert = (x: bigint) => {
    const { fpsr } = run(FCVTZS_W_D, [x]);
    return [machine.regs.x(0), fpsr];
  };
  assert.deepEqual(convert(0x41f0000000000000n), [0x7fffffffn, Fpsr.IOC]);
  assert.deepEqual(convert(0xbff8000000000000n), [0xffffffffn, Fpsr.IXC]);
  assert.deepEqual(convert(0x7ff8000000000000n), [0n, Fpsr.IOC]);
});

Deno.test("FCMP raises IOC for signalling NaNs only, FCMPE for all", () => {
  const quiet = 0x7ff8000000000000n;
  assert.equal(run(FCMP_D, [quiet, 0n]).fpsr, 0);
  assert.equal(machine.regs.nzcv >>> 28, 0b0011);
  assert.equal(run(FCMPE_D, [quiet, 0n]).fpsr, Fpsr.IOC);
});

Deno.test("expandImmediate gives sign, exponent and fraction in every format", () => {
  assert.equal(expandImmediate(f64, 0x70), 0x3ff0000000000000n);
  assert.equal(expandImmediate(f32, 0x80), 0xc0000000n);
  assert.equal(expandImmediate(f16, 0x70), 0x3c00n);
  assert.equal(expandImmediate(f32, 0x3f), 0x41f80000n);
});
