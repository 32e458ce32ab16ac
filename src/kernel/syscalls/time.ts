/** Clocks, sleeps and timers. */
import { CAP_SYS_NICE } from "../abi/capability.ts";
import { EAGAIN, EINVAL, ENOTSUP, EPERM, ERESTART_RESTARTBLOCK, ERESTARTNOHAND } from "../abi/errno.ts";
import { SIGALRM, SIGRTMAX } from "../abi/signal.ts";
import {
  CLOCK_BOOTTIME,
  CLOCK_BOOTTIME_ALARM,
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_COARSE,
  CLOCK_MONOTONIC_RAW,
  CLOCK_PROCESS_CPUTIME_ID,
  CLOCK_REALTIME,
  CLOCK_REALTIME_ALARM,
  CLOCK_REALTIME_COARSE,
  CLOCK_TAI,
  CLOCK_THREAD_CPUTIME_ID,
  COARSE_RESOLUTION,
  ITIMER_PROF,
  NSEC_PER_SEC,
  SIGEV_NONE,
  SIGEV_SIGNAL,
  SIGEV_THREAD,
  SIGEV_THREAD_ID,
  TIMER_ABSTIME,
} from "../abi/time.ts";
import type { Process } from "../task/process.ts";
import type { Task } from "../task/task.ts";
import { realtime } from "../time/clock.ts";
import { getIntervalTimer, type IntervalSetting, setIntervalTimer } from "../time/interval_timer.ts";
import { PosixTimer } from "../time/posix_timer.ts";
import type { Blocking } from "../wait.ts";
import { row, type SyscallRow } from "./row.ts";

const NSEC = 1_000_000_000n;
/** Beyond this many seconds a time is for ever: deadlines stay exact numbers of ns. */
const FOREVER_SECONDS = 4_000_000;
/** Linux's longest time: what is longer becomes this (KTIME_SEC_MAX). */
const KTIME_SECONDS = 9_223_372_036;

/** Time counted by CPU use: of a process or one thread. */
type CpuClock = { readonly process: Process } | { readonly thread: Task };

/** A CPU clock, from its id: the fixed ones, or a pid or tid in the upper bits (clock_getcpuclockid(3)). */
function cpuClock(task: Task, clockId: number): CpuClock | undefined {
  if (clockId === CLOCK_PROCESS_CPUTIME_ID) return { process: task.process };
  if (clockId === CLOCK_THREAD_CPUTIME_ID) return { thread: task };
  if (clockId >= 0) return undefined;
  const pid = ~(clockId >> 3), perThread = (clockId & 4) !== 0;
  if ((clockId & 3) === 3) return undefined;
  if (perThread) {
    const thread = pid === 0 ? task : task.kernel.tasks.get(pid);
    return thread && thread.process === task.process ? { thread } : undefined;
  }
  const process = pid === 0 ? task.process : task.kernel.processes.get(pid);
  return process && { process };
}

/** CPU time in ns. Which part of it: the scheduler's time, or user time, or both, which here are about the same. */
function readCpuClock(task: Task, clock: CpuClock): number {
  task.kernel.accountNow();
  if ("process" in clock) return clock.process.cpuTime;
  const { utime, stime } = clock.thread.usage;
  return utime + stime;
}

/** ns on a clock of the wall as an offset from CLOCK_MONOTONIC; undefined for others. */
function wallOffset(task: Task, clockId: number): bigint | undefined {
  switch (clockId) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI:
      return task.kernel.clock.realtimeOffset;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
      return 0n;
    default:
      return undefined;
  }
}

function writeTimespec(task: Task, va: number, ns: number): void {
  task.mm.writeLong(va, Math.floor(ns / NSEC_PER_SEC));
  task.mm.writeLong(va + 8, Math.floor(ns % NSEC_PER_SEC));
}

function clockGettime(task: Task, clockId: number, va: number): number {
  const { mm, kernel } = task;
  if (clockId === CLOCK_MONOTONIC || clockId === CLOCK_BOOTTIME || clockId === CLOCK_MONOTONIC_RAW) {
    writeTimespec(task, va, kernel.clock.monotonic());
    return 0;
  }
  const offset = wallOffset(task, clockId);
  if (offset === undefined) {
    const clock = cpuClock(task, clockId);
    if (!clock) return -EINVAL;
    writeTimespec(task, va, readCpuClock(task, clock));
    return 0;
  }
  let now = offset + BigInt(kernel.clock.monotonic());
  if (clockId === CLOCK_REALTIME_COARSE || clockId === CLOCK_MONOTONIC_COARSE) now -= now % 1_000_000n;
  mm.writeU64(va, now / NSEC);
  mm.writeU64(va + 8, now % NSEC);
  return 0;
}

function clockGetres(task: Task, clockId: number, va: number): number {
  const offset = wallOffset(task, clockId);
  if (offset === undefined && !cpuClock(task, clockId)) return -EINVAL;
  const coarse = clockId === CLOCK_REALTIME_COARSE || clockId === CLOCK_MONOTONIC_COARSE;
  if (va !== 0) writeTimespec(task, va, coarse ? COARSE_RESOLUTION : 1);
  return 0;
}

/** Nobody may set the clock: it is the host's. */
function clockSettime(task: Task, clockId: number, va: number): number {
  if (clockId !== CLOCK_REALTIME) return -EINVAL;
  const seconds = task.mm.readLong(va), nanoseconds = task.mm.readLong(va + 8);
  return seconds < 0 || nanoseconds < 0 || nanoseconds >= NSEC_PER_SEC ? -EINVAL : -EPERM;
}

function gettimeofday(task: Task, tv: number, tz: number): number {
  const { mm, kernel } = task;
  if (tv !== 0) {
    const now = realtime(kernel.clock);
    mm.writeU64(tv, now / NSEC);
    mm.writeU64(tv + 8, now % NSEC / 1000n);
  }
  if (tz !== 0) mm.writeU64(tz, 0n);
  return 0;
}

/** A timespec in ns, inexact above a hundred days; -EINVAL for one that is none. */
function readTimespec(task: Task, va: number): number {
  const seconds = task.mm.readLong(va), nanoseconds = task.mm.readLong(va + 8);
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= NSEC_PER_SEC) return -EINVAL;
  return seconds * NSEC_PER_SEC + nanoseconds;
}

/** The CLOCK_MONOTONIC deadline of an absolute time on a wall clock. */
function wallDeadline(task: Task, va: number, offset: bigint): number {
  const seconds = task.mm.readLong(va), nanoseconds = task.mm.readLong(va + 8);
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= NSEC_PER_SEC) return -EINVAL;
  const deadline = Number(BigInt(seconds) * NSEC + BigInt(nanoseconds) - offset);
  if (deadline > (FOREVER_SECONDS + 1000) * NSEC_PER_SEC) return Infinity;
  return Math.max(0, deadline);
}

/** Sleeps to a deadline. A relative sleep that a signal interrupts tells what is left and can be restarted. */
function* sleep(task: Task, deadline: number, remaining: number | undefined): Blocking {
  for (;;) {
    const reason = yield { queues: [], deadline };
    if (reason === "timeout") return 0;
    if (reason !== "signal") continue;
    if (remaining === undefined) return -ERESTARTNOHAND;
    const left = deadline - task.kernel.clock.monotonic();
    if (left <= 0) return 0;
    if (remaining !== 0) writeTimespec(task, remaining, left);
    task.restartBlock = () => sleep(task, deadline, remaining);
    return -ERESTART_RESTARTBLOCK;
  }
}

function nanosleep(task: Task, request: number, remaining: number): number | Blocking {
  const duration = readTimespec(task, request);
  if (duration < 0) return duration;
  return sleep(task, task.kernel.clock.monotonic() + duration, remaining);
}

function clockNanosleep(
  task: Task,
  clockId: number,
  flags: number,
  request: number,
  remaining: number,
): number | Blocking {
  const { clock } = task.kernel, absolute = (flags & TIMER_ABSTIME) !== 0;
  const offset = wallOffset(task, clockId);
  if (offset === undefined) {
    if (clockId === CLOCK_THREAD_CPUTIME_ID) return -EINVAL;
    const cpu = cpuClock(task, clockId);
    if (!cpu || !("process" in cpu)) return -EINVAL;
    const time = readTimespec(task, request);
    if (time < 0) return time;
    return sleepOnCpu(
      task,
      cpu.process,
      absolute ? time : cpu.process.cpuTime + time,
      absolute ? undefined : remaining,
    );
  }
  if (clockId === CLOCK_MONOTONIC_RAW || clockId === CLOCK_REALTIME_COARSE || clockId === CLOCK_MONOTONIC_COARSE) {
    return -ENOTSUP;
  }
  if ((clockId === CLOCK_REALTIME_ALARM || clockId === CLOCK_BOOTTIME_ALARM) && !task.capable(CAP_SYS_NICE)) {
    return -EPERM;
  }
  if (absolute) {
    const deadline = wallDeadline(task, request, offset);
    if (deadline < 0) return deadline;
    return deadline <= clock.monotonic() ? 0 : sleep(task, deadline, undefined);
  }
  const duration = readTimespec(task, request);
  return duration < 0 ? duration : sleep(task, clock.monotonic() + duration, remaining);
}

/** Sleeps until a process has used so much CPU time: looks again as often as that could be. */
function* sleepOnCpu(task: Task, process: Process, due: number, remaining: number | undefined): Blocking {
  const { clock } = task.kernel;
  for (;;) {
    const left = due - process.cpuTime;
    if (left <= 0 || process.zombie) return 0;
    const reason = yield { queues: [process.exitWait], deadline: clock.monotonic() + Math.max(1e6, left) };
    if (reason === "signal") {
      if (remaining === undefined) return -ERESTARTNOHAND;
      if (remaining !== 0) writeTimespec(task, remaining, Math.max(0, due - process.cpuTime));
      task.restartBlock = () => sleepOnCpu(task, process, due, remaining);
      return -ERESTART_RESTARTBLOCK;
    }
  }
}

// Interval timers: struct itimerval is two struct timeval.

function readInterval(task: Task, va: number): IntervalSetting | number {
  const { mm } = task;
  const time = (at: number): number => {
    const seconds = mm.readLong(at), microseconds = mm.readLong(at + 8);
    if (seconds < 0 || microseconds < 0 || microseconds >= 1e6) return -EINVAL;
    return Math.min(seconds, KTIME_SECONDS) * NSEC_PER_SEC + microseconds * 1000;
  };
  const interval = time(va), value = time(va + 16);
  return interval < 0 || value < 0 ? -EINVAL : { value, interval };
}

function writeInterval(task: Task, va: number, { value, interval }: IntervalSetting): void {
  const { mm } = task;
  const put = (at: number, ns: number) => {
    const microseconds = Math.ceil(ns / 1000);
    mm.writeLong(at, Math.floor(microseconds / 1e6));
    mm.writeLong(at + 8, microseconds % 1e6);
  };
  put(va, interval);
  put(va + 16, value);
}

function getitimer(task: Task, which: number, va: number): number {
  if (which < 0 || which > ITIMER_PROF) return -EINVAL;
  writeInterval(task, va, getIntervalTimer(task.process, which));
  return 0;
}

function setitimer(task: Task, which: number, value: number, oldValue: number): number {
  // A null pointer turns the timer off, as Linux still allows.
  const setting = value === 0 ? { value: 0, interval: 0 } : readInterval(task, value);
  if (typeof setting === "number") return setting;
  if (which < 0 || which > ITIMER_PROF) return -EINVAL;
  const before = setIntervalTimer(task.process, which, setting);
  if (oldValue !== 0) writeInterval(task, oldValue, before);
  return 0;
}

/** Most timers of a process; RLIMIT_SIGPENDING bounds them on Linux. */
function timerLimit(task: Task): number {
  return Math.min(task.process.rlimits[11]![0], 32_768);
}

function timerCreate(task: Task, clockId: number, event: number, idVa: number): number {
  const { mm, process, kernel } = task;
  const offset = wallOffset(task, clockId);
  const cpu = offset === undefined ? cpuClock(task, clockId) : undefined;
  if (offset === undefined && !cpu) return -EINVAL;
  if (clockId === CLOCK_MONOTONIC_RAW || clockId === CLOCK_REALTIME_COARSE || clockId === CLOCK_MONOTONIC_COARSE) {
    return -ENOTSUP;
  }
  if ((clockId === CLOCK_REALTIME_ALARM || clockId === CLOCK_BOOTTIME_ALARM) && !task.capable(CAP_SYS_NICE)) {
    return -EPERM;
  }
  if (process.posixTimers.size >= timerLimit(task)) return -EAGAIN;
  const id = process.nextTimerId;
  let notify = SIGEV_SIGNAL, signal = SIGALRM, value = BigInt(id), thread: Task | undefined;
  if (event !== 0) {
    value = mm.readU64(event);
    signal = mm.readI32(event + 8);
    notify = mm.readI32(event + 12);
    if (notify === SIGEV_THREAD_ID) {
      thread = kernel.tasks.get(mm.readI32(event + 16));
      if (!thread || thread.process !== process || thread.state === "dead") return -EINVAL;
    } else if (notify !== SIGEV_SIGNAL && notify !== SIGEV_NONE && notify !== SIGEV_THREAD) {
      return -EINVAL;
    }
    if (notify !== SIGEV_NONE && (signal < 1 || signal > SIGRTMAX)) return -EINVAL;
  }
  const now = cpu ? () => readCpuClock(task, cpu) : () => kernel.clock.monotonic();
  mm.writeI32(idVa, id);
  process.nextTimerId = (process.nextTimerId + 1) % 0x7fffffff;
  const measured = cpu && ("process" in cpu ? cpu.process : cpu.thread.process);
  process.posixTimers.set(id, new PosixTimer(process, id, clockId, { notify, signal, value, thread }, now, measured));
  return 0;
}

/** struct itimerspec: interval, then value. */
function writeTimerSetting(task: Task, va: number, timer: PosixTimer): void {
  writeTimespec(task, va, timer.interval);
  writeTimespec(task, va + 16, timer.remaining());
}

function timerSettime(task: Task, id: number, flags: number, setting: number, old: number): number {
  const timer = task.process.posixTimers.get(id);
  if (setting === 0) return -EINVAL;
  const interval = readTimespec(task, setting), value = readTimespec(task, setting + 16);
  if (interval < 0 || value < 0) return -EINVAL;
  if (!timer) return -EINVAL;
  if (old !== 0) writeTimerSetting(task, old, timer);
  let due = Infinity;
  if (value !== 0) {
    due = timer.now() + value;
    if (flags & TIMER_ABSTIME) {
      due = timer.measured ? value : wallDeadline(task, setting + 16, wallOffset(task, timer.clockId)!);
    }
  }
  timer.set(due, value === 0 ? 0 : interval);
  return 0;
}

function timerGettime(task: Task, id: number, va: number): number {
  const timer = task.process.posixTimers.get(id);
  if (!timer) return -EINVAL;
  writeTimerSetting(task, va, timer);
  return 0;
}

function timerDelete(task: Task, id: number): number {
  const timer = task.process.posixTimers.get(id);
  timer?.delete();
  return timer ? 0 : -EINVAL;
}

/** adjtimex(2) for reading; the clock is the host's. */
const ADJ_OFFSET_SS_READ = 0xa001, STA_UNSYNC = 0x40, TIME_ERROR = 5;

function adjtime(task: Task, va: number): number {
  const { mm, kernel } = task;
  const modes = mm.readU32(va);
  if (modes !== 0 && modes !== ADJ_OFFSET_SS_READ) return -EPERM;
  const timex = new DataView(new ArrayBuffer(208));
  const now = realtime(kernel.clock);
  timex.setUint32(0, modes, true);
  timex.setBigInt64(24, 16_000_000n, true); // maxerror, µs
  timex.setBigInt64(32, 16_000_000n, true); // esterror
  timex.setInt32(40, STA_UNSYNC, true);
  timex.setBigInt64(48, 2n, true); // constant
  timex.setBigInt64(56, 1n, true); // precision, µs
  timex.setBigInt64(64, 32_768_000n, true); // tolerance
  timex.setBigInt64(72, now / NSEC, true);
  timex.setBigInt64(80, now % NSEC / 1000n, true);
  timex.setBigInt64(88, 10_000n, true); // tick, µs
  mm.writeBytes(va, new Uint8Array(timex.buffer));
  return TIME_ERROR;
}

export const rows: SyscallRow[] = [
  row(101, "nanosleep", "rqtp:struct:timespec rmtp:out:remaining", nanosleep),
  row(102, "getitimer", "which:flags:itimer value:out:itimerval", getitimer),
  row(103, "setitimer", "which:flags:itimer value:struct:itimerval ovalue:out:itimerval", setitimer),
  row(107, "timer_create", "which_clock:flags:clockid event:struct:sigevent timer_id:out:i32", timerCreate),
  row(108, "timer_gettime", "timer_id:int setting:out:itimerspec", timerGettime),
  row(
    109,
    "timer_getoverrun",
    "timer_id:int",
    (task, id) => task.process.posixTimers.get(id)?.overrun ?? -EINVAL,
  ),
  row(
    110,
    "timer_settime",
    "timer_id:int flags:flags:timer_settime new:struct:itimerspec old:out:itimerspec",
    timerSettime,
  ),
  row(111, "timer_delete", "timer_id:int", timerDelete),
  row(112, "clock_settime", "which_clock:flags:clockid tp:struct:timespec", clockSettime, "always EPERM"),
  row(113, "clock_gettime", "which_clock:flags:clockid tp:out:timespec", clockGettime),
  row(114, "clock_getres", "which_clock:flags:clockid tp:out:timespec", clockGetres),
  row(
    115,
    "clock_nanosleep",
    "which_clock:flags:clockid flags:flags:timer_settime rqtp:struct:timespec rmtp:out:remaining",
    clockNanosleep,
  ),
  row(169, "gettimeofday", "tv:out:timeval tz:out:timezone", gettimeofday),
  row(170, "settimeofday", "tv:struct:timeval tz:struct:timezone", () => -EPERM, "always EPERM"),
  row(171, "adjtimex", "txc_p:out:timex", adjtime, "reads only"),
  row(
    266,
    "clock_adjtime",
    "which_clock:flags:clockid tx:out:timex",
    (task, clockId, va) => clockId === CLOCK_REALTIME ? adjtime(task, va) : -EINVAL,
    "reads only",
  ),
];
