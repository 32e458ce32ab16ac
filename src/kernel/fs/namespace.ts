/**
 * The mount tree of a guest: which file systems there are and where they hang (mount_namespaces(7)).
 */
import { EBUSY, EINVAL, ELOOP, ENOENT, ENOSPC, ENOTDIR } from "../abi/errno.ts";
import { MS_NODEV, MS_NOEXEC, MS_NOSUID } from "../abi/mount.ts";
import { Dentry } from "./dentry.ts";
import { FsContext } from "./fs_context.ts";
import type { Inode } from "./inode.ts";
import { describePath, isWithin, Mount, mountPlace, type Path } from "./path.ts";
import type { SuperBlock } from "./superblock.ts";
import type { UserNamespace } from "../task/user_namespace.ts";
import { type FsServices, TmpFs } from "./tmpfs.ts";

/** fs.mount-max */
export const MOUNT_MAX = 100_000;

/** Number of the first one (linux/proc_ns.h); others follow those that Linux starts with. */
const INITIAL_INO = 4026531841, FIRST_INO = 4026600000;

export class MountNamespace {
  static #lastIno = FIRST_INO;
  /** In the order of mounting. */
  readonly mounts: Set<Mount> = new Set();
  root: Path;
  readonly ino: number;
  /** Views and open descriptors of it: without any it ends. */
  users = 0;

  private constructor(
    readonly services: FsServices,
    /** Where memfd_create(2) keeps its files: attached nowhere. */
    readonly memfds: Mount,
    private readonly ids: { last: number },
    root: Mount,
    /** Whose capabilities count; undefined: the initial user namespace. */
    readonly owner: UserNamespace | undefined,
  ) {
    this.ino = owner === undefined ? INITIAL_INO : MountNamespace.#lastIno++;
    this.mounts.add(root);
    root.namespace = this;
    this.root = { mount: root, dentry: root.root };
  }

  /** The first one of a guest. */
  static first(services: FsServices, root: SuperBlock): MountNamespace {
    const ids = { last: 20 }, memfds = new TmpFs(services);
    memfds.unmounted = true;
    const mount = (sb: SuperBlock) => new Mount(++ids.last, sb, new Dentry(sb.root, undefined, "/"), 0);
    const first = new MountNamespace(services, mount(memfds), ids, mount(root), undefined);
    // It stays as long as the guest does.
    first.users++;
    return first;
  }

  /**
   * One like this (CLONE_NEWNS).
   *
   * @returns it, and where a place of this one is in it
   */
  copy(owner: UserNamespace): { namespace: MountNamespace; moved: (place: Path) => Path } {
    const copies = new Map<Mount, Mount>(), locks = owner !== this.owner && owner.parent !== undefined;
    const copyOf = (mount: Mount): Mount => {
      const copy = new Mount(++this.ids.last, mount.sb, mount.root, mount.flags, mount.source);
      // The root may be given up by pivot_root (fs/namespace.c: lock_mnt_tree).
      copy.locked = mount.locked || (locks && mount !== this.root.mount);
      copy.lockedFlags = locks ? mount.flags : mount.lockedFlags;
      copies.set(mount, copy);
      return copy;
    };
    const root = copyOf(this.root.mount);
    for (const mount of this.mounts) if (mount !== this.root.mount) copyOf(mount);
    const namespace = new MountNamespace(this.services, this.memfds, this.ids, root, owner);
    for (const [mount, copy] of copies) {
      const place = mountPlace(mount);
      if (place) namespace.attach(copy, { mount: copies.get(place.mount)!, dentry: place.dentry });
    }
    return { namespace, moved: ({ mount, dentry }) => ({ mount: copies.get(mount) ?? mount, dentry }) };
  }

  /** One user less. */
  release(): void {
    if (--this.users > 0) return;
    for (const mount of [...this.mounts]) this.#unhook(mount);
  }

  /** A process's view: root of the tree, working directory there. */
  context(): FsContext {
    return new FsContext(this, this.root, this.root);
  }

  /** A mount that is not attached yet. @param flags MS_RDONLY and its like */
  create(sb: SuperBlock, root: Dentry, flags: number): Mount {
    return new Mount(++this.ids.last, sb, root, flags);
  }

  /** A mount of a file system's own root, or of one inode of it. @param source the first column of /proc/mounts */
  createFor(sb: SuperBlock, flags: number, inode: Inode = sb.root, source?: string): Mount {
    return new Mount(++this.ids.last, sb, new Dentry(inode, undefined, "/"), flags, source);
  }

  /** Hangs a mount on a place; a directory on a directory, a file on a file. */
  attach(mount: Mount, place: Path): number {
    const isDirectory = mount.root.inode.isDirectory;
    if (isDirectory !== place.dentry.inode.isDirectory) return -ENOTDIR;
    if (place.dentry.deleted) return -ENOENT;
    if (this.mounts.size >= MOUNT_MAX) return -ENOSPC;
    mount.namespace = this;
    mount.parent = place.mount;
    mount.mountpoint = place.dentry;
    (place.dentry.mounts ??= []).push(mount);
    place.dentry.keepWay();
    this.mounts.add(mount);
    return 0;
  }

  /** Takes a mount out of the tree. @param lazy MNT_DETACH: with all that is mounted in it */
  detach(mount: Mount, lazy: boolean): number {
    if (mount === this.root.mount) return -EBUSY;
    if (!mount.mountpoint) return -EINVAL;
    const inner = this.below({ mount, dentry: mount.root });
    if (inner.length > 0 && !lazy) return -EBUSY;
    this.#unhook(mount);
    for (const each of inner) {
      // What covers something goes on doing so for who stands below (fs/namespace.c: disconnect_mount).
      if (each.locked) this.#forget(each);
      else this.#unhook(each);
    }
    return 0;
  }

  #unhook(mount: Mount): void {
    const point = mount.mountpoint;
    if (point !== undefined) {
      point.mounts = point.mounts?.filter((other) => other !== mount);
      if (point.mounts?.length === 0) point.mounts = undefined;
      point.forgetWay();
    }
    mount.parent = mount.mountpoint = undefined;
    this.#forget(mount);
  }

  #forget(mount: Mount): void {
    mount.namespace = undefined;
    this.mounts.delete(mount);
  }

  /** What is mounted below a place of a mount, outer ones first. */
  below(place: Path): Mount[] {
    return [...this.mounts].filter((mount) => {
      const at = mountPlace(mount);
      return at !== undefined && isWithin(at, place);
    });
  }

  /** Makes a mount the root, and hangs the old one on a place below it, which is there (pivot_root(2)). */
  pivot(to: Path, old: Path): void {
    const { mount: before } = this.root;
    this.#unhook(to.mount);
    const others = [...this.mounts].filter((mount) => mount !== before);
    this.mounts.clear();
    for (const mount of [to.mount, ...others]) this.mounts.add(mount);
    to.mount.namespace = this;
    this.root = to;
    this.attach(before, old);
  }

  /** Moves a mount to another place (MS_MOVE). */
  move(mount: Mount, place: Path): number {
    if (!mount.mountpoint) return -EINVAL;
    if (isWithin(place, { mount, dentry: mount.root })) return -ELOOP;
    const from = mountPlace(mount)!;
    this.#unhook(mount);
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
