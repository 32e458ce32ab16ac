/**
 * Where QEMU 7.2, the oracle, departs from the architecture or from Linux. Each with the section of the Arm ARM
 * (DDI 0487), or the source of Linux, that proves it. A difference counts as the oracle's only if it is nothing else.
 */
import { decode } from "../../src/isa/a64/decode.ts";
import { f64, Fpcr } from "../../src/isa/a64/softfloat/format.ts";
import { ADDRESS, At, PC, RESULT_HEAD, SI_CODE } from "./machines.ts";

/** A case and its two results, as words (see `machine.c` for the layout). */
export interface Disagreement {
  readonly words: Uint32Array;
  readonly state: Uint32Array;
  readonly got: Uint32Array;
  readonly want: Uint32Array;
  /** What differs, one line per fact. */
  readonly lines: readonly string[];
}

export interface Defect {
  readonly section: string;
  readonly what: string;
  readonly is: (d: Disagreement) => boolean;
}

const SIGILL = 4, SIGBUS = 7, SIGSEGV = 11, SEGV_MAPERR = 1, SEGV_ACCERR = 2;

/** Below this is the stack of a process that elftap runs, of which RLIMIT_STACK says how far it may grow. */
const STACK_END = 0x10000000, STACK_MOST = 8 << 20;

/** Whether the case ended by an instruction that could not be fetched. */
const hasGoneAstray = (got: Uint32Array): boolean =>
  got[0] === SIGSEGV && got[PC] === got[ADDRESS] && got[PC + 1] === got[ADDRESS + 1];

/** Name and first fields of the only instruction. */
function single(words: Uint32Array): { name: string; Rn: number; Rd: number } | undefined {
  const row = words.length === 1 ? decode(words[0]!)?.row : undefined;
  return row && { name: row.name, Rn: (words[0]! >>> 5) & 31, Rd: words[0]! & 31 };
}

export const QEMU_DEFECTS: readonly Defect[] = [
  {
    section: "execve(2)",
    what: "a process has its own program, too: the case has gone to where that of the oracle is, and ours is not",
    is: ({ got }) => hasGoneAstray(got) && got[PC + 1] === 0x55,
  },
  {
    section: "execve(2)",
    what: "a process has its own stack, too: the case has gone to where elftap's is, which is not executable",
    is: ({ got, want, lines }) =>
      hasGoneAstray(got) && got[PC + 1] === 0 && got[PC]! < STACK_END && got[PC]! >= STACK_END - STACK_MOST &&
      got[PC] === want[PC] && got[SI_CODE] === SEGV_ACCERR && want[SI_CODE] === SEGV_MAPERR && lines.length === 1,
  },
  {
    section: "Linux arch/arm64/kernel/traps.c, do_undefinstr",
    what: "an undefined instruction has si_code ILL_ILLOPC; QEMU says ILL_ILLOPN",
    is: ({ got, want, lines }) => got[0] === SIGILL && want[0] === SIGILL && got[1] === 1 && lines.length === 1,
  },
  {
    section: "D1.3.5 Prioritization of Synchronous exceptions",
    what: "a misaligned PC where nothing is mapped is a PC alignment fault, not an Instruction Abort",
    is: ({ got, want, lines }) =>
      got[0] === SIGBUS && want[0] === SIGSEGV && (got[PC]! & 3) !== 0 && got[PC] === want[PC] && lines.length === 1,
  },
  {
    section: "J1.1.3 FPToFixedJS",
    what: "FJCVTZS: a subnormal that FPCR.FZ flushes, of either sign, is not an exact zero: Z is clear",
    is: ({ words, state, lines }) => {
      const instruction = single(words);
      if (instruction?.name !== "FJCVTZS" || (state[At.fpcr / 4]! & Fpcr.FZ) === 0) return false;
      const at = At.v / 4 + 4 * instruction.Rn, value = BigInt(state[at]!) | (BigInt(state[at + 1]!) << 32n);
      const subnormal = (value & f64.infinity) === 0n && (value & f64.fraction) !== 0n;
      return subnormal && lines.every((line) => /^(pstate|fpsr)/.test(line));
    },
  },
  {
    section: "C1.2.5 writes to the scalar parts of a vector register zero the rest",
    what: "FCVTZS Hd, Hn, #fbits: QEMU leaves ones in bits 31..16 of a negative result",
    is: ({ words, got, want, lines }) => {
      const instruction = single(words);
      if (instruction?.name !== "FCVTZS (scalar SIMD, fixed-point) 16" || lines.length !== 1) return false;
      const at = (RESULT_HEAD + At.v) / 4 + 4 * instruction.Rd;
      return got[at] === (want[at]! & 0xffff) && got[at + 1] === 0 && got[at + 2] === 0 && got[at + 3] === 0;
    },
  },
];
