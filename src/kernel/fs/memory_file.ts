/**
 * Regular files with their content in memory: of tmpfs, of the copy-on-write root, and memfd_create(2)'s.
 */
import { EFBIG, EINVAL, ENXIO, EOPNOTSUPP, EPERM } from "../abi/errno.ts";
import {
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
  MAX_OFFSET,
  O_APPEND,
  O_DIRECT,
  O_NOATIME,
  SEEK_CUR,
  SEEK_DATA,
  SEEK_END,
  SEEK_HOLE,
  SEEK_SET,
} from "../abi/fcntl.ts";
import type { Frame } from "../../engine/engine.ts";
import { FIONREAD } from "../abi/ioctl.ts";
import { type FileContext, type Mappable, OpenFile } from "./file.ts";
import { fileTime } from "./file_time.ts";
import type { OpenResult } from "./inode.ts";
import { type BaseContent, PageStore } from "./page_store.ts";
import { MemoryInode } from "./memory_inode.ts";
import type { TmpFs } from "./tmpfs.ts";

const DAY = 86_400_000_000_000n;

export class MemoryFile extends MemoryInode {
  readonly content: PageStore;
  /** F_SEAL_*; sealed against sealing unless memfd_create asked for seals (memfd_create(2)). */
  seals: number = F_SEAL_SEAL;
  /** Shared writable mappings: they forbid F_SEAL_WRITE. Kept by whoever maps. */
  writableMappings = 0;

  constructor(sb: TmpFs, mode: number, uid: number, gid: number, ino?: number, base?: BaseContent) {
    super(sb, mode, uid, gid, ino);
    this.content = new PageStore(sb.services.frames, sb, base, (first, end) => this.dropPages(first, end));
  }

  override get size(): number {
    return this.content.size;
  }
  override get blocks(): number {
    return this.content.pages * 8;
  }

  override open(flags: number): OpenResult {
    // tmpfs learned O_DIRECT in Linux 6.6; the root poses as a file system on a disk.
    if ((flags & O_DIRECT) !== 0 && this.sb.type === "tmpfs") return -EINVAL;
    return new RegularFile(flags, this);
  }

  override truncate(size: number): number {
    if (size > MAX_OFFSET) return -EFBIG;
    const before = this.content.size;
    if (size < before && (this.seals & F_SEAL_SHRINK) !== 0) return -EPERM;
    if (size > before && (this.seals & F_SEAL_GROW) !== 0) return -EPERM;
    if (size < before) this.dropPages(Math.ceil(size / 4096), Infinity);
    this.content.truncate(size);
    this.touchContent();
    return 0;
  }

  override fallocate(mode: number, offset: number, length: number): number {
    const end = offset + length;
    if (end > MAX_OFFSET) return -EFBIG;
    if ((mode & FALLOC_FL_PUNCH_HOLE) !== 0) {
      if (mode !== (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) return -EOPNOTSUPP;
      if ((this.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) !== 0) return -EPERM;
      const error = this.punch(offset, end);
      if (!error) this.touchContent();
      return error;
    }
    // As Linux's tmpfs: no collapsing, inserting or zeroing of ranges.
    if ((mode & ~FALLOC_FL_KEEP_SIZE) !== 0 || (mode & FALLOC_FL_ZERO_RANGE) !== 0) return -EOPNOTSUPP;
    const grows = (mode & FALLOC_FL_KEEP_SIZE) === 0 && end > this.content.size;
    if (grows && (this.seals & F_SEAL_GROW) !== 0) return -EPERM;
    const error = this.content.allocate(offset, end);
    if (error) return error;
    if (grows) this.content.truncate(end);
    this.touchChange();
    return 0;
  }

  /** Makes a range a hole, for mappings too. */
  punch(offset: number, end: number): number {
    const error = this.content.punch(offset, end);
    if (!error) this.dropPages(Math.ceil(offset / 4096), Math.floor(end / 4096));
    return error;
  }

  /** Writes at an offset, within the seals. */
  writeAt(from: Uint8Array, offset: number): number {
    if (from.length === 0) return 0;
    if (this.seals !== F_SEAL_SEAL) {
      if ((this.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) !== 0) return -EPERM;
      if ((this.seals & F_SEAL_GROW) !== 0 && offset + from.length > this.content.size) {
        if (offset >= this.content.size) return -EPERM;
        from = from.subarray(0, this.content.size - offset);
      }
    }
    if (offset + from.length > MAX_OFFSET) return -EFBIG;
    const count = this.content.write(from, offset);
    if (count > 0) this.touchContent();
    return count;
  }

  /** relatime (mount(8)): the access time moves once a day, or when it is older than a change. */
  touchAccess(): void {
    const now = fileTime();
    if (this.atime <= this.mtime || this.atime <= this.ctime || now - this.atime >= DAY) this.atime = now;
  }

  override sync(): number {
    return 0;
  }

  override evict(): void {
    super.evict();
    this.content.free();
  }
}

/** An open regular file in memory. */
export class RegularFile extends OpenFile {
  declare readonly inode: MemoryFile;

  override read(into: Uint8Array, context: FileContext): number {
    const count = this.pread(into, this.position, context);
    if (count > 0) this.position += count;
    return count;
  }

  override pread(into: Uint8Array, offset: number, _context: FileContext): number {
    const count = this.inode.content.read(into, offset);
    if ((this.flags & O_NOATIME) === 0) this.inode.touchAccess();
    return count;
  }

  override write(from: Uint8Array, _context: FileContext): number {
    const offset = (this.flags & O_APPEND) !== 0 ? this.inode.content.size : this.position;
    const count = this.inode.writeAt(from, offset);
    if (count > 0) this.position = offset + count;
    return count;
  }

  override pwrite(from: Uint8Array, offset: number, _context: FileContext): number {
    // O_APPEND wins over the offset (pwrite(2), BUGS).
    return this.inode.writeAt(from, (this.flags & O_APPEND) !== 0 ? this.inode.content.size : offset);
  }

  override seek(offset: number, whence: number): number {
    const target = seekTarget(this.position, this.inode.content.size, offset, whence, this.inode.content);
    if (target >= 0) this.position = target;
    return target;
  }

  override ioctl(request: number, argument: number, context: FileContext): number {
    if (request !== FIONREAD) return super.ioctl(request, argument, context);
    context.memory.writeU32(argument, Math.max(0, this.inode.size - this.position) >>> 0);
    return 0;
  }

  override mappable(): Mappable {
    return new FilePages(this.inode, this.writable);
  }

  override sync(): number {
    return 0;
  }
}

/** The pages of a memory file. */
class FilePages implements Mappable {
  constructor(readonly inode: MemoryFile, readonly shared: boolean) {}

  frame(pageIndex: number): Frame | undefined {
    return this.inode.content.frame(pageIndex, this.shared);
  }
  written(): void {
    this.inode.touchContent();
  }
  punch(first: number, end: number): void {
    this.inode.punch(first * 4096, end * 4096);
  }
  get isWriteSealed(): boolean {
    return (this.inode.seals & F_SEAL_FUTURE_WRITE) !== 0;
  }
  sharedWritable(change: 1 | -1): number {
    if (change > 0 && (this.inode.seals & F_SEAL_WRITE) !== 0) return -EPERM;
    this.inode.writableMappings += change;
    return 0;
  }
}

/** Where lseek goes, or a negative errno. Without a store everything is data. */
export function seekTarget(
  position: number,
  size: number,
  offset: number,
  whence: number,
  store?: PageStore,
): number {
  let target: number;
  switch (whence) {
    case SEEK_SET:
      target = offset;
      break;
    case SEEK_CUR:
      target = position + offset;
      break;
    case SEEK_END:
      target = size + offset;
      break;
    case SEEK_DATA:
    case SEEK_HOLE:
      if (offset < 0 || offset >= size) return -ENXIO;
      target = store ? store.seek(offset, whence === SEEK_DATA) : whence === SEEK_DATA ? offset : size;
      return target < 0 ? -ENXIO : target;
    default:
      return -EINVAL;
  }
  return target < 0 || target > MAX_OFFSET ? -EINVAL : target;
}
