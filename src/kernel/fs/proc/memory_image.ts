/** /proc/PID/mem: the memory of a process as a file. */
import { EACCES, EINVAL, EIO } from "../../abi/errno.ts";
import { SEEK_CUR, SEEK_SET } from "../../abi/fcntl.ts";
import { S_IFREG } from "../../abi/stat.ts";
import type { Task } from "../../task/task.ts";
import type { Actor } from "../access.ts";
import { OpenFile } from "../file.ts";
import { Inode, type Opener, type OpenResult } from "../inode.ts";
import type { SuperBlock } from "../superblock.ts";

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

  /** Moves bytes page by page; the first that cannot be had ends it. */
  #move(buffer: Uint8Array, offset: number, access: "read" | "write"): number {
    const { mm } = this;
    if (mm.users === 0) return 0;
    let done = 0;
    while (done < buffer.length) {
      const view = mm.tryView(offset + done, buffer.length - done, access);
      if (!view) break;
      if (access === "read") buffer.set(view, done);
      else view.set(buffer.subarray(done, done + view.length));
      done += view.length;
    }
    return done > 0 || buffer.length === 0 ? done : -EIO;
  }

  override pread(into: Uint8Array, offset: number): number {
    // Both views may be windows into one engine: a copy between them has to go through memory of ours.
    const copy = new Uint8Array(Math.min(into.length, 1 << 20));
    const count = this.#move(copy, offset, "read");
    if (count > 0) into.set(copy.subarray(0, count));
    return count;
  }
  override pwrite(from: Uint8Array, offset: number): number {
    return this.#move(from.slice(0, 1 << 20), offset, "write");
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
