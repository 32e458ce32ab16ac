/** The directories of /proc/PID and /proc/PID/task/TID, with fd, fdinfo, ns and the magic links (proc(5)). */
import { direntType, DT_DIR, DT_LNK, DT_REG } from "../../abi/dirent.ts";
import { EACCES, EINVAL, ENOENT } from "../../abi/errno.ts";
import { O_ACCMODE, O_PATH, O_RDONLY, O_WRONLY } from "../../abi/fcntl.ts";
import { mayAccess } from "../../task/ptrace_access.ts";
import type { Task } from "../../task/task.ts";
import type { IdKind } from "../../task/user_namespace.ts";
import type { Actor } from "../access.ts";
import type { OpenFile } from "../file.ts";
import type { DirectoryEntry, Inode } from "../inode.ts";
import { namespacePath, type NamespaceType } from "../nsfs.ts";
import { describePath, type Path } from "../path.ts";
import { filePath } from "../pseudo_inode.ts";
import type { SuperBlock } from "../superblock.ts";
import { MemoryImage } from "./memory_image.ts";
import * as text from "./pid_text.ts";
import { MagicLink, SyntheticDirectory, SyntheticText, type TextWriter } from "./synthetic.ts";

/** Inode numbers: 2^20 per thread, so that stat and getdents agree without anything being remembered. */
const PER_TASK = 1 << 20;
const FD_BASE = 0x1000, FDINFO_BASE = 0x40000, NS_BASE = 0x800, TASK_BASE = 0x80000;

/** Whether an actor may look into a process (PTRACE_MODE_READ_FSCREDS). */
function mayInspect(actor: Actor, task: Task): boolean {
  const { fsuid: uid, fsgid: gid, userNamespace } = actor.credentials;
  const { effective = 0n } = (actor as Partial<Task>).capabilities ?? {};
  return mayAccess(actor, { uid, gid, userNamespace, capabilities: effective }, task);
}

/** Whether a thread or its process has ended, and with it most of what is told of it. */
const isGone = ({ process, state }: Task) => process.zombie || state === "dead";

type Entry = readonly [permissions: number, make: (dir: TaskDirectory, ino: number) => Inode];

/** A text file. @param inspect only for those who may look into the process */
function file(
  read: (task: Task, dir: TaskDirectory, opener: Actor) => string | number,
  permissions = 0o444,
  inspect = false,
): Entry {
  return [
    0o100000 | permissions,
    (dir, ino) =>
      dir.textFile(
        ino,
        permissions,
        (opener) =>
          inspect && !mayInspect(opener as unknown as Actor, dir.task)
            ? -EACCES
            : read(dir.task, dir, opener as unknown as Actor),
      ),
  ];
}

function writable(
  read: (task: Task) => string,
  write: (task: Task, text: string, writer: Actor) => number,
  permissions = 0o644,
): Entry {
  return [0o100000 | permissions, (dir, ino) =>
    dir.textFile(
      ino,
      permissions,
      () => read(dir.task),
      (value, context) => write(dir.task, value, context as unknown as Actor),
    )];
}

/** A link to a place of the process. */
function magic(place: (task: Task) => Path | undefined): Entry {
  return [0o120777, (dir, ino) => {
    const { task } = dir;
    const find = () => isGone(task) ? undefined : place(task);
    return new MagicLink(
      dir.sb,
      0o777,
      dir.fileUid,
      dir.fileGid,
      ino,
      (actor) => mayInspect(actor, task) ? find() ?? -ENOENT : -EACCES,
      () => {
        const found = find();
        return found ? describePath(found, task.fs.root) : -ENOENT;
      },
    );
  }];
}

/** Writes a number in a range. */
function number(text: string, min: number, max: number): number | undefined {
  const value = /^\s*(-?\d+)\s*$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : undefined;
}

/** A number as kstrtouint takes it with base 0: decimal, octal or hexadecimal, one newline behind it. */
function unsigned(text: string): number | undefined {
  const [, hexadecimal, octal, decimal] = /^\+?(?:0[xX]([0-9a-fA-F]+)|0([0-7]+)|(\d+))\n?$/.exec(text) ?? [];
  const value = hexadecimal ? parseInt(hexadecimal, 16) : octal ? parseInt(octal, 8) : Number(decimal);
  return value < 2 ** 32 ? value : undefined;
}

function oomAdjust(task: Task, value: string): number {
  const score = number(value, -1000, 1000);
  if (score === undefined) return -EINVAL;
  // Lowering one's own chance to be killed needs privilege (CAP_SYS_RESOURCE).
  if (score < task.process.oomScoreAdjust && !task.capable(24)) return -EACCES;
  task.process.oomScoreAdjust = score;
  return 0;
}

/** A map of the user namespace of the process (user_namespaces(7)). */
function idMap(kind: IdKind): Entry {
  return [0o100644, (dir, ino) =>
    dir.textFile(
      ino,
      0o644,
      (opener) =>
        dir.task.credentials.userNamespace.mapText(kind, (opener as unknown as Actor).credentials.userNamespace),
      (value, context) => dir.task.credentials.userNamespace.writeMap(kind, value, context as unknown as Task),
    )];
}

/** Files of every thread; those of processes only follow. */
const THREAD_ENTRIES: Readonly<Record<string, Entry>> = {
  auxv: file(text.auxvText, 0o400, true),
  cgroup: file(() => "0::/\n"),
  cmdline: file(text.cmdlineText),
  comm: writable((task) => task.name + "\n", (task, value, writer) => {
    if (writer.pid !== task.process.pid) return -EINVAL;
    task.name = value.replace(/\n.*$/s, "").slice(0, 15);
    return 0;
  }),
  cpuset: file(() => "/\n"),
  cwd: magic((task) => task.fs.cwd),
  environ: file(text.environText, 0o400, true),
  exe: magic((task) => task.mm.exeFile?.path),
  gid_map: idMap("gids"),
  io: file(text.ioText, 0o400, true),
  limits: file((task) => text.limitsText(task.process)),
  loginuid: file(() => "4294967295", 0o644),
  maps: file((task) => isGone(task) ? "" : task.mm.mapsText(), 0o444, true),
  mem: [
    0o100600,
    (dir, ino) =>
      new MemoryImage(dir.sb, dir.fileUid, dir.fileGid, ino, dir.task, (actor) => mayInspect(actor, dir.task)),
  ],
  mountinfo: file((task) => task.fs.namespace.mountInfoText(task.fs.root)),
  mounts: file((task) => task.fs.namespace.mountsText(task.fs.root)),
  oom_adj: file((task) => Math.trunc(task.process.oomScoreAdjust * 17 / 1000) + "\n", 0o644),
  oom_score: file((task) => Math.max(0, 666 + Math.trunc(task.process.oomScoreAdjust * 2 / 3)) + "\n"),
  oom_score_adj: writable((task) => task.process.oomScoreAdjust + "\n", oomAdjust),
  personality: file((task) => task.process.personality.toString(16).padStart(8, "0") + "\n", 0o400, true),
  projid_map: file(({ credentials: { userNamespace } }) =>
    userNamespace.parent ? "" : userNamespace.mapText("uids", userNamespace)
  ),
  root: magic((task) => task.fs.root),
  schedstat: file((task) => `${Math.floor(task.usage.utime + task.usage.stime)} 0 ${task.usage.voluntarySwitches}\n`),
  sessionid: file(() => "4294967295"),
  setgroups: writable(
    (task) => task.credentials.userNamespace.allowsSetgroups ? "allow\n" : "deny\n",
    (task, value, writer) => task.credentials.userNamespace.writeSetgroups(value, writer as unknown as Task),
  ),
  smaps: file((task) => isGone(task) ? "" : task.mm.smapsText(), 0o444, true),
  stat: file((task, dir) => text.statText(task, dir.isProcess)),
  statm: file(text.statmText),
  status: file((task, _dir, opener) => text.statusText(task, opener.credentials.userNamespace)),
  syscall: file(text.syscallText, 0o400, true),
  uid_map: idMap("uids"),
  wchan: file(() => "0"),
};

const PROCESS_ENTRIES: Readonly<Record<string, Entry>> = {
  ...THREAD_ENTRIES,
  autogroup: file((task) => `/autogroup-${task.process.sid} nice 0\n`, 0o644),
  coredump_filter: writable(
    (task) => task.process.coredumpFilter.toString(16).padStart(8, "0") + "\n",
    (task, value) => {
      const filter = unsigned(value);
      if (filter === undefined) return -EINVAL;
      task.process.coredumpFilter = filter & 0x1ff;
      return 0;
    },
  ),
  mountstats: file((task) => mountStats(task), 0o400, true),
  timers: file(() => ""),
  timerslack_ns: writable((task) => task.timerSlack + "\n", (task, value) => {
    const slack = number(value, 0, Number.MAX_SAFE_INTEGER);
    if (slack === undefined) return -EINVAL;
    task.timerSlack = slack || 50_000;
    return 0;
  }, 0o666),
};

function mountStats(task: Task): string {
  return task.fs.namespace.mountsText(task.fs.root).split("\n").filter(Boolean).map((line) => {
    const [device, point, type] = line.split(" ");
    return `device ${device} mounted on ${point} with fstype ${type}\n`;
  }).join("");
}

/** /proc/PID or /proc/PID/task/TID. */
export class TaskDirectory extends SyntheticDirectory {
  readonly #base: number;
  /** Who owns what is not a directory that everybody may read: root where the process does not dump (fs/proc/base.c: task_dump_owner). */
  readonly fileUid: number;
  readonly fileGid: number;
  readonly #entries: Readonly<Record<string, Entry>>;

  /** @param net /proc/net: there is one network */
  constructor(sb: SuperBlock, readonly task: Task, readonly net: Inode, readonly isProcess: boolean) {
    const { euid, egid } = task.credentials;
    const base = task.tid * PER_TASK + (isProcess ? 0 : TASK_BASE);
    super(sb, 0o555, euid, egid, base + 1);
    const mine = task.process.dumpable === 1;
    this.fileUid = mine ? euid : 0;
    this.fileGid = mine ? egid : 0;
    this.#base = base;
    this.#entries = isProcess ? PROCESS_ENTRIES : THREAD_ENTRIES;
    this.nlink = isProcess ? 9 : 7;
  }

  textFile(
    ino: number,
    permissions: number,
    read: ConstructorParameters<typeof SyntheticText>[5],
    write?: TextWriter,
  ): SyntheticText {
    return new SyntheticText(this.sb, permissions, this.fileUid, this.fileGid, ino, read, write);
  }

  protected override dynamicLookup(name: string): Inode | undefined {
    switch (name) {
      case "fd":
        return new FdDirectory(this.sb, this.task, this.#base, this.fileUid, this.fileGid);
      case "fdinfo":
        return new FdInfoDirectory(this.sb, this.task, this.#base, this.uid, this.gid);
      case "ns":
        return new NamespaceDirectory(this.sb, this.task, this.#base, this.fileUid, this.fileGid);
      case "net":
        return this.net;
      case "task":
        return this.isProcess
          ? new ThreadsDirectory(this.sb, this.task, this.net, this.#base + 5, this.uid, this.gid)
          : undefined;
    }
    const names = Object.keys(this.#entries), index = names.indexOf(name);
    return index < 0 ? undefined : this.#entries[name]![1](this, this.#base + 16 + index);
  }

  protected override dynamicEntries(): DirectoryEntry[] {
    const list: DirectoryEntry[] = Object.entries(this.#entries).map(([name, [mode]], index) => ({
      name,
      ino: this.#base + 16 + index,
      type: direntType(mode),
    }));
    const dirs = ["fd", "fdinfo", "ns"];
    if (this.isProcess) dirs.push("task");
    for (const name of dirs) list.push({ name, ino: (this.dynamicLookup(name) as Inode).ino, type: DT_DIR });
    list.push({ name: "net", ino: this.net.ino, type: DT_DIR });
    return list;
  }
}

/** Names of a directory that are numbers. */
function parseNumber(name: string): number | undefined {
  return /^(0|[1-9]\d{0,9})$/.test(name) ? Number(name) : undefined;
}

class ThreadsDirectory extends SyntheticDirectory {
  constructor(sb: SuperBlock, readonly task: Task, readonly net: Inode, ino: number, uid: number, gid: number) {
    super(sb, 0o555, uid, gid, ino);
    this.nlink = 2 + task.process.threads.size;
  }

  /** Threads alive; a leader that ended first is still one. */
  #threads(): Map<number, Task> {
    const { process } = this.task, threads = new Map<number, Task>();
    if (process.leader) threads.set(process.leader.tid, process.leader);
    for (const thread of process.threads) threads.set(thread.tid, thread);
    return threads;
  }

  protected override dynamicLookup(name: string): Inode | undefined {
    const thread = this.#threads().get(parseNumber(name) ?? -1);
    return thread && new TaskDirectory(this.sb, thread, this.net, false);
  }
  protected override dynamicEntries(): DirectoryEntry[] {
    return [...this.#threads().keys()].sort((a, b) => a - b).map((tid) => ({
      name: String(tid),
      ino: tid * PER_TASK + TASK_BASE + 1,
      type: DT_DIR,
    }));
  }
}

/** /proc/PID/fd: magic links to what is open. */
class FdDirectory extends SyntheticDirectory {
  constructor(sb: SuperBlock, readonly task: Task, readonly base: number, uid: number, gid: number) {
    super(sb, 0o500, uid, gid, base + 2);
  }

  /** One's own descriptors are one's own, whatever became of one's ids (fs/proc/fd.c: proc_fd_permission). */
  override admits(pid: number | undefined): boolean {
    return pid === this.task.process.pid;
  }

  /** Linux shows the number of open files as the size, since 6.2; before, 0. */
  override get size(): number {
    return 0;
  }

  protected override dynamicLookup(name: string): Inode | undefined {
    const fd = parseNumber(name), file = fd === undefined ? undefined : this.task.files.get(fd);
    if (!file) return undefined;
    const { task } = this, access = file.flags & O_ACCMODE;
    const permissions = file.flags & O_PATH ? 0 : access === O_RDONLY ? 0o500 : access === O_WRONLY ? 0o300 : 0o700;
    return new MagicLink(
      this.sb,
      permissions,
      this.uid,
      this.gid,
      this.base + FD_BASE + fd!,
      (actor) => mayInspect(actor, task) ? filePath(file) : -EACCES,
      () => fileName(file, task),
    );
  }
  protected override dynamicEntries(): DirectoryEntry[] {
    return [...this.task.files.descriptors()].map(([fd]) => ({
      name: String(fd),
      ino: this.base + FD_BASE + fd,
      type: DT_LNK,
    }));
  }
}

/** What readlink of /proc/PID/fd/N says. */
export function fileName(file: OpenFile, task: Task): string {
  return describePath(filePath(file), task.fs.root);
}

class FdInfoDirectory extends SyntheticDirectory {
  constructor(sb: SuperBlock, readonly task: Task, readonly base: number, uid: number, gid: number) {
    super(sb, 0o555, uid, gid, base + 3);
  }

  protected override dynamicLookup(name: string): Inode | undefined {
    const fd = parseNumber(name), file = fd === undefined ? undefined : this.task.files.get(fd);
    if (!file) return undefined;
    const { task } = this;
    return new SyntheticText(
      this.sb,
      0o444,
      this.uid,
      this.gid,
      this.base + FDINFO_BASE + fd!,
      (opener) => mayInspect(opener as unknown as Actor, task) ? text.fdInfoText(task, fd!, file) : -EACCES,
    );
  }
  protected override dynamicEntries(): DirectoryEntry[] {
    return [...this.task.files.descriptors()].map(([fd]) => ({
      name: String(fd),
      ino: this.base + FDINFO_BASE + fd,
      type: DT_REG,
    }));
  }
}

/** Namespaces, with the inode numbers of Linux's first ones. Of `user`, `mnt` and `uts` there may be others. */
const NAMESPACES: Readonly<Record<string, readonly [NamespaceType, ino: number]>> = {
  cgroup: ["cgroup", 4026531835],
  ipc: ["ipc", 4026531839],
  mnt: ["mnt", 4026531841],
  net: ["net", 4026531840],
  pid: ["pid", 4026531836],
  pid_for_children: ["pid", 4026531836],
  time: ["time", 4026531834],
  time_for_children: ["time", 4026531834],
  user: ["user", 4026531837],
  uts: ["uts", 4026531838],
};

class NamespaceDirectory extends SyntheticDirectory {
  constructor(sb: SuperBlock, readonly task: Task, readonly base: number, uid: number, gid: number) {
    super(sb, 0o511, uid, gid, base + 6);
  }
  protected override dynamicLookup(name: string): Inode | undefined {
    const index = Object.keys(NAMESPACES).indexOf(name);
    if (index < 0) return undefined;
    const { task } = this, [type, first] = NAMESPACES[name]!;
    const which = () => type === "mnt" ? task.fs.namespace : type === "uts" ? task.uts : undefined;
    const number = () => type === "user" ? task.credentials.userNamespace.ino : which()?.ino ?? first;
    return new MagicLink(
      this.sb,
      0o777,
      this.uid,
      this.gid,
      this.base + NS_BASE + index,
      (actor) => {
        if (!mayInspect(actor, task)) return -EACCES;
        // Of all it has, a process that has ended keeps its user namespace alone.
        return isGone(task) && type !== "user" ? -ENOENT : namespacePath(type, number(), which());
      },
      () => `${type}:[${number()}]`,
    );
  }
  protected override dynamicEntries(): DirectoryEntry[] {
    return Object.keys(NAMESPACES).map((name, index) => ({ name, ino: this.base + NS_BASE + index, type: DT_LNK }));
  }
}
