/** A thread's registers as `g`, `G`, `p` and `P` number them: the order of the target description. */
import { NR_RESTART_SYSCALL } from "../../kernel/abi/unistd.ts";
import { ERESTART_RESTARTBLOCK } from "../../kernel/abi/errno.ts";
import type { Task } from "../../kernel/task/task.ts";
import { bytesToHex, hexToBytes, littleEndian } from "./hex.ts";

/** Numbers of the target description. */
export const Reg = { fp: 29, sp: 31, pc: 32, cpsr: 33, v0: 34, fpsr: 66, fpcr: 67, tpidr: 68, count: 69 } as const;

/** Bytes of a register. */
function sizeOf(number: number): number {
  if (number === Reg.cpsr || number === Reg.fpsr || number === Reg.fpcr) return 4;
  return number >= Reg.v0 && number < Reg.fpsr ? 16 : 8;
}

const vectors = new Uint8Array(512);

/**
 * pc as a debugger is to see it. A thread that waits in a system call will make it again if its registers are changed
 * ({@link settleCall}): so it stands at the SVC, as ptrace shows it too.
 */
function shownPc(task: Task): bigint {
  const { pc } = task.cpu.regs;
  return task.call !== undefined ? pc - 4n : pc;
}

/** A register's bytes as hexadecimal; undefined where there is no such register. */
export function readRegister(task: Task, number: number): string | undefined {
  if (!(number >= 0 && number < Reg.count)) return undefined;
  const { regs } = task.cpu;
  if (number >= Reg.v0 && number < Reg.fpsr) {
    regs.readV(vectors);
    return bytesToHex(vectors.subarray((number - Reg.v0) * 16, (number - Reg.v0 + 1) * 16));
  }
  return littleEndian(scalar(task, number), sizeOf(number));
}

function scalar(task: Task, number: number): bigint {
  const { regs } = task.cpu;
  switch (number) {
    case Reg.sp:
      return regs.sp;
    case Reg.pc:
      return shownPc(task);
    case Reg.cpsr:
      return BigInt(regs.flags);
    case Reg.fpsr:
      return BigInt(regs.fpsr);
    case Reg.fpcr:
      return BigInt(regs.fpcr);
    case Reg.tpidr:
      return regs.tpidr;
    default:
      return regs.x(number);
  }
}

/** A register of at most 64 bits, for expressions; undefined where there is no such register. */
export function readScalar(task: Task, number: number): bigint | undefined {
  const isVector = number >= Reg.v0 && number < Reg.fpsr;
  return number >= 0 && number < Reg.count && !isVector ? scalar(task, number) : undefined;
}

/** All registers, for `g`. */
export function readRegisters(task: Task): string {
  let text = "";
  for (let number = 0; number < Reg.v0; number++) text += littleEndian(scalar(task, number), sizeOf(number));
  task.cpu.regs.readV(vectors);
  text += bytesToHex(vectors);
  for (let number: number = Reg.fpsr; number < Reg.count; number++) {
    text += littleEndian(scalar(task, number), sizeOf(number));
  }
  return text;
}

/**
 * Sets a register.
 *
 * @returns false where there is no such register, or the value has another size
 */
export function writeRegister(task: Task, number: number, hex: string): boolean {
  const bytes = hexToBytes(hex);
  if (!(number >= 0 && number < Reg.count) || bytes?.length !== sizeOf(number)) return false;
  settleCall(task);
  put(task, number, bytes);
  return true;
}

/** Sets registers from the first on, for `G`: at most as many as there are. */
export function writeRegisters(task: Task, hex: string): boolean {
  const bytes = hexToBytes(hex);
  if (bytes === undefined) return false;
  settleCall(task);
  let at = 0;
  for (let number = 0; number < Reg.count; number++) {
    const size = sizeOf(number);
    if (at + size > bytes.length) return at === bytes.length;
    put(task, number, bytes.subarray(at, at + size));
    at += size;
  }
  return at === bytes.length;
}

function put(task: Task, number: number, bytes: Uint8Array): void {
  const { regs } = task.cpu;
  if (number >= Reg.v0 && number < Reg.fpsr) {
    regs.readV(vectors);
    vectors.set(bytes, (number - Reg.v0) * 16);
    regs.writeV(vectors);
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const value = bytes.length === 4 ? BigInt(view.getUint32(0, true)) : view.getBigUint64(0, true);
  switch (number) {
    case Reg.sp:
      regs.sp = value;
      break;
    case Reg.pc:
      regs.pc = value;
      break;
    case Reg.cpsr:
      regs.flags = Number(value & 0xffffffffn);
      break;
    case Reg.fpsr:
      regs.fpsr = Number(value);
      break;
    case Reg.fpcr:
      regs.fpcr = Number(value);
      break;
    case Reg.tpidr:
      regs.tpidr = value;
      break;
    default:
      regs.setX(number, value);
  }
}

/**
 * The debugger changes registers: a system call that the thread waits in ends as by a signal, and what is to be done
 * about its restart is done now, so that the registers alone say how the thread goes on.
 */
function settleCall(task: Task): void {
  if (task.call !== undefined) task.kernel.interruptCall(task);
  if (task.restartCode === ERESTART_RESTARTBLOCK) task.cpu.regs.setX(8, NR_RESTART_SYSCALL);
  task.restartCode = 0;
}
