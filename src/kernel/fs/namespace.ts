/**
 * The mount tree of a guest: which file systems there are and where they hang (mount_namespaces(7)).
 */
import { EBUSY, EINVAL, ELOOP, ENOENT, ENOTDIR } from "../abi/errno.ts";
import { MS_NODEV, MS_NOEXEC, MS_NOSUID } from "../abi/mount.ts";
import { Dentry } from "./dentry.ts";
import { FsContext } from "./fs_context.ts";
import type { Inode } from "./inode.ts";
import { describePath, isWithin, Mount, mountPlace, type Path } from "./path.ts";
import type { SuperBlock } from "./superblock.ts";
import { type FsServices, TmpFs } from "./tmpfs.ts";

export class MountNamespace {
  /** In the order of mounting. */
  readonly mounts: Mount[] = [];
  readonly root: Path;
  /** Where memfd_create(2) keeps its files: attached nowhere. */
  readonly memfds: Mount;
  #lastId = 20;

  constructor(readonly services: FsServices, root: SuperBlock) {
    const mount = this.create(root, new Dentry(root.root, undefined, "/"), 0);
    this.mounts.push(mount);
    this.root = { mount, dentry: mount.root };
    const memfds = new TmpFs(services);
    memfds.unmounted = true;
    this.memfds = this.create(memfds, new Dentry(memfds.root, undefined, "/"), 0);
  }

  /** A process's view: root of the tree, working directory there. */
  context(): FsContext {
    return new FsContext(this, this.root, this.root);
  }

  /** A mount that is not attached yet. @param flags MS_RDONLY and its like */
  create(sb: SuperBlock, root: Dentry, flags: number): Mount {
    return new Mount(++this.#lastId, sb, root, flags);
  }

  /** A mount of a file system's own root, or of one inode of it. @param source the first column of /proc/mounts */
  createFor(sb: SuperBlock, flags: number, inode: Inode = sb.root, source?: string): Mount {
    return new Mount(++this.#lastId, sb, new Dentry(inode, undefined, "/"), flags, source);
  }

  /** Hangs a mount on a place; a directory on a directory, a file on a file. */
  attach(mount: Mount, place: Path): number {
    const isDirectory = mount.root.inode.isDirectory;
    if (isDirectory !== place.dentry.inode.isDirectory) return -ENOTDIR;
    if (place.dentry.deleted) return -ENOENT;
    mount.parent = place.mount;
    mount.mountpoint = place.dentry;
    (place.dentry.mounts ??= []).push(mount);
    this.mounts.push(mount);
    return 0;
  }

  /** Takes a mount out of the tree. @param lazy MNT_DETACH: with all that is mounted in it */
  detach(mount: Mount, lazy: boolean): number {
    if (mount === this.root.mount) return -EBUSY;
    if (!mount.mountpoint) return -EINVAL;
    const inner = this.mounts.filter((other) => other.parent === mount);
    if (inner.length > 0) {
      if (!lazy) return -EBUSY;
      for (const other of inner) this.detach(other, true);
    }
    const point = mount.mountpoint;
    point.mounts = point.mounts?.filter((other) => other !== mount);
    if (point.mounts?.length === 0) point.mounts = undefined;
    mount.parent = mount.mountpoint = undefined;
    this.mounts.splice(this.mounts.indexOf(mount), 1);
    return 0;
  }

  /** Moves a mount to another place (MS_MOVE). */
  move(mount: Mount, place: Path): number {
    if (!mount.mountpoint) return -EINVAL;
    if (isWithin(place, { mount, dentry: mount.root })) return -ELOOP;
    const from = mountPlace(mount)!;
    const error = this.detach(mount, false);
    if (error) return error;
    return this.attach(mount, place) && (this.attach(mount, from), -EINVAL);
  }

  /** Text of /proc/PID/mounts for a process with this root. */
  mountsText(root: Path): string {
    let text = "";
    for (const mount of this.mounts) {
      const point = mountPointName(mount, root);
      if (point === undefined) continue;
      text += `${escape(mount.source)} ${escape(point)} ${mount.sb.type} ${options(mount)}${mount.sb.options} 0 0\n`;
    }
    return text;
  }

  /** Text of /proc/PID/mountinfo. */
  mountInfoText(root: Path): string {
    let text = "";
    for (const mount of this.mounts) {
      const point = mountPointName(mount, root);
      if (point === undefined) continue;
      const { dev } = mount.sb, major = dev >>> 8 & 0xfff, minor = (dev & 0xff) | (dev >>> 12 & 0xfff00);
      const inner = mount.root.parent === mount.root ? "/" : rootName(mount.root);
      text += `${mount.id} ${mount.parent?.id ?? 1} ${major}:${minor} ${escape(inner)} ${escape(point)} ` +
        `${options(mount)} - ${mount.sb.type} ${escape(mount.source)} ${mount.sb.readOnly ? "ro" : "rw"}` +
        `${mount.sb.options}\n`;
    }
    return text;
  }
}

/** The path of a bind mount's root inside its file system. */
function rootName(dentry: Dentry): string {
  let name = "";
  for (; dentry.parent !== dentry; dentry = dentry.parent) name = "/" + dentry.name + name;
  return name || "/";
}

function mountPointName(mount: Mount, root: Path): string | undefined {
  const place = mountPlace(mount);
  if (!place) return mount === root.mount && mount.root === root.dentry ? "/" : undefined;
  if (mount === root.mount && mount.root === root.dentry) return "/";
  return isWithin(place, root) ? describePath(place, root) : undefined;
}

function options(mount: Mount): string {
  let text = mount.readOnly ? "ro" : "rw";
  if ((mount.flags & MS_NOSUID) !== 0) text += ",nosuid";
  if ((mount.flags & MS_NODEV) !== 0) text += ",nodev";
  if ((mount.flags & MS_NOEXEC) !== 0) text += ",noexec";
  return text + ",relatime";
}

/** Blanks and backslashes as octal, as /proc/mounts has them. */
function escape(name: string): string {
  return name.replace(/[\s\\#]/g, (char) => "\\" + char.charCodeAt(0).toString(8).padStart(3, "0"));
}
