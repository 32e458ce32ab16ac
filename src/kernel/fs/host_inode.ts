/** A file in a read-write bind: attributes that are asked from the host, and changes that go to it. */
import { EOPNOTSUPP, EPERM } from "../abi/errno.ts";
import type { Stat } from "../abi/stat.ts";
import { fileTime } from "./file_time.ts";
import { hostErrno } from "./host_error.ts";
import { HostFile, type HostPages, openVerified } from "./host_file.ts";
import type { HostFs } from "./host_fs.ts";
import { type HostInfo, hostInfo, HostNode } from "./host_node.ts";
import { type AttributeChange, Inode, type OpenResult } from "./inode.ts";

/** How long, in ms, an answer of lstat holds: one burst of calls on the same path. */
export const TRUST_MS = 2;

/** What the host says of a path, itself and not what it links to; or a negative errno. */
export function lstat(path: string): HostInfo | number {
  try {
    return hostInfo(Deno.lstatSync(path));
  } catch (error) {
    return hostErrno(error);
  }
}

/** Runs a host call; 0 or a negative errno. */
export function attempt(call: () => void): number {
  try {
    call();
    return 0;
  } catch (error) {
    return hostErrno(error);
  }
}

/** A file of the host; {@link HostDirectory} adds names. */
export class HostInode extends Inode {
  declare readonly sb: HostFs;
  /** When lstat last agreed, in `performance.now()` ms. */
  checked = 0;
  /** Content in frames, once mapped. */
  pages: HostPages | undefined;
  #size = 0;
  #blocks = 0;

  /** @param path the last host path known to lead here */
  constructor(sb: HostFs, public path: string, public info: HostInfo) {
    super(sb, info.mode, 0, 0);
    this.adopt(info);
    this.btime = info.ctime;
  }

  /** Takes over what the host says now. */
  adopt(info: HostInfo): void {
    this.info = info;
    this.checked = performance.now();
    this.mode = info.mode;
    this.uid = this.sb.ownership.uid(info.uid);
    this.gid = this.sb.ownership.gid(info.gid);
    this.nlink = info.nlink;
    this.#size = info.size;
    this.#blocks = Math.ceil(info.size / 4096) * 8;
    // The host side rounds to milliseconds: keep what the guest set as long as it is the same time.
    if (this.atime / 1_000_000n !== info.atime / 1_000_000n) this.atime = info.atime;
    if (this.mtime / 1_000_000n !== info.mtime / 1_000_000n) this.mtime = info.mtime;
    this.ctime = info.ctime;
  }

  /** Asks the host again. */
  refresh(): void {
    if (this.nlink === 0) return;
    const info = lstat(this.path);
    if (typeof info !== "number" && info.ino === this.info.ino) this.adopt(info);
  }

  override get size(): number {
    return this.#size;
  }
  override get blocks(): number {
    return this.#blocks;
  }

  /** The content changed through a description. */
  resized(size: number): void {
    this.#size = size;
    this.#blocks = Math.ceil(size / 4096) * 8;
    this.mtime = this.ctime = fileTime();
  }

  override stat(): Stat {
    if (performance.now() - this.checked >= TRUST_MS) this.refresh();
    return super.stat();
  }

  override readlink(): string | number {
    return new HostNode(this.path, this.info, 0).target();
  }

  override open(flags: number): OpenResult {
    return this.isRegular ? HostFile.open(this, flags) : -EOPNOTSUPP;
  }

  override truncate(size: number): number {
    const file = openVerified(this, { write: true });
    if (typeof file === "number") return file;
    const error = attempt(() => file.truncateSync(size));
    file.close();
    if (error) return error;
    this.pages?.truncate(size);
    if (size < this.#size) this.dropPages(Math.ceil(size / 4096), Infinity);
    this.resized(size);
    return 0;
  }

  override fallocate(mode: number, offset: number, length: number): number {
    if (mode !== 0) return -EOPNOTSUPP;
    return offset + length > this.#size ? this.truncate(offset + length) : 0;
  }

  override setAttributes(change: AttributeChange): number {
    const { path } = this;
    let error = 0;
    if (change.mode !== undefined) error = attempt(() => Deno.chmodSync(path, change.mode!));
    if (!error && (change.uid !== undefined || change.gid !== undefined)) error = this.#chown(change);
    if (!error && (change.atime !== undefined || change.mtime !== undefined)) {
      const atime = change.atime ?? this.atime, mtime = change.mtime ?? this.mtime;
      // Loaded when needed: node:fs takes longer to load than the whole kernel.
      const { lutimesSync } = globalThis.process.getBuiltinModule("node:fs");
      error = attempt(() => lutimesSync(path, Number(atime) / 1e9, Number(mtime) / 1e9));
      if (!error) {
        this.atime = atime;
        this.mtime = mtime;
      }
    }
    if (!error) this.refresh();
    return error;
  }

  #chown(change: AttributeChange): number {
    const uid = change.uid === this.uid ? undefined : change.uid,
      gid = change.gid === this.gid ? undefined : change.gid;
    if (uid === undefined && gid === undefined) return 0;
    return attempt(() => Deno.chownSync(this.path, uid ?? null, gid ?? null)) ? -EPERM : 0;
  }

  override sync(): number {
    return this.pages?.flush() ?? 0;
  }
}
