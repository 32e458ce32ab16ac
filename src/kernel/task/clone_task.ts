/** Making threads and processes (kernel/fork.c: copy_process; clone(2), clone3(2), fork(2), vfork(2)). */
import { CAP_SYS_ADMIN, CAP_SYS_RESOURCE } from "../abi/capability.ts";
import {
  CLONE_CHILD_CLEARTID,
  CLONE_CHILD_SETTID,
  CLONE_CLEAR_SIGHAND,
  CLONE_FILES,
  CLONE_FS,
  CLONE_INTO_CGROUP,
  CLONE_NAMESPACES,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_PARENT,
  CLONE_PARENT_SETTID,
  CLONE_PIDFD,
  CLONE_SETTLS,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VFORK,
  CLONE_VM,
} from "../abi/clone.ts";
import { EAGAIN, EEXIST, EINVAL, EMFILE, ENOMEM, ENOSPC, EPERM, ERESTARTNOINTR } from "../abi/errno.ts";
import { RLIMIT_NOFILE, RLIMIT_NPROC } from "../abi/resource.ts";
import { SIGRTMAX, SS_DISABLE } from "../abi/signal.ts";
import { samePath } from "../fs/path.ts";
import { UserFault } from "../mm/user_fault.ts";
import { type Blocking, WaitQueue } from "../wait.ts";
import { namespaceCapabilities } from "./credentials.ts";
import { reap } from "./exit_process.ts";
import { PidFd } from "./pidfd.ts";
import { Process } from "./process.ts";
import { cloneStop, vforkDoneStop } from "./ptrace_stops.ts";
import { share, unshare } from "./sharing.ts";
import { SignalActions } from "./signal_actions.ts";
import { Task } from "./task.ts";
import { MAX_DEPTH, UserNamespace } from "./user_namespace.ts";

/** Threads of all processes together: what kernel.threads-max is for. */
const MAX_TASKS = 15_000;

/** What clone(2) and clone3(2) ask for. */
export interface CloneRequest {
  /** CLONE_* bits; a number, since clone3 has some above 32. */
  readonly flags: number;
  readonly exitSignal: number;
  /** sp of the new thread; 0: the same. */
  readonly stack: number;
  readonly tls: bigint;
  readonly parentTid: number;
  readonly childTid: number;
  /** Where the pidfd goes. */
  readonly pidfd: number;
  /** clone3's set_tid: the pid to take; 0: any. */
  readonly setTid: number;
}

/** Flags above 2^31 make bitwise operators useless. */
function has(flags: number, flag: number): boolean {
  return flag > 0xffffffff ? Math.floor(flags / flag) % 2 === 1 : ((flags % 2 ** 32) & flag) !== 0;
}

/** Combinations that copy_process refuses. */
function check(task: Task, request: CloneRequest): number {
  const { flags } = request;
  const newNamespaces = (flags % 2 ** 32 & CLONE_NAMESPACES) !== 0 || has(flags, CLONE_NEWTIME);
  if (has(flags, CLONE_FS) && (has(flags, CLONE_NEWNS) || has(flags, CLONE_NEWUSER))) return -EINVAL;
  if (has(flags, CLONE_THREAD) && !has(flags, CLONE_SIGHAND)) return -EINVAL;
  if (has(flags, CLONE_SIGHAND) && !has(flags, CLONE_VM)) return -EINVAL;
  if (has(flags, CLONE_THREAD) && (has(flags, CLONE_NEWUSER) || has(flags, CLONE_NEWPID))) return -EINVAL;
  if (has(flags, CLONE_CLEAR_SIGHAND) && has(flags, CLONE_SIGHAND)) return -EINVAL;
  if (has(flags, CLONE_PIDFD) && has(flags, CLONE_THREAD)) return -EINVAL;
  // A kernel built without namespaces and cgroups answers so; without the right to ask, EPERM comes first.
  if (newNamespaces) {
    const error = checkNamespaces(task, flags);
    if (error) return error;
  }
  if (has(flags, CLONE_INTO_CGROUP)) return -EINVAL;
  if (request.exitSignal < 0 || request.exitSignal > SIGRTMAX) return -EINVAL;
  // Signals that came first are taken by the parent alone, before there is a child.
  if (task.signalPending) return -ERESTARTNOINTR;
  if (task.kernel.tasks.size >= MAX_TASKS) return -EAGAIN;
  const limit = task.process.rlimits[RLIMIT_NPROC]![0];
  if (limit !== Infinity && task.credentials.uid !== 0 && !task.capable(CAP_SYS_RESOURCE)) {
    if (countOfUser(task) >= limit) return -EAGAIN;
  }
  if (request.setTid !== 0) {
    if (!task.capable(CAP_SYS_ADMIN)) return -EPERM;
    if (task.kernel.pidInUse(request.setTid)) return -EEXIST;
  }
  return 0;
}

/** Namespaces that there is one of each. */
const SINGLE = CLONE_NAMESPACES & ~(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS);

/**
 * Whether the new namespaces that are asked for can be made: a user namespace by anybody; one of mounts or of names by who
 * has the right in the user namespace, the new one if there is one. The others are as in a kernel built without them;
 * without the right to ask, EPERM comes first.
 */
function checkNamespaces(task: Task, flags: number): number {
  const { userNamespace, euid, egid } = task.credentials;
  const wantsUser = has(flags, CLONE_NEWUSER);
  const others = (flags % 2 ** 32 & SINGLE) !== 0 || has(flags, CLONE_NEWTIME);
  if (!wantsUser) return !task.capableInside(CAP_SYS_ADMIN) ? -EPERM : others ? -EINVAL : 0;
  if (userNamespace.level >= MAX_DEPTH) return -ENOSPC;
  // Out of a chroot(2) no namespace leads (kernel/user_namespace.c: create_user_ns).
  if (!samePath(task.fs.root, task.fs.namespace.root)) return -EPERM;
  if (userNamespace.uids.fromKernel(euid) === undefined || userNamespace.gids.fromKernel(egid) === undefined) {
    return -EPERM;
  }
  return others ? -EINVAL : 0;
}

/** Puts a thread into a new user namespace of its own (user_namespaces(7)). */
function enterNewUserNamespace(task: Task): void {
  const { credentials } = task;
  const owner = { uid: credentials.euid, gid: credentials.egid };
  task.credentials = { ...credentials, userNamespace: new UserNamespace(credentials.userNamespace, owner) };
  task.capabilities = namespaceCapabilities();
}

/** Puts a thread that shares its {@link FsContext} with nobody into namespaces of its own, but for a user namespace. */
function enterNewNamespaces(task: Task, flags: number): void {
  const { fs, credentials: { userNamespace } } = task;
  if (has(flags, CLONE_NEWUTS)) task.uts = task.uts.copy(userNamespace);
  if (!has(flags, CLONE_NEWNS)) return;
  task.fs = fs.inNewNamespace(userNamespace);
  fs.release();
}

function countOfUser(task: Task): number {
  let count = 0;
  for (const other of task.kernel.tasks.values()) {
    if (other.state !== "dead" && other.credentials.uid === task.credentials.uid) count++;
  }
  return count;
}

/**
 * Instructions that making a process takes off its parent's slice, about what it costs. Only with their slice's end do
 * children run, timers fire and the host gets its turn: a thousand forks in a loop took a minute as one slice.
 */
const FORK_FUEL = 50_000;

/** Makes a thread or process. Returns its id as the caller sees it, a negative errno, or a wait (CLONE_VFORK). */
export function cloneTask(task: Task, request: CloneRequest): number | Blocking {
  const { flags } = request, { kernel } = task;
  const error = check(task, request);
  if (error) return error;
  const noFile = task.process.rlimits[RLIMIT_NOFILE]![0];
  if (has(flags, CLONE_PIDFD) && !task.files.hasRoom(noFile)) return -EMFILE;
  const tid = request.setTid || kernel.allocatePid();
  if (tid === undefined) return -EAGAIN;

  const thread = has(flags, CLONE_THREAD);
  const process = thread ? task.process : childProcess(task, tid, request);
  const child = copyTask(task, process, tid, request);
  if (!child) {
    if (!thread) reap(process);
    return -ENOMEM;
  }
  if (!thread) {
    process.leader = child;
    kernel.charge(FORK_FUEL);
  }

  try {
    if (has(flags, CLONE_PARENT_SETTID)) task.mm.writeU32(request.parentTid, tid);
    if (has(flags, CLONE_CHILD_SETTID)) child.mm.writeU32(request.childTid, tid);
  } catch (fault) {
    // The kernel does not undo the clone for a bad tid address either.
    if (!(fault instanceof UserFault)) throw fault;
  }
  if (has(flags, CLONE_PIDFD)) {
    const fd = task.files.add(new PidFd(process, 0), true, noFile);
    task.mm.writeU32(request.pidfd, fd);
  }
  kernel.addTask(child);
  cloneStop(task, child, flags, request.exitSignal);
  if (!has(flags, CLONE_VFORK)) return tid;
  process.vforkWait = new WaitQueue();
  return waitForVfork(task, process, process.vforkWait, tid);
}

/** The parent of a vfork goes on when the child has an address space of its own or none. Only death ends the wait earlier. */
function* waitForVfork(task: Task, child: Process, queue: WaitQueue, tid: number): Blocking {
  while (child.vforkWait === queue) {
    // Only SIGKILL.
    if ((yield { queues: [queue], interruptible: false }) === "signal") child.vforkWait = undefined;
  }
  vforkDoneStop(task, tid);
  return tid;
}

function childProcess(task: Task, pid: number, request: CloneRequest): Process {
  const { kernel, process: parent } = task, { flags } = request;
  const sibling = has(flags, CLONE_PARENT);
  const limits = parent.rlimits.map(([soft, hard]): [number, number] => [soft, hard]);
  const exitSignal = sibling ? parent.exitSignal : request.exitSignal;
  const of = sibling ? parent.parent ?? kernel.init : parent;
  const child = new Process(kernel, pid, of, parent.session, parent.pgid, limits, exitSignal);
  child.parentTask = sibling ? parent.parentTask : task;
  of.children.add(child);
  kernel.processes.set(pid, child);
  child.actions = has(flags, CLONE_SIGHAND) ? parent.actions : new SignalActions(parent.actions);
  if (has(flags, CLONE_CLEAR_SIGHAND)) child.actions.resetHandlers();
  child.dumpable = parent.dumpable;
  child.noNewPrivileges = parent.noNewPrivileges;
  child.personality = parent.personality;
  child.oomScoreAdjust = parent.oomScoreAdjust;
  child.thpDisabled = parent.thpDisabled;
  child.coredumpFilter = parent.coredumpFilter;
  child.machineCheckPolicy = parent.machineCheckPolicy;
  kernel.cpuTimersChanged(child);
  return child;
}

function copyTask(task: Task, process: Process, tid: number, request: CloneRequest): Task | undefined {
  const { kernel } = task, { flags } = request;
  let cpu, mm;
  try {
    cpu = kernel.engine.createCpu();
    mm = has(flags, CLONE_VM) ? task.mm.addUser() : task.mm.fork();
  } catch (error) {
    // The engine has no room for another thread or address space.
    if (!(error instanceof RangeError)) throw error;
    cpu?.free();
    return undefined;
  }
  if (mm !== task.mm) mm.limits = process.rlimits;
  const files = has(flags, CLONE_FILES) ? share(task.files) : task.files.clone();
  const fs = has(flags, CLONE_FS) ? share(task.fs) : task.fs.clone();
  const child = new Task(kernel, process, tid, cpu, task.credentials, task.capabilities, mm, files, fs);
  if (has(flags, CLONE_NEWUSER)) enterNewUserNamespace(child);
  child.uts = task.uts;
  child.seccomp = task.seccomp;
  enterNewNamespaces(child, flags);
  child.name = task.name;
  child.blocked = task.blocked;
  const { regs } = cpu;
  regs.copyFrom(task.cpu.regs);
  regs.setX(0, 0);
  if (request.stack !== 0) regs.sp = BigInt(request.stack);
  if (has(flags, CLONE_SETTLS)) regs.tpidr = request.tls;
  // sigaltstack(2): kept by fork and vfork, cleared for threads that share memory.
  if (!has(flags, CLONE_VM) || has(flags, CLONE_VFORK)) Object.assign(child.altStack, task.altStack);
  else child.altStack.flags = SS_DISABLE;
  if (has(flags, CLONE_CHILD_CLEARTID)) child.clearChildTid = request.childTid;
  const { sched } = task;
  child.sched = sched.resetOnFork
    ? { ...sched, policy: 0, priority: 0, nice: Math.max(0, sched.nice), resetOnFork: false }
    : { ...sched };
  child.timerSlack = task.timerSlack;
  child.ioPriority = task.ioPriority;
  return child;
}

/** unshare(2): stops sharing descriptors or the file system context; a new user namespace. */
export function unshareTask(task: Task, flags: number): number {
  const supported = CLONE_FS | CLONE_FILES | CLONE_NAMESPACES | CLONE_NEWTIME;
  // A thread alone can have other ids (unshare(2)).
  if (flags & CLONE_NEWUSER) flags |= CLONE_THREAD | CLONE_FS;
  const threads = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
  if (flags & ~(supported | threads | 0x40000)) return -EINVAL;
  if (flags & threads && task.process.threads.size > 1) return -EINVAL;
  if (flags & CLONE_NAMESPACES || flags & CLONE_NEWTIME) {
    const error = checkNamespaces(task, flags);
    if (error) return error;
    if (flags & CLONE_NEWUSER) enterNewUserNamespace(task);
  }
  if (flags & (CLONE_FS | CLONE_NEWNS) && !unshare(task.fs)) task.fs = task.fs.clone();
  if (flags & CLONE_FILES && !unshare(task.files)) task.files = task.files.clone();
  enterNewNamespaces(task, flags);
  return 0;
}
