/** The text files of /proc/PID (proc(5)). */
import { F_WRLCK, O_CLOEXEC } from "../../abi/fcntl.ts";
import { RLIM_NLIMITS } from "../../abi/resource.ts";
import { signalBit, SIGRTMAX } from "../../abi/signal.ts";
import { major, minor } from "../../abi/stat.ts";
import type { OpenFile } from "../file.ts";
import type { Process } from "../../task/process.ts";
import { seccompMode } from "../../task/seccomp.ts";
import type { Task } from "../../task/task.ts";
import type { UserNamespace } from "../../task/user_namespace.ts";
import { PipeFile } from "../../ipc/pipe.ts";

/** Nanoseconds in a clock tick of user space (100 Hz). */
const TICK = 1e7;

const ticks = (ns: number) => Math.floor(ns / TICK);

/** R, S, T, t or Z, as /proc shows it. */
export function stateLetter(task: Task): string {
  if (task.process.zombie) return "Z";
  if (task.tracee?.stop) return "t";
  switch (task.state) {
    case "runnable":
      return "R";
    case "stopped":
      return "T";
    case "dead":
      return "X";
    default:
      return "S";
  }
}

const STATE_NAMES: Readonly<Record<string, string>> = {
  R: "R (running)",
  S: "S (sleeping)",
  T: "T (stopped)",
  t: "t (tracing stop)",
  Z: "Z (zombie)",
  X: "X (dead)",
};

/** A live address space; the dead have none. */
function liveMm(task: Task) {
  return task.state === "dead" || task.process.zombie ? undefined : task.mm;
}

/** Threads alive, or one for a zombie's leader. */
function threadCount(process: Process): number {
  return Math.max(1, process.threads.size);
}

/** Signals with a handler, and ignored ones, as bit sets. */
function dispositions(process: Process): { caught: bigint; ignored: bigint } {
  let caught = 0n, ignored = 0n;
  for (let signal = 1; signal <= SIGRTMAX; signal++) {
    const { handler } = process.actions.get(signal);
    if (handler === 1) ignored |= signalBit(signal);
    else if (handler !== 0) caught |= signalBit(signal);
  }
  return { caught, ignored };
}

/** /proc/PID/stat. @param whole the process's account rather than the thread's */
export function statText(task: Task, whole: boolean): string {
  const { process } = task, mm = liveMm(task), { caught, ignored } = dispositions(process);
  const utime = whole ? process.userTime : task.usage.utime;
  const stime = whole ? process.cpuTime - process.userTime : task.usage.stime;
  const { terminal } = process.session;
  const low31 = (set: bigint) => set & 0x7fffffffn;
  const fields: (number | bigint | string)[] = [
    whole ? process.pid : task.tid,
    `(${task.name})`,
    stateLetter(task),
    process.ppid,
    process.pgid,
    process.sid,
    terminal?.rdev ?? 0,
    terminal ? terminal.foregroundGroup || -1 : -1,
    process.execed ? 0x400000 : 0x400040, // PF_FORKNOEXEC until execve
    task.usage.minorFaults,
    process.childUsage.minorFaults,
    task.usage.majorFaults,
    process.childUsage.majorFaults,
    ticks(utime),
    ticks(stime),
    ticks(process.childUsage.utime),
    ticks(process.childUsage.stime),
    task.sched.policy === 1 || task.sched.policy === 2 ? -1 - task.sched.priority : 20 + task.sched.nice,
    task.sched.nice,
    threadCount(process),
    0,
    ticks(whole ? process.startTime : task.startTime),
    mm?.virtualSize ?? 0,
    mm ? mm.residentSize / 4096 : 0,
    limitText(process.rlimits[5]?.[0], "18446744073709551615"),
    mm?.startCode ?? 0,
    mm?.endCode ?? 0,
    mm?.startStack ?? 0,
    0, // kstkesp, kstkeip: zero but for the exiting
    0,
    low31(task.pending.set),
    low31(task.blocked),
    low31(ignored),
    low31(caught),
    task.state === "blocked" ? 1 : 0,
    0,
    0,
    whole ? process.exitSignal : -1,
    0,
    task.sched.policy === 1 || task.sched.policy === 2 ? task.sched.priority : 0,
    task.sched.policy,
    0,
    0,
    0,
    mm?.startData ?? 0,
    mm?.endData ?? 0,
    mm?.startBrk ?? 0,
    mm?.argStart ?? 0,
    mm?.argEnd ?? 0,
    mm?.envStart ?? 0,
    mm?.envEnd ?? 0,
    process.exitStatus ?? 0,
  ];
  return fields.join(" ") + "\n";
}

function limitText(value: number | undefined, infinite: string): string {
  return value === undefined || value === Infinity ? infinite : String(value);
}

/** /proc/PID/statm: pages. */
export function statmText(task: Task): string {
  const mm = liveMm(task);
  if (!mm) return "0 0 0 0 0 0 0\n";
  const resident = mm.residentSize / 4096, text = Math.ceil((mm.endCode - mm.startCode) / 4096);
  return `${mm.totalPages} ${resident} ${Math.min(resident, text)} ${text} 0 ${mm.dataPages + mm.stackPages} 0\n`;
}

const hex16 = (set: bigint) => set.toString(16).padStart(16, "0");

/** /proc/PID/status. */
export function statusText(task: Task, { uids, gids }: UserNamespace): string {
  const { process, credentials: c, capabilities: caps } = task, mm = liveMm(task);
  const { caught, ignored } = dispositions(process);
  const state = STATE_NAMES[stateLetter(task)]!;
  const lines: [string, string | number][] = [
    ["Name", escapeName(task.name)],
    ["Umask", "0" + task.fs.umask.toString(8).padStart(3, "0")],
    ["State", state],
    ["Tgid", process.pid],
    ["Ngid", 0],
    ["Pid", task.tid],
    ["PPid", process.ppid],
    ["TracerPid", task.tracee?.tracer.pid ?? 0],
    ["Uid", [c.uid, c.euid, c.suid, c.fsuid].map((id) => uids.show(id)).join("\t")],
    ["Gid", [c.gid, c.egid, c.sgid, c.fsgid].map((id) => gids.show(id)).join("\t")],
    ["FDSize", task.files.capacity],
    ["Groups", c.groups.map((id) => gids.show(id)).join(" ") + (c.groups.length > 0 ? " " : "")],
    ["NStgid", process.pid],
    ["NSpid", task.tid],
    ["NSpgid", process.pgid],
    ["NSsid", process.sid],
  ];
  if (mm) {
    const kb = (bytes: number) => String(Math.ceil(bytes / 1024)).padStart(8) + " kB";
    const text = mm.endCode - mm.startCode, pages = (count: number) => kb(count * 4096);
    lines.push(
      ["VmPeak", pages(mm.peakPages)],
      ["VmSize", pages(mm.totalPages)],
      ["VmLck", pages(mm.lockedPages)],
      ["VmPin", kb(0)],
      ["VmHWM", kb(Math.max(mm.peakRssKib * 1024, mm.residentSize))],
      ["VmRSS", kb(mm.residentSize)],
      ["RssAnon", kb(mm.residentSize)],
      ["RssFile", kb(0)],
      ["RssShmem", kb(0)],
      ["VmData", pages(mm.dataPages)],
      ["VmStk", pages(mm.stackPages)],
      ["VmExe", kb(text)],
      ["VmLib", kb(Math.max(0, mm.execPages * 4096 - text))],
      ["VmPTE", kb(Math.ceil(mm.totalPages / 512) * 4096)],
      ["VmSwap", kb(0)],
      ["HugetlbPages", kb(0)],
      ["CoreDumping", 0],
      ["THP_enabled", process.thpDisabled ? 0 : 1],
    );
  }
  const limit = process.rlimits[11]?.[0];
  const mask = task.kernel.cpuMask;
  lines.push(
    ["Threads", threadCount(process)],
    ["SigQ", `${process.pending.size + task.pending.size}/${limitText(limit, "15000")}`],
    ["SigPnd", hex16(task.pending.set)],
    ["ShdPnd", hex16(process.pending.set)],
    ["SigBlk", hex16(task.blocked)],
    ["SigIgn", hex16(ignored)],
    ["SigCgt", hex16(caught)],
    ["CapInh", hex16(caps.inheritable)],
    ["CapPrm", hex16(caps.permitted)],
    ["CapEff", hex16(caps.effective)],
    ["CapBnd", hex16(caps.bounding)],
    ["CapAmb", hex16(caps.ambient)],
    ["NoNewPrivs", process.noNewPrivileges ? 1 : 0],
    ["Seccomp", seccompMode(task)],
    ["Seccomp_filters", typeof task.seccomp === "object" ? task.seccomp.depth : 0],
    ["Speculation_Store_Bypass", "not vulnerable"],
    ["SpeculationIndirectBranch", "unknown"],
    ["Cpus_allowed", (task.sched.affinity & mask).toString(16)],
    ["Cpus_allowed_list", bitList(task.sched.affinity & mask)],
    ["Mems_allowed", "1"],
    ["Mems_allowed_list", "0"],
    ["voluntary_ctxt_switches", task.usage.voluntarySwitches],
    ["nonvoluntary_ctxt_switches", task.usage.involuntarySwitches],
  );
  return lines.map(([name, value]) => `${name}:\t${value}\n`).join("");
}

/** Bits as the kernel lists CPUs: 0-3,5. */
export function bitList(mask: number): string {
  const parts: string[] = [];
  for (let bit = 0; bit < 31; bit++) {
    if ((mask >> bit & 1) === 0) continue;
    let end = bit;
    while ((mask >> (end + 1) & 1) === 1) end++;
    parts.push(end > bit ? `${bit}-${end}` : String(bit));
    bit = end;
  }
  return parts.join(",");
}

function escapeName(name: string): string {
  return name.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

const LIMIT_NAMES: readonly (readonly [string, string])[] = [
  ["Max cpu time", "seconds"],
  ["Max file size", "bytes"],
  ["Max data size", "bytes"],
  ["Max stack size", "bytes"],
  ["Max core file size", "bytes"],
  ["Max resident set", "bytes"],
  ["Max processes", "processes"],
  ["Max open files", "files"],
  ["Max locked memory", "bytes"],
  ["Max address space", "bytes"],
  ["Max file locks", "locks"],
  ["Max pending signals", "signals"],
  ["Max msgqueue size", "bytes"],
  ["Max nice priority", ""],
  ["Max realtime priority", ""],
  ["Max realtime timeout", "us"],
];

/** /proc/PID/limits. */
export function limitsText(process: Process): string {
  let text = "Limit                     Soft Limit           Hard Limit           Units     \n";
  for (let i = 0; i < RLIM_NLIMITS; i++) {
    const [name, unit] = LIMIT_NAMES[i]!, [soft, hard] = process.rlimits[i] ?? [Infinity, Infinity];
    text += `${name.padEnd(25)} ${limitText(soft, "unlimited").padEnd(20)} ${limitText(hard, "unlimited").padEnd(20)} ${
      unit.padEnd(10)
    }\n`;
  }
  return text;
}

/** Bytes between two addresses of a process; what cannot be read ends it. */
function memoryText(task: Task, start: number, end: number): string {
  const mm = liveMm(task);
  let text = "";
  for (let at = start; mm && at < end;) {
    const view = mm.tryView(at, end - at, "read");
    if (!view) break;
    for (let i = 0; i < view.length; i += 4096) text += String.fromCharCode(...view.subarray(i, i + 4096));
    at += view.length;
  }
  return text;
}

/** /proc/PID/cmdline; a program that overwrote the end of its arguments goes on into the environment (setproctitle). */
export function cmdlineText(task: Task): string {
  const mm = liveMm(task);
  if (!mm) return "";
  const { argStart, argEnd, envEnd } = mm;
  const text = memoryText(task, argStart, argEnd);
  if (text === "" || text.endsWith("\0")) return text;
  const whole = memoryText(task, argStart, envEnd), nul = whole.indexOf("\0");
  return nul < 0 ? whole : whole.slice(0, nul);
}

export function environText(task: Task): string {
  const mm = liveMm(task);
  return mm ? memoryText(task, mm.envStart, mm.envEnd) : "";
}

export function auxvText(task: Task): string {
  const mm = liveMm(task);
  return mm ? String.fromCharCode(...mm.auxv) : "";
}

/** /proc/PID/io: bytes are not counted. */
export function ioText(): string {
  return "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n";
}

/** /proc/PID/fdinfo/N. */
export function fdInfoText(task: Task, fd: number, file: OpenFile): string {
  const flags = file.statusFlags | (task.files.cloexec(fd) ? O_CLOEXEC : 0);
  let text = `pos:\t${file.position}\nflags:\t0${flags.toString(8)}\nmnt_id:\t${file.path?.mount.id ?? 15}\n` +
    `ino:\t${file.inode.ino}\n`;
  for (const line of locksHeld(task, file)) text += `lock:\t${line}\n`;
  if (file instanceof PipeFile) return text;
  for (const line of file.fdInfo()) text += line + "\n";
  return text;
}

/** Locks that a descriptor stands for, as /proc/locks has them: its own, and the process's on bytes of the file. */
function locksHeld(task: Task, file: OpenFile): string[] {
  const { locks, ino } = file.inode;
  if (locks === undefined) return [];
  const { dev } = file.inode.stat(), hex = (value: number) => value.toString(16).padStart(2, "0");
  const lines: string[] = [];
  const line = (kind: string, writes: boolean, pid: number, range: string) =>
    lines.push(
      `${lines.length + 1}: ${kind} ADVISORY  ${writes ? "WRITE" : "READ"} ${pid} ` +
        `${hex(major(dev))}:${hex(minor(dev))}:${ino} ${range}`,
    );
  const exclusive = locks.flocks.get(file);
  if (exclusive !== undefined) line("FLOCK ", exclusive, task.pid, "0 EOF");
  for (const { owner, type, start, end, pid } of locks.records) {
    if (owner !== file && owner !== task.files) continue;
    line(owner === file ? "OFDLCK" : "POSIX ", type === F_WRLCK, pid, `${start} ${end === Infinity ? "EOF" : end - 1}`);
  }
  return lines;
}

/** /proc/PID/syscall: the call that a thread is in with its arguments, and where it stands. */
export function syscallText({ callNumber, cpu: { regs } }: Task): string {
  if (callNumber < 0) return "running\n";
  const words = [0, 1, 2, 3, 4, 5].map((n) => regs.x(n)).concat(regs.sp, regs.pc);
  return `${callNumber} ${words.map((word) => `0x${word.toString(16)}`).join(" ")}\n`;
}
