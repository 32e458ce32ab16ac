/**
 * The Worker's side of a run: takes a {@link GuestSpec}, lets a kernel run it, and answers with the outcome. Knows no
 * kernel by name; `guest_worker.ts` brings the real one.
 */
import type { RegionStore } from "../engine/region_store.ts";
import { stackOf } from "../failure.ts";
import type { HostStdio } from "../kernel/host_stdio.ts";
import { failedOutcome } from "./failed_outcome.ts";
import type { GuestOutcome, GuestSpec } from "./guest_spec.ts";
import { MessageRegionStore } from "./message_region_store.ts";
import type { DebuggeeEvent, DebuggerEvent, EngineParts, FromWorker, ToWorker } from "./worker_messages.ts";
import { WorkerStdio } from "./worker_stdio.ts";

/** One guest's kernel, as the runner uses it. */
export interface GuestKernel {
  /** Different programs that its engine has executed so far, for guests before it too. */
  readonly programs?: number;
  /** Runs the program to its end. */
  run(spec: GuestSpec): Promise<GuestOutcome>;
  /** A signal from the host's keyboard or supervisor for the foreground process group. */
  interrupt(signal: number): void;
  /** Ends the run as soon as possible with `timeout`. */
  stop(): void;
  /** Of a debugger, where the spec allows for one. */
  debugger?(event: DebuggerEvent): void;
  /** Holds the guest for a debugger; {@link stop}s when that has detached. */
  hold?(why: string): void;
}

/** What a kernel is made with. */
export interface GuestKernelOptions {
  readonly spec: GuestSpec;
  readonly stdio: HostStdio;
  /** What the engine is made from, when it has come. */
  readonly engine: Promise<EngineParts>;
  /** Takes a line of elftap's own about the run, without its newline. */
  readonly log: (line: string) => void;
  /** Takes text of the trace, in pieces that may end anywhere. */
  readonly trace: (text: string) => void;
  /** Where what was translated is kept. */
  readonly regionStore?: RegionStore;
  /** Tells the debugger. */
  readonly debuggee: (event: DebuggeeEvent) => void;
}

/** Makes the kernel for one run. */
export type GuestKernelMaker = (options: GuestKernelOptions) => GuestKernel | Promise<GuestKernel>;

/** The Worker's global scope, as far as it is used here. */
export interface WorkerScope {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}

/** The guest that is served now. */
interface Running {
  readonly run: number;
  readonly stdio: WorkerStdio;
  readonly store: MessageRegionStore;
  kernel: GuestKernel | undefined;
  /** Messages for the kernel that came before it. */
  readonly early: ToWorker[];
}

/** Serves one guest after the other, each with a fresh kernel. */
export function serveGuests(scope: WorkerScope, makeKernel: GuestKernelMaker): void {
  let haveEngine: (parts: EngineParts) => void;
  const engine = new Promise<EngineParts>((resolve) => haveEngine = resolve);
  let current: Running | undefined;

  async function run(number: number, spec: GuestSpec): Promise<void> {
    const post = (message: FromWorker, transfer?: Transferable[]) => {
      // Even for an empty list Deno loads its streams first: 8 ms in a Worker that has just started.
      if (transfer === undefined) scope.postMessage(message);
      else scope.postMessage(message, transfer);
    };
    const started = performance.now();
    const stdio = new WorkerStdio(spec, number, post);
    const store = new MessageRegionStore(number, post);
    current = { run: number, stdio, store, kernel: undefined, early: [] };
    let outcome: GuestOutcome;
    try {
      const kernel = await makeKernel({
        spec,
        stdio,
        engine,
        log: (line) => stdio.log(line),
        trace: stdio.traceText,
        regionStore: store,
        debuggee: (event) => post({ type: "debugger", run: number, event }),
      });
      current.kernel = kernel;
      const ended = kernel.run(spec);
      for (const message of current.early) receive(message);
      outcome = await ended;
    } catch (error) {
      outcome = failedOutcome(error, performance.now() - started);
      const stack = spec.verbose > 0 ? stackOf(error) : undefined;
      if (stack) stdio.log(stack);
    }
    await stdio.finish();
    store.close();
    const programs = current.kernel?.programs ?? 0;
    current = undefined;
    post({ type: "outcome", run: number, outcome, programs });
  }

  function receive(message: ToWorker): void {
    if (message.type === "engine") return haveEngine(message.engine);
    if (message.type === "run") {
      void run(message.run, message.spec);
      return;
    }
    if (!current || message.run !== current.run) return;
    switch (message.type) {
      case "stdin":
        return current.stdio.deliver(message.bytes);
      case "recalled":
        return current.store.deliver(message.program, message.archive);
      case "consumed":
        return current.stdio.consumed(message.stream, message.count);
      case "close":
        return current.stdio.close(message.stream);
      case "resize":
        return current.stdio.resize(message.size);
      default:
        if (!current.kernel) current.early.push(message);
        else if (message.type === "stop") current.kernel.stop();
        else if (message.type === "debugger") current.kernel.debugger?.(message.event);
        else if (message.type === "hold") current.kernel.hold?.(message.why);
        else current.kernel.interrupt(message.signal);
    }
  }

  scope.onmessage = (event) => receive(event.data);
}
