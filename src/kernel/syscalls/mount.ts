/** mount(2), umount2(2), pivot_root(2): for a privileged guest; tmpfs, proc, sysfs and bind mounts. */
import { CAP_SYS_ADMIN } from "../abi/capability.ts";
import { EBUSY, EINVAL, ENODEV, ENOSYS, ENOTDIR, EPERM } from "../abi/errno.ts";
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "../abi/fcntl.ts";
import * as abi from "../abi/mount.ts";
import type { Mount, Path } from "../fs/path.ts";
import { DEFAULT_LIMITS, TmpFs } from "../fs/tmpfs.ts";
import type { Task } from "../task/task.ts";
import { row, type SyscallRow } from "./row.ts";
import { readPath, resolveAt } from "./user_path.ts";

/** Flags that a mount keeps. */
const KEPT = abi.MS_RDONLY | abi.MS_NOSUID | abi.MS_NODEV | abi.MS_NOEXEC;
const PROPAGATION = abi.MS_SHARED | abi.MS_PRIVATE | abi.MS_SLAVE | abi.MS_UNBINDABLE;

function mount(task: Task, sourceVa: number, targetVa: number, typeVa: number, flags: number, dataVa: number): number {
  const target = resolveAt(task, AT_FDCWD, targetVa, 0);
  if (typeof target === "number") return target;
  if (!task.capable(CAP_SYS_ADMIN)) return -EPERM;
  const { namespace } = task.fs;
  const isMountPoint = target.dentry === target.mount.root;
  if ((flags & abi.MS_REMOUNT) !== 0) {
    if (!isMountPoint) return -EINVAL;
    target.mount.flags = flags & KEPT;
    return 0;
  }
  // One namespace only: nobody to propagate to.
  if ((flags & PROPAGATION) !== 0) return isMountPoint ? 0 : -EINVAL;
  if ((flags & (abi.MS_BIND | abi.MS_MOVE)) !== 0) {
    const source = resolveAt(task, AT_FDCWD, sourceVa, 0);
    if (typeof source === "number") return source;
    if ((flags & abi.MS_MOVE) !== 0) {
      return source.dentry === source.mount.root ? namespace.move(source.mount, target) : -EINVAL;
    }
    return namespace.attach(namespace.create(source.mount.sb, source.dentry, source.mount.flags), target);
  }
  const type = readPath(task, typeVa), source = sourceVa === 0 ? "none" : readPath(task, sourceVa);
  if (typeof type === "number") return type;
  const data = dataVa === 0 ? "" : task.mm.readString(dataVa, 4096);
  const made = make(task, type, data, flags);
  if (typeof made === "number") return made;
  if (made.sb.type === "tmpfs" && typeof source === "string") made.sb.source = source;
  return namespace.attach(made, target);
}

/** A new mount of a kind of file system. */
function make(task: Task, type: string, data: string, flags: number): Mount | number {
  const { namespace } = task.fs;
  switch (type) {
    case "tmpfs": {
      const mode = /(?:^|,)mode=([0-7]+)/.exec(data)?.[1];
      const fs = new TmpFs(namespace.services, mode ? parseInt(mode, 8) & 0o7777 : 0o1777, DEFAULT_LIMITS);
      return namespace.createFor(fs, flags & KEPT);
    }
    case "proc":
    case "sysfs":
    case "devpts":
    case "mqueue":
    case "devtmpfs": {
      // One instance of each: the one that is mounted already.
      const known = namespace.mounts.find((other) => other.sb.type === type);
      return known ? namespace.create(known.sb, known.root, flags & KEPT) : -ENODEV;
    }
    default:
      return -ENODEV;
  }
}

function umount2(task: Task, va: number, flags: number): number {
  if ((flags & ~(abi.MNT_FORCE | abi.MNT_DETACH | abi.MNT_EXPIRE | abi.UMOUNT_NOFOLLOW)) !== 0) return -EINVAL;
  const place = resolveAt(task, AT_FDCWD, va, (flags & abi.UMOUNT_NOFOLLOW) !== 0 ? AT_SYMLINK_NOFOLLOW : 0);
  if (typeof place === "number") return place;
  if (!task.capable(CAP_SYS_ADMIN)) return -EPERM;
  if (place.dentry !== place.mount.root) return -EINVAL;
  const lazy = (flags & abi.MNT_DETACH) !== 0;
  if (!lazy && inUse(task, place)) return -EBUSY;
  return task.fs.namespace.detach(place.mount, lazy);
}

/** Whether some process stands in a mount or has a file of it open. */
function inUse(task: Task, { mount }: Path): boolean {
  for (const other of task.kernel.tasks.values()) {
    if (other.state === "dead") continue;
    if (other.fs.cwd.mount === mount || other.fs.root.mount === mount) return true;
    for (const [, file] of other.files.descriptors()) if (file.path?.mount === mount) return true;
  }
  return false;
}

function pivotRoot(task: Task, newVa: number, oldVa: number): number {
  if (!task.capable(CAP_SYS_ADMIN)) return -EPERM;
  const place = resolveAt(task, AT_FDCWD, newVa, 0), old = resolveAt(task, AT_FDCWD, oldVa, 0);
  if (typeof place === "number") return place;
  if (typeof old === "number") return old;
  return place.dentry.inode.isDirectory ? -EINVAL : -ENOTDIR;
}

/** Newer ways to mount: nobody needs them who may not mount, and mount(2) serves the others. */
function newMountApi(task: Task): number {
  return task.capable(CAP_SYS_ADMIN) ? -ENOSYS : -EPERM;
}

function newRow(nr: number, name: string): SyscallRow {
  return { ...row(nr, name, "a:ulong b:ulong c:ulong d:ulong e:ulong", newMountApi, "use mount"), support: "none" };
}

export const rows: SyscallRow[] = [
  row(39, "umount2", "target:path flags:flags:umount", umount2),
  row(
    40,
    "mount",
    "source:path target:path type:str flags:bits:mount data:str",
    mount,
    "tmpfs, bind, move and remount; proc, sysfs and devpts once more; no propagation",
  ),
  row(41, "pivot_root", "new_root:path put_old:path", pivotRoot, "always refused"),
  newRow(428, "open_tree"),
  newRow(429, "move_mount"),
  newRow(430, "fsopen"),
  newRow(431, "fsconfig"),
  newRow(432, "fsmount"),
  newRow(433, "fspick"),
  newRow(442, "mount_setattr"),
];
