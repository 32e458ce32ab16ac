/** ptrace(2): the requests of a tracer. What they do to its tracees is in {@link ../task/tracee.ts}. */
import { encodeU64 } from "../abi/core_note.ts";
import { EINVAL, EIO, EPERM, ESRCH } from "../abi/errno.ts";
import * as pt from "../abi/ptrace.ts";
import { encodeSiginfo, kernelSiginfo, parseSiginfo, SIGINFO_SIZE } from "../abi/siginfo.ts";
import { SIGKILL, SIGRTMAX, SIGSTOP } from "../abi/signal.ts";
import { readForced, writeForced } from "../mm/forced_access.ts";
import { mayAttach } from "../task/ptrace_access.ts";
import { sendToProcess, sendToTask, setBlocked } from "../task/send_signal.ts";
import type { Task } from "../task/task.ts";
import { attachTracee, type Course, detachTracee, type Tracee, type TraceStop } from "../task/tracee.ts";
import { REGISTER_SETS } from "./ptrace_registers.ts";
import { row, type SyscallRow } from "./row.ts";

function ptrace(task: Task, request: number, pid: number, address: number, data: number): number {
  if (request === pt.PTRACE_TRACEME) return traceMe(task);
  const target = task.kernel.tasks.get(pid);
  if (target === undefined) return -ESRCH;
  switch (request) {
    case pt.PTRACE_ATTACH:
      return attach(task, target, false, 0);
    case pt.PTRACE_SEIZE:
      return address !== 0 || !areOptions(data) ? -EIO : attach(task, target, true, data);
  }
  const { tracee } = target;
  if (tracee?.tracer !== task.process || target.state === "dead") return -ESRCH;
  switch (request) {
    case pt.PTRACE_KILL:
      sendToProcess(target.process, kernelSiginfo(SIGKILL));
      return 0;
    case pt.PTRACE_INTERRUPT:
      if (!tracee.seized) return -EIO;
      tracee.trap();
      return 0;
  }
  const { stop } = tracee;
  if (stop === undefined || tracee.listening) return -ESRCH;
  return ofStopped(task, target, tracee, stop, request, address, data);
}

const areOptions = (data: number) => data <= pt.OPTION_MASK && (data & ~pt.OPTION_MASK) === 0;

/** The parent traces the caller from now on. */
function traceMe(task: Task): number {
  const { tracee, process: { parent } } = task;
  if (tracee !== undefined) return -EPERM;
  // A parent without a program, elftap itself, is as one that has ended: whom it traced is on its own.
  if (parent !== undefined && parent.threads.size > 0) attachTracee(task, parent, false, 0);
  return 0;
}

function attach(task: Task, target: Task, seized: boolean, options: number): number {
  const { process } = task;
  if (target.state === "dead") return -EPERM;
  if (target.process === process || target.tracee !== undefined || !mayAttach(task, target)) return -EPERM;
  attachTracee(target, process, seized, options);
  if (!seized) sendToTask(target, kernelSiginfo(SIGSTOP));
  return 0;
}

/** How a tracee goes on, by request. */
const COURSES: ReadonlyMap<number, Course> = new Map([
  [pt.PTRACE_CONT, { calls: "makes", steps: false }],
  [pt.PTRACE_SYSCALL, { calls: "stops at", steps: false }],
  [pt.PTRACE_SINGLESTEP, { calls: "makes", steps: true }],
  [pt.PTRACE_SYSEMU, { calls: "leaves out", steps: false }],
  [pt.PTRACE_SYSEMU_SINGLESTEP, { calls: "leaves out", steps: true }],
]);

/** Requests that need a tracee to stand still. */
function ofStopped(
  task: Task,
  target: Task,
  tracee: Tracee,
  stop: TraceStop,
  request: number,
  address: number,
  data: number,
): number {
  const { mm } = task;
  const course = COURSES.get(request);
  if (course !== undefined || request === pt.PTRACE_DETACH) {
    if (data > SIGRTMAX) return -EIO;
    if (course === undefined) detachTracee(target, data);
    else tracee.resume(course, data);
    return 0;
  }
  switch (request) {
    case pt.PTRACE_PEEKTEXT:
    case pt.PTRACE_PEEKDATA:
      return peek(task, target, address, data);
    case pt.PTRACE_POKETEXT:
    case pt.PTRACE_POKEDATA:
      return writeForced(target.mm, address, encodeU64(task.cpu.regs.x(3))) === 8 ? 0 : -EIO;
    case pt.PTRACE_GETREGSET:
    case pt.PTRACE_SETREGSET:
      return moveRegisters(task, target, address, data, request === pt.PTRACE_SETREGSET);
    case pt.PTRACE_SETOPTIONS:
      if (!areOptions(data)) return -EINVAL;
      tracee.options = data;
      return 0;
    case pt.PTRACE_GETEVENTMSG:
      mm.writeLong(data, tracee.message);
      return 0;
    case pt.PTRACE_GETSIGINFO:
      if (stop.info === undefined) return -EINVAL;
      mm.writeBytes(data, encodeSiginfo(stop.info));
      return 0;
    case pt.PTRACE_SETSIGINFO:
      if (stop.info === undefined) return -EINVAL;
      stop.info = parseSiginfo(mm.readBytes(data, SIGINFO_SIZE));
      return 0;
    case pt.PTRACE_PEEKSIGINFO:
      return peekSignals(task, target, address, data);
    case pt.PTRACE_GETSIGMASK:
      if (address !== 8) return -EINVAL;
      mm.writeU64(data, target.savedMask ?? target.blocked);
      return 0;
    case pt.PTRACE_SETSIGMASK:
      if (address !== 8) return -EINVAL;
      target.savedMask = undefined;
      setBlocked(target, mm.readU64(data));
      return 0;
    case pt.PTRACE_GET_SYSCALL_INFO:
      return syscallInfo(task, target, tracee, stop, address, data);
    case pt.PTRACE_LISTEN:
      if (!tracee.seized || stop.code >> 8 !== pt.EVENT_STOP) return -EIO;
      tracee.listening = true;
      // What has happened since the stop is news.
      if (tracee.noticeDue) tracee.stopWithGroup();
      return 0;
    default:
      return -EIO;
  }
}

/** A word of the tracee's memory, which goes where `data` says: the C library's wrapper makes a result of it. */
function peek({ mm }: Task, target: Task, address: number, data: number): number {
  const bytes = readForced(target.mm, address, 8);
  if (bytes?.length !== 8) return -EIO;
  mm.writeBytes(data, bytes);
  return 0;
}

/** A set of registers from or into the buffer of an iovec, as much as that takes; its length becomes what it took. */
function moveRegisters({ mm }: Task, target: Task, type: number, iovec: number, writes: boolean): number {
  const set = REGISTER_SETS.get(type % 2 ** 32);
  const base = mm.readLong(iovec), wanted = mm.readNumber(iovec + 8);
  if (set === undefined || mm.readU32(iovec + 8) % set.unit !== 0) return -EINVAL;
  const bytes = set.read(target), length = Math.min(wanted, bytes.length);
  if (writes) {
    bytes.set(mm.readBytes(base, length));
    const error = set.write(target, bytes);
    if (error) return error;
  } else mm.writeBytes(base, bytes.subarray(0, length));
  mm.writeLong(iovec + 8, length);
  return 0;
}

/** Signals that are queued: struct ptrace_peeksiginfo_args says which, and how many at most. */
function peekSignals({ mm }: Task, target: Task, request: number, into: number): number {
  const offset = mm.readNumber(request), flags = mm.readU32(request + 8), count = mm.readI32(request + 12);
  if (flags & ~pt.PEEKSIGINFO_SHARED || count < 0) return -EINVAL;
  const { queued } = flags & pt.PEEKSIGINFO_SHARED ? target.process.pending : target.pending;
  let done = 0;
  for (const info of queued.slice(offset, offset + count)) {
    const at = into + done * SIGINFO_SIZE;
    if (done > 0 && mm.tryView(at, SIGINFO_SIZE, "write")?.length !== SIGINFO_SIZE) break;
    mm.writeBytes(at, encodeSiginfo(info));
    done++;
  }
  return done;
}

/** struct ptrace_syscall_info: how much of it there is to tell is the result, whatever the buffer takes. */
function syscallInfo(
  { mm }: Task,
  target: Task,
  { callNumber, message }: Tracee,
  { kind, atEntry, code }: TraceStop,
  size: number,
  into: number,
): number {
  const bytes = new Uint8Array(88), view = new DataView(bytes.buffer), { regs } = target.cpu;
  view.setUint32(4, pt.AUDIT_ARCH_AARCH64, true);
  view.setBigUint64(8, regs.pc, true);
  view.setBigUint64(16, regs.sp, true);
  let length = 24;
  const isScreened = code >> 8 === pt.EVENT_SECCOMP;
  if ((kind === "call" && atEntry) || isScreened) {
    bytes[0] = isScreened ? pt.SYSCALL_INFO_SECCOMP : pt.SYSCALL_INFO_ENTRY;
    view.setBigInt64(24, BigInt(callNumber), true);
    for (let n = 0; n < 6; n++) view.setBigUint64(32 + 8 * n, regs.x(n), true);
    if (isScreened) view.setUint32(80, message, true);
    length = isScreened ? 84 : 80;
  } else if (kind === "call") {
    const result = BigInt.asIntN(64, regs.x(0));
    bytes[0] = pt.SYSCALL_INFO_EXIT;
    view.setBigInt64(24, result, true);
    bytes[32] = result < 0n && result >= -4095n ? 1 : 0;
    length = 33;
  }
  mm.writeBytes(into, bytes.subarray(0, Math.min(size, length)));
  return length;
}

export const rows: SyscallRow[] = [
  row(
    117,
    "ptrace",
    "request:flags:ptrace pid:pid addr:ptr data:ptr",
    ptrace,
    "no hardware breakpoints and watchpoints; the tracer is a process, not a thread of it",
  ),
];
