/** /proc/PID/mem: the memory of a process as a file. */
import { EACCES, EINVAL, EIO } from "../../abi/errno.ts";
import { SEEK_CUR, SEEK_SET } from "../../abi/fcntl.ts";
import { S_IFREG } from "../../abi/stat.ts";
import { readForced, writeForced } from "../../mm/forced_access.ts";
import type { Task } from "../../task/task.ts";
import type { Actor } from "../access.ts";
import { OpenFile } from "../file.ts";
import { Inode, type Opener, type OpenResult } from "../inode.ts";
import type { SuperBlock } from "../superblock.ts";

/** Bytes moved by one call. */
const MAX_TRANSFER = 1 << 20;

export class MemoryImage extends Inode {
  constructor(
    sb: SuperBlock,
    uid: number,
    gid: number,
    ino: number,
    readonly task: Task,
    readonly allows: (actor: Actor) => boolean,
  ) {
    super(sb, S_IFREG | 0o600, uid, gid, ino);
  }

  override open(flags: number, opener: Opener): OpenResult {
    return this.allows(opener as unknown as Actor) ? new MemoryImageFile(flags, this, this.task.mm) : -EACCES;
  }
}

class MemoryImageFile extends OpenFile {
  /** Holds the address space of the time of opening, though not its pages: after exec there is nothing to read. */
  constructor(flags: number, inode: MemoryImage, readonly mm: Task["mm"]) {
    super(flags, inode);
  }

  // Rights do not count (fs/proc/base.c: mem_rw). Both sides may be windows into one engine: a copy between them goes
  // through memory of ours.
  override pread(into: Uint8Array, offset: number): number {
    if (this.mm.users === 0 || into.length === 0) return 0;
    const bytes = readForced(this.mm, offset, Math.min(into.length, MAX_TRANSFER));
    if (bytes === undefined) return -EIO;
    into.set(bytes);
    return bytes.length;
  }
  override pwrite(from: Uint8Array, offset: number): number {
    if (this.mm.users === 0 || from.length === 0) return 0;
    return writeForced(this.mm, offset, from.slice(0, MAX_TRANSFER)) || -EIO;
  }
  override read(into: Uint8Array): number {
    const count = this.pread(into, this.position);
    if (count > 0) this.position += count;
    return count;
  }
  override write(from: Uint8Array): number {
    const count = this.pwrite(from, this.position);
    if (count > 0) this.position += count;
    return count;
  }
  override seek(offset: number, whence: number): number {
    const target = whence === SEEK_SET ? offset : whence === SEEK_CUR ? this.position + offset : -1;
    return target < 0 ? -EINVAL : this.position = target;
  }
}
