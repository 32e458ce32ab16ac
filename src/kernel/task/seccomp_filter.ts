/** Programs that judge system calls: classic BPF as seccomp(2) takes it (kernel/seccomp.c, net/core/filter.c). */
import { BPF, BPF_MAXINSNS, BPF_MEMWORDS, SECCOMP_DATA_SIZE } from "../abi/seccomp.ts";

/** struct sock_filter */
export interface BpfInstruction {
  readonly code: number;
  /** Instructions to skip where a comparison holds, and where not. */
  readonly jt: number;
  readonly jf: number;
  /** Unsigned. */
  readonly k: number;
}

const LOADS = [BPF.LD | BPF.W | BPF.ABS, BPF.LD | BPF.W | BPF.LEN, BPF.LD | BPF.IMM, BPF.LD | BPF.MEM];
const INDEX_LOADS = [BPF.LDX | BPF.W | BPF.LEN, BPF.LDX | BPF.IMM, BPF.LDX | BPF.MEM];
const ARITHMETIC = [BPF.ADD, BPF.SUB, BPF.MUL, BPF.DIV, BPF.AND, BPF.OR, BPF.XOR, BPF.LSH, BPF.RSH];
const COMPARISONS = [BPF.JEQ, BPF.JGE, BPF.JGT, BPF.JSET];
/** All that seccomp_check_filter lets pass. */
const KNOWN: ReadonlySet<number> = new Set([
  ...LOADS,
  ...INDEX_LOADS,
  BPF.ST,
  BPF.STX,
  ...ARITHMETIC.flatMap((operation) => [BPF.ALU | operation | BPF.K, BPF.ALU | operation | BPF.X]),
  BPF.ALU | BPF.NEG,
  BPF.JMP | BPF.JA,
  ...COMPARISONS.flatMap((comparison) => [BPF.JMP | comparison | BPF.K, BPF.JMP | comparison | BPF.X]),
  BPF.RET | BPF.K,
  BPF.RET | BPF.A,
  BPF.MISC | BPF.TAX,
  BPF.MISC | BPF.TXA,
]);

const classOf = (code: number) => code & 7;

/** Whether a program may be run: it ends, and reads nothing but what it has (bpf_check_classic, seccomp_check_filter). */
export function isValid(program: readonly BpfInstruction[]): boolean {
  const count = program.length, last = program.at(-1);
  if (last === undefined || count > BPF_MAXINSNS || classOf(last.code) !== BPF.RET) return false;
  return program.every((instruction, at) => isWellFormed(instruction, count - at - 1)) && readsWhatItWrote(program);
}

/** @param behind instructions that follow */
function isWellFormed({ code, jt, jf, k }: BpfInstruction, behind: number): boolean {
  if (!KNOWN.has(code)) return false;
  switch (code) {
    case BPF.LD | BPF.W | BPF.ABS:
      return k < SECCOMP_DATA_SIZE && k % 4 === 0;
    case BPF.ALU | BPF.DIV | BPF.K:
      return k !== 0;
    case BPF.ALU | BPF.LSH | BPF.K:
    case BPF.ALU | BPF.RSH | BPF.K:
      return k < 32;
    case BPF.LD | BPF.MEM:
    case BPF.LDX | BPF.MEM:
    case BPF.ST:
    case BPF.STX:
      return k < BPF_MEMWORDS;
    case BPF.JMP | BPF.JA:
      return k < behind;
    default:
      return classOf(code) !== BPF.JMP || (jt < behind && jf < behind);
  }
}

/** Whether every word of memory that is loaded was stored before, on all ways (check_load_and_stores). */
function readsWhatItWrote(program: readonly BpfInstruction[]): boolean {
  const ALL = 0xffff, stored = program.map(() => ALL);
  let now = 0;
  for (const [at, { code, jt, jf, k }] of program.entries()) {
    now &= stored[at]!;
    const meet = (skip: number) => stored[at + 1 + skip]! &= now;
    if (code === BPF.ST || code === BPF.STX) now |= 1 << k;
    else if ((code === (BPF.LD | BPF.MEM) || code === (BPF.LDX | BPF.MEM)) && (now >> k & 1) === 0) return false;
    else if (code === (BPF.JMP | BPF.JA)) {
      meet(k);
      now = ALL;
    } else if (classOf(code) === BPF.JMP) {
      meet(jt);
      meet(jf);
      now = ALL;
    }
  }
  return true;
}

/**
 * Runs a valid program.
 *
 * @param data struct seccomp_data
 * @returns what it returns, as int32
 */
export function run(program: readonly BpfInstruction[], data: DataView): number {
  const memory = new Uint32Array(BPF_MEMWORDS);
  let a = 0, x = 0;
  for (let at = 0;; at++) {
    const { code, jt, jf, k } = program[at]!, operand = (code & BPF.X) !== 0 ? x : k;
    switch (classOf(code)) {
      case BPF.LD:
        a = code === (BPF.LD | BPF.W | BPF.ABS)
          ? data.getUint32(k, true)
          : code === (BPF.LD | BPF.MEM)
          ? memory[k]!
          : code === BPF.LD
          ? k
          : SECCOMP_DATA_SIZE;
        break;
      case BPF.LDX:
        x = code === (BPF.LDX | BPF.MEM) ? memory[k]! : code === BPF.LDX ? k : SECCOMP_DATA_SIZE;
        break;
      case BPF.ST:
        memory[k] = a;
        break;
      case BPF.STX:
        memory[k] = x;
        break;
      case BPF.ALU:
        if ((code & 0xf0) === BPF.DIV && operand === 0) return 0;
        a = compute(code & 0xf0, a, operand);
        break;
      case BPF.JMP:
        at += code === BPF.JMP ? k : holds(code & 0xf0, a, operand) ? jt : jf;
        break;
      case BPF.RET:
        return (code & BPF.A ? a : k) | 0;
      default:
        if (code & BPF.TXA) a = x;
        else x = a;
    }
  }
}

function compute(operation: number, a: number, operand: number): number {
  switch (operation) {
    case BPF.ADD:
      return a + operand >>> 0;
    case BPF.SUB:
      return a - operand >>> 0;
    case BPF.MUL:
      return Math.imul(a, operand) >>> 0;
    case BPF.DIV:
      return Math.trunc(a / operand);
    case BPF.AND:
      return (a & operand) >>> 0;
    case BPF.OR:
      return (a | operand) >>> 0;
    case BPF.XOR:
      return (a ^ operand) >>> 0;
    case BPF.LSH:
      return a << operand >>> 0;
    case BPF.RSH:
      return a >>> operand;
    default:
      return -a >>> 0;
  }
}

function holds(comparison: number, a: number, operand: number): boolean {
  switch (comparison) {
    case BPF.JEQ:
      return a === operand;
    case BPF.JGT:
      return a > operand;
    case BPF.JGE:
      return a >= operand;
    default:
      return (a & operand) !== 0;
  }
}
