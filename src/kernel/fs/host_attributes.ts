/**
 * Modes, owners and times of host files: changed through a descriptor of just that file, or on the link itself. A
 * path alone could lead to another file by now.
 */
import { EACCES, EOPNOTSUPP, EPERM, ESTALE, ETXTBSY } from "../abi/errno.ts";
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../abi/stat.ts";
import { hostErrno } from "./host_error.ts";
import { isAt } from "./host_guard.ts";
import type { HostInfo } from "./host_node.ts";

/** A change as the host is told: its own ids, and times in ns since 1970. */
export interface HostChange {
  readonly mode?: number | undefined;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  readonly times?: { readonly atime: bigint; readonly mtime: bigint } | undefined;
}

/**
 * A time as a host file can be given it through node:fs, in ms since 1970: to the millisecond; before 1970 to the second.
 *
 * @param time in ns since 1970
 */
function hostTime(time: bigint): number {
  const unit = time < 0n ? 1_000_000_000n : 1_000_000n, isBelow = time % unit < 0n;
  return Number((time / unit - (isBelow ? 1n : 0n)) * (unit / 1_000_000n));
}

/** Whether these times are one for a host file. */
export const isSameHostTime = (a: bigint, b: bigint): boolean => a === b || hostTime(a) === hostTime(b);

/** What node:fs takes: it cuts seconds off to the millisecond below, and takes a negative number for now. */
function timeArgument(time: bigint): number | Date {
  const ms = hostTime(time);
  return ms < 0 ? new Date(ms) : (ms + 0.5) / 1000;
}

/** Loaded when needed: it takes longer to load than the whole kernel. */
function nodeFs() {
  return globalThis.process.getBuiltinModule("node:fs");
}

/**
 * Changes a file.
 *
 * @param path the folders on it are known to be folders ({@link HostGuard.run})
 * @param info the file that is meant
 * @returns 0 or a negative errno: `-ESTALE` if another file is at the path
 */
export function changeHostFile(path: string, info: HostInfo, change: HostChange): number {
  const fs = nodeFs(), type = info.mode & S_IFMT;
  if (type === S_IFREG || type === S_IFDIR) {
    const fd = openJust(path, info);
    if (fd >= 0) {
      try {
        return apply(change, {
          mode: (mode) => fs.fchmodSync(fd, mode),
          owner: (uid, gid) => fs.fchownSync(fd, uid, gid),
          times: (atime, mtime) => fs.futimesSync(fd, atime, mtime),
        });
      } finally {
        fs.closeSync(fd);
      }
    }
    if (fd !== -EACCES && fd !== -ETXTBSY) return fd;
  }
  // What cannot be opened: links, FIFOs, devices, and files that their owner may neither read nor write.
  if (!isAt(path, info)) return -ESTALE;
  if (change.mode !== undefined && type === S_IFLNK) return -EOPNOTSUPP;
  return apply(change, {
    mode: (mode) => Deno.chmodSync(path, mode),
    owner: (uid, gid) => fs.lchownSync(path, uid, gid),
    times: (atime, mtime) => fs.lutimesSync(path, atime, mtime),
  });
}

/** How a change is made. */
interface Means {
  mode(mode: number): void;
  owner(uid: number, gid: number): void;
  times(atime: number | Date, mtime: number | Date): void;
}

function apply({ mode, owner, times }: HostChange, by: Means): number {
  try {
    if (mode !== undefined) by.mode(mode);
    if (owner) {
      try {
        by.owner(owner.uid, owner.gid);
      } catch {
        return -EPERM;
      }
    }
    if (times) by.times(timeArgument(times.atime), timeArgument(times.mtime));
    return 0;
  } catch (error) {
    return hostErrno(error);
  }
}

/** A descriptor of this regular file or folder, whatever may be done through it; or a negative errno. */
function openJust(path: string, info: HostInfo): number {
  const fs = nodeFs(), { O_RDONLY, O_WRONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
  let error = -EACCES;
  for (const access of (info.mode & S_IFMT) === S_IFDIR ? [O_RDONLY] : [O_RDONLY, O_WRONLY]) {
    try {
      const fd = fs.openSync(path, access | O_NOFOLLOW | O_NONBLOCK), { dev, ino } = fs.fstatSync(fd);
      if (info.ino === 0 || (dev === info.dev && ino === info.ino)) return fd;
      fs.closeSync(fd);
      return -ESTALE;
    } catch (failure) {
      error = hostErrno(failure);
      if (error !== -EACCES) return error;
    }
  }
  return error;
}
