/**
 * The trace for the Perfetto UI (https://ui.perfetto.dev), in the Trace Event Format that it reads: a JSON array of
 * events with times in microseconds. Every thread is a track with its calls on it; signals, faults and ends are
 * instants; its time slices are a track of their own beside it.
 */
import type { Access } from "../../engine/engine.ts";
import type { Siginfo } from "../../kernel/abi/siginfo.ts";
import { signalName } from "../../kernel/abi/signal.ts";
import type { Task } from "../../kernel/task/task.ts";
import { siginfoText } from "./decode/signal_types.ts";
import { namedArguments } from "./json_writer.ts";
import type { OpenCall } from "./open_call.ts";
import type { CallEnd, TraceSink, TraceWriter } from "./writer.ts";

/** The track of a thread's time slices: its tid and this. */
const SLICES = 1_000_000;

type Event = Readonly<Record<string, unknown>>;

export class PerfettoWriter implements TraceWriter {
  #begun = false;
  /** Time 0: when the first call or thread began, ns. Nothing is before it: an event may be told after later ones. */
  #origin: number | undefined;
  /** Time of the event before, µs. */
  #last = 0;
  /** What tracks were last called. */
  readonly #names = new Map<number, string>();

  constructor(readonly write: TraceSink) {}

  begin(call: OpenCall): void {
    this.#origin ??= call.start;
  }

  created(task: Task): void {
    this.#origin ??= task.kernel.clock.monotonic();
  }

  end(call: OpenCall, { text, end }: CallEnd): void {
    const { task, name, start } = call;
    this.#name(task);
    this.#event({
      name,
      cat: "call",
      ph: "X",
      pid: task.process.pid,
      tid: call.tid,
      ts: this.#time(start),
      dur: (end - start) / 1e3,
      args: { ...namedArguments(call), result: text },
    });
  }

  signal(task: Task, info: Siginfo): void {
    this.#instant(task, signalName(info.signo), "signal", { siginfo: siginfoText(info) });
  }

  stopped(task: Task, signal: number): void {
    this.#instant(task, `stopped by ${signalName(signal)}`, "signal", {});
  }

  fault(task: Task, address: number, access: Access): void {
    this.#instant(task, `${access} fault`, "fault", { address: "0x" + address.toString(16) });
  }

  execed(task: Task): void {
    this.#name(task);
    this.#instant(task, `exec ${task.name}`, "process", {});
  }

  exited(task: Task, status: number): void {
    const signal = status & 0x7f;
    this.#instant(
      task,
      signal ? `killed by ${signalName(signal)}` : `exited with ${status >> 8 & 0xff}`,
      "process",
      {},
    );
  }

  superseded(task: Task, by: number): void {
    this.#instant(task, `superseded by execve in pid ${by}`, "process", {});
  }

  slice(task: Task, start: number, end: number): void {
    if (end <= start) return;
    this.#name(task);
    this.#event({
      name: "running",
      cat: "slice",
      ph: "X",
      pid: task.process.pid,
      tid: SLICES + task.tid,
      ts: this.#time(start),
      dur: (end - start) / 1e3,
    });
  }

  note(text: string): void {
    this.#event({ name: text, cat: "loader", ph: "i", s: "g", pid: 0, tid: 0, ts: this.#last });
  }

  finish(): void {
    this.write(this.#begun ? "\n]\n" : "[]\n");
  }

  #time(nanoseconds: number): number {
    this.#origin ??= nanoseconds;
    return this.#last = (nanoseconds - this.#origin) / 1e3;
  }

  #instant(task: Task, name: string, cat: string, args: Event): void {
    this.#name(task);
    const ts = this.#time(task.kernel.clock.monotonic());
    this.#event({ name, cat, ph: "i", s: "t", pid: task.process.pid, tid: task.tid, ts, args });
  }

  /** Names a thread's tracks, also after it has got another name. */
  #name(task: Task): void {
    if (this.#names.get(task.tid) === task.name) return;
    this.#names.set(task.tid, task.name);
    const { pid } = task.process;
    const name = (what: string, tid: number, text: string) =>
      this.#event({ name: what, ph: "M", pid, tid, args: { name: text } });
    if (task.tid === pid) name("process_name", pid, task.name);
    name("thread_name", task.tid, task.name);
    name("thread_name", SLICES + task.tid, `${task.name} ${task.tid} on the CPU`);
  }

  #event(event: Event): void {
    this.write((this.#begun ? ",\n" : "[\n") + JSON.stringify(event));
    this.#begun = true;
  }
}
