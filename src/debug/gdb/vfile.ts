/**
 * `vFile`: the guest's files as the guest sees them, its /proc included (GDB manual, "Host I/O Packets"). This is how
 * `set sysroot target:` finds programs and libraries. The debugger has the rights of the guest's user.
 */
import { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from "../../kernel/abi/fcntl.ts";
import { EACCES, EBADF, EEXIST, EINVAL, EISDIR, ENODEV, ENOENT, ENOSPC, EPERM } from "../../kernel/abi/errno.ts";
import { EFBIG, EINTR, EMFILE, ENAMETOOLONG, ENFILE, ENOTDIR, EROFS, ESPIPE } from "../../kernel/abi/errno.ts";
import type { Stat } from "../../kernel/abi/stat.ts";
import { OpenFile } from "../../kernel/fs/file.ts";
import { unlink } from "../../kernel/fs/names.ts";
import { open } from "../../kernel/fs/open.ts";
import { PathWalk } from "../../kernel/fs/path_walk.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Task } from "../../kernel/task/task.ts";
import { type Command, type CommandTable, ERROR } from "./commands.ts";
import { hexNumber, hexToText } from "./hex.ts";
import { escapeBinary, unescapeBinary } from "./packet.ts";

/** Files that one debugger may have open. */
const MAX_FILES = 256;
/** Bytes of one read. */
const MAX_READ = 0xff00;

/** The protocol's numbers of errors, where they are not Linux's (GDB manual, "Errno Values"). */
const ERRNO = new Map<number, number>(
  [EPERM, ENOENT, EINTR, EBADF, EACCES, EEXIST, ENODEV, ENOTDIR, EISDIR, EINVAL, ENFILE, EMFILE, EFBIG, ENOSPC, ESPIPE]
    .map((errno) => [errno, errno]),
);
ERRNO.set(EROFS, 30);
ERRNO.set(ENAMETOOLONG, 91);
const UNKNOWN = 9999;

const failure = (errno: number): string => `F-1,${(ERRNO.get(Math.abs(errno)) ?? UNKNOWN).toString(16)}`;

/** The protocol's open flags (GDB manual, "Open Flags"). */
function openFlags(flags: number): number {
  return ([O_RDONLY, O_WRONLY, O_RDWR][flags & 3] ?? O_RDONLY) | (flags & 0x8 ? O_APPEND : 0) |
    (flags & 0x200 ? O_CREAT : 0) | (flags & 0x400 ? O_TRUNC : 0) | (flags & 0x800 ? O_EXCL : 0);
}

/** struct stat as the protocol has it: 64 bytes, big-endian. */
function encodeStat(stat: Stat): Uint8Array {
  const bytes = new Uint8Array(64), view = new DataView(bytes.buffer);
  const words = [stat.dev, stat.ino, stat.mode, stat.nlink, stat.uid, stat.gid, stat.rdev];
  words.forEach((word, i) => view.setUint32(4 * i, word % 2 ** 32));
  [stat.size, stat.blksize, stat.blocks].forEach((word, i) => view.setBigUint64(28 + 8 * i, BigInt(word)));
  [stat.atime, stat.mtime, stat.ctime].forEach((time, i) => view.setUint32(52 + 4 * i, Number(time / 1_000_000_000n)));
  return bytes;
}

/** The files of one debugger. */
export class GuestFiles {
  readonly #files = new Map<number, OpenFile>();
  #last: Task | undefined;

  /** @param task a thread that is traced now */
  constructor(private readonly kernel: Kernel, private readonly task: () => Task | undefined) {}

  /** On whose behalf files are opened: a traced thread, else any; the last one, dead as it may be, where none is left. */
  get opener(): Task | undefined {
    return this.#last = this.task() ?? this.kernel.tasks.values().next().value ?? this.#last;
  }

  /** Returns a descriptor or a negative errno. */
  open(path: string, flags: number, mode: number): number {
    const { opener } = this;
    if (!opener) return -ENOENT;
    if (this.#files.size >= MAX_FILES) return -EMFILE;
    const file = open(opener, opener.fs.cwd, path, openFlags(flags), mode);
    if (typeof file === "number") return file;
    // A FIFO that would have to be waited for.
    if (!(file instanceof OpenFile)) return -EACCES;
    let fd = 3;
    while (this.#files.has(fd)) fd++;
    this.#files.set(fd, file);
    return fd;
  }

  get(fd: number): OpenFile | undefined {
    return this.#files.get(fd);
  }
  close(fd: number): boolean {
    this.#files.get(fd)?.unref();
    return this.#files.delete(fd);
  }
  closeAll(): void {
    for (const fd of [...this.#files.keys()]) this.close(fd);
  }
}

/** A packet `vFile:NAME:` with its arguments, which are separated by commas. */
function operation(name: string, serve: (files: GuestFiles, args: string[]) => string): Command {
  return (session, packet) => serve(session.files, packet.slice(`vFile:${name}:`.length).split(","));
}

/** Serves an operation on an open file, which is the first argument. */
function onFile(serve: (file: OpenFile, args: string[], opener: Task) => string) {
  return (files: GuestFiles, [fd, ...args]: string[]): string => {
    const file = files.get(hexNumber(fd) ?? -1), { opener } = files;
    return file && opener ? serve(file, args, opener) : failure(EBADF);
  };
}

/** Serves an operation on a path, which is the only argument, in hexadecimal. */
function onPath(serve: (opener: Task, path: string) => string) {
  return (files: GuestFiles, [hex = ""]: string[]): string => {
    const path = hexToText(hex), { opener } = files;
    return path === undefined ? ERROR.malformed : opener ? serve(opener, path) : failure(ENOENT);
  };
}

function attachment(bytes: Uint8Array): string {
  return `F${bytes.length.toString(16)};${escapeBinary(bytes)}`;
}

export const fileCommands: CommandTable = {
  // Which process's file system: all have the same.
  "vFile:setfs:": () => "F0",
  "vFile:open:": operation("open", (files, [name = "", flags, mode]) => {
    const path = hexToText(name), how = hexNumber(flags), bits = hexNumber(mode);
    if (path === undefined || how === undefined || bits === undefined) return ERROR.malformed;
    const fd = files.open(path, how, bits & 0o7777);
    return fd < 0 ? failure(fd) : `F${fd.toString(16)}`;
  }),
  "vFile:close:": operation("close", (files, [fd]) => files.close(hexNumber(fd) ?? -1) ? "F0" : failure(EBADF)),
  "vFile:pread:": operation(
    "pread",
    onFile((file, [count, offset], opener) => {
      const length = hexNumber(count), at = hexNumber(offset);
      if (length === undefined || at === undefined) return ERROR.malformed;
      if (!file.readable) return failure(EBADF);
      const bytes = new Uint8Array(Math.min(length, MAX_READ));
      const done = file.pread(bytes, at, opener);
      return done < 0 ? failure(done) : attachment(bytes.subarray(0, done));
    }),
  ),
  "vFile:pwrite:": (session, packet) => {
    // The data may contain commas.
    const [, fd, offset, data] = /^vFile:pwrite:([^,]*),([^,]*),([^]*)$/.exec(packet) ?? [];
    const file = session.files.get(hexNumber(fd) ?? -1), at = hexNumber(offset), { opener } = session.files;
    if (at === undefined || data === undefined) return ERROR.malformed;
    if (!file?.writable || !opener) return failure(EBADF);
    const done = file.pwrite(unescapeBinary(data), at, opener);
    return done < 0 ? failure(done) : `F${done.toString(16)}`;
  },
  "vFile:fstat:": operation("fstat", onFile((file) => attachment(encodeStat(file.inode.stat())))),
  "vFile:stat:": operation(
    "stat",
    onPath((opener, path) => {
      const walk = new PathWalk(opener, opener.fs.cwd), error = walk.to(path, true);
      return error ? failure(error) : attachment(encodeStat(walk.dentry.inode.stat()));
    }),
  ),
  "vFile:readlink:": operation(
    "readlink",
    onPath((opener, path) => {
      const walk = new PathWalk(opener, opener.fs.cwd), error = walk.to(path, false);
      if (error) return failure(error);
      const text = walk.dentry.inode.isSymlink ? walk.dentry.inode.readlink(opener) : -EINVAL;
      if (typeof text === "number") return failure(text);
      return attachment(Uint8Array.from(text, (char) => char.charCodeAt(0)));
    }),
  ),
  "vFile:unlink:": operation(
    "unlink",
    onPath((opener, path) => {
      const error = unlink(opener, opener.fs.cwd, path);
      return error ? failure(error) : "F0";
    }),
  ),
};
