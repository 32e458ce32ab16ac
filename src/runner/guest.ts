/**
 * Runs one guest from the main thread: gives its spec to a Worker, moves its streams, keeps its time limit, and ends a
 * Worker that no longer answers.
 */
import type { TerminalSize } from "../kernel/host_stdio.ts";
import type { GuestOutcome, GuestSpec } from "./guest_spec.ts";
import { GuestPool, type PooledWorker } from "./guest_pool.ts";
import type { DebugPort } from "./debug_port.ts";
import { failedOutcome } from "./failed_outcome.ts";
import type { RegionCache } from "./region_cache.ts";
import {
  type DebuggeeEvent,
  type DebuggerEvent,
  type FromWorker,
  InputKind,
  OUTPUT_WINDOW,
} from "./worker_messages.ts";
import type { OutputStream, ToWorker } from "./worker_messages.ts";
import { Failure } from "../failure.ts";

/** Milliseconds a Worker has to answer `stop` before it is terminated. */
const STOP_GRACE = 2000;

/** Bytes that are consumed before the Worker hears of it: of its window, it must not wait for what is free already. */
const ACKNOWLEDGE = OUTPUT_WINDOW / 4;

/** What the starting side provides for a guest. */
export interface GuestOptions {
  /** Where its Worker comes from. Default: a Worker of its own. */
  readonly pool?: GuestPool;
  /** Takes the bytes of piped streams and of the trace; the guest is held back until the promise resolves. */
  readonly output?: (stream: OutputStream, bytes: Uint8Array) => void | Promise<void>;
  /** The next bytes of piped standard input, null at its end. */
  readonly input?: () => Promise<Uint8Array | null>;
  /** Whether standard input is /dev/null at the far end of piped streams. */
  readonly isNullInput?: () => Promise<boolean>;
  /** The terminal at the far end of piped streams is to be raw, or no longer. */
  readonly setRaw?: (raw: boolean) => void;
  /** Where debuggers come from, for a spec that allows for them. */
  readonly debugPort?: DebugPort | undefined;
}

/** A guest that is under way, here or elsewhere. */
export interface RunningGuest {
  /** How it ended; never rejects. */
  readonly outcome: Promise<GuestOutcome>;
  /** A signal for the guest's foreground process group, as from the keyboard. */
  interrupt(signal: number): void;
  /** Ends the run soon: its outcome is `timeout`. */
  stop(): void;
}

/** A guest that has been started. */
export class Guest implements RunningGuest {
  static #runs = 0;

  readonly outcome: Promise<GuestOutcome>;

  readonly #run = ++Guest.#runs;
  readonly #pool: GuestPool;
  readonly #usesCache: boolean;
  readonly #options: GuestOptions;
  readonly #pooled: PooledWorker;
  readonly #started = performance.now();
  #resolve: (outcome: GuestOutcome) => void = () => {};
  #timeout: ReturnType<typeof setTimeout> | undefined;
  #grace: ReturnType<typeof setTimeout> | undefined;
  /** Why it was stopped by this side. */
  #stopped: "timeout" | "stop" | undefined;
  #ended = false;
  /** Bytes that were consumed, and the Worker does not know. */
  readonly #owed = new Map<OutputStream, number>();
  /** Output that consumers have not taken yet, and translated code on its way to the disk. */
  readonly #taking = new Set<Promise<void>>();
  /** Its place at the debuggers' port. */
  readonly #debuggee: { receive(event: DebuggerEvent): void } = {
    receive: (event) => this.#post({ type: "debugger", run: this.#run, event }),
  };

  /** @throws {Failure} when elftap lacks a permission that the guest needs */
  constructor(spec: GuestSpec, options: GuestOptions = {}) {
    this.#usesCache = spec.cache ?? true;
    this.#pool = options.pool ?? new GuestPool();
    this.#options = options;
    this.outcome = new Promise((resolve) => this.#resolve = resolve);
    this.#pooled = this.#pool.acquire(spec);
    const { worker } = this.#pooled;
    worker.onmessage = this.#messageListener();
    worker.onerror = this.#errorListener();
    this.#pooled.equipped.catch((error) => this.#fail(error));
    try {
      this.#post({ type: "run", run: this.#run, spec });
    } catch (error) {
      this.#pool.discard(this.#pooled);
      throw error; // not plain data
    }
    if (spec.timeout !== undefined) {
      const { holdOnFailure = false } = spec.debug ?? {};
      const late = () => holdOnFailure ? this.#hold("its time is over") : this.#stop("timeout");
      this.#timeout = setTimeout(late, spec.timeout);
    }
    if (spec.debug && !spec.debug.holdOnFailure) this.#options.debugPort?.offer(this.#debuggee);
  }

  // Made by functions, so that they die with the guest: see docs/ARCHITECTURE.md, "What dies with a guest".
  #messageListener(): (event: MessageEvent<FromWorker>) => void {
    return (event) => this.#receive(event.data);
  }
  #errorListener(): (event: ErrorEvent) => void {
    return (event) => {
      event.preventDefault();
      this.#fail(workerFailure(event.message));
    };
  }

  /** Keeps the guest for a debugger; then it ends with its time-out. */
  #hold(why: string): void {
    this.#post({ type: "hold", run: this.#run, why });
  }

  interrupt(signal: number): void {
    this.#post({ type: "interrupt", run: this.#run, signal });
  }

  /** Nobody reads this stream any more: the guest's next write to it fails with EPIPE. */
  closeOutput(stream: OutputStream): void {
    this.#post({ type: "close", run: this.#run, stream });
  }

  /** The terminal at the far end of piped streams has another size. */
  resize(size: TerminalSize): void {
    this.#post({ type: "resize", run: this.#run, size });
  }

  stop(): void {
    this.#stop("stop");
  }

  /** Ends the run at once, even if the Worker hangs. */
  terminate(): void {
    if (this.#ended) return;
    this.#pool.discard(this.#pooled);
    this.#end({ ...failedOutcome("", this.#elapsed), ending: { kind: "timeout", which: "timeout" } });
  }

  get #elapsed(): number {
    return performance.now() - this.#started;
  }

  #stop(why: "timeout" | "stop"): void {
    if (this.#ended || this.#stopped) return;
    this.#stopped = why;
    this.#post({ type: "stop", run: this.#run });
    this.#grace = setTimeout(() => this.terminate(), STOP_GRACE);
  }

  #post(message: ToWorker): void {
    if (!this.#ended) this.#pooled.worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    if (message.run !== this.#run || this.#ended) return;
    switch (message.type) {
      case "output":
        return this.#take(message.stream, message.bytes);
      case "pull":
        return void this.#feed();
      case "probe":
        return void this.#answer(message.answer);
      case "raw":
        return this.#options.setRaw?.(message.raw);
      case "recall":
        return void this.#recall(message.program);
      case "keep":
        return this.#keep(message.program, message.archive);
      case "debugger":
        return this.#tellDebugger(message.event);
      case "outcome":
        void this.#finish(message.outcome, message.programs);
    }
  }

  #tellDebugger(event: DebuggeeEvent): void {
    const port = this.#options.debugPort;
    if (event.kind === "bytes") port?.send(this.#debuggee, event.bytes);
    else if (event.kind === "close") port?.hangUp(this.#debuggee);
    else {
      // It is held: its time does not count.
      if (this.#timeout !== undefined) clearTimeout(this.#timeout);
      port?.want(this.#debuggee, event.why);
    }
  }

  #take(stream: OutputStream, bytes: Uint8Array): void {
    const taken = this.#options.output?.(stream, bytes);
    const consumed = () => {
      const count = (this.#owed.get(stream) ?? 0) + bytes.length;
      const tells = count >= ACKNOWLEDGE;
      this.#owed.set(stream, tells ? 0 : count);
      if (tells) this.#post({ type: "consumed", run: this.#run, stream, count });
    };
    if (!taken) return consumed();
    // A consumer that fails has closed its end: its bytes are dropped.
    const taking = taken.catch(() => {}).then(consumed).finally(() => this.#taking.delete(taking));
    this.#taking.add(taking);
  }

  /** Translated code of earlier runs. */
  get #regions(): RegionCache | undefined {
    return this.#usesCache ? this.#pool.regions : undefined;
  }

  #keep(program: string, archive: Uint8Array): void {
    const saving = this.#regions?.save(program, archive).catch(() => {}).finally(() => this.#taking.delete(saving!));
    if (saving) this.#taking.add(saving);
  }

  async #recall(program: string): Promise<void> {
    const archive = await this.#regions?.load(program) ?? null;
    this.#post({ type: "recalled", run: this.#run, program, archive });
  }

  async #feed(): Promise<void> {
    const bytes = await this.#options.input?.().catch(() => null) ?? null;
    this.#post({ type: "stdin", run: this.#run, bytes });
  }

  async #answer(answer: Int32Array<SharedArrayBuffer>): Promise<void> {
    const isNull = await this.#options.isNullInput?.().catch(() => false) ?? false;
    Atomics.store(answer, 0, isNull ? InputKind.null : InputKind.other);
    Atomics.notify(answer, 0);
  }

  async #finish(outcome: GuestOutcome, programs: number): Promise<void> {
    this.#clearTimers();
    this.#pool.release(this.#pooled, programs);
    this.#ended = true;
    while (this.#taking.size > 0) await Promise.all(this.#taking);
    const wasCut = this.#stopped === "timeout" && outcome.ending.kind !== "exit";
    this.#resolve(wasCut ? { ...outcome, ending: { kind: "timeout", which: "timeout" } } : outcome);
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#pool.discard(this.#pooled);
    this.#end(failedOutcome(error, this.#elapsed));
  }

  #end(outcome: GuestOutcome): void {
    this.#clearTimers();
    this.#ended = true;
    this.#resolve(outcome);
  }

  #clearTimers(): void {
    this.#options.debugPort?.withdraw(this.#debuggee);
    // Deno loads its timers when they are first used: 6 ms.
    if (this.#timeout !== undefined) clearTimeout(this.#timeout);
    if (this.#grace !== undefined) clearTimeout(this.#grace);
  }
}

/** An error that reached the Worker's edge: it could not be loaded, or elftap has a bug. */
function workerFailure(message: string): Failure {
  const denied = /Requires (read|import|net) access to (.*?), run again/.exec(message);
  if (denied) {
    return new Failure(`Deno refused elftap ${denied[1]} access to its own file ${denied[2]}`, {
      hint: `run elftap with --allow-${denied[1]}`,
    });
  }
  return new Failure(`internal error: ${message.split("\n")[0]}`, { hint: "this is a bug in elftap" });
}

/** A finished guest with what it wrote. */
export interface GuestResult {
  readonly outcome: GuestOutcome;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  /** The lines of `-v`, unless stderr was inherited. */
  readonly trace: Uint8Array;
  /** A trace with `toFile`. */
  readonly traceFile: Uint8Array;
}

/** Options of {@link runGuest}. */
export interface RunGuestOptions {
  readonly pool?: GuestPool;
  /** What the guest reads from a piped standard input. */
  readonly input?: Uint8Array;
  /** Bytes kept of each stream; what is beyond is dropped. Default 64 MiB. */
  readonly limit?: number;
}

/**
 * Runs a guest to its end and collects its piped output.
 *
 * @throws {Failure} when elftap lacks a permission that the guest needs
 */
export async function runGuest(spec: GuestSpec, options: RunGuestOptions = {}): Promise<GuestResult> {
  const chunks: Record<OutputStream, Uint8Array[]> = { stdout: [], stderr: [], trace: [], "trace-file": [] };
  const limit = options.limit ?? 64 << 20;
  const room: Record<OutputStream, number> = { stdout: limit, stderr: limit, trace: limit, "trace-file": limit };
  let input: Uint8Array | null = options.input ?? null;
  const guest = new Guest(spec, {
    ...(options.pool ? { pool: options.pool } : {}),
    output: (stream, bytes) => {
      const kept = bytes.subarray(0, room[stream]);
      room[stream] -= kept.length;
      if (kept.length > 0) chunks[stream].push(kept);
    },
    input: () => {
      const bytes = input;
      input = null;
      return Promise.resolve(bytes);
    },
  });
  const outcome = await guest.outcome;
  return {
    outcome,
    stdout: concat(chunks.stdout),
    stderr: concat(chunks.stderr),
    trace: concat(chunks.trace),
    traceFile: concat(chunks["trace-file"]),
  };
}

function concat(chunks: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
