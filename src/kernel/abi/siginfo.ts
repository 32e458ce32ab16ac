/**
 * `siginfo_t` (asm-generic/siginfo.h; sigaction(2)): what came with a signal, and its 128 bytes in guest memory.
 */
import { AUDIT_ARCH_AARCH64 } from "./ptrace.ts";
import {
  CLD_CONTINUED,
  SI_KERNEL,
  SI_QUEUE,
  SI_SIGIO,
  SI_TIMER,
  SI_TKILL,
  SI_USER,
  SIGBUS,
  SIGCHLD,
  SIGFPE,
  SIGILL,
  SIGIO,
  SIGSEGV,
  SIGSYS,
  SIGTRAP,
} from "./signal.ts";

export const SIGINFO_SIZE = 128;

/** The fields in use depend on `signo` and `code`, as the union in `siginfo_t` does. */
export interface Siginfo {
  readonly signo: number;
  readonly code: number;
  readonly errno?: number;
  /** Sender; the child for SIGCHLD. */
  readonly pid?: number;
  readonly uid?: number;
  /** Faulting address; a bigint where a number does not hold it. */
  readonly address?: number | bigint;
  /** SIGCHLD: exit status or signal. */
  readonly status?: number;
  /** SIGCHLD: CPU time in clock ticks. */
  readonly utime?: number;
  readonly stime?: number;
  /** SIGSYS: number of the call. */
  readonly call?: number;
  /** sigqueue and timers: `sigval`. */
  readonly value?: bigint;
  /** SI_TIMER */
  readonly timerId?: number;
  /** SI_TIMER; filled when the signal is taken. */
  overrun?: number;
  /** It ends the process, whatever a tracer says (SA_IMMUTABLE). */
  readonly isFinal?: boolean;
  /** SIGIO */
  readonly band?: number;
  readonly fd?: number;
  /** rt_sigqueueinfo: the caller's 128 bytes, passed on as they are. */
  readonly raw?: Uint8Array;
}

/** Which member of the union a siginfo uses (kernel/signal.c calls it the layout). */
export type SiginfoLayout = "kill" | "timer" | "rt" | "child" | "fault" | "poll" | "syscall";

export function siginfoLayout(signo: number, code: number): SiginfoLayout {
  if (code > 0 && code < SI_KERNEL) {
    if (signo === SIGILL || signo === SIGFPE || signo === SIGSEGV || signo === SIGBUS || signo === SIGTRAP) {
      return "fault";
    }
    if (signo === SIGCHLD && code <= CLD_CONTINUED) return "child";
    if (signo === SIGSYS) return "syscall";
    if (signo === SIGIO || code <= 6) return "poll";
    return "kill";
  }
  if (code === SI_TIMER) return "timer";
  if (code === SI_SIGIO) return "poll";
  if (code === SI_USER || code === SI_KERNEL || code === SI_TKILL) return code === SI_TKILL ? "rt" : "kill";
  return code < 0 ? "rt" : "kill";
}

/** The 128 bytes of `siginfo_t`. */
export function encodeSiginfo(info: Siginfo): Uint8Array {
  if (info.raw) return info.raw.slice(0, SIGINFO_SIZE);
  const bytes = new Uint8Array(SIGINFO_SIZE);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, info.signo, true);
  view.setInt32(4, info.errno ?? 0, true);
  view.setInt32(8, info.code, true);
  switch (siginfoLayout(info.signo, info.code)) {
    case "fault":
      view.setBigUint64(16, BigInt(info.address ?? 0), true);
      break;
    case "child":
      view.setInt32(16, info.pid ?? 0, true);
      view.setUint32(20, info.uid ?? 0, true);
      view.setInt32(24, info.status ?? 0, true);
      view.setBigInt64(32, BigInt(info.utime ?? 0), true);
      view.setBigInt64(40, BigInt(info.stime ?? 0), true);
      break;
    case "timer":
      view.setInt32(16, info.timerId ?? 0, true);
      view.setInt32(20, info.overrun ?? 0, true);
      view.setBigInt64(24, BigInt.asIntN(64, info.value ?? 0n), true);
      break;
    case "poll":
      view.setBigInt64(16, BigInt(info.band ?? 0), true);
      view.setInt32(24, info.fd ?? 0, true);
      break;
    case "syscall":
      view.setBigUint64(16, BigInt(info.address ?? 0), true);
      view.setInt32(24, info.call ?? 0, true);
      view.setUint32(28, AUDIT_ARCH_AARCH64, true);
      break;
    default:
      view.setInt32(16, info.pid ?? 0, true);
      view.setUint32(20, info.uid ?? 0, true);
      view.setBigInt64(24, BigInt.asIntN(64, info.value ?? 0n), true);
  }
  return bytes;
}

/** A siginfo that a guest handed in (rt_sigqueueinfo): its bytes are kept as they are. */
export function decodeSiginfo(bytes: Uint8Array, signo: number): Siginfo {
  const raw = bytes.slice(0, SIGINFO_SIZE);
  const view = new DataView(raw.buffer);
  view.setInt32(0, signo, true);
  return {
    signo,
    errno: view.getInt32(4, true),
    code: view.getInt32(8, true),
    pid: view.getInt32(16, true),
    uid: view.getUint32(20, true),
    value: view.getBigUint64(24, true),
    raw,
  };
}

/** A signal from kill(2) or sigqueue(3). */
export function userSiginfo(signo: number, code: typeof SI_USER | typeof SI_TKILL | typeof SI_QUEUE, sender: {
  pid: number;
  uid: number;
}): Siginfo {
  return { signo, code, pid: sender.pid, uid: sender.uid };
}

/** A signal the kernel sends on its own account. */
export function kernelSiginfo(signo: number): Siginfo {
  return { signo, code: SI_KERNEL, pid: 0, uid: 0 };
}

const addressOf = (value: bigint): number | bigint => value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;

/** The siginfo in 128 bytes of guest memory, by its layout. */
export function parseSiginfo(bytes: Uint8Array): Siginfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, SIGINFO_SIZE);
  const head = { signo: view.getInt32(0, true), errno: view.getInt32(4, true), code: view.getInt32(8, true) };
  const sender = { pid: view.getInt32(16, true), uid: view.getUint32(20, true) };
  switch (siginfoLayout(head.signo, head.code)) {
    case "syscall":
      return { ...head, address: addressOf(view.getBigUint64(16, true)), call: view.getInt32(24, true) };
    case "fault":
      return { ...head, address: addressOf(view.getBigUint64(16, true)) };
    case "child":
      return {
        ...head,
        ...sender,
        status: view.getInt32(24, true),
        utime: Number(view.getBigInt64(32, true)),
        stime: Number(view.getBigInt64(40, true)),
      };
    case "timer":
      return { ...head, timerId: sender.pid, overrun: view.getInt32(20, true), value: view.getBigUint64(24, true) };
    case "poll":
      return { ...head, band: Number(view.getBigInt64(16, true)), fd: view.getInt32(24, true) };
    default:
      return { ...head, ...sender, value: view.getBigUint64(24, true) };
  }
}
