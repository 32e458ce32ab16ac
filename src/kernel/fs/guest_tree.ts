/**
 * The file tree a guest starts with: copy-on-write root, /dev, /proc, /sys, fresh tmpfs where programs keep what is
 * temporary, and the binds.
 */
import { EEXIST, EISDIR, ENOENT, ERRNO_NAMES } from "../abi/errno.ts";
import { MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY } from "../abi/mount.ts";
import { S_IFREG } from "../abi/stat.ts";
import type { Bind } from "../../runner/guest_spec.ts";
import type { Actor } from "./access.ts";
import { fromHost } from "./byte_string.ts";
import { createDevFs } from "./dev_fs.ts";
import { registerMemoryDevices } from "./devices.ts";
import { DevPts } from "./devpts.ts";
import { FsContext } from "./fs_context.ts";
import { HostFs } from "./host_fs.ts";
import { namesChanged } from "./host_changes.ts";
import { hostNode } from "./host_node.ts";
import { LayeredDirectory, LayeredFs, layeredRoot } from "./layered_fs.ts";
import { makeDirectory, makeNode } from "./names.ts";
import { MountNamespace } from "./namespace.ts";
import { hostOwnership, sysrootOwnership } from "./ownership.ts";
import type { Mount, Path } from "./path.ts";
import { walkTo } from "./path_walk.ts";
import { ProcFs } from "./proc/proc_fs.ts";
import { SpecialFiles } from "./special_files.ts";
import type { FrameSource } from "./superblock.ts";
import { plainCredentials } from "../task/credentials.ts";
import { createSysFs } from "./sys_fs.ts";
import { type FsServices, TmpFs, type TmpFsLimits } from "./tmpfs.ts";

/** What the tree is made of; a GuestSpec has all of it. */
export interface TreeSpec {
  /** Host folder of the root's lower layer. */
  readonly sysroot?: string;
  /** The host's root is a second lower layer. */
  readonly hostFallback: boolean;
  readonly binds: readonly Bind[];
  /** Guest paths that get a fresh tmpfs more, over what is there. */
  readonly tmpfs?: readonly string[];
  readonly uid: number;
  readonly gid: number;
}

/** A tree that cannot be built: one line for the user. */
export class TreeError extends Error {
  override readonly name = "TreeError";
}

/** Fresh, empty and writable for everybody at every run. */
const TEMPORARY: readonly (readonly [path: string, mode: number])[] = [
  ["/tmp", 0o1777],
  ["/run", 0o755],
  ["/var/tmp", 0o1777],
];

/** Shared memory objects: programs that fill what they find here must not take long (containers offer less). */
const SHM_LIMITS: TmpFsLimits = { bytes: 256 * 2 ** 20, inodes: 1 << 16 };

/** Changes reported at most. */
const MAX_CHANGES = 300;

/** The tree of one guest, and the parts other rooms plug into. */
export class GuestTree {
  readonly namespace: MountNamespace;
  readonly special: SpecialFiles = new SpecialFiles();
  readonly proc: ProcFs = new ProcFs();
  readonly devpts: DevPts;
  readonly #root: LayeredFs;
  readonly #fallback: boolean;
  readonly #made = new Set<string>();
  /** Host file systems of which something is bound read-write. */
  readonly #hosts: HostFs[] = [];

  /** @throws TreeError when the sysroot or a bind cannot be shown */
  constructor(spec: TreeSpec, frames: FrameSource) {
    // What is on the host may have been made anew since the guest before.
    namesChanged();
    const services: FsServices = { frames, special: this.special, usage: { pages: 0 } };
    registerMemoryDevices(this.special, frames);
    this.#fallback = spec.hostFallback;
    this.#root = this.#createRoot(spec, services);
    this.namespace = MountNamespace.first(services, this.#root);
    this.devpts = new DevPts(this.special);
    this.#mountSystem(services);
    for (const path of spec.tmpfs ?? []) {
      this.#mount(this.namespace.createFor(new TmpFs(services, 0o1777), MS_NOSUID | MS_NODEV), fromHost(path));
    }
    // Outer ones first, so that inner ones are seen.
    const binds = [...spec.binds].sort((a, b) => a.guest.length - b.guest.length);
    for (const bind of binds) this.#bind(bind, spec, services);
    for (const { host } of binds.filter(({ readOnly }) => !readOnly)) {
      for (const { sb } of this.namespace.mounts) if (sb instanceof LayeredFs) sb.follow(resolveHost(host));
    }
    this.#recordMade();
  }

  #createRoot(spec: TreeSpec, services: FsServices): LayeredFs {
    const layers = [];
    if (spec.sysroot !== undefined) {
      const path = resolveHost(spec.sysroot), node = hostNode(path);
      if (typeof node === "number") throw new TreeError(`cannot read sysroot ${spec.sysroot}: ${reason(node)}`);
      if (!node.isDirectory) throw new TreeError(`sysroot ${spec.sysroot} is not a folder`);
      layers.push({ path, ownership: sysrootOwnership(node.info.uid, node.info.gid) });
    }
    if (spec.hostFallback) layers.push({ path: "/", ownership: hostOwnership(spec.uid, spec.gid) });
    const fs = new LayeredFs(services, layers), { root } = fs;
    // Mount points of our own: the host's are nobody's business, and Deno denies even a look at them (--allow-all).
    if (root instanceof LayeredDirectory) { for (const name of ["dev", "proc", "sys"]) root.hide(name); }
    return fs;
  }

  #mountSystem(services: FsServices): void {
    const { namespace } = this, secure = MS_NOSUID | MS_NODEV;
    const cpus = () => this.proc.root.kernel?.cpuCount ?? 1;
    this.#mount(namespace.createFor(createDevFs(services), MS_NOSUID), "/dev");
    this.#mount(namespace.createFor(this.devpts, MS_NOSUID | MS_NOEXEC), "/dev/pts");
    this.#mount(namespace.createFor(new TmpFs(services, 0o1777, SHM_LIMITS), secure), "/dev/shm");
    this.#mount(namespace.createFor(this.proc, secure | MS_NOEXEC), "/proc");
    this.#mount(namespace.createFor(createSysFs(cpus), secure | MS_NOEXEC), "/sys");
    for (const [path, mode] of TEMPORARY) this.#mount(namespace.createFor(new TmpFs(services, mode), secure), path);
    // What init systems make in a fresh /run.
    makeDirectory(this.#superuser(), namespace.root, "/run/lock", 0o1777);
  }

  #bind(bind: Bind, spec: TreeSpec, services: FsServices): void {
    const guest = fromHost(bind.guest), path = resolveHost(bind.host);
    if (!guest.startsWith("/") || /^\/*$/.test(guest)) {
      throw new TreeError(`cannot bind ${bind.host} to ${bind.guest}: not an absolute path below /`);
    }
    const ownership = hostOwnership(spec.uid, spec.gid);
    if (bind.readOnly) {
      const fs = new LayeredFs(services, []), root = layeredRoot(fs, { path, ownership });
      if (typeof root === "number") throw new TreeError(`cannot bind ${bind.host}: ${reason(root)}`);
      fs.source = fromHost(path);
      this.#mount(this.namespace.createFor(fs, bind.copyOnWrite ? 0 : MS_RDONLY, root), guest);
      return;
    }
    for (const fs of this.#hosts) {
      const root = fs.other(path);
      if (typeof root === "number") throw new TreeError(`cannot bind ${bind.host}: ${reason(root)}`);
      if (root) return this.#mount(this.namespace.createFor(fs, 0, root, fromHost(path)), guest);
    }
    const fs = HostFs.open(services, path, ownership);
    if (typeof fs === "number") throw new TreeError(`cannot bind ${bind.host}: ${reason(fs)}`);
    fs.source = fromHost(path);
    this.#hosts.push(fs);
    this.#mount(this.namespace.createFor(fs, 0), guest);
  }

  /** Hangs a mount on a path, making what is missing of it. */
  #mount(mount: Mount, path: string): void {
    const place = this.#mountPoint(path, mount.root.inode.isDirectory);
    const error = typeof place === "number" ? place : this.namespace.attach(mount, place);
    if (error) throw new TreeError(`cannot mount on ${path}: ${reason(error)}`);
  }

  #mountPoint(path: string, isDirectory: boolean): Path | number {
    const actor = this.#superuser(), { root } = this.namespace;
    const found = walkTo(actor, root, path, true);
    if (found !== -ENOENT) return found;
    const parts = path.split("/").filter(Boolean);
    for (let count = 1; count <= parts.length; count++) {
      const part = "/" + parts.slice(0, count).join("/");
      const last = count === parts.length;
      const error = last && !isDirectory
        ? makeNode(actor, root, part, S_IFREG | 0o644, 0)
        : makeDirectory(actor, root, part, 0o755);
      if (error && error !== -EEXIST && error !== -EISDIR) return error;
    }
    return walkTo(actor, root, path, true);
  }

  /** Who builds the tree: all rights, nobody's process. */
  #superuser(): Actor {
    const { root } = this.namespace;
    const credentials = plainCredentials(0, 0);
    return { credentials, fs: new FsContext(this.namespace, root, root, 0), capable: () => true };
  }

  /** A process's view of the tree. @param cwd absolute guest path; -ENOENT and the like where it is none */
  context(cwd: string): FsContext | number {
    const { root } = this.namespace;
    const place = walkTo(this.#superuser(), root, fromHost(cwd), true);
    if (typeof place === "number") return place;
    return new FsContext(this.namespace, root, place);
  }

  #changes(): string[] {
    const found: string[] = [];
    const { root } = this.#root;
    if (this.#fallback && root instanceof LayeredDirectory) root.changes("", "/", found, MAX_CHANGES + this.#made.size);
    return found;
  }

  /** Mount points made here are no change of the guest's. */
  #recordMade(): void {
    for (const path of this.#changes()) this.#made.add(path);
  }

  /**
   * Guest paths (byte strings) changed over host folders by copy-on-write, and names in read-write binds that the host
   * could not be given: they are gone after the run.
   */
  discarded(): string[] {
    const lost = this.#changes().filter((path) => !this.#made.has(path));
    for (const { memoryOnly } of this.#hosts) for (const path of memoryOnly) lost.push(fromHost(path));
    return lost.slice(0, MAX_CHANGES);
  }

  /** Writes back what read-write binds still hold in memory. */
  sync(): void {
    for (const mount of this.namespace.mounts) mount.sb.sync();
  }
}

function reason(error: number): string {
  return ERRNO_NAMES.get(-error) ?? `error ${-error}`;
}

/** Roots and binds are the same for test after test. */
const resolved = new Map<string, string>();
const MAX_RESOLVED = 1000;

/** A host path without symbolic links, as it was first found; as it is where that cannot be found out. */
function resolveHost(path: string): string {
  const known = resolved.get(path);
  if (known !== undefined) return known;
  try {
    const real = Deno.realPathSync(path);
    if (resolved.size < MAX_RESOLVED) resolved.set(path, real);
    return real;
  } catch {
    return path;
  }
}
