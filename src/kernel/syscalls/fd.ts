/** Descriptors and their descriptions: dup(2), fcntl(2), ioctl(2), flock(2). */
import {
  EACCES,
  EAGAIN,
  EBADF,
  EBUSY,
  EINVAL,
  EISDIR,
  ENOTDIR,
  ENOTTY,
  EOPNOTSUPP,
  EPERM,
  EXDEV,
} from "../abi/errno.ts";
import * as fcntl from "../abi/fcntl.ts";
import { CAP_SYS_RESOURCE } from "../abi/capability.ts";
import {
  FICLONE,
  FICLONERANGE,
  FIDEDUPERANGE,
  FIGETBSZ,
  FIOASYNC,
  FIOCLEX,
  FIONBIO,
  FIONCLEX,
  FIOQSIZE,
  FS_IOC_FIEMAP,
  FS_IOC_GETFLAGS,
  FS_IOC_SETFLAGS,
} from "../abi/ioctl.ts";
import { RLIMIT_NOFILE } from "../abi/resource.ts";
import { POLL_MSG, SIGIO } from "../abi/signal.ts";
import { isOwner } from "../fs/access.ts";
import { notifyDirectory } from "../fs/dnotify.ts";
import type { OpenFile } from "../fs/file.ts";
import { MemoryFile } from "../fs/memory_file.ts";
import { flockFile, getLock, setLock } from "../fs/record_locks.ts";
import { PipeFile } from "../ipc/pipe.ts";
import { sendToProcess } from "../task/send_signal.ts";
import type { Task } from "../task/task.ts";
import type { Blocking } from "../wait.ts";
import { fdLimit } from "./new_fd.ts";
import { row, type SyscallRow } from "./row.ts";
import { updateAsync } from "./signal_owner.ts";

function dup(task: Task, fd: number): number {
  return duplicate(task, fd, 0, false);
}

/** The lowest free descriptor from `min` on for the same description. */
function duplicate(task: Task, fd: number, min: number, cloexec: boolean): number {
  const file = task.files.get(fd);
  if (!file) return -EBADF;
  const limit = fdLimit(task);
  if (min < 0 || (min > 0 && min >= limit)) return -EINVAL;
  const copy = task.files.add(file, cloexec, limit, min);
  if (copy >= 0) file.references++;
  return copy;
}

function dup3(task: Task, oldFd: number, newFd: number, flags: number): number {
  if ((flags & ~fcntl.O_CLOEXEC) !== 0 || oldFd === newFd) return -EINVAL;
  if (newFd < 0 || newFd >= (task.process.rlimits[RLIMIT_NOFILE]?.[0] ?? 1024)) return -EBADF;
  const file = task.files.get(oldFd);
  if (!file) return -EBADF;
  file.references++;
  return task.files.set(newFd, file, (flags & fcntl.O_CLOEXEC) !== 0, fdLimit(task));
}

/** fcntl commands that work on O_PATH descriptors too (open(2)). */
const PATH_COMMANDS: ReadonlySet<number> = new Set([
  fcntl.F_DUPFD,
  fcntl.F_DUPFD_CLOEXEC,
  fcntl.F_GETFD,
  fcntl.F_SETFD,
  fcntl.F_GETFL,
]);

function fcntlCall(task: Task, fd: number, command: number, argument: number): number | Blocking {
  const file = task.files.get(fd);
  if (!file) return -EBADF;
  if ((file.flags & fcntl.O_PATH) !== 0 && !PATH_COMMANDS.has(command)) return -EBADF;
  switch (command) {
    case fcntl.F_DUPFD:
    case fcntl.F_DUPFD_CLOEXEC:
      return duplicate(task, fd, argument | 0, command === fcntl.F_DUPFD_CLOEXEC);
    case fcntl.F_GETFD:
      return task.files.cloexec(fd) ? fcntl.FD_CLOEXEC : 0;
    case fcntl.F_SETFD:
      task.files.setCloexec(fd, (argument & fcntl.FD_CLOEXEC) !== 0);
      return 0;
    case fcntl.F_GETFL:
      return file.statusFlags;
    case fcntl.F_SETFL:
      return setStatusFlags(task, fd, file, argument);
    case fcntl.F_GETLK:
    case fcntl.F_SETLK:
    case fcntl.F_SETLKW:
    case fcntl.F_OFD_GETLK:
    case fcntl.F_OFD_SETLK:
    case fcntl.F_OFD_SETLKW:
      return recordLock(task, fd, file, command, argument);
    case fcntl.F_SETOWN:
      return setOwner(file, argument | 0);
    case fcntl.F_GETOWN:
      return file.owner.type === fcntl.F_OWNER_PGRP ? -file.owner.id : file.owner.id;
    case fcntl.F_SETOWN_EX: {
      const type = task.mm.readU32(argument), id = task.mm.readU32(argument + 4) | 0;
      if (type > fcntl.F_OWNER_PGRP) return -EINVAL;
      file.owner = { type, id };
      return 0;
    }
    case fcntl.F_GETOWN_EX:
      task.mm.writeU32(argument, file.owner.type);
      task.mm.writeU32(argument + 4, file.owner.id);
      return 0;
    case fcntl.F_GETOWNER_UIDS:
      return -EINVAL;
    case fcntl.F_SETSIG:
      if (argument > 64) return -EINVAL;
      file.ownerSignal = argument;
      return 0;
    case fcntl.F_GETSIG:
      return file.ownerSignal;
    case fcntl.F_SETLEASE:
      return setLease(task, file, argument | 0);
    case fcntl.F_GETLEASE:
      return file.lease;
    case fcntl.F_NOTIFY: {
      if (!file.inode.isDirectory) return -ENOTDIR;
      const { process } = task;
      const signo = () => file.ownerSignal || SIGIO;
      notifyDirectory(
        file,
        argument | 0,
        () => sendToProcess(process, { signo: signo(), code: POLL_MSG, fd, band: 0x41 }),
      );
      return 0;
    }
    case fcntl.F_SETPIPE_SZ:
      return file instanceof PipeFile ? file.pipe.resize(argument, task.capable(CAP_SYS_RESOURCE)) : -EBADF;
    case fcntl.F_GETPIPE_SZ:
      return file instanceof PipeFile ? file.pipe.capacity : -EBADF;
    case fcntl.F_ADD_SEALS:
      return addSeals(file, argument);
    case fcntl.F_GET_SEALS:
      return file.inode instanceof MemoryFile ? file.inode.seals : -EINVAL;
    case fcntl.F_GET_RW_HINT:
    case fcntl.F_GET_FILE_RW_HINT:
      task.mm.writeU64(argument, 0n);
      return 0;
    case fcntl.F_SET_RW_HINT:
    case fcntl.F_SET_FILE_RW_HINT:
      return task.mm.readU64(argument) > 5n ? -EINVAL : 0;
    default:
      return -EINVAL;
  }
}

function setStatusFlags(task: Task, fd: number, file: OpenFile, flags: number): number {
  if ((flags & fcntl.O_NOATIME) !== 0 && (file.flags & fcntl.O_NOATIME) === 0 && !isOwner(task, file.inode)) {
    return -EPERM;
  }
  // Direct I/O is for files of a disk; on a pipe it is packet mode.
  if ((flags & fcntl.O_DIRECT) !== 0 && (file.flags & fcntl.O_DIRECT) === 0 && !(file instanceof PipeFile)) {
    return -EINVAL;
  }
  file.flags = (file.flags & ~fcntl.O_SETTABLE) | (flags & fcntl.O_SETTABLE);
  updateAsync(task.kernel, file, fd);
  return 0;
}

function setOwner(file: OpenFile, id: number): number {
  if (id === -0x80000000) return -EINVAL;
  file.owner = id < 0 ? { type: fcntl.F_OWNER_PGRP, id: -id } : { type: fcntl.F_OWNER_PID, id };
  return 0;
}

/** Leases are granted and never broken by force: nobody outside the guest opens its files. */
function setLease(task: Task, file: OpenFile, type: number): number {
  const { inode } = file;
  if (!inode.isRegular) return -EINVAL;
  if (task.credentials.fsuid !== inode.uid && !isOwner(task, inode)) return -EACCES;
  if (type === fcntl.F_UNLCK) {
    if (file.lease === fcntl.F_UNLCK) return -EAGAIN;
    file.lease = fcntl.F_UNLCK;
    return 0;
  }
  if (type === fcntl.F_RDLCK && inode.writers > 0) return -EAGAIN;
  if (type === fcntl.F_WRLCK && inode.opens > 1) return -EAGAIN;
  if (type !== fcntl.F_RDLCK && type !== fcntl.F_WRLCK) return -EINVAL;
  file.lease = type;
  return 0;
}

function addSeals(file: OpenFile, seals: number): number {
  const { inode } = file;
  if (!(inode instanceof MemoryFile)) return -EINVAL;
  if (!file.writable) return -EPERM;
  if ((seals & ~fcntl.F_ALL_SEALS) !== 0) return -EINVAL;
  if ((inode.seals & fcntl.F_SEAL_SEAL) !== 0) return -EPERM;
  if ((seals & fcntl.F_SEAL_WRITE) !== 0 && inode.writableMappings > 0) return -EBUSY;
  inode.seals |= seals;
  return 0;
}

function recordLock(task: Task, fd: number, file: OpenFile, command: number, va: number): number | Blocking {
  const flock = fcntl.decodeFlock(task.mm.readBytes(va, fcntl.FLOCK_SIZE));
  const isOfd = command >= fcntl.F_OFD_GETLK;
  if (isOfd && flock.pid !== 0) return -EINVAL;
  const owner = isOfd ? file : task.files;
  if (command === fcntl.F_GETLK || command === fcntl.F_OFD_GETLK) {
    const error = getLock(file, owner, flock);
    if (!error) task.mm.writeBytes(va, fcntl.encodeFlock(flock));
    return error;
  }
  const { files } = task;
  const wait = command === fcntl.F_SETLKW || command === fcntl.F_OFD_SETLKW;
  return setLock(file, owner, isOfd ? -1 : task.pid, flock, wait, () => files.get(fd) === file);
}

function flock(task: Task, fd: number, operation: number): number | Blocking {
  const file = task.files.get(fd);
  return !file || (file.flags & fcntl.O_PATH) !== 0 ? -EBADF : flockFile(file, operation);
}

function ioctl(task: Task, fd: number, request: number, argument: number): number {
  const file = task.files.get(fd);
  if (!file || (file.flags & fcntl.O_PATH) !== 0) return -EBADF;
  const { mm } = task, { inode } = file;
  // Those the kernel answers for every file (ioctl_fat and friends: fs/ioctl.c).
  switch (request >>> 0) {
    case FIOCLEX:
      task.files.setCloexec(fd, true);
      return 0;
    case FIONCLEX:
      task.files.setCloexec(fd, false);
      return 0;
    case FIONBIO:
      file.flags = mm.readU32(argument) ? file.flags | fcntl.O_NONBLOCK : file.flags & ~fcntl.O_NONBLOCK;
      return 0;
    case FIOASYNC:
      file.flags = mm.readU32(argument) ? file.flags | fcntl.O_ASYNC : file.flags & ~fcntl.O_ASYNC;
      updateAsync(task.kernel, file, fd);
      return 0;
    case FIOQSIZE:
      if (!inode.isRegular && !inode.isDirectory && !inode.isSymlink) return -ENOTTY;
      mm.writeU64(argument, BigInt(inode.size));
      return 0;
    case FIGETBSZ:
      if (!file.path) return -EINVAL;
      mm.writeU32(argument, inode.blksize);
      return 0;
    case FS_IOC_GETFLAGS:
    case FS_IOC_SETFLAGS:
      // tmpfs and overlayfs of this version know no inode flags.
      return -ENOTTY;
    case FS_IOC_FIEMAP:
    case FIDEDUPERANGE:
      return -EOPNOTSUPP;
    case FICLONE:
      return clone(task, argument, file);
    case FICLONERANGE:
      return clone(task, mm.readI32(argument), file);
  }
  return file.ioctl(request >>> 0, argument, task);
}

/** No file system here shares blocks between files (fs/remap_range.c: do_clone_file_range). */
function clone(task: Task, source: number, { inode }: OpenFile): number {
  const from = task.files.get(source)?.inode;
  if (from === undefined) return -EBADF;
  if (from.sb !== inode.sb) return -EXDEV;
  if (from.isDirectory || inode.isDirectory) return -EISDIR;
  return from.isRegular && inode.isRegular ? -EOPNOTSUPP : -EINVAL;
}

export const rows: SyscallRow[] = [
  row(23, "dup", "fd:fd =fd", dup),
  row(24, "dup3", "oldfd:fd newfd:fd flags:flags:open_bits =fd", dup3),
  row(25, "fcntl", "fd:fd cmd:flags:fcntl arg:arg:fcntl =by:fcntl", fcntlCall, "leases are never broken"),
  row(29, "ioctl", "fd:fd request:int:ioctl_request arg:arg:ioctl", ioctl),
  row(32, "flock", "fd:fd operation:flags:flock", flock),
];
