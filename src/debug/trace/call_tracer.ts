/**
 * The kernel's tracer: picks the calls, signals and ends that were asked for, injects what was asked for, keeps the
 * accounts of `-c`, and lets a writer write the rest down.
 */
import type { Access } from "../../engine/engine.ts";
import type { Siginfo } from "../../kernel/abi/siginfo.ts";
import { NR_EXECVE, NR_MMAP, SYSCALL_NAMES } from "../../kernel/abi/unistd.ts";
import { SYSCALLS } from "../../kernel/syscalls/table.ts";
import type { SyscallRow } from "../../kernel/syscalls/row.ts";
import type { Tampering } from "../../kernel/tamper.ts";
import type { Task } from "../../kernel/task/task.ts";
import type { Tracer } from "../../kernel/tracer.ts";
import type { Style } from "./decode/call.ts";
import { errorText, resultText } from "./decode/result.ts";
import { hex, pointer, quote } from "./decode/text.ts";
import { LoaderNotes } from "./loader_notes.ts";
import { Injector } from "./injector.ts";
import { OpenCall } from "./open_call.ts";
import { PathFilter } from "./path_filter.ts";
import type { Status, TraceSpec } from "./spec.ts";
import { Summary } from "./summary.ts";
import type { CallEnd, TraceWriter } from "./writer.ts";

/** Numbers above every call's share one entry. */
const MAX_NR = 1024;

/** Threads that a result is not written down for: the call does not return to who made it. */
const ENDS_THREAD = new Set(["exit", "exit_group"]);

export class CallTracer implements Tracer {
  readonly #style: Style;
  /** By number: whether it is traced. */
  readonly #traced: Uint8Array;
  readonly #paths: PathFilter | undefined;
  readonly #signals: ReadonlySet<number> | undefined;
  readonly #statuses: ReadonlySet<Status> | undefined;
  readonly #injector: Injector | undefined;
  readonly #summary: Summary | undefined;
  readonly #open = new Map<Task, OpenCall>();
  readonly #timed: boolean;
  readonly #loader: LoaderNotes | undefined;
  /** What the loader did in an execve(2) that has not returned yet. */
  #notes: readonly string[] = [];
  /** The leader that an execve(2) is about to end, and the id of the thread that makes it. */
  #superseded: { readonly leader: Task; readonly by: number } | undefined;
  readonly created: ((task: Task) => void) | undefined;
  readonly fault: ((task: Task, address: number, access: Access) => void) | undefined;
  readonly slice: ((task: Task, start: number, end: number) => void) | undefined;

  /** @param writer undefined: nothing is shown @param write takes the text of the summary */
  constructor(
    readonly spec: TraceSpec,
    readonly writer: TraceWriter | undefined,
    readonly write: (text: string) => void,
  ) {
    const { limit, descriptors, abbreviate, hexStrings, calls, signals, statuses } = spec;
    this.#style = { limit, descriptors, abbreviate, hexStrings };
    this.#paths = spec.paths && new PathFilter(spec.paths);
    this.#traced = new Uint8Array(MAX_NR + 1).fill(calls ? 0 : 1);
    for (const nr of calls ?? []) this.#traced[Math.min(nr, MAX_NR)] = 1;
    this.#signals = signals && new Set(signals);
    this.#statuses = statuses && new Set(statuses);
    this.#injector = spec.injections.length > 0 ? new Injector(spec.injections) : undefined;
    this.#summary = spec.summary === "none" ? undefined : new Summary(spec);
    this.#loader = spec.loader ? new LoaderNotes() : undefined;
    this.#timed = this.#summary !== undefined || spec.durations || spec.format !== "text";
    this.created = writer?.created && ((task) => writer.created!(task));
    this.fault = writer?.fault && ((task, address, access) => writer.fault!(task, address, access));
    this.slice = writer?.slice && ((task, start, end) => writer.slice!(task, start, end));
  }

  enter(task: Task, nr: number, row: SyscallRow | undefined, args: readonly number[]): Tampering | undefined {
    // What -P leaves out is not interfered with either, as strace has it.
    if (this.#paths?.concerns(task, row, args) === false) return undefined;
    const tampering = this.#injector?.next(task, nr);
    if (this.#traced[nr < MAX_NR ? nr : MAX_NR] === 0) return tampering;
    const name = row?.name ?? SYSCALL_NAMES[nr] ?? `syscall_0x${nr.toString(16)}`;
    const call = new OpenCall(task, nr, name, row, args, this.#style);
    call.tampering = tampering;
    if (this.#timed) call.start = call.since = task.kernel.clock.monotonic();
    if (this.writer !== undefined) {
      call.begin();
      if (tampering?.result === undefined && ENDS_THREAD.has(name)) {
        this.#end(call, { text: "?", result: undefined, end: 0 }, "unfinished");
        return tampering;
      }
      if (this.#statuses === undefined) this.writer.begin?.(call);
    }
    this.#open.set(task, call);
    return tampering;
  }

  /** The first program runs: it appears as the execve(2) that nobody in the guest has made. */
  started(task: Task, path: string, argv: readonly string[], environment: number): void {
    if (this.#paths?.names(path) === false) return;
    this.#summary?.add(NR_EXECVE, "execve", 0, false);
    if (this.writer === undefined || this.#traced[NR_EXECVE] === 0 || this.#statuses?.has("successful") === false) {
      return;
    }
    const row = SYSCALLS.find(({ nr }) => nr === NR_EXECVE);
    const call = new OpenCall(task, NR_EXECVE, "execve", row, [], this.#style);
    call.start = task.kernel.clock.monotonic();
    const { limit, hexStrings } = this.#style;
    const strings = argv.slice(0, limit).map((text) => quote(text, false, hexStrings));
    // The environment's pointers lie on the stack above those of argv and its NULL (System V ABI, process start).
    const envp = pointer(Number(task.cpu.regs.sp) + 8 * (argv.length + 2));
    call.show(quote(path, false, hexStrings), `[${strings.join(", ")}]`, `${envp} /* ${environment} vars */`);
    this.writer.begin?.(call);
    this.writer.end(call, { text: "0", result: 0, end: call.start });
    if (this.#loader !== undefined) this.#tellLoader(task, NR_EXECVE, 0);
  }

  leave(task: Task, value: number | bigint): void {
    const call = this.#open.get(task);
    if (call === undefined) return;
    this.#open.delete(task);
    this.#leave(task, call, value);
    if (this.#loader !== undefined) this.#tellLoader(task, call.nr, Number(value));
    if (call.ignored !== undefined) { for (const info of call.ignored) this.signal(task, info); }
  }

  #leave(task: Task, call: OpenCall, value: number | bigint): void {
    const end = this.#timed ? task.kernel.clock.monotonic() : 0;
    // rt_sigreturn's result is all of x0; of other calls it is an address.
    const result = typeof value === "number" ? value : Number(BigInt.asIntN(64, value));
    const failed = result < 0 && result > -4096;
    if (this.#summary !== undefined) {
      const time = this.spec.wallTime ? end - call.start : call.busy + end - call.since;
      this.#summary.add(call.nr, call.name, time, failed);
    }
    if (this.writer === undefined) return;
    if (this.#statuses !== undefined) {
      if (!this.#statuses.has(failed ? "failed" : "successful")) return;
    }
    call.end(result);
    let text = failed
      ? errorText(result)
      : Number.isSafeInteger(result)
      ? resultText(call, result, call.row?.result)
      : hex(BigInt.asUintN(64, BigInt(value)));
    const { tampering } = call;
    if (tampering !== undefined) {
      if (tampering.result !== undefined) text += " (INJECTED)";
      if (tampering.delayEnter !== undefined || tampering.delayExit !== undefined) text += " (DELAYED)";
    }
    this.writer.end(call, { text, result, end });
  }

  blocked(task: Task): void {
    const call = this.#open.get(task);
    if (call === undefined) return;
    if (this.#timed) call.busy += task.kernel.clock.monotonic() - call.since;
    if (this.#statuses === undefined) this.writer?.blocked?.(call);
  }

  resumed(task: Task): void {
    if (!this.#timed) return;
    const call = this.#open.get(task);
    if (call !== undefined) call.since = task.kernel.clock.monotonic();
  }

  signal(task: Task, info: Siginfo): void {
    if (this.#signals === undefined || this.#signals.has(info.signo)) this.writer?.signal(task, info);
  }

  /** One that is ignored never is delivered: it is shown when the call that is under way has ended. */
  ignored(task: Task, info: Siginfo): void {
    const call = this.#open.get(task);
    if (call === undefined) this.signal(task, info);
    else (call.ignored ??= []).push(info);
  }

  stopped(task: Task, signal: number): void {
    if (this.#signals === undefined || this.#signals.has(signal)) this.writer?.stopped(task, signal);
  }

  superseding(leader: Task, by: Task): void {
    this.#superseded = { leader, by: by.tid };
    // Its call ends under another id: the line is cut here.
    const call = this.#open.get(by);
    if (call !== undefined && this.#statuses === undefined) this.writer?.blocked?.(call);
  }

  execed(task: Task): void {
    this.writer?.execed?.(task);
    if (this.#loader) this.#notes = this.#loader.execed(task);
  }

  exited(task: Task, status: number): void {
    const call = this.#open.get(task);
    this.#open.delete(task);
    this.#injector?.forget(task);
    if (call !== undefined) this.#end(call, { text: "?", result: undefined, end: 0 }, "unfinished");
    if (this.#superseded?.leader === task) this.writer?.superseded(task, this.#superseded.by);
    else this.writer?.exited(task, status);
  }

  #end(call: OpenCall, end: CallEnd, status: Status): void {
    if (this.#statuses !== undefined && !this.#statuses.has(status)) return;
    const at = this.#timed ? call.task.kernel.clock.monotonic() : 0;
    this.writer?.end(call, { ...end, end: at });
  }

  /** Writes what the loader did in a call that has ended. */
  #tellLoader(task: Task, nr: number, result: number): void {
    const notes = nr === NR_MMAP && result > 0 ? this.#loader!.mapped(task, result) : this.#notes;
    this.#notes = [];
    for (const note of notes) this.writer?.note(note);
  }

  /** The run is over: the rest of the trace, and the summary. */
  finish(): void {
    this.writer?.finish();
    if (this.#summary !== undefined) this.write(this.#summary.text());
  }
}
