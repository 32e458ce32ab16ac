/**
 * The kernel: one single-threaded event loop over guest threads. It picks a runnable thread, lets the engine run it
 * for a time slice, serves the system call or fault that ended the slice, fires timers, and goes back to the host's
 * event loop every few milliseconds and whenever nobody can run.
 */
import type { Engine } from "../engine/engine.ts";
import { EFAULT, EINTR, ENOSYS, ERESTART_RESTARTBLOCK, ERESTARTSYS } from "./abi/errno.ts";
import { NO_SYSCALL } from "./abi/ptrace.ts";
import { kernelSiginfo } from "./abi/siginfo.ts";
import { SIGKILL, signalName } from "./abi/signal.ts";
import { syscallName } from "./abi/unistd.ts";
import type { Crash } from "./crash.ts";
import { CrashLog, type DescribeCrash } from "./crash_log.ts";
import type { Ending } from "./ending.ts";
import { fromHost } from "./fs/byte_string.ts";
import { UserFault } from "./mm/user_fault.ts";
import { type Entry, tableOf } from "./syscalls/dispatch.ts";
import type { SyscallRow } from "./syscalls/row.ts";
import { companionsOf, runTogether } from "./task/companions.ts";
import { deliverSignals } from "./task/deliver_signal.ts";
import { serveException } from "./task/exception.ts";
import { exitProcess } from "./task/exit_process.ts";
import { FutexTable } from "./task/futex_table.ts";
import { Process } from "./task/process.ts";
import { callEntryStop, callExitStop, callToMake, execStop, mayStopAtCalls, stepStop } from "./task/ptrace_stops.ts";
import { Scheduler } from "./task/scheduler.ts";
import { screenCall } from "./task/seccomp.ts";
import { sendToGroup, sendToProcess, setBlocked } from "./task/send_signal.ts";
import { Session } from "./task/session.ts";
import type { Task } from "./task/task.ts";
import { forgetTracee } from "./task/tracee.ts";
import { UtsNamespace } from "./task/uts_namespace.ts";
import { type Clock, HostClock } from "./time/clock.ts";
import { runCpuTimers, updateCpuTimerDue } from "./time/cpu_timers.ts";
import { HostIdle } from "./time/host_idle.ts";
import { TimerHeap } from "./time/timer_heap.ts";
import type { Ptracer } from "./ptracer.ts";
import { tampered, type Tampering } from "./tamper.ts";
import type { Tracer } from "./tracer.ts";
import type { Blocking, Wake } from "./wait.ts";

/**
 * Instructions in a slice when nobody else wants to run, about 5 ms of the interpreter, and by how many it may be longer:
 * an engine learns from where slices end what is executed most, and equal ones would end at one place of a loop.
 */
const SLICE_ALONE = 1_000_000, SLICE_SPREAD = 250_000;
/** Instructions in a slice when others wait for their turn. */
const SLICE_SHARED = 250_000;
/** What a step under a debugger takes off a slice: others get their turn while a thread steps over a long range. */
const STEP_FUEL = 1000;
/** Least instructions in a slice that is cut short for a timer. */
const SLICE_MIN = 10_000;
/** What a system call takes off a slice at least, in instructions. */
const SYSCALL_FUEL = 250;
/** Bytes that a call moves for an instruction of its slice, where it moves many. */
const BYTES_PER_FUEL = 8, MANY_BYTES = 65536;
/** Whether a call's result is a number of bytes: read to sendfile, vmsplice to tee, and the single ones. */
const movesBytes = (nr: number): boolean => (nr >= 63 && nr <= 71) || (nr >= 75 && nr <= 77) || MOVERS.includes(nr);
/** msgrcv, sendto, recvfrom, sendmsg, recvmsg, process_vm_readv and writev, getrandom, copy_file_range, preadv2, pwritev2. */
const MOVERS: readonly number[] = [188, 206, 207, 211, 212, 270, 271, 278, 285, 286, 287];
/** Nanoseconds between visits to the host's event loop. */
const HOST_INTERVAL = 6e6;
/** Every n-th system call is timed; the rest of system time is estimated from those. */
const SYSCALL_SAMPLE = 64;
/** How long others may go on after the first program has ended, while they have something to do. ns */
const LINGER = 1e9;
/** How long the host may take for output that they wait to write. ns */
const HOST_GRACE = 20e6;
const FIRST_PID = 100;
const PID_MAX = 32768;
/** Memory the guest's machine seems to have. */
const MEMORY = 8 * 2 ** 30;
/** Illegal instructions told to the user. */
const MAX_ILLEGAL = 16;

/** What a kernel is made with. */
export interface KernelOptions {
  readonly hostname?: string;
  readonly clock?: Clock;
  readonly tracer?: Tracer;
  /** Lines for the user: illegal instructions and the like. Default: nowhere. */
  readonly log?: (line: string) => void;
  /** CPUs the guest sees. Default: the host's, at most 4. */
  readonly cpus?: number;
  /** Seconds a thread may run without a system call, a fault or new code; 0: no limit. */
  readonly watchdog?: number;
  /** Fills in what a crash report needs beyond registers. */
  readonly describeCrash?: DescribeCrash;
}

export class Kernel {
  readonly clock: Clock;
  readonly timers: TimerHeap = new TimerHeap();
  readonly scheduler: Scheduler;
  readonly futexes: FutexTable = new FutexTable();
  /** Threads by tid; zombie leaders too. */
  readonly tasks: Map<number, Task> = new Map();
  /** Processes by pid, zombies too; not the two without a program. */
  readonly processes: Map<number, Process> = new Map();
  /** pid 1: takes orphans and has no program. */
  readonly init: Process;
  /** The parent of the first program. */
  readonly #host: Process;
  tracer: Tracer | undefined;
  /** A debugger, which may come and go. */
  ptracer: Ptracer | undefined;
  readonly log: (line: string) => void;
  /** What the first program is told of its machine. */
  readonly uts: UtsNamespace;
  readonly cpuCount: number;
  readonly cpuMask: number;

  readonly #parts = new Map<unknown, unknown>();
  readonly #table: readonly (Entry | undefined)[];
  readonly #idle: HostIdle;
  readonly #watchdog: number;
  readonly #unimplemented = new Map<number, number>();
  readonly crashLog: CrashLog;
  #lastPid = FIRST_PID - 1;
  #instructions = 0;
  #accounted = 0;
  #ending: Ending | undefined;
  /** By {@link end}: nothing keeps it going. */
  #ended = false;
  #main: Process | undefined;
  /** CLOCK_MONOTONIC at the start of the stretch that is being accounted. */
  #now = 0;
  /** The thread that is running. */
  #current: Task | undefined;
  #yield = false;
  /** What calls have taken off the slice besides {@link SYSCALL_FUEL}. */
  #charged = 0;
  #illegal = 0;
  #hold: Promise<void> | undefined;
  /** Lines for the user that are still being put together. */
  readonly #reports: Promise<void>[] = [];
  /** The thread that ran last: its exclusive monitor may still be set. */
  #last: Task | undefined;
  /** Calls made in this stretch, and the estimated cost of one in ns. */
  #calls = 0;
  #callCost = 1500;
  /** Says how much longer the next slice is. */
  #sliceSeed = 1;
  /** Guest instructions per ns, a moving average: how much fuel a timer's distance is worth. */
  #speed = 0.1;

  constructor(readonly engine: Engine, rows: Iterable<SyscallRow>, options: KernelOptions = {}) {
    this.clock = options.clock ?? new HostClock();
    this.tracer = options.tracer;
    this.log = options.log ?? (() => {});
    this.uts = new UtsNamespace(fromHost(options.hostname ?? "localhost"), "(none)", undefined);
    this.cpuCount = options.cpus ?? Math.min(4, navigator.hardwareConcurrency || 1);
    this.cpuMask = 2 ** this.cpuCount - 1;
    this.#watchdog = (options.watchdog ?? 0) * 1e9;
    this.crashLog = new CrashLog(options.describeCrash);
    this.#table = tableOf(rows);
    this.#idle = new HostIdle(this.clock);
    this.scheduler = new Scheduler(this.timers, () => this.#idle.wake());
    this.init = new Process(this, 1, undefined, new Session(1), 1, [], 0);
    this.#host = new Process(this, FIRST_PID, this.init, new Session(FIRST_PID), FIRST_PID, [], 0);
    this.#lastPid = FIRST_PID;
  }

  /** Calls that met no handler, by name. */
  get unimplemented(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#unimplemented].map(([nr, count]) => [syscallName(nr), count]));
  }
  get crashes(): readonly Crash[] {
    return this.crashLog.crashes;
  }
  get instructions(): number {
    return this.#instructions;
  }

  /** A process by pid, with the two that have no program: they have ids, but no threads. */
  findProcess(pid: number): Process | undefined {
    return this.processes.get(pid) ?? (pid === 1 ? this.init : pid === FIRST_PID ? this.#host : undefined);
  }

  /** A pid that is neither a thread's nor a group's or session's; undefined when there is none. */
  allocatePid(): number | undefined {
    for (let tries = 0; tries < PID_MAX; tries++) {
      this.#lastPid = this.#lastPid + 1 >= PID_MAX ? 300 : this.#lastPid + 1;
      if (!this.pidInUse(this.#lastPid)) return this.#lastPid;
    }
    return undefined;
  }

  /**
   * What another room keeps for this kernel, made when it is first asked for. Not in a WeakMap of that room, see
   * docs/ARCHITECTURE.md, "What dies with a guest".
   *
   * @param key whose it is
   */
  part<Part>(key: unknown, make: () => Part): Part {
    let part = this.#parts.get(key) as Part | undefined;
    if (part === undefined) this.#parts.set(key, part = make());
    return part;
  }

  pidInUse(pid: number): boolean {
    if (this.findProcess(pid) !== undefined || this.tasks.has(pid)) return true;
    for (const { pgid, session, traceeEnds } of this.processes.values()) {
      if (pgid === pid || session.sid === pid || traceeEnds.some((end) => end.pid === pid)) return true;
    }
    return false;
  }

  /** Makes the process of the first program, or of the next one without a parent in the guest: leader of a session and group of its own. */
  createFirstProcess(rlimits: [number, number][]): Process {
    const pid = this.allocatePid()!;
    const process = new Process(this, pid, this.#host, new Session(pid), pid, rlimits, 0);
    this.#host.children.add(process);
    this.processes.set(pid, process);
    this.#main = process;
    // A debugger may start the program again: how the last one ends counts.
    this.#ending = undefined;
    return process;
  }

  /** Adds a thread to its process and to the run queue. */
  addTask(task: Task): void {
    this.tasks.set(task.tid, task);
    task.process.threads.add(task);
    this.tracer?.created?.(task);
    this.scheduler.enqueue(task);
  }

  /** Runs until the first program has ended, or {@link end} says so. */
  async run(): Promise<Ending> {
    let visited = this.#now = this.clock.monotonic();
    while (!this.#isOver || this.clock.monotonic() < this.#lingerUntil) {
      if (this.#hold) {
        await this.#held();
        this.#now = this.clock.monotonic();
      }
      const task = this.scheduler.next();
      if (task === undefined) {
        if (this.#isOver) {
          if (!await this.#lastWords()) break;
          this.#now = this.clock.monotonic();
          continue;
        }
        await this.#idle.until(() => this.timers.next, () => {
          this.timers.fire(this.clock.monotonic());
          return this.scheduler.runnable > 0 || this.#isOver;
        });
        visited = this.#now = this.clock.monotonic();
        continue;
      }
      if (task !== this.#last) {
        // Another thread ran in between (Arm ARM B2.9.5).
        task.cpu.clearExclusive();
        this.#last = task;
      }
      // A slice begins when the one before it has ended, or what came between that takes time. Asking the clock again in
      // every turn was 6 % of the time of two processes that take turns at a pipe.
      this.#current = task;
      this.#runSlice(task);
      this.#endOfSlice(task);
      this.#current = undefined;
      if (this.timers.next <= this.#now) {
        this.timers.fire(this.#now);
        this.#now = this.clock.monotonic();
      }
      if (this.#now - visited > HOST_INTERVAL) {
        await this.#idle.visitHost(this.engine.awaitsHost);
        visited = this.#now = this.clock.monotonic();
      }
    }
    await this.#held();
    for (const task of this.tasks.values()) forgetTracee(task);
    for (const process of [...this.processes.values()]) if (!process.zombie) exitProcess(process, SIGKILL);
    this.timers.clear();
    this.#idle.close();
    await Promise.all(this.#reports);
    return this.#ending!;
  }

  /** No thread runs until this is done: something outside of guests' time, such as reporting a crash. */
  hold(work: Promise<void>): void {
    this.#hold = work;
  }

  /** Waits for what holds the guest; costs nothing when nothing does. */
  #held(): Promise<void> | undefined {
    const work = this.#hold;
    this.#hold = undefined;
    return work;
  }

  /** Ends the run from outside: {@link run} returns soon. */
  end(ending: Ending): void {
    this.#ending ??= ending;
    this.#ended = true;
    this.#lingerUntil = 0;
    this.#idle.wake();
  }

  /** What {@link Ptracer.keepsMachine} says has changed: a wait looks again. */
  ptracerChanged(): void {
    this.#idle.wake();
  }

  /** The first program has ended, or the run was ended from outside; and no debugger wants to go on. */
  get #isOver(): boolean {
    return this.#ending !== undefined && (this.#ended || !this.ptracer?.keepsMachine);
  }

  /** A signal from the host's keyboard (Ctrl-C): to the foreground group of the first program's terminal, else to its group. */
  interrupt(signal: number): void {
    const main = this.#main;
    if (!main) return;
    const group = main.session.terminal?.foregroundGroup || main.pgid;
    if (sendToGroup(this, group, kernelSiginfo(signal)) === 0) sendToProcess(main, kernelSiginfo(signal));
  }

  /** The first program has ended, but others of the run may go on until then: a pipeline's last words. */
  #lingerUntil = 0;
  /** Nobody can run: lets the host take output that others of the run may be waiting to write. */
  async #lastWords(): Promise<boolean> {
    const alive = () => [...this.processes.values()].some((process) => !process.zombie);
    const until = this.clock.monotonic() + HOST_GRACE;
    while (alive() && this.clock.monotonic() < until) {
      await this.#idle.visitHost();
      if (this.scheduler.runnable > 0) return true;
    }
    return false;
  }

  /** A process has a new program: a trace or a debugger may want to know. @param formerTid as for {@link execStop} */
  execed(task: Task, formerTid: number): void {
    task.cpu.clearExclusive();
    this.tracer?.execed(task);
    execStop(task, formerTid);
  }

  /** Called at the end of every process. */
  processEnded(process: Process): void {
    if (process !== this.#main || this.#ending !== undefined) return;
    const status = process.exitStatus!, signal = status & 0x7f;
    this.#ending = signal === 0
      ? { kind: "exit", code: status >> 8 & 0xff }
      : { kind: "signal", signal, signalName: signalName(signal) };
    this.#lingerUntil = this.clock.monotonic() + LINGER;
  }

  /** Instructions of the next slice of a thread that is alone. */
  #nextSlice(): number {
    this.#sliceSeed = Math.imul(this.#sliceSeed, 1103515245) + 12345 | 0;
    return SLICE_ALONE + (this.#sliceSeed >>> 8) % SLICE_SPREAD;
  }

  /** Runs a thread until its slice is over or it cannot go on. */
  #runSlice(task: Task): void {
    this.#yield = false;
    this.#charged = 0;
    if (!this.#resumeCall(task)) return;
    let fuel = this.scheduler.runnable > 0 ? SLICE_SHARED : this.#nextSlice();
    // With nothing to be in time for, slices depend on the program alone, and a run can be repeated.
    let callFuel = SYSCALL_FUEL, due = Infinity;
    const { cpu } = task;
    for (;;) {
      if (task.state !== "runnable" || task.held) return;
      // What ended its run in another thread's turn was before the signal.
      const hasWork = task.signalPending || task.restartCode !== 0 || task.savedMask !== undefined;
      if (hasWork && !cpu.hasExit && !deliverSignals(task)) return;
      if (task.held) return;
      if (this.timers.next < due) {
        due = this.timers.next;
        callFuel = Math.max(SYSCALL_FUEL, Math.trunc(this.#callCost * this.#speed));
        fuel = Math.min(fuel, Math.max(SLICE_MIN, Math.trunc((due - this.#now) * this.#speed)));
      }
      if (fuel <= 0) break;
      const { stepping } = task;
      const companions = companionsOf(task);
      let exit = stepping
        ? cpu.step(task.mm.space)
        : companions.length > 0
        ? runTogether(task, companions, fuel)
        : cpu.run(task.mm.space, fuel);
      task.computing = exit.kind === "fuel";
      if (exit.newCode) task.uninterrupted = -1;
      // Its companions' are instructions like its own, but not of its own speed.
      const beside = exit.retired * companions.length;
      this.#instructions += beside;
      this.#accounted += beside;
      fuel -= exit.retired;
      this.#instructions += exit.retired;
      if (exit.kind === "watchpoint" || (exit.kind === "breakpoint" && exit.value === -1)) {
        const passed = this.ptracer!.trap(task, exit);
        if (passed === undefined) return;
        exit = passed;
        this.#instructions += exit.retired;
      }
      if (exit.kind === "syscall") {
        task.uninterrupted = -1;
        fuel -= callFuel;
        if (!this.#syscall(task)) return;
        fuel -= this.#charged;
        this.#charged = 0;
        if (stepping) stepStop(task);
        if (this.#yield) break;
      } else if (exit.kind === "fuel") {
        if (!stepping) break;
        fuel -= STEP_FUEL;
        stepStop(task);
      } else {
        task.uninterrupted = -1;
        fuel -= callFuel;
        if (exit.kind === "fault") this.tracer?.fault?.(task, exit.address, exit.access);
        serveException(task, exit);
      }
    }
    if (task.state !== "runnable" || task.held) return;
    task.usage.involuntarySwitches++;
    this.scheduler.enqueue(task);
  }

  /** Goes on with the call that a thread was in when it last ran. @returns whether the thread can go on */
  #resumeCall(task: Task): boolean {
    const { call } = task;
    if (task.heldAtCall) {
      task.heldAtCall = false;
      const nr = callToMake(task);
      if (nr === NO_SYSCALL) callExitStop(task, nr);
      else if (!this.#screenedCall(task, nr)) return false;
    } else if (call === undefined) return true;
    else {
      this.tracer?.resumed?.(task);
      if (!this.#resume(task, call, task.wakeReason)) return false;
    }
    if (task.stepping) stepStop(task);
    return true;
  }

  /** Serves a call. @returns whether the thread can go on */
  #syscall(task: Task): boolean {
    if (mayStopAtCalls(task)) {
      callEntryStop(task);
      if (task.held) return false;
    }
    return this.#screenedCall(task, task.cpu.regs.xi(8));
  }

  /** Serves a call that filters may be against. @returns whether the thread can go on */
  #screenedCall(task: Task, nr: number): boolean {
    if (task.seccomp === undefined) return this.#makeCall(task, nr);
    const verdict = screenCall(task, nr);
    if (verdict === "made") return this.#makeCall(task, nr);
    if (typeof verdict === "number") return this.#makeCall(task, nr, verdict);
    if (verdict === "left out" && task.state !== "dead" && mayStopAtCalls(task)) callExitStop(task, nr);
    return verdict === "left out" && task.state !== "dead";
  }

  /** @param instead the result that the call has without being made */
  #makeCall(task: Task, nr: number, instead?: number): boolean {
    const { regs } = task.cpu;
    const entry = this.#table[nr];
    task.callNumber = nr;
    task.callSequence = task.process.recentCalls.begin(nr, task.tid, regs, entry?.count ?? 6);
    if (this.tracer !== undefined) {
      const args = entry?.args(regs) ?? [0, 1, 2, 3, 4, 5].map((n) => regs.xu(n));
      const tampering = this.tracer.enter(task, nr, entry?.row, args);
      if (tampering !== undefined) return this.#tampered(task, entry, tampering);
    }
    if (instead !== undefined) return this.#finish(task, instead);
    if (entry === undefined) {
      this.countUnimplemented(nr);
      return this.#finish(task, -ENOSYS);
    }
    if (++this.#calls % SYSCALL_SAMPLE === 0) return this.#timedCall(task, entry);
    return this.#call(task, entry);
  }

  /** Serves a call that the tracer interferes with. */
  #tampered(task: Task, entry: Entry | undefined, tampering: Tampering): boolean {
    const serve = () => entry === undefined ? -ENOSYS : entry.invoke(task, task.cpu.regs);
    return this.#resume(task, tampered(task, tampering, serve), "event");
  }

  #call(task: Task, entry: Entry): boolean {
    let result;
    try {
      result = entry.invoke(task, task.cpu.regs);
    } catch (error) {
      if (!(error instanceof UserFault)) throw error;
      result = -EFAULT;
    }
    if (typeof result === "object") return this.#resume(task, result, "event");
    return this.#finish(task, result);
  }

  /** A call in the sample: what it takes goes into the estimate. */
  #timedCall(task: Task, entry: Entry): boolean {
    const start = this.clock.monotonic();
    const goesOn = this.#call(task, entry);
    // Long ones are rare and would spoil the average: they count up to 50 µs.
    this.#callCost += (Math.min(50_000, this.clock.monotonic() - start) - this.#callCost) / 16;
    return goesOn;
  }

  /** Goes on with a waiting call. @returns whether it is finished and the thread can go on */
  #resume(task: Task, call: Blocking, reason: Wake): boolean {
    task.call = call;
    let result;
    try {
      for (;;) {
        const step = call.next(reason);
        if (step.done) {
          result = step.value;
          break;
        }
        const wait = step.value;
        if (task.signalPending && wait.interruptible !== false) {
          reason = "signal";
          continue;
        }
        this.tracer?.blocked(task);
        this.scheduler.block(task, wait);
        return false;
      }
    } catch (error) {
      if (!(error instanceof UserFault)) throw error;
      result = -EFAULT;
    }
    task.call = undefined;
    return this.#finish(task, result);
  }

  /** A debugger is about to change the registers of a held thread: the call it waits in ends as by a signal. */
  interruptCall(task: Task): void {
    const { call, wait } = task;
    if (call === undefined || wait?.interruptible === false) return;
    this.scheduler.unhook(task);
    task.state = "runnable";
    this.#resume(task, call, "signal");
  }

  /** Gives a call's result to the guest. */
  #finish(task: Task, result: number | bigint): boolean {
    const goesOn = this.#setResult(task, result), nr = task.callNumber;
    task.callNumber = -1;
    if (goesOn && mayStopAtCalls(task)) callExitStop(task, nr);
    return goesOn;
  }

  #setResult(task: Task, result: number | bigint): boolean {
    task.process.recentCalls.end(task.callSequence, result);
    if (task.state === "dead") return false;
    this.tracer?.leave(task, result);
    if (typeof result === "number" && result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK) {
      task.restartCode = -result;
      task.cpu.regs.pc -= 4n;
      return true;
    }
    if (typeof result === "number" && result > MANY_BYTES && movesBytes(task.callNumber)) {
      this.charge(Math.trunc(result / BYTES_PER_FUEL));
    }
    task.cpu.regs.setX(0, result);
    if (task.savedMask !== undefined && result !== -EINTR) {
      // Not interrupted: signals are taken under the usual mask (kernel/signal.c: restore_saved_sigmask_unless).
      const mask = task.savedMask;
      task.savedMask = undefined;
      setBlocked(task, mask);
    }
    return true;
  }

  /** Tells the user of an illegal instruction; programs that probe for features this way do not flood the terminal. */
  reportIllegal(task: Task, word: number, pc: number): void {
    if (++this.#illegal > MAX_ILLEGAL) return;
    const where = `${task.name} (pid ${task.pid}): illegal instruction at 0x${pc.toString(16)}`;
    this.#reports.push(this.engine.disassemble(word, pc).then((text) => this.log(`${where}: ${text}`)));
  }

  /** A number without a handler, or a handler that has to say so. */
  countUnimplemented(nr: number): void {
    // A guest can ask for any number: only so many are told apart.
    if (this.#unimplemented.size >= 1000 && !this.#unimplemented.has(nr)) return;
    this.#unimplemented.set(nr, (this.#unimplemented.get(nr) ?? 0) + 1);
  }

  /** Bytes of memory that the guest sees: sysinfo, /proc/meminfo. */
  memory(): { total: number; free: number } {
    let used = 0;
    const seen = new Set<object>();
    for (const task of this.tasks.values()) {
      if (task.state === "dead" || seen.has(task.mm)) continue;
      seen.add(task.mm);
      used += task.mm.residentSize;
    }
    return { total: MEMORY, free: Math.max(MEMORY / 8, MEMORY - used) };
  }

  /** Random bytes. */
  fillRandom(into: Uint8Array): void {
    // The host gives at most 64 KiB at a time, and not into a guest's memory, which may be shared.
    const scratch = new Uint8Array(Math.min(into.length, 65536));
    for (let at = 0; at < into.length; at += scratch.length) {
      const part = scratch.subarray(0, into.length - at);
      into.set(crypto.getRandomValues(part), at);
    }
  }

  /**
   * A call takes much longer than most: so much more of the slice, in instructions. Not by the clock, so that a run can be
   * repeated.
   */
  charge(instructions: number): void {
    this.#charged += instructions;
  }

  /** The running thread gives its slice up (sched_yield). */
  endSlice(): void {
    this.#yield = true;
  }

  /** Brings the running thread's CPU time up to date. */
  accountNow(): void {
    const task = this.#current, now = this.clock.monotonic(), spent = now - this.#now;
    this.#now = now;
    if (!task) return;
    const system = Math.min(spent, this.#calls * this.#callCost);
    this.#calls = 0;
    const retired = this.#instructions - this.#accounted;
    this.#accounted = this.#instructions;
    if (retired > SLICE_MIN) this.#speed += (retired / (spent - system + 1) - this.#speed) / 8;
    const { usage, process } = task;
    usage.stime += system;
    usage.utime += spent - system;
    process.cpuTime += spent;
    process.userTime += spent - system;
  }

  /** The slice is over: accounts, the watchdog, timers on CPU time. */
  #endOfSlice(task: Task): void {
    const { process } = task, start = this.#now;
    this.accountNow();
    // -1 says that it was stopped in between.
    task.uninterrupted = task.uninterrupted < 0 ? 0 : task.uninterrupted + this.#now - start;
    if (this.#watchdog && task.uninterrupted > this.#watchdog) this.end({ kind: "timeout", which: "watchdog" });
    if (process.cpuTime >= process.cpuTimerDue && !process.zombie) runCpuTimers(process);
    if (!this.tracer?.slice) return;
    this.tracer.slice(task, start, this.#now);
    // What the tracer takes is nobody's time.
    this.#now = this.clock.monotonic();
  }

  /** A CPU timer or limit of a process was set. */
  cpuTimersChanged(process: Process): void {
    updateCpuTimerDue(process);
  }

  /** The process is ending: its timers go. */
  cancelTimers(process: Process): void {
    for (const timer of process.intervalTimers) this.timers.cancel(timer.timer);
    for (const timer of [...process.posixTimers.values()]) timer.delete();
    process.cpuTimers.clear();
    process.cpuTimerDue = Infinity;
  }
}
