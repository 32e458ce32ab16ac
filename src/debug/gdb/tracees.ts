/**
 * The threads that a debugger traces: why each has stopped, and how it goes on. It turns what the kernel tells
 * (`ptracer.ts`) into stops; it knows nothing of packets.
 *
 * The kernel is one thread, so stops come one at a time: whoever listens decides at once whether all others are held
 * as well.
 */
import type { AddressSpace, Exit } from "../../engine/engine.ts";
import type { Siginfo } from "../../kernel/abi/siginfo.ts";
import { SI_USER } from "../../kernel/abi/signal.ts";
import { pathName } from "../../kernel/fs/path.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Ptracer } from "../../kernel/ptracer.ts";
import { exitProcess } from "../../kernel/task/exit_process.ts";
import type { Process } from "../../kernel/task/process.ts";
import { recalcSignalPending } from "../../kernel/task/send_signal.ts";
import { HELD_BY_DEBUGGER, type Task } from "../../kernel/task/task.ts";
import { Points } from "./points.ts";
import type { Ended, Stop } from "./stop.ts";

/** How a stopped thread goes on. */
export interface Resumption {
  readonly step: boolean;
  /** Linux signal that it takes; undefined: none. */
  readonly signal?: number | undefined;
  /** Steps as long as pc is in here. */
  readonly range?: { readonly start: number; readonly end: number } | undefined;
}

/** What the debugger wants to hear of. */
export interface Interests {
  /** Linux signals that are delivered without a stop. */
  passSignals: ReadonlySet<number>;
  /** Linux signals that may be delivered at a detach; undefined: all. */
  programSignals: ReadonlySet<number> | undefined;
  /** Whether a new process is traced, and told of. */
  fork: boolean;
  vfork: boolean;
  exec: boolean;
  /** Whether threads are told of that begin and end. */
  threads: boolean;
}

/** Who hears of stops. */
export interface StopListener {
  stopped(task: Task, stop: Stop): void;
  ended(what: Ended): void;
  /** A thread is about to end, others of its process go on. */
  leaving(task: Task): void;
}

/** A traced process. */
interface Tracee {
  /** Calls to stop at: all, or those with these numbers; undefined: none. */
  catchCalls: "all" | ReadonlySet<number> | undefined;
  /** How threads that begin later go on: the way of the last resumption without a thread's name; undefined: held. */
  newThreads: "run" | "held";
}

export class Tracees implements Ptracer {
  readonly interests: Interests = {
    passSignals: new Set(),
    programSignals: undefined,
    fork: false,
    vfork: false,
    exec: false,
    threads: false,
  };
  /** Besides living tracees, what keeps the machine going. */
  waiting = false;
  /** Asked about a signal that is about to reach a process that is not traced; true: the thread was held. */
  untracedSignal: (task: Task, info: Siginfo) => boolean = () => false;

  readonly #tracees = new Map<Process, Tracee>();
  readonly #stops = new Map<Task, Stop>();
  readonly #ranges = new Map<Task, { readonly start: number; readonly end: number }>();
  readonly #points = new WeakMap<AddressSpace, Points>();

  constructor(readonly kernel: Kernel, private readonly listener: StopListener) {}

  // ---- who is traced ------------------------------------------------------------------------------------------

  get keepsMachine(): boolean {
    return this.waiting || this.#tracees.size > 0;
  }
  traces(process: Process): boolean {
    return this.#tracees.has(process);
  }
  get processes(): Iterable<Process> {
    return this.#tracees.keys();
  }
  /** All threads of traced processes. */
  *threads(): Generator<Task> {
    for (const process of this.#tracees.keys()) yield* process.threads;
  }
  find(pid: number): Process | undefined {
    return [...this.#tracees.keys()].find((process) => process.pid === pid);
  }
  thread(tid: number): Task | undefined {
    const task = this.kernel.tasks.get(tid);
    return task && task.state !== "dead" && this.traces(task.process) ? task : undefined;
  }

  /** Begins to trace a process: all its threads are held. @param why the stop of threads that have none yet */
  attach(process: Process, why: "attach" | "start" | "halt" = "attach"): void {
    if (this.traces(process)) return;
    this.#tracees.set(process, { catchCalls: undefined, newThreads: "held" });
    for (const thread of process.threads) this.halt(thread, why);
  }

  /** Ends the tracing of a process; its threads go on, and take the signals that they have stopped with. */
  detach(process: Process): void {
    if (!this.#tracees.delete(process)) return;
    process.stopsAtCalls = false;
    for (const thread of process.threads) {
      // The child of a vfork runs in its parent's address space, breakpoints included.
      if (!this.#isSpaceTraced(thread.mm.space)) this.pointsOf(thread).clear();
      const stop = this.#stops.get(thread);
      const { programSignals } = this.interests;
      const signal = stop?.kind === "signal" && (programSignals?.has(stop.info.signo) ?? true)
        ? stop.info.signo
        : undefined;
      this.#go(thread, { step: false, signal });
    }
    this.kernel.ptracerChanged();
  }

  /** Ends a process as SIGKILL does. Nobody is told. */
  kill(process: Process): void {
    this.#forget(process);
    exitProcess(process, 9);
    this.kernel.ptracerChanged();
  }

  /** The debugger is gone without a word: its breakpoints and wishes go, what has stopped stays so. */
  disconnected(): void {
    this.waiting = false;
    Object.assign(this.interests, {
      passSignals: new Set(),
      programSignals: undefined,
      fork: false,
      vfork: false,
      exec: false,
      threads: false,
    });
    for (const [process, tracee] of this.#tracees) {
      tracee.catchCalls = undefined;
      process.stopsAtCalls = false;
      for (const thread of process.threads) this.pointsOf(thread).clear();
      // One that runs is let go: nobody would hear of its stops.
      const runs = [...process.threads].some((thread) => !this.#stops.has(thread));
      if (runs) this.detach(process);
    }
    this.kernel.ptracerChanged();
  }

  #forget(process: Process): void {
    this.#tracees.delete(process);
    for (const task of this.#stops.keys()) if (task.process === process) this.#stops.delete(task);
    for (const task of this.#ranges.keys()) if (task.process === process) this.#ranges.delete(task);
  }

  #isSpaceTraced(space: AddressSpace): boolean {
    for (const thread of this.threads()) if (thread.mm.space === space) return true;
    return false;
  }

  /** Breakpoints and watchpoints where a thread runs. */
  pointsOf(task: Task): Points {
    const { space } = task.mm;
    let points = this.#points.get(space);
    if (!points) this.#points.set(space, points = new Points(space));
    return points;
  }

  // ---- stopping and going on ----------------------------------------------------------------------------------

  stopOf(task: Task): Stop | undefined {
    return this.#stops.get(task);
  }

  /** Holds a thread by the debugger's wish; one that has stopped keeps its reason. */
  halt(task: Task, why: "interrupt" | "halt" | "attach" | "start"): void {
    this.kernel.scheduler.hold(task, HELD_BY_DEBUGGER);
    if (!this.#stops.has(task)) this.#stops.set(task, { kind: why });
  }

  /** Holds all threads. */
  haltAll(): void {
    for (const thread of this.threads()) this.halt(thread, "halt");
  }

  /** Says how threads that begin from now on start. */
  setNewThreads(process: Process, newThreads: "run" | "held"): void {
    const tracee = this.#tracees.get(process);
    if (tracee) tracee.newThreads = newThreads;
  }
  setCatchCalls(process: Process, catchCalls: Tracee["catchCalls"]): void {
    const tracee = this.#tracees.get(process);
    if (tracee) tracee.catchCalls = catchCalls;
    process.stopsAtCalls = tracee?.catchCalls !== undefined;
  }

  /** Lets a stopped thread go on. */
  resume(task: Task, how: Resumption): void {
    if (!this.#stops.has(task)) return;
    this.#go(task, how);
  }

  #go(task: Task, { step, signal, range }: Resumption): void {
    const stop = this.#stops.get(task);
    this.#stops.delete(task);
    task.stepping = step;
    if (range) this.#ranges.set(task, range);
    else this.#ranges.delete(task);
    if (signal !== undefined) {
      task.injected = stop?.kind === "signal" && stop.info.signo === signal
        ? stop.info
        : { signo: signal, code: SI_USER, pid: 0, uid: 0 };
    }
    recalcSignalPending(task);
    if (task.signalPending) this.kernel.scheduler.interrupt(task);
    this.kernel.scheduler.release(task, HELD_BY_DEBUGGER);
  }

  #stop(task: Task, stop: Stop): void {
    task.stepping = false;
    this.#ranges.delete(task);
    this.kernel.scheduler.hold(task, HELD_BY_DEBUGGER);
    this.#stops.set(task, stop);
    this.listener.stopped(task, stop);
  }

  // ---- what the kernel tells ----------------------------------------------------------------------------------

  signal(task: Task, info: Siginfo): Siginfo | "held" {
    if (!this.traces(task.process)) return this.untracedSignal(task, info) ? "held" : info;
    if (this.interests.passSignals.has(info.signo)) return info;
    this.#stop(task, { kind: "signal", info });
    return "held";
  }

  /** A thread that is not traced yet stops with a signal: its process is traced from now on. */
  stopWithSignal(task: Task, info: Siginfo): void {
    this.attach(task.process, "halt");
    this.#stops.set(task, { kind: "signal", info });
  }

  trap(task: Task, exit: Exit): Exit | undefined {
    const points = this.pointsOf(task);
    const traced = this.traces(task.process);
    if (exit.kind === "watchpoint") {
      const { address } = exit;
      const point = traced && points.watchpointAt(address, exit.access === "write" ? "write" : "read");
      if (!point) return points.unwatched(() => task.cpu.step(task.mm.space));
      this.#stop(task, { kind: "watchpoint", watched: point.kind, address });
      return undefined;
    }
    const point = traced ? points.breakpointOf(task) : undefined;
    if (!point) return task.cpu.step(task.mm.space);
    this.#stop(task, { kind: "breakpoint", hardware: point.hardware });
    return undefined;
  }

  stepped(task: Task): void {
    // Held already, by what the step came to: a system call, a new process, a signal.
    if (!this.traces(task.process) || task.held) return;
    const range = this.#ranges.get(task), pc = Number(task.cpu.regs.pc);
    if (range && pc >= range.start && pc < range.end) {
      const point = this.pointsOf(task).breakpointOf(task);
      if (point) this.#stop(task, { kind: "breakpoint", hardware: point.hardware });
      return;
    }
    this.#stop(task, { kind: "step" });
  }

  #catches(task: Task, nr: number): boolean {
    const caught = this.#tracees.get(task.process)?.catchCalls;
    return caught !== undefined && !task.held && (caught === "all" || caught.has(nr));
  }
  enterCall(task: Task, nr: number): void {
    if (this.#catches(task, nr)) this.#stop(task, { kind: "syscall", when: "entry", nr });
  }
  leaveCall(task: Task, nr: number): void {
    if (this.#catches(task, nr)) this.#stop(task, { kind: "syscall", when: "return", nr });
  }

  cloned(task: Task, child: Task, kind: "fork" | "vfork" | "clone"): void {
    const tracee = this.#tracees.get(task.process);
    if (!tracee) return;
    if (kind === "clone") {
      if (this.interests.threads) this.#stop(child, { kind: "created" });
      else if (tracee.newThreads === "held") this.halt(child, "halt");
      return;
    }
    if (!this.interests[kind]) return;
    this.attach(child.process, "halt");
    if (kind === "fork") this.pointsOf(child).inherit(this.pointsOf(task));
    this.#stop(task, { kind, child });
  }

  vforkDone(task: Task): void {
    if (this.traces(task.process) && this.interests.vfork) this.#stop(task, { kind: "vforkdone" });
  }

  execed(task: Task): void {
    if (!this.traces(task.process)) return;
    const file = task.mm.exeFile, place = file?.path;
    this.#stop(task, { kind: "exec", path: (place && pathName(place, task.fs.root)) ?? "" });
  }

  exiting(task: Task): void {
    this.#stops.delete(task);
    this.#ranges.delete(task);
    if (!this.traces(task.process) || task.process.threads.size === 1) return;
    this.listener.leaving(task);
    if (!this.interests.threads) return;
    this.listener.ended({ kind: "thread", pid: task.pid, tid: task.tid, status: task.process.groupExit ?? 0 });
  }

  exited(process: Process): void {
    if (!this.traces(process)) return;
    this.#forget(process);
    this.listener.ended({ kind: "process", pid: process.pid, status: process.exitStatus! });
  }
}
