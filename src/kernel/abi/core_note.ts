/**
 * Notes of core files as Linux writes them for arm64 (core(5); linux/elfcore.h, asm/elf.h; fs/binfmt_elf.c:
 * fill_note_info): their types and the structures in them.
 */

export const NT_PRSTATUS = 1, NT_FPREGSET = 2, NT_PRPSINFO = 3, NT_AUXV = 6;
export const NT_SIGINFO = 0x53494749, NT_FILE = 0x46494c45;
export const NT_ARM_TLS = 0x401, NT_ARM_SYSTEM_CALL = 0x404;

/** Who a note is about. */
export interface CoreIds {
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
}

/** A thread's state. */
export interface CoreStatus extends CoreIds {
  readonly tid: number;
  /** The signal that ends it: number, code and errno. */
  readonly signal: number;
  readonly code: number;
  readonly errno: number;
  readonly pending: bigint;
  readonly blocked: bigint;
  /** ns */
  readonly utime: number;
  readonly stime: number;
  /** x0…x30, sp, pc, pstate. */
  readonly registers: readonly bigint[];
}

const PRSTATUS_SIZE = 392, REGISTERS = 112;

/** struct elf_prstatus */
export function encodePrstatus(status: CoreStatus): Uint8Array {
  const bytes = new Uint8Array(PRSTATUS_SIZE), view = new DataView(bytes.buffer);
  view.setInt32(0, status.signal, true);
  view.setInt32(4, status.code, true);
  view.setInt32(8, status.errno, true);
  view.setInt16(12, status.signal, true);
  view.setBigUint64(16, status.pending, true);
  view.setBigUint64(24, status.blocked, true);
  view.setInt32(32, status.tid, true);
  view.setInt32(36, status.ppid, true);
  view.setInt32(40, status.pgid, true);
  view.setInt32(44, status.sid, true);
  const time = (at: number, ns: number) => {
    view.setBigInt64(at, BigInt(Math.floor(ns / 1e9)), true);
    view.setBigInt64(at + 8, BigInt(Math.floor(ns % 1e9 / 1e3)), true);
  };
  time(48, status.utime);
  time(64, status.stime);
  status.registers.forEach((value, n) => view.setBigUint64(REGISTERS + 8 * n, value, true));
  // pr_fpvalid
  view.setInt32(REGISTERS + 34 * 8, 1, true);
  return bytes;
}

/** The process. Strings are byte strings. */
export interface CoreProcess extends CoreIds {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly nice: number;
  readonly name: string;
  /** The arguments with spaces between. */
  readonly args: string;
}

const PRPSINFO_SIZE = 136, NAME_LENGTH = 16, ARGS_LENGTH = 80;

/** struct elf_prpsinfo */
export function encodePrpsinfo(process: CoreProcess): Uint8Array {
  const bytes = new Uint8Array(PRPSINFO_SIZE), view = new DataView(bytes.buffer);
  view.setUint8(1, "R".charCodeAt(0));
  view.setInt8(3, process.nice);
  view.setUint32(16, process.uid, true);
  view.setUint32(20, process.gid, true);
  view.setInt32(24, process.pid, true);
  view.setInt32(28, process.ppid, true);
  view.setInt32(32, process.pgid, true);
  view.setInt32(36, process.sid, true);
  const text = (at: number, value: string, length: number) => {
    for (let i = 0; i < Math.min(value.length, length - 1); i++) bytes[at + i] = value.charCodeAt(i);
  };
  text(40, process.name, NAME_LENGTH);
  text(56, process.args, ARGS_LENGTH);
  return bytes;
}

/** struct user_fpsimd_state: V0…V31, fpsr, fpcr. */
export function encodeFpsimd(vectors: Uint8Array, fpsr: number, fpcr: number): Uint8Array {
  const bytes = new Uint8Array(528), view = new DataView(bytes.buffer);
  bytes.set(vectors.subarray(0, 512));
  view.setUint32(512, fpsr, true);
  view.setUint32(516, fpcr, true);
  return bytes;
}

/** What {@link encodeFpsimd} has encoded. */
export function decodeFpsimd(bytes: Uint8Array): { vectors: Uint8Array; fpsr: number; fpcr: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { vectors: bytes.slice(0, 512), fpsr: view.getUint32(512, true), fpcr: view.getUint32(516, true) };
}

/** A mapped file; the path is a byte string. */
export interface CoreFile {
  readonly start: number;
  readonly end: number;
  readonly pageOffset: number;
  readonly path: string;
}

/** NT_FILE: count, page size, ranges with offsets in pages, names. */
export function encodeFiles(files: readonly CoreFile[]): Uint8Array {
  const names = files.reduce((sum, { path }) => sum + path.length + 1, 0);
  const bytes = new Uint8Array(16 + 24 * files.length + names), view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(files.length), true);
  view.setBigUint64(8, 4096n, true);
  let at = 16, text = 16 + 24 * files.length;
  for (const { start, end, pageOffset, path } of files) {
    view.setBigUint64(at, BigInt(start), true);
    view.setBigUint64(at + 8, BigInt(end), true);
    view.setBigUint64(at + 16, BigInt(pageOffset), true);
    at += 24;
    for (let i = 0; i < path.length; i++) bytes[text + i] = path.charCodeAt(i);
    text += path.length + 1;
  }
  return bytes;
}

/** One 64-bit value: the thread pointer (NT_ARM_TLS). */
export function encodeU64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

/** A note: header, owner and content, each padded to four bytes. */
export function encodeNote(owner: "CORE" | "LINUX", type: number, content: Uint8Array): Uint8Array {
  const name = owner.length + 1, nameEnd = 12 + Math.ceil(name / 4) * 4;
  const bytes = new Uint8Array(nameEnd + Math.ceil(content.length / 4) * 4), view = new DataView(bytes.buffer);
  view.setUint32(0, name, true);
  view.setUint32(4, content.length, true);
  view.setUint32(8, type, true);
  for (let i = 0; i < owner.length; i++) bytes[12 + i] = owner.charCodeAt(i);
  bytes.set(content, nameEnd);
  return bytes;
}
