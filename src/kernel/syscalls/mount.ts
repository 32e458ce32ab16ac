/** mount(2), umount2(2), pivot_root(2): for a privileged guest; tmpfs, proc, sysfs and bind mounts. */
import { CAP_SYS_ADMIN } from "../abi/capability.ts";
import { EBUSY, EINVAL, ENODEV, ENOENT, ENOSPC, ENOSYS, ENOTDIR, EPERM } from "../abi/errno.ts";
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "../abi/fcntl.ts";
import * as abi from "../abi/mount.ts";
import type { Dentry } from "../fs/dentry.ts";
import { MOUNT_MAX } from "../fs/namespace.ts";
import { keepNamespace } from "../fs/nsfs.ts";
import { isWithin, type Mount, type Path, samePath } from "../fs/path.ts";
import { topOf } from "../fs/path_walk.ts";
import { DEFAULT_LIMITS, TmpFs } from "../fs/tmpfs.ts";
import type { Task } from "../task/task.ts";
import { row, type SyscallRow } from "./row.ts";
import { readPath, resolveAt } from "./user_path.ts";

/** Flags that a mount keeps. */
const KEPT = abi.MS_RDONLY | abi.MS_NOSUID | abi.MS_NODEV | abi.MS_NOEXEC;
const PROPAGATION = abi.MS_SHARED | abi.MS_PRIVATE | abi.MS_SLAVE | abi.MS_UNBINDABLE;

/** Whether a program may change what is mounted. */
const mayMount = (task: Task) => task.capable(CAP_SYS_ADMIN, task.fs.namespace.owner);

function mount(task: Task, sourceVa: number, targetVa: number, typeVa: number, bits: number, dataVa: number): number {
  // What Linux 2.4 wanted to see above the flags (mount(2), NOTES).
  const flags = (bits & abi.MGC_MSK) === abi.MGC_VAL ? bits & ~abi.MGC_MSK : bits;
  const target = resolveAt(task, AT_FDCWD, targetVa, 0);
  if (typeof target === "number") return target;
  if (!mayMount(task)) return -EPERM;
  const { namespace } = task.fs;
  // Places of other namespaces can be come to, by descriptors and /proc, but not changed.
  if (target.mount.namespace !== namespace) return -EINVAL;
  const isMountPoint = target.dentry === target.mount.root;
  if ((flags & abi.MS_REMOUNT) !== 0) return isMountPoint ? remount(target.mount, flags & KEPT) : -EINVAL;
  // What happens in one namespace stays there: nobody to propagate to.
  const propagation = flags & PROPAGATION;
  if (propagation !== 0) return isMountPoint && (propagation & propagation - 1) === 0 ? 0 : -EINVAL;
  if ((flags & (abi.MS_BIND | abi.MS_MOVE)) !== 0) {
    const source = resolveAt(task, AT_FDCWD, sourceVa, 0);
    if (typeof source === "number") return source;
    const isBind = (flags & abi.MS_BIND) !== 0;
    if (source.mount.namespace !== namespace && !(isBind && keepNamespace(source))) return -EINVAL;
    if (isBind) return bind(task, source, target, (flags & abi.MS_REC) !== 0);
    const isMovable = source.dentry === source.mount.root && !source.mount.locked;
    return isMovable ? namespace.move(source.mount, target) : -EINVAL;
  }
  if (typeVa === 0) return -EINVAL;
  const type = readPath(task, typeVa), source = sourceVa === 0 ? "none" : readPath(task, sourceVa);
  if (typeof type === "number") return type;
  const data = dataVa === 0 ? "" : task.mm.readString(dataVa, 4096);
  const made = make(task, type, data, flags);
  if (typeof made === "number") return made;
  if (made.sb.type === "tmpfs" && typeof source === "string") made.sb.source = source;
  return namespace.attach(made, target);
}

/** A mount from a namespace with more rights can be restricted further, not less. */
function remount(mount: Mount, flags: number): number {
  if ((mount.lockedFlags & ~flags) !== 0) return -EPERM;
  mount.flags = flags;
  return 0;
}

/** @param recursive with what is mounted below (MS_REC) */
function bind(task: Task, source: Path, target: Path, recursive: boolean): number {
  const { namespace } = task.fs, below = namespace.below(source);
  // What is hidden by a mount that cannot be taken away stays so.
  if (!recursive && below.some((mount) => mount.locked)) return -EINVAL;
  const copy = ({ sb, flags, locked, lockedFlags }: Mount, root: Dentry) => {
    const made = namespace.create(sb, root, flags);
    return Object.assign(made, { locked, lockedFlags });
  };
  if (namespace.mounts.size + below.length >= MOUNT_MAX) return -ENOSPC;
  const top = copy(source.mount, source.dentry), copies = new Map([[source.mount, top]]);
  top.locked = false;
  if (recursive) { for (const mount of below) copies.set(mount, copy(mount, mount.root)); }
  const error = namespace.attach(top, target);
  if (error || !recursive) return error;
  for (const mount of below) {
    namespace.attach(copies.get(mount)!, { mount: copies.get(mount.parent!)!, dentry: mount.mountpoint! });
  }
  return 0;
}

/** A new mount of a kind of file system. */
function make(task: Task, type: string, data: string, flags: number): Mount | number {
  const { namespace } = task.fs;
  // The others tell of what other namespaces own (FS_USERNS_MOUNT; fs/proc/root.c: proc_init_fs_context).
  if (namespace.owner?.parent && type !== "tmpfs" && type !== "devpts") return -EPERM;
  switch (type) {
    case "tmpfs": {
      const mode = /(?:^|,)mode=([0-7]+)/.exec(data)?.[1];
      const fs = new TmpFs(namespace.services, mode ? parseInt(mode, 8) & 0o7777 : 0o1777, DEFAULT_LIMITS);
      fs.root.uid = task.credentials.fsuid;
      fs.root.gid = task.credentials.fsgid;
      return namespace.createFor(fs, flags & KEPT);
    }
    case "proc":
    case "sysfs":
    case "devpts":
    case "mqueue":
    case "devtmpfs": {
      // One instance of each: the one that is mounted already.
      const known = [...namespace.mounts].find(({ sb, root }) => sb.type === type && root.inode === sb.root);
      return known ? namespace.create(known.sb, known.root, flags & KEPT) : -ENODEV;
    }
    default:
      return -ENODEV;
  }
}

function umount2(task: Task, va: number, flags: number): number {
  if ((flags & ~(abi.MNT_FORCE | abi.MNT_DETACH | abi.MNT_EXPIRE | abi.UMOUNT_NOFOLLOW)) !== 0) return -EINVAL;
  const found = resolveAt(task, AT_FDCWD, va, (flags & abi.UMOUNT_NOFOLLOW) !== 0 ? AT_SYMLINK_NOFOLLOW : 0);
  if (typeof found === "number") return found;
  // Where one stands something may have been mounted since, as by pivot_root(".", ".").
  const place = topOf(found);
  if (!mayMount(task)) return -EPERM;
  const { namespace } = task.fs;
  if (place.dentry !== place.mount.root || place.mount.locked || place.mount.namespace !== namespace) return -EINVAL;
  const lazy = (flags & abi.MNT_DETACH) !== 0;
  if (!lazy && inUse(task, place)) return -EBUSY;
  return namespace.detach(place.mount, lazy);
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

/** Another mount becomes the root of the namespace and of all that have the old one (fs/namespace.c: pivot_root). */
function pivotRoot(task: Task, newVa: number, oldVa: number): number {
  if (!mayMount(task)) return -EPERM;
  const place = resolveAt(task, AT_FDCWD, newVa, 0), old = resolveAt(task, AT_FDCWD, oldVa, 0);
  if (typeof place === "number") return place;
  if (typeof old === "number") return old;
  const { namespace, root } = task.fs;
  if (!place.dentry.inode.isDirectory || !old.dentry.inode.isDirectory) return -ENOTDIR;
  if (place.mount.namespace !== namespace || old.mount.namespace !== namespace) return -EINVAL;
  if (old.dentry.deleted) return -ENOENT;
  if (place.mount === root.mount || old.mount === root.mount) return -EBUSY;
  if (root.dentry !== root.mount.root || root.mount !== namespace.root.mount) return -EINVAL;
  if (place.dentry !== place.mount.root || place.mount.locked || !isWithin(old, place)) return -EINVAL;
  namespace.pivot(place, old);
  for (const { fs } of task.kernel.tasks.values()) {
    if (samePath(fs.root, root)) fs.root = place;
    if (samePath(fs.cwd, root)) fs.cwd = place;
  }
  return 0;
}

/** Newer ways to mount: nobody needs them who may not mount, and mount(2) serves the others. */
function newMountApi(task: Task): number {
  return mayMount(task) ? -ENOSYS : -EPERM;
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
  row(41, "pivot_root", "new_root:path put_old:path", pivotRoot),
  newRow(428, "open_tree"),
  newRow(429, "move_mount"),
  newRow(430, "fsopen"),
  newRow(431, "fsconfig"),
  newRow(432, "fsmount"),
  newRow(433, "fspick"),
  newRow(442, "mount_setattr"),
];
