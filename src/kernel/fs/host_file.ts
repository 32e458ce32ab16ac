/**
 * Open files of a read-write bind. Reads and writes go to the host file, and to its pages where they are mapped
 * (host_pages.ts).
 */
import { EACCES, EFBIG, EINVAL, ESTALE } from "../abi/errno.ts";
import { MAX_OFFSET, O_ACCMODE, O_APPEND, O_RDONLY, O_WRONLY } from "../abi/fcntl.ts";
import { type Mappable, OpenFile } from "./file.ts";
import { contentChanged } from "./host_changes.ts";
import { hostErrno } from "./host_error.ts";
import { isAt } from "./host_guard.ts";
import type { HostInode } from "./host_inode.ts";
import { readAt, writeAt } from "./host_io.ts";
import { seekTarget } from "./memory_file.ts";
import { OpenHostFile } from "./open_host_file.ts";

/**
 * Opens the host file behind an inode, and makes sure that it is this one: somebody may have put a link or another
 * file at its path since it was looked up, and a link in the place of a folder on the way. `-ESTALE` then: look it up
 * again. One without a name cannot be opened on the host: `-EACCES`.
 */
export function openVerified(inode: HostInode, options: Deno.OpenOptions): Deno.FsFile | number {
  const { path, info, sb: { guard } } = inode;
  if (path === "") return -EACCES;
  let file: Deno.FsFile | undefined;
  const error = guard.runFirst(path, () => {
    file = Deno.openSync(path, options);
    const { dev, ino } = file.statSync();
    return dev === info.dev && (ino ?? 0) === info.ino && isAt(path, info) ? 0 : -ESTALE;
  });
  if (!error) return file!;
  file?.close();
  return error;
}

export class HostFile extends OpenFile {
  declare readonly inode: HostInode;
  readonly #shared: OpenHostFile;

  private constructor(flags: number, inode: HostInode, readonly host: Deno.FsFile) {
    super(flags, inode);
    this.#shared = OpenHostFile.join(inode.sb.services.frames, this);
  }

  /** Opens the host file with just the access the flags ask for. */
  static open(inode: HostInode, flags: number): HostFile | number {
    const access = flags & O_ACCMODE;
    const host = inode.sb.takeNewborn(inode) ?? (inode.path === "" ? inode.opened?.lent(access) : undefined) ??
      openVerified(inode, { read: access !== O_WRONLY, write: access !== O_RDONLY });
    return typeof host === "number" ? host : new HostFile(flags, inode, host);
  }

  override read(into: Uint8Array): number {
    const count = this.pread(into, this.position);
    if (count > 0) this.position += count;
    return count;
  }

  override pread(into: Uint8Array, offset: number): number {
    this.#shared.pages?.flush(offset, offset + into.length);
    const count = readAt(this.host, into, offset);
    if (count > 0) this.inode.wasRead();
    // Farther than files of the host can be there is nothing either, though it may not go there.
    return count === -EINVAL && offset >= this.#size() ? 0 : count;
  }

  #size(): number {
    try {
      return this.host.statSync().size;
    } catch {
      return this.inode.size;
    }
  }

  override write(from: Uint8Array): number {
    const offset = (this.flags & O_APPEND) !== 0 ? this.#size() : this.position;
    const count = this.#writeAt(from, offset);
    if (count > 0) this.position = offset + count;
    return count;
  }

  override pwrite(from: Uint8Array, offset: number): number {
    return this.#writeAt(from, (this.flags & O_APPEND) !== 0 ? this.#size() : offset);
  }

  #writeAt(from: Uint8Array, offset: number): number {
    if (offset + from.length > MAX_OFFSET) return -EFBIG;
    const count = writeAt(this.host, from, offset);
    if (count === -EINVAL && offset > this.#size()) return -EFBIG;
    if (count <= 0) return count;
    this.inode.grown(offset + count);
    contentChanged();
    this.#shared.pages?.update(from.subarray(0, count), offset);
    return count;
  }

  override seek(offset: number, whence: number): number {
    const target = seekTarget(this.position, this.#size(), offset, whence);
    if (target >= 0) this.position = target;
    return target;
  }

  override mappable(): Mappable {
    return this.#shared.mapped();
  }

  override sync(): number {
    const error = this.#shared.sync();
    try {
      this.host.syncSync();
      return error;
    } catch (error) {
      return hostErrno(error);
    }
  }

  override release(): void {
    this.#shared.leave(this);
  }
}
