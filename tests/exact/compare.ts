/** What differs between the results of two machines, and which differences are the oracle's mistakes. */
import { decode } from "../../src/isa/a64/decode.ts";
import type { Row } from "../../src/isa/a64/row.ts";
import { touchesMemory } from "./cases.ts";
import { ADDRESS, At, type Batch, CODE, CODE_SIZE, MEMORY, PC, RESULT_HEAD, RESULT_SIZE } from "./machines.ts";
import { SI_CODE, SIGNAL, TRAIL } from "./machines.ts";
import { type Defect, QEMU_DEFECTS } from "./qemu_defects.ts";

const WORDS = RESULT_SIZE / 4, HEAD = RESULT_HEAD / 4;
const FPSR = HEAD + At.fpsr / 4, PSTATE = HEAD + At.pstate / 4, V = HEAD + At.v / 4;
const SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGSEGV = 11;
const SIGNALS: Readonly<Record<number, string>> = {
  [SIGILL]: "SIGILL",
  [SIGTRAP]: "SIGTRAP",
  [SIGBUS]: "SIGBUS",
  [SIGSEGV]: "SIGSEGV",
};

/** PSTATE.NZCV, DIT and SSBS: what a program at EL0 can change. */
const PSTATE_BITS = 0xf1001000;
/** Bits 31..28 are AArch32's flags, RES0 here; the oracle stores them. */
const FPSR_BITS = 0x0fffffff;

/** Len and Stride are AArch32's (C5.2.8 FPCR): the oracle's processor has it and stores them, this one has not. */
const FPCR_BITS = 0x07c80000;
const FPCR = FPSR + 1;

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");
const wide = (words: Uint32Array, at: number): string => `${hex(words[at + 1]!)}${hex(words[at]!)}`;

/** One case whose results differ. */
export interface Difference {
  readonly job: number;
  /** One line per register or fact: what differs, got and wanted. */
  readonly lines: readonly string[];
  /** Set where the oracle is known to be wrong. */
  readonly defect: Defect | undefined;
  /** The instruction that ended the case, or the only one. */
  readonly row: Row | undefined;
}

/** The instruction at an address, as the batch has it. */
function wordAt(batch: Batch, pc: number): number | undefined {
  return pc >= CODE && pc < CODE + CODE_SIZE && pc % 4 === 0 ? batch.code[(pc - CODE) / 4] : undefined;
}

/**
 * Compares the results of a batch.
 *
 * @param length instructions of a job's sequence
 * @param jobs how many of the batch there are results of
 */
export function compare(
  batch: Batch,
  got: Uint32Array,
  want: Uint32Array,
  length: (job: number) => number,
  jobs = batch.jobs,
): Difference[] {
  const found: Difference[] = [];
  for (let job = 0; job < jobs; job++) {
    const at = job * WORDS;
    let same = true;
    for (let i = 0; i < WORDS && same; i++) {
      if (got[at + i] === want[at + i]) continue;
      const mask = i === FPSR ? FPSR_BITS : i === FPCR ? FPCR_BITS : i === PSTATE ? PSTATE_BITS : 0xffffffff;
      same = ((got[at + i]! ^ want[at + i]!) & mask) === 0;
    }
    if (same) continue;
    const difference = explain(batch, job, got.subarray(at, at + WORDS), want.subarray(at, at + WORDS), length(job));
    if (difference) found.push(difference);
  }
  return found;
}

function explain(
  batch: Batch,
  job: number,
  got: Uint32Array,
  want: Uint32Array,
  length: number,
): Difference | undefined {
  const lines: string[] = [];
  const words = sequenceOf(batch, job, length);
  const ended = wordAt(batch, want[PC]!), row = decode(length === 1 ? words[0]! : ended ?? 0)?.row;
  const note = (what: string, g: string, w: string): void => {
    if (g !== w) lines.push(`${what}: got ${g}, want ${w}`);
  };
  const ending = (r: Uint32Array): string =>
    `${SIGNALS[r[SIGNAL]!] ?? r[SIGNAL]} code ${r[SI_CODE]! | 0} at pc ${wide(r, PC)}`;
  note("ending", ending(got), ending(want));
  // The oracle's host has addresses of 47 bits only.
  if (got[ADDRESS + 1]! < 0x8000) note("address", wide(got, ADDRESS), wide(want, ADDRESS));
  for (let n = 0; n < 32; n++) note(n === 31 ? "sp" : `x${n}`, wide(got, HEAD + 2 * n), wide(want, HEAD + 2 * n));
  note("signals before", hex(got[TRAIL]!), hex(want[TRAIL]!));
  note("pstate", hex(got[PSTATE]! & PSTATE_BITS), hex(want[PSTATE]! & PSTATE_BITS));
  note("fpsr", hex(got[FPSR]! & FPSR_BITS), hex(want[FPSR]! & FPSR_BITS));
  note("fpcr", hex(got[FPCR]! & FPCR_BITS), hex(want[FPCR]! & FPCR_BITS));
  // What an access has transferred before its fault is UNKNOWN: vectors loaded, memory stored (Arm ARM D1.3.1).
  const signal = want[SIGNAL]!, interrupted = signal === SIGSEGV || signal === SIGBUS;
  if (!interrupted || row === undefined || !touchesMemory(row)) {
    for (let n = 0; n < 32; n++) {
      const i = V + 4 * n;
      note(`v${n}`, wide(got, i + 2) + wide(got, i), wide(want, i + 2) + wide(want, i));
    }
    note("memory", hex(got[MEMORY]!), hex(want[MEMORY]!));
  }
  if (lines.length === 0) return undefined;
  const state = batch.words.subarray(batch.state(job), batch.state(job) + (RESULT_SIZE - RESULT_HEAD) / 4);
  const defect = QEMU_DEFECTS.find(({ is }) => is({ words, state, got, want, lines }));
  return { job, lines, defect, row };
}

/** The instructions of a job. */
export function sequenceOf(batch: Batch, job: number, length: number): Uint32Array {
  const from = (batch.entry(job) - CODE) / 4;
  return batch.code.subarray(from, from + length);
}
