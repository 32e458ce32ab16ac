/** A file in a read-write bind: attributes that are asked from the host, and changes that go to it. */
import { ELOOP, ENOENT, EOPNOTSUPP, ESTALE } from "../abi/errno.ts";
import type { Stat } from "../abi/stat.ts";
import { changeHostFile, isSameHostTime } from "./host_attributes.ts";
import { contentChanged, hostChanges, nameChanges, namesChanged } from "./host_changes.ts";
import { hostErrno } from "./host_error.ts";
import { isAt, isSameFile } from "./host_guard.ts";
import { fileTime } from "./file_time.ts";
import { HostFile, openVerified } from "./host_file.ts";
import type { HostFs } from "./host_fs.ts";
import { type HostInfo, hostInfo, hostTarget } from "./host_node.ts";
import { type AttributeChange, Inode, type OpenResult } from "./inode.ts";
import { findOpen, type OpenHostFile } from "./open_host_file.ts";

/** How long, in ms, an answer of lstat holds: one burst of calls on the same path. */
export const TRUST_MS = 2;

/** What the host says of a path, itself and not what it links to; or a negative errno. */
export function lstat(path: string): HostInfo | number {
  if (path === "") return -ENOENT;
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

/** How much later, in ns, than the host's our time of a change in its last second may be: clocks of files tick in ms. */
const SECOND = 1_010_000_000n;

/**
 * Whether a change that we have seen may be the one that the host tells of: Deno tells the time of it in whole seconds.
 * Programs look whether it has moved.
 */
const isWithinSecond = (ours: bigint, host: bigint) =>
  ours >= host && ours - host / 1_000_000_000n * 1_000_000_000n < SECOND;

/** A file of the host; {@link HostDirectory} adds names. */
export class HostInode extends Inode {
  declare readonly sb: HostFs;
  #path: string;
  /** Other paths that led here: one takes over when {@link path} is removed. There is none then: it is "". */
  #otherPaths: Set<string> | undefined;
  /** When the path was last seen to lead here, in `performance.now()` ms, and {@link nameChanges} then. */
  #found = 0;
  #foundChanges = -1;
  /** When the host last told the attributes, and {@link hostChanges} then. */
  #checked = 0;
  #checkedChanges = -1;
  /** Attributes set while the file has no name: Deno changes them by path alone. */
  #nameless: AttributeChange | undefined;
  #size = 0;
  #blocks = 0;

  /** @param path the last host path known to lead here */
  constructor(sb: HostFs, path: string, public info: HostInfo) {
    super(sb, info.mode, 0, 0);
    this.ctime = 0n;
    this.#path = path;
    this.foundAt(path, info);
    this.btime = info.ctime;
  }

  get path(): string {
    return this.#path;
  }

  /** A look at this path showed the file. */
  foundAt(path: string, info: HostInfo): void {
    if (path !== this.#path) {
      const before = this.#path;
      this.#otherPaths?.delete(path);
      this.#path = path;
      if (info.nlink > 1) this.named(before);
    }
    this.#found = performance.now();
    this.#foundChanges = nameChanges();
    this.#adopt(info);
  }

  /** Whether the path was just seen to lead here. */
  get justFound(): boolean {
    return this.#foundChanges === nameChanges() && performance.now() - this.#found < TRUST_MS;
  }

  /** This path leads here too. */
  named(path: string): void {
    if (path !== "" && path !== this.#path) (this.#otherPaths ??= new Set()).add(path);
  }

  /** The file was moved: one of its names is another now. */
  moved(from: string, to: string): void {
    this.#otherPaths?.delete(from);
    if (from === this.#path || this.#path === "") {
      this.#otherPaths?.delete(to);
      this.#path = to;
    } else this.named(to);
  }

  /** A directory moved: paths below it change with it. */
  movedWith(from: string, to: string): void {
    const below = from + "/", move = (path: string) => path.startsWith(below) ? to + path.slice(from.length) : path;
    this.#path = move(this.#path);
    if (this.#otherPaths) this.#otherPaths = new Set([...this.#otherPaths].map(move));
  }

  /** The name at this path was taken away. */
  lost(path: string): void {
    const now = this.opened?.look();
    this.#otherPaths?.delete(path);
    if (path === this.#path) {
      this.#path = "";
      for (const other of this.#otherPaths ?? []) {
        this.#otherPaths!.delete(other);
        if (!isAt(other, this.info)) continue;
        this.#path = other;
        break;
      }
    }
    this.nlink = this.isDirectory ? 0 : now ? now.nlink : Math.max(0, this.nlink - 1);
    this.#checkedChanges = -1;
  }

  /** Its names or attributes were changed through here. */
  changed(): void {
    this.ctime = fileTime();
  }

  /** Takes over what the host says now. */
  #adopt(info: HostInfo): void {
    this.info = info;
    this.#checked = performance.now();
    this.#checkedChanges = hostChanges();
    this.mode = info.mode;
    this.uid = this.sb.ownership.uid(info.uid);
    this.gid = this.sb.ownership.gid(info.gid);
    this.nlink = info.nlink;
    this.#size = info.size;
    this.#blocks = info.blocks;
    // The host side is coarser: keep what the guest set as long as it is the same time.
    if (!isSameHostTime(this.atime, info.atime)) this.atime = info.atime;
    if (!isSameHostTime(this.mtime, info.mtime)) this.mtime = info.mtime;
    const { ctime } = info;
    if (this.ctime !== ctime && !isWithinSecond(this.ctime, ctime)) this.ctime = ctime;
    if (this.#nameless) super.setAttributes(this.#nameless);
  }

  /** The file as it is open, by this inode or another one of the same host file. */
  get opened(): OpenHostFile | undefined {
    if (!this.isRegular) return undefined;
    const file = findOpen(this.sb.services.frames, this.#path, this.info);
    // A file that is gone, and that nobody has open, may have left its number to another.
    return file && (this.nlink > 0 || file.has(this)) ? file : undefined;
  }

  /**
   * Asks the host again: by the path, which takes half the time, as Deno looks at each folder on the way to an open file
   * for its permission; through a descriptor where the path leads elsewhere by now, or hosts cannot tell.
   */
  refresh(): void {
    const info = this.nlink > 0 ? lstat(this.#path) : -ENOENT, { opened } = this;
    const isHere = typeof info !== "number" && isSameFile(info, this.info) && (info.ino !== 0 || !opened);
    const now = isHere ? info : opened?.look();
    if (now) this.#adopt(now);
  }

  override get size(): number {
    return this.#size;
  }
  override get blocks(): number {
    return this.#blocks;
  }

  /** Bytes were read: the host has another time of access now. */
  wasRead(): void {
    this.#checkedChanges = -1;
  }

  /** Bytes were written up to here. */
  grown(end: number): void {
    if (end > this.#size) this.#size = end;
  }

  override stat(): Stat {
    if (this.#checkedChanges !== hostChanges() || performance.now() - this.#checked >= TRUST_MS) this.refresh();
    return super.stat();
  }

  override readlink(): string | number {
    if (this.#path === "") return -ENOENT;
    let target: string | number = -ENOENT;
    const error = this.sb.guard.run([this.#path], () => {
      target = hostTarget(this.#path);
      return 0;
    });
    return error === -ESTALE ? -ENOENT : error || target;
  }

  override open(flags: number): OpenResult {
    return this.isRegular ? HostFile.open(this, flags) : -EOPNOTSUPP;
  }

  override truncate(size: number): number {
    const open = this.opened;
    // A file that is open may have no name any more, nor rights to open it again.
    let error = open?.writer && attempt(() => open.writer!.truncateSync(size));
    if (error === undefined) {
      const file = openVerified(this, { write: true });
      if (typeof file === "number") return file;
      open?.pages?.own();
      error = attempt(() => file.truncateSync(size));
      file.close();
    }
    if (error) return error;
    this.#size = size;
    contentChanged();
    open?.truncated(size);
    return 0;
  }

  override fallocate(mode: number, offset: number, length: number): number {
    if (mode !== 0) return -EOPNOTSUPP;
    return offset + length > this.stat().size ? this.truncate(offset + length) : 0;
  }

  override setAttributes(change: AttributeChange): number {
    if (this.nlink === 0) {
      Object.assign(this.#nameless ??= {}, change);
      return super.setAttributes(change);
    }
    // What mappings stored before must not move the times later.
    this.opened?.pages?.flush();
    const { mode, uid = this.uid, gid = this.gid, atime = this.atime, mtime = this.mtime } = change;
    const owner = uid !== this.uid || gid !== this.gid
      ? { uid: uid === this.uid ? this.info.uid : uid, gid: gid === this.gid ? this.info.gid : gid }
      : undefined;
    const times = change.atime !== undefined || change.mtime !== undefined ? { atime, mtime } : undefined;
    const error = mode === undefined && !owner && !times ? 0 : this.sb.guard.run(
      [this.#path],
      () => changeHostFile(this.#path, this.info, { mode, owner, times }),
    );
    if ((error === -ESTALE || error === -ENOENT || error === -ELOOP) && this.opened?.look()?.nlink === 0) {
      // The host has removed it meanwhile.
      this.nlink = 0;
      return this.setAttributes(change);
    }
    if (!error && times) {
      this.atime = atime;
      this.mtime = mtime;
    }
    namesChanged();
    if (!error) {
      this.refresh();
      this.changed();
    }
    return error;
  }

  override sync(): number {
    this.opened?.pages?.flush();
    return 0;
  }
}
