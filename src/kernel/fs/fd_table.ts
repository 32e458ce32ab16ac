/**
 * The descriptor table of a process (Linux: `struct files_struct`; CLONE_FILES shares it).
 *
 * The table is also the owner of POSIX record locks, as in Linux: closing any descriptor of a file drops the locks
 * this table holds on it (fcntl(2)).
 */
import { EBADF, EINVAL, EMFILE } from "../abi/errno.ts";
import { O_PATH } from "../abi/fcntl.ts";
import type { OpenFile } from "./file.ts";

export class FdTable {
  readonly #files: (OpenFile | undefined)[] = [];
  /** Close-on-exec by descriptor. */
  readonly #cloexec = new Set<number>();
  /** No descriptor below is free. */
  #lowestFree = 0;

  /** The open file of a descriptor. */
  get(fd: number): OpenFile | undefined {
    return this.#files[fd];
  }

  /** Descriptors in use, ascending. */
  *descriptors(): Generator<[number, OpenFile]> {
    for (let fd = 0; fd < this.#files.length; fd++) {
      const file = this.#files[fd];
      if (file) yield [fd, file];
    }
  }

  /** How many descriptors there is room for at present (FDSize of /proc/pid/status). */
  get capacity(): number {
    return Math.max(64, 2 ** Math.ceil(Math.log2(Math.max(1, this.#files.length))));
  }

  /**
   * Takes over a reference to `file` under the lowest free descriptor.
   *
   * @param limit RLIMIT_NOFILE; from it on there is no descriptor
   * @returns the descriptor, `-EMFILE`, or `-EINVAL` when `min` itself is out of range; on failure the reference
   * stays the caller's
   */
  add(file: OpenFile, cloexec: boolean, limit: number, min = 0): number {
    if (min >= limit) return min === 0 ? -EMFILE : -EINVAL;
    let fd = Math.max(min, this.#lowestFree);
    while (this.#files[fd] !== undefined) fd++;
    if (fd >= limit) return -EMFILE;
    if (min <= this.#lowestFree) this.#lowestFree = fd + 1;
    this.#put(fd, file, cloexec);
    return fd;
  }

  /** Whether {@link add} would find a descriptor: checked before an operation that cannot be undone. */
  hasRoom(limit: number): boolean {
    let fd = this.#lowestFree;
    while (this.#files[fd] !== undefined) fd++;
    this.#lowestFree = fd;
    return fd < limit;
  }

  #put(fd: number, file: OpenFile, cloexec: boolean): void {
    // Keeps the array dense: a hole far out would make it a dictionary.
    while (this.#files.length < fd) this.#files.push(undefined);
    this.#files[fd] = file;
    if (cloexec) this.#cloexec.add(fd);
    else this.#cloexec.delete(fd);
  }

  /** dup3: takes over a reference under this very descriptor, closing what was there. */
  set(fd: number, file: OpenFile, cloexec: boolean, limit: number): number {
    if (fd < 0 || fd >= limit) return -EBADF;
    const old = this.#files[fd];
    this.#put(fd, file, cloexec);
    if (old) this.#drop(old);
    return fd;
  }

  /** close(2). */
  close(fd: number): number {
    const file = this.#files[fd];
    if (!file) return -EBADF;
    this.#files[fd] = undefined;
    this.#cloexec.delete(fd);
    if (fd < this.#lowestFree) this.#lowestFree = fd;
    this.#drop(file);
    return 0;
  }

  #drop(file: OpenFile): void {
    if (!(file.flags & O_PATH)) file.inode.locks?.releaseOwner(this); // fs/open.c: filp_flush
    file.flush(this);
    file.unref();
  }

  cloexec(fd: number): boolean {
    return this.#cloexec.has(fd);
  }

  setCloexec(fd: number, on: boolean): void {
    if (on) this.#cloexec.add(fd);
    else this.#cloexec.delete(fd);
  }

  /** Closes, or marks close-on-exec, all descriptors from `first` to `last` inclusive (close_range(2)). */
  closeRange(first: number, last: number, onlyMark: boolean): void {
    const end = Math.min(last + 1, this.#files.length);
    for (let fd = first; fd < end; fd++) {
      if (this.#files[fd] === undefined) continue;
      if (onlyMark) this.#cloexec.add(fd);
      else this.close(fd);
    }
  }

  /** What a child without CLONE_FILES gets: the same open files under the same descriptors. */
  clone(): FdTable {
    const copy = new FdTable();
    for (const [fd, file] of this.descriptors()) {
      file.references++;
      copy.#put(fd, file, this.#cloexec.has(fd));
    }
    return copy;
  }

  /** execve: closes what is marked. */
  closeOnExec(): void {
    for (const fd of [...this.#cloexec]) this.close(fd);
  }

  /** The last thread that shares the table is gone. */
  closeAll(): void {
    for (let fd = 0; fd < this.#files.length; fd++) {
      if (this.#files[fd]) this.close(fd);
    }
  }
}
