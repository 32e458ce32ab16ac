/**
 * The debugger's side of a guest: lives beside its kernel and serves one debugger after the other. Bytes come and go
 * as messages; who listens on which port is the starting thread's business (`src/runner/debug_port.ts`).
 */
import type { Siginfo } from "../../kernel/abi/siginfo.ts";
import { dumpsCoreByDefault, SIG_DFL, signalName } from "../../kernel/abi/signal.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Process } from "../../kernel/task/process.ts";
import type { Task } from "../../kernel/task/task.ts";
import type { LaunchRequest } from "./launch.ts";
import { Session } from "./session.ts";
import type { Ended, Stop } from "./stop.ts";
import { type StopListener, Tracees } from "./tracees.ts";

/** What a server needs. */
export interface DebugServerOptions {
  /** The first program waits for a debugger before its first instruction. */
  readonly stopOnEntry: boolean;
  /** A crash waits for a debugger, and the guest goes on when it has detached. */
  readonly holdOnFailure: boolean;
  readonly program: LaunchRequest;
  send(bytes: Uint8Array): void;
  /** Ends the present connection. */
  close(): void;
  /** The guest waits for a debugger. @param why for the user */
  wanted(why: string): void;
  launch(request: LaunchRequest): Task | string;
  setTrace(on: boolean): Promise<void>;
}

export class DebugServer implements StopListener {
  readonly #tracees: Tracees;
  #session: Session | undefined;
  /** What is due when the debugger has let go of a guest that was held for it. */
  #released: (() => void) | undefined;

  constructor(private readonly kernel: Kernel, private readonly options: DebugServerOptions) {
    this.#tracees = new Tracees(kernel, this);
    if (options.holdOnFailure) this.#tracees.untracedSignal = (task, info) => this.#holdCrash(task, info);
    kernel.ptracer = this.#tracees;
  }

  /** The first program is there and has not run. */
  started(task: Task): void {
    if (!this.options.stopOnEntry) return;
    this.#tracees.attach(task.process);
    this.options.wanted("the program is stopped at its entry");
  }

  /** A debugger has connected. */
  connected(): void {
    this.#session?.end();
    const { kernel, options } = this;
    this.#session = new Session({
      kernel,
      tracees: this.#tracees,
      program: options.program,
      send: (bytes) => options.send(bytes),
      close: () => options.close(),
      launch: (request) => options.launch(request),
      setTrace: (on) => options.setTrace(on),
    });
    this.#tracees.waiting = false;
    // One that is already held, or the first program, or what is left of the run.
    const candidates = [...kernel.processes.values()].filter((process) => process.threads.size > 0);
    if (![...this.#tracees.processes].length && candidates[0]) this.#tracees.attach(candidates[0]);
    this.#tracees.haltAll();
  }

  receive(bytes: Uint8Array): void {
    this.#session?.receive(bytes);
    this.#lookForRelease();
  }

  /** The debugger is gone. What it left stopped stays so until another one comes; breakpoints go. */
  disconnected(): void {
    this.#session?.end();
    this.#session = undefined;
    this.#tracees.disconnected();
    if ([...this.#tracees.threads()].some((task) => task.held)) {
      this.options.wanted("the debugger is gone and has left the program stopped");
    }
    this.#lookForRelease();
  }

  /** Holds the guest until a debugger has come and gone. @param then what happens afterwards */
  hold(why: string, then: () => void): void {
    for (const process of this.kernel.processes.values()) {
      if (process.threads.size > 0) this.#tracees.attach(process, "halt");
    }
    this.#released = then;
    this.options.wanted(why);
  }

  /** Whether a signal from outside would find a process that cannot take it, or none: a debugger has it stopped. */
  get isHeld(): boolean {
    const held = (process: Process) => process.threads.size > 0 && [...process.threads].every((task) => task.held);
    const processes = [...this.kernel.processes.values()];
    return processes.some(held) || processes.every((process) => process.threads.size === 0);
  }

  #holdCrash(task: Task, info: Siginfo): boolean {
    const { process } = task, signal = info.signo;
    // A child that was forked to die, as in death tests, has not executed a program.
    if (!process.execed || !dumpsCoreByDefault(signal) || process.actions.get(signal).handler !== SIG_DFL) return false;
    this.#tracees.stopWithSignal(task, info);
    this.options.wanted(`${task.name} (pid ${task.pid}) is about to end by ${signalName(signal)}`);
    return true;
  }

  /** Nothing is traced any more: whoever waited for that goes on. */
  #lookForRelease(): void {
    if ([...this.#tracees.processes].length > 0) return;
    const released = this.#released;
    this.#released = undefined;
    released?.();
  }

  // ---- StopListener -------------------------------------------------------------------------------------------

  stopped(task: Task, stop: Stop): void {
    this.#session?.stopped(task, stop);
  }
  ended(what: Ended): void {
    this.#session?.ended(what);
  }
  leaving(task: Task): void {
    this.#session?.leaving(task);
  }
}
