/** Making, replacing, ending and awaiting processes; process groups and sessions; pidfds. */
import { AT_FDCWD, O_NONBLOCK, O_PATH } from "../abi/fcntl.ts";
import {
  CLONE_ARGS_SIZE,
  CLONE_ARGS_SIZE_VER0,
  CLONE_DETACHED,
  CLONE_INTO_CGROUP,
  CLONE_PARENT_SETTID,
  CLONE_PIDFD,
  CloneArgs,
  CSIGNAL,
} from "../abi/clone.ts";
import { E2BIG, EACCES, EAGAIN, EBADF, EINVAL, EMFILE, ENAMETOOLONG, EPERM, ESRCH } from "../abi/errno.ts";
import { PATH_MAX } from "../abi/fcntl.ts";
import { SIGINFO_SIZE } from "../abi/siginfo.ts";
import { decodeSiginfo } from "../abi/siginfo.ts";
import { SI_USER, SIGCHLD, SIGRTMAX } from "../abi/signal.ts";
import {
  __WALL,
  __WCLONE,
  __WNOTHREAD,
  exitedStatus,
  P_ALL,
  P_PGID,
  P_PID,
  P_PIDFD,
  WCONTINUED,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  WSTOPPED,
  WUNTRACED,
} from "../abi/wait.ts";
import { readStringVector } from "../exec/arguments.ts";
import { TaskDirectory } from "../fs/proc/pid_directory.ts";
import { cloneTask, unshareTask } from "../task/clone_task.ts";
import { execTask } from "../task/exec_task.ts";
import { exitProcess, exitThread } from "../task/exit_process.ts";
import { PidFd } from "../task/pidfd.ts";
import { mayAttach } from "../task/ptrace_access.ts";
import { setNamespace } from "../task/set_namespace.ts";
import type { Process } from "../task/process.ts";
import { checkKill, sendToProcess } from "../task/send_signal.ts";
import { Session } from "../task/session.ts";
import type { Task } from "../task/task.ts";
import { type ChildEvent, type ChildFilter, lookForChild, waitForChild } from "../task/wait_child.ts";
import type { Blocking } from "../wait.ts";
import { fdLimit, installFd } from "./new_fd.ts";
import { writeUsage } from "./resource.ts";
import { row, type SyscallRow } from "./row.ts";
import { isZeroBehind } from "./user_struct.ts";

function clone(
  task: Task,
  flags: number,
  stack: number,
  parentTid: number,
  _tls: number,
  childTid: number,
): number | Blocking {
  // The low 32 bits count; clone3 alone has more.
  const bits = flags >>> 0;
  if (bits & CLONE_PIDFD && bits & (CLONE_PARENT_SETTID | CLONE_DETACHED)) return -EINVAL;
  return cloneTask(task, {
    flags: bits - bits % 256,
    exitSignal: bits & CSIGNAL,
    stack,
    tls: task.cpu.regs.x(3),
    parentTid,
    childTid,
    pidfd: parentTid,
    setTid: 0,
  });
}

function clone3(task: Task, args: number, size: number): number | Blocking {
  const { mm } = task;
  if (size > 4096) return -E2BIG;
  if (size < CLONE_ARGS_SIZE_VER0) return -EINVAL;
  if (!isZeroBehind(mm, args, CLONE_ARGS_SIZE, size)) return -E2BIG;
  const bytes = new Uint8Array(CLONE_ARGS_SIZE);
  bytes.set(mm.readBytes(args, Math.min(size, CLONE_ARGS_SIZE)));
  const view = new DataView(bytes.buffer);
  const field = (at: number) => Number(view.getBigUint64(at, true));
  const flags = field(CloneArgs.flags), exitSignal = field(CloneArgs.exitSignal);
  const stack = field(CloneArgs.stack), stackSize = field(CloneArgs.stackSize);
  if (flags >= CLONE_INTO_CGROUP * 2 || flags % 128 !== 0 || flags & CLONE_DETACHED) return -EINVAL;
  if (exitSignal > SIGRTMAX) return -EINVAL;
  if (stack === 0 ? stackSize > 0 : stackSize === 0) return -EINVAL;
  const setTidSize = field(CloneArgs.setTidSize), setTid = field(CloneArgs.setTid);
  // One pid namespace: one tid at most.
  if (setTidSize > 1 || (setTid === 0) !== (setTidSize === 0)) return -EINVAL;
  const threadOrParent = (flags % 2 ** 32 & 0x18000) !== 0;
  if (threadOrParent && exitSignal !== 0) return -EINVAL;
  const tid = setTidSize === 0 ? 0 : mm.readI32(setTid);
  if (setTidSize === 1 && (tid <= 1 || tid >= 32768)) return -EINVAL;
  return cloneTask(task, {
    flags,
    exitSignal,
    stack: stack + stackSize,
    tls: view.getBigUint64(CloneArgs.tls, true),
    parentTid: field(CloneArgs.parentTid),
    childTid: field(CloneArgs.childTid),
    pidfd: field(CloneArgs.pidfd),
    setTid: tid,
  });
}

function execveat(
  task: Task,
  dirfd: number,
  path: number,
  argv: number,
  envp: number,
  flags: number,
): number | Blocking {
  const name = task.mm.readString(path, PATH_MAX);
  task.process.recentCalls.keepPath(task.callSequence, name);
  if (name.length >= PATH_MAX) return -ENAMETOOLONG;
  const args = readStringVector(task.mm, argv);
  if (typeof args === "number") return args;
  const env = readStringVector(task.mm, envp);
  if (typeof env === "number") return env;
  return execTask(task, { dirfd, path: name, argv: args, envp: env, flags });
}

function exit(task: Task, code: number): number {
  exitThread(task, exitedStatus(code));
  return 0;
}

function exitGroup(task: Task, code: number): number {
  exitProcess(task.process, exitedStatus(code));
  return 0;
}

/** wait4's way of saying which children. */
function filterByPid(task: Task, pid: number): ChildFilter {
  if (pid === -1) return () => true;
  if (pid > 0) return (child) => child.pid === pid;
  const group = pid === 0 ? task.process.pgid : -pid;
  return (child) => child.pgid === group;
}

function wait4(task: Task, pid: number, status: number, options: number, rusage: number): number | Blocking {
  if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL)) return -EINVAL;
  if (pid === -0x80000000) return -ESRCH;
  const filter = filterByPid(task, pid), all = options | WEXITED;
  const report = (event: ChildEvent) => {
    if (status !== 0) task.mm.writeI32(status, event.status);
    if (rusage !== 0) writeUsage(task, rusage, event.usage);
    return event.pid;
  };
  const found = lookForChild(task, filter, all);
  if (typeof found === "number") return found;
  if (found) return report(found);
  if (options & WNOHANG) return 0;
  return waitAndReport(task, filter, all, report);
}

function* waitAndReport(
  task: Task,
  filter: ChildFilter,
  options: number,
  report: (event: ChildEvent) => number,
): Blocking {
  const event = yield* waitForChild(task, filter, options);
  return typeof event === "number" ? event : report(event);
}

function waitid(
  task: Task,
  type: number,
  id: number,
  infop: number,
  options: number,
  rusage: number,
): number | Blocking {
  const known = WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL;
  if (options & ~known || !(options & (WEXITED | WSTOPPED | WCONTINUED))) return -EINVAL;
  let filter: ChildFilter;
  let nonblocking = false;
  switch (type) {
    case P_ALL:
      filter = () => true;
      break;
    case P_PID:
      if (id <= 0) return -EINVAL;
      filter = (child) => child.pid === id;
      break;
    case P_PGID: {
      if (id < 0) return -EINVAL;
      const group = id === 0 ? task.process.pgid : id;
      filter = (child) => child.pgid === group;
      break;
    }
    case P_PIDFD: {
      if (id < 0) return -EINVAL;
      const file = task.files.get(id);
      if (!(file instanceof PidFd)) return -EBADF;
      nonblocking = (file.flags & O_NONBLOCK) !== 0;
      filter = (child) => child === file.process;
      break;
    }
    default:
      return -EINVAL;
  }
  const report = (event: ChildEvent | undefined): number => {
    if (event && rusage !== 0) writeUsage(task, rusage, event.usage);
    if (infop === 0) return 0;
    const { mm } = task;
    mm.writeI32(infop, event ? SIGCHLD : 0);
    mm.writeI32(infop + 4, 0);
    mm.writeI32(infop + 8, event?.code ?? 0);
    mm.writeI32(infop + 16, event?.pid ?? 0);
    mm.writeI32(infop + 20, event?.uid ?? 0);
    mm.writeI32(infop + 24, event?.siStatus ?? 0);
    return 0;
  };
  const found = lookForChild(task, filter, options);
  if (typeof found === "number") return found;
  if (found) return report(found);
  if (options & WNOHANG) return report(undefined);
  if (nonblocking) return -EAGAIN;
  return waitAndReport(task, filter, options, report);
}

/** A live or zombie process; 0 is the caller's. */
function findProcess(task: Task, pid: number): Process | undefined {
  return pid === 0 ? task.process : task.kernel.findProcess(pid);
}

function setpgid(task: Task, pid: number, pgid: number): number {
  if (pgid < 0) return -EINVAL;
  const process = findProcess(task, pid);
  if (!process || pid < 0) return -ESRCH;
  const own = task.process, group = pgid === 0 ? process.pid : pgid;
  if (process !== own) {
    if (process.parent !== own) return -ESRCH;
    if (process.session !== own.session) return -EPERM;
    if (process.execed) return -EACCES;
  }
  if (process.session.sid === process.pid) return -EPERM;
  if (group !== process.pid) {
    let exists = false;
    for (const other of task.kernel.processes.values()) {
      if (other.pgid === group && other.session === own.session) exists = true;
    }
    if (!exists) return -EPERM;
  }
  process.pgid = group;
  return 0;
}

function getpgid(task: Task, pid: number): number {
  return findProcess(task, pid)?.pgid ?? -ESRCH;
}

function getsid(task: Task, pid: number): number {
  return findProcess(task, pid)?.session.sid ?? -ESRCH;
}

function setsid(task: Task): number {
  const { process, kernel } = task;
  for (const other of kernel.processes.values()) if (other.pgid === process.pid) return -EPERM;
  process.session = new Session(process.pid);
  process.pgid = process.pid;
  return process.pid;
}

function pidfdOpen(task: Task, pid: number, flags: number): number {
  if (flags & ~O_NONBLOCK || pid <= 0) return -EINVAL;
  const process = task.kernel.processes.get(pid);
  // A thread that is no leader is not a process.
  if (!process) return task.kernel.tasks.has(pid) ? -EINVAL : -ESRCH;
  return installFd(task, new PidFd(process, flags), true);
}

/** The process behind a descriptor: of a pidfd, or of an open /proc/PID, which signals may go to as well. */
function processOf(task: Task, fd: number): Process | undefined {
  const file = task.files.get(fd);
  if (file instanceof PidFd) return file.process;
  if (!file || file.flags & O_PATH) return undefined;
  const { inode } = file;
  return inode instanceof TaskDirectory && inode.isProcess ? inode.task.process : undefined;
}

function pidfdSendSignal(task: Task, fd: number, signal: number, infop: number, flags: number): number {
  if (flags !== 0) return -EINVAL;
  const process = processOf(task, fd);
  if (!process) return -EBADF;
  if (signal < 0 || signal > SIGRTMAX) return -EINVAL;
  let info = { signo: signal, code: SI_USER, pid: task.pid, uid: task.credentials.uid };
  if (infop !== 0) {
    const given = decodeSiginfo(task.mm.readBytes(infop, SIGINFO_SIZE), task.mm.readI32(infop));
    if (given.signo !== signal) return -EINVAL;
    if (process !== task.process && (given.code >= 0 || given.code === -6)) return -EPERM;
    info = { ...info, ...given };
  }
  if (task.kernel.processes.get(process.pid) !== process) return -ESRCH;
  const error = checkKill(task, process, signal);
  if (error || signal === 0) return error;
  return sendToProcess(process, info);
}

function pidfdGetfd(task: Task, pidfd: number, targetFd: number, flags: number): number {
  if (flags !== 0) return -EINVAL;
  const file = task.files.get(pidfd);
  if (!(file instanceof PidFd)) return -EBADF;
  const { leader, zombie } = file.process;
  if (zombie || leader.state === "dead") return -ESRCH;
  if (!mayAttach(task, leader)) return -EPERM;
  const target = leader.files.get(targetFd);
  if (!target) return -EBADF;
  if (!task.files.hasRoom(fdLimit(task))) return -EMFILE;
  target.references++;
  return installFd(task, target, true);
}

/** process_mrelease(2): a killed process here has given its memory back before anybody can ask. */
function processMrelease(task: Task, pidfd: number, flags: number): number {
  if (flags !== 0) return -EINVAL;
  const file = task.files.get(pidfd);
  if (!(file instanceof PidFd)) return -EBADF;
  return file.process.zombie ? -ESRCH : -EINVAL;
}

const KCMP_FILE = 0, KCMP_VM = 1, KCMP_FILES = 2, KCMP_FS = 3, KCMP_SIGHAND = 4, KCMP_IO = 5, KCMP_SYSVSEM = 6;
/** Numbers objects for kcmp's ordering: any order will do as long as it stays the same. */
const order = new WeakMap<object, number>();
let ordered = 0;
function rank(object: object): number {
  let number = order.get(object);
  if (number === undefined) order.set(object, number = ++ordered);
  return number;
}

function kcmp(task: Task, pid1: number, pid2: number, type: number, idx1: number, idx2: number): number {
  const a = task.kernel.tasks.get(pid1), b = task.kernel.tasks.get(pid2);
  if (!a || !b) return -ESRCH;
  if (!mayAttach(task, a) || !mayAttach(task, b)) return -EPERM;
  let one: object | undefined, two: object | undefined;
  switch (type) {
    case KCMP_FILE:
      one = a.files.get(idx1);
      two = b.files.get(idx2);
      if (!one || !two) return -EBADF;
      break;
    case KCMP_VM:
      [one, two] = [a.mm, b.mm];
      break;
    case KCMP_FILES:
      [one, two] = [a.files, b.files];
      break;
    case KCMP_FS:
      [one, two] = [a.fs, b.fs];
      break;
    case KCMP_SIGHAND:
      [one, two] = [a.process.actions, b.process.actions];
      break;
    case KCMP_IO:
    case KCMP_SYSVSEM:
      // Neither I/O contexts nor undo lists exist before they are needed: all threads have the same none.
      return 0;
    default:
      return -EINVAL;
  }
  return one === two ? 0 : rank(one) < rank(two) ? 1 : 2;
}

export const rows: SyscallRow[] = [
  row(93, "exit", "status:int", exit),
  row(94, "exit_group", "status:int", exitGroup),
  row(95, "waitid", "which:flags:waitid pid:pid infop:out:siginfo options:flags:wait ru:out:rusage", waitid),
  row(96, "set_tid_address", "tidptr:ptr", (task, pointer) => {
    task.clearChildTid = pointer;
    return task.tid;
  }),
  row(97, "unshare", "flags:flags:clone3", unshareTask, "of namespaces, those of users, mounts and names only"),
  row(154, "setpgid", "pid:pid pgid:pid", setpgid),
  row(155, "getpgid", "pid:pid", getpgid),
  row(156, "getsid", "pid:pid", getsid),
  row(157, "setsid", "", setsid),
  row(172, "getpid", "", (task) => task.process.pid),
  row(173, "getppid", "", (task) => task.process.ppid),
  row(178, "gettid", "", (task) => task.tid),
  row(
    220,
    "clone",
    "flags:flags:clone newsp:ptr parent_tid:ptr tls:ptr child_tid:ptr",
    clone,
    "of namespaces, those of users, mounts and names only; no cgroups",
  ),
  row(
    221,
    "execve",
    "filename:path argv:strv envp:env",
    (task, path, argv, envp) => execveat(task, AT_FDCWD, path, argv, envp, 0),
  ),
  row(260, "wait4", "pid:pid status:out:wait_status options:flags:wait ru:out:rusage", wait4),
  row(268, "setns", "fd:fd nstype:flags:clone3", setNamespace, "no pidfds, no other user namespaces"),
  row(272, "kcmp", "pid1:pid pid2:pid type:flags:kcmp idx1:ulong idx2:ulong", kcmp, "no KCMP_EPOLL_TFD"),
  row(281, "execveat", "fd:dirfd filename:path argv:strv envp:env flags:flags:at", execveat),
  row(424, "pidfd_send_signal", "pidfd:fd sig:signal info:struct:siginfo flags:xint", pidfdSendSignal),
  row(434, "pidfd_open", "pid:pid flags:flags:pidfd =fd", pidfdOpen),
  row(
    435,
    "clone3",
    "uargs:inout:clone_args size:size",
    clone3,
    "of namespaces, those of users, mounts and names only; no cgroups",
  ),
  row(438, "pidfd_getfd", "pidfd:fd fd:int flags:xint =fd", pidfdGetfd),
  row(448, "process_mrelease", "pidfd:fd flags:xint", processMrelease),
];
