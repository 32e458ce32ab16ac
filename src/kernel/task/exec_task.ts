/** execve(2) after its arguments are read: what a process keeps and what it loses (fs/exec.c: begin_new_exec). */
import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, FMODE_EXEC, O_NOFOLLOW } from "../abi/fcntl.ts";
import { EACCES, EBADF, EINTR, EINVAL, ENOENT, ENOMEM, ENOTDIR } from "../abi/errno.ts";
import { SIGCHLD, SS_DISABLE } from "../abi/signal.ts";
import { S_ISGID, S_ISUID, S_IXGRP } from "../abi/stat.ts";
import {
  commitExec,
  discardExec,
  type ExecIdentity,
  type ExecRequest,
  type PreparedExec,
  prepareExec,
} from "../exec/prepare.ts";
import { OpenFile } from "../fs/file.ts";
import { open, openPlace } from "../fs/open.ts";
import { filePath } from "../fs/pseudo_inode.ts";
import type { Blocking } from "../wait.ts";
import { capabilitiesAfterExec, type Credentials } from "./credentials.ts";
import { exitThread, releaseMemory } from "./exit_process.ts";
import { unshare } from "./sharing.ts";
import { SignalActions } from "./signal_actions.ts";
import type { Task } from "./task.ts";
import { forgetTracee } from "./tracee.ts";

/** What execveat(2) asks for. Strings are byte strings. */
export interface ExecCall {
  readonly dirfd: number;
  readonly path: string;
  readonly argv: readonly string[];
  readonly envp: readonly string[];
  /** AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW */
  readonly flags: number;
}

/** Instructions that a new program takes off the slice: see cloneTask. */
const EXEC_FUEL = 100_000;

/**
 * Replaces the program of the task's process. Returns 0 in the new program, or a negative errno in the old one; a wait where
 * another thread is traced and stops before its end.
 */
export function execTask(task: Task, call: ExecCall): number | Blocking {
  if (call.flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) return -EINVAL;
  const file = openProgram(task, call);
  if (typeof file === "number") return file;
  try {
    return execFile(task, file, call);
  } finally {
    file.unref();
  }
}

function openProgram(task: Task, call: ExecCall): OpenFile | number {
  const { dirfd, path, flags } = call;
  let base = task.fs.cwd;
  if (dirfd !== AT_FDCWD && !path.startsWith("/")) {
    const directory = task.files.get(dirfd);
    if (!directory) return -EBADF;
    base = filePath(directory);
    if (path === "") {
      if (!(flags & AT_EMPTY_PATH)) return -ENOENT;
      return opened(openPlace(task, base, FMODE_EXEC));
    }
    if (!base.dentry.inode.isDirectory) return -ENOTDIR;
  }
  return opened(open(task, base, path, FMODE_EXEC | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0), 0));
}

/** Only regular files can be executed, and those open at once. */
function opened(result: ReturnType<typeof open>): OpenFile | number {
  return result instanceof OpenFile || typeof result === "number" ? result : -EACCES;
}

/** The credentials after running a file: its set-user-ID and set-group-ID bits count unless something forbids it (execve(2)). */
function credentialsFor(task: Task, file: OpenFile): Credentials {
  const { credentials, process } = task, { mode, uid, gid } = file.inode;
  let { euid, egid } = credentials;
  // Owners without a name in the thread's user namespace give nothing (fs/exec.c: bprm_fill_uid).
  const { uids, gids } = credentials.userNamespace;
  const known = uids.fromKernel(uid) !== undefined && gids.fromKernel(gid) !== undefined;
  if (known && !process.noNewPrivileges && !filePath(file).mount.noSuid) {
    if (mode & S_ISUID) euid = uid;
    if ((mode & (S_ISGID | S_IXGRP)) === (S_ISGID | S_IXGRP)) egid = gid;
  }
  return { ...credentials, euid, suid: euid, fsuid: euid, egid, sgid: egid, fsgid: egid };
}

/** As prepareExec; -ENOMEM where the engine has no room for another address space. */
function prepareProgram(request: ExecRequest): PreparedExec | number {
  try {
    return prepareExec(request);
  } catch (error) {
    if (error instanceof RangeError) return -ENOMEM;
    throw error;
  }
}

function execFile(task: Task, file: OpenFile, call: ExecCall): number | Blocking {
  const { process, kernel } = task, { dirfd, path } = call;
  const byDescriptor = dirfd !== AT_FDCWD && !path.startsWith("/");
  const filename = !byDescriptor ? path : path === "" ? `/dev/fd/${dirfd}` : `/dev/fd/${dirfd}/${path}`;
  const prepared = prepareProgram({
    engine: kernel.engine,
    file,
    filename,
    pathInaccessible: byDescriptor && task.files.cloexec(dirfd),
    argv: call.argv,
    envp: call.envp,
    open: (name) => opened(open(task, task.fs.cwd, name, FMODE_EXEC, 0)),
    identity: (program): ExecIdentity => {
      const { uid, euid, gid, egid, userNamespace: { uids, gids } } = credentialsFor(task, program);
      const shown = { uid: uids.show(uid), euid: uids.show(euid), gid: gids.show(gid), egid: gids.show(egid) };
      return { ...shown, secure: uid !== euid || gid !== egid };
    },
    limits: process.rlimits,
    context: task,
    random: crypto.getRandomValues(new Uint8Array(16)),
  });
  if (typeof prepared === "number") return prepared;

  // No return from here.
  kernel.charge(EXEC_FUEL);
  return endOtherThreads(task) ? enterProgram(task, prepared) : enterWhenAlone(task, prepared);
}

/**
 * The other threads end, the leader last, whose place the caller takes (execve(2)).
 *
 * @returns false if some are still to end
 */
function endOtherThreads(task: Task): boolean {
  const { process, kernel } = task, { leader } = process;
  if (leader !== task && leader.state !== "dead") kernel.tracer?.superseding?.(leader, task);
  for (const thread of [...process.threads]) if (thread !== task && thread !== leader) exitThread(thread, 0);
  if (leader !== task) exitThread(leader, 0);
  return [...process.threads].every((thread) => thread === task);
}

/** Waits for threads that stop before they end. */
function* enterWhenAlone(task: Task, prepared: PreparedExec): Blocking {
  let isAlone = false;
  try {
    for (const thread of task.process.threads) {
      while (thread !== task && thread.state !== "dead") {
        // Only SIGKILL ends it.
        if ((yield { queues: [thread.tracee!.resumed], interruptible: false }) === "signal") return -EINTR;
      }
    }
    isAlone = true;
  } finally {
    if (!isAlone) discardExec(prepared);
  }
  return enterProgram(task, prepared);
}

function enterProgram(task: Task, prepared: PreparedExec): number {
  const { process, kernel } = task, formerTid = task.tid;
  becomeLeader(task);
  const credentials = credentialsFor(task, prepared.file);
  releaseMemory(task);
  commitExec(task, prepared);
  kernel.execed(task, formerTid);
  if (!unshare(task.files)) task.files = task.files.clone();
  task.files.closeOnExec();

  process.actions = new SignalActions(process.actions);
  process.actions.resetHandlers();
  Object.assign(task.altStack, { sp: 0, size: 0, flags: SS_DISABLE });
  for (const timer of [...process.posixTimers.values()]) timer.delete();
  const before = task.credentials;
  if (credentials.euid !== before.euid || credentials.egid !== before.egid) {
    task.parentDeathSignal = 0;
    process.dumpable = 0;
  } else {
    process.dumpable = 1;
  }
  task.credentials = credentials;
  task.capabilities = capabilitiesAfterExec(task.capabilities, credentials);
  process.execed = true;
  process.exitSignal = SIGCHLD;
  task.restartBlock = undefined;
  return 0;
}

/** The caller, alone now, takes over the process's id. */
function becomeLeader(task: Task): void {
  const { process, kernel } = task, { leader } = process;
  if (leader === task) return;
  forgetTracee(leader);
  kernel.tasks.delete(task.tid);
  task.tid = process.pid;
  kernel.tasks.set(task.tid, task);
  process.leader = task;
  process.leaderStatus = undefined;
}
