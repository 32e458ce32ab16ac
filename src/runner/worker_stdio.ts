/**
 * The guest's standard streams inside its Worker: the host process's own, or messages to the thread that started it.
 */
import { EPIPE } from "../kernel/abi/errno.ts";
import { discardingOutput, emptyInput, type HostInput, type HostOutput } from "../kernel/host_stdio.ts";
import type { HostStdio, TerminalSize } from "../kernel/host_stdio.ts";
import type { FarEnd, GuestSpec } from "./guest_spec.ts";
import { consoleSize, HostWriter, type WriterStream } from "./host_writer.ts";
import { isNullInput } from "./null_input.ts";
import { type FromWorker, InputKind, OUTPUT_WINDOW, type OutputStream } from "./worker_messages.ts";

/** Says something to the starting thread. */
export type Post = (message: FromWorker, transfer?: Transferable[]) => void;

/** Milliseconds for the far end to say what its standard input is: finding out may take it 30. */
const PATIENCE = 10_000;

/**
 * Small outputs are sent together, up to this many bytes. A message through a server passes three threads. Measured on
 * one core, `tar cf -` of 8 MB, in ms: batches of 32 KiB 700, of 128 KiB 590.
 */
const BATCH = 131072;

/** Bytes that are worth what it loads to transfer them. Measured: 163 MB in messages of 32 KiB take 90 ms so, 135 copied. */
const TRANSFERRED = 16384;

/** What piped streams of one run share. */
interface Pipes {
  /** Undefined: they are pipes for the guest as well. */
  readonly farEnd: FarEnd | undefined;
  /** Of the terminal at the far end, as far as that is known. */
  size: TerminalSize | undefined;
  /** The output that was written to last: what it holds back goes before what others are given. */
  latest: MessageOutput | undefined;
}

/** Input that the starting thread provides when asked. */
export class MessageInput implements HostInput {
  readonly isTerminal: boolean;
  #answer: ((bytes: Uint8Array | null) => void) | undefined;
  #ended = false;
  #raw = false;
  #isNull: boolean | undefined;

  constructor(readonly run: number, readonly post: Post, readonly pipes: Pipes) {
    this.isTerminal = pipes.farEnd?.terminals.includes("stdin") ?? false;
  }

  get isNull(): boolean {
    return this.#isNull ??= !this.isTerminal && this.pipes.farEnd !== undefined && this.#probe();
  }

  /** The guest's fstat(2) has to be answered at once: the Worker waits for the other threads and processes. */
  #probe(): boolean {
    const answer = new Int32Array(new SharedArrayBuffer(4));
    this.post({ type: "probe", run: this.run, answer });
    Atomics.wait(answer, 0, InputKind.unknown, PATIENCE);
    return Atomics.load(answer, 0) === InputKind.null;
  }

  get size(): TerminalSize | undefined {
    return this.isTerminal ? this.pipes.size : undefined;
  }

  read(): Promise<Uint8Array | null> {
    if (this.#ended) return Promise.resolve(null);
    this.post({ type: "pull", run: this.run });
    return new Promise((resolve) => this.#answer = resolve);
  }

  /** The answer has come. */
  deliver(bytes: Uint8Array | null): void {
    if (bytes === null) this.#ended = true;
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(bytes);
  }

  setRaw(raw: boolean): void {
    if (!this.isTerminal || raw === this.#raw) return;
    this.#raw = raw;
    this.post({ type: "raw", run: this.run, raw });
  }
}

/** Output that is sent to the starting thread, at most {@link OUTPUT_WINDOW} bytes ahead of its consumer. */
export class MessageOutput implements HostOutput {
  readonly isTerminal: boolean;
  #pending = new Uint8Array(0);
  #length = 0;
  /** Text not yet encoded. Only one of this and what is pending holds something. */
  #text = "";
  static readonly #encoder = new TextEncoder();
  #scheduled = false;
  #inFlight = 0;
  #closed = false;
  #waiting: (() => void)[] = [];

  constructor(readonly run: number, readonly stream: OutputStream, readonly post: Post, readonly pipes: Pipes) {
    this.isTerminal = (stream === "stdout" || stream === "stderr") &&
      (pipes.farEnd?.terminals.includes(stream) ?? false);
  }

  get size(): TerminalSize | undefined {
    return this.isTerminal ? this.pipes.size : undefined;
  }

  get hasRoom(): boolean {
    return this.#closed || this.#inFlight + this.#length < OUTPUT_WINDOW;
  }

  write(bytes: Uint8Array): number {
    if (this.#closed) return -EPIPE;
    const taken = Math.min(bytes.length, OUTPUT_WINDOW - this.#inFlight - this.#length);
    if (taken <= 0) return 0;
    this.writeAll(taken === bytes.length ? bytes : bytes.subarray(0, taken));
    return taken;
  }

  /** Sends everything, whatever the window: for the trace, which must not stop the kernel. */
  writeAll(bytes: Uint8Array): void {
    this.#takeTurn();
    this.#sendText();
    if (this.#length + bytes.length > BATCH) this.flush();
    if (bytes.length >= BATCH) {
      this.#send(bytes.slice());
      return;
    }
    this.#makeRoom(this.#length + bytes.length);
    this.#pending.set(bytes, this.#length);
    this.#length += bytes.length;
    this.#schedule();
  }

  /** Most programs write little: what is pending grows with it. */
  #makeRoom(length: number): void {
    if (length <= this.#pending.length) return;
    const larger = new Uint8Array(Math.min(BATCH, Math.max(512, 2 ** Math.ceil(Math.log2(length)))));
    larger.set(this.#pending.subarray(0, this.#length));
    this.#pending = larger;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** As {@link writeAll}; many small texts are encoded together. */
  writeText(text: string): void {
    this.#takeTurn();
    if (this.#length > 0) this.flush();
    this.#text += text;
    if (this.#text.length >= BATCH) this.#sendText();
    else this.#schedule();
  }

  /** Where the streams may end in the same terminal, lines must not be swapped. */
  #takeTurn(): void {
    const { pipes } = this;
    if (pipes.farEnd === undefined || pipes.latest === this) return;
    pipes.latest?.flush();
    pipes.latest = this;
  }

  #sendText(): void {
    const text = this.#text;
    this.#text = "";
    if (text !== "") this.#send(MessageOutput.#encoder.encode(text));
  }

  /** Sends what has gathered. */
  flush(): void {
    this.#scheduled = false;
    this.#sendText();
    if (this.#length === 0) return;
    this.#send(this.#pending.slice(0, this.#length));
    this.#length = 0;
  }

  #send(bytes: Uint8Array<ArrayBuffer>): void {
    this.#inFlight += bytes.length;
    const message: FromWorker = { type: "output", run: this.run, stream: this.stream, bytes };
    if (bytes.length >= TRANSFERRED) this.post(message, [bytes.buffer]);
    else this.post(message);
  }

  /** The consumer has taken so many bytes. */
  consumed(count: number): void {
    this.#inFlight -= count;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Nobody reads any more. */
  close(): void {
    this.#closed = true;
    this.#length = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  writable(): Promise<void> {
    return this.hasRoom ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** `Deno.stdin`; a read is started only when the guest wants bytes. */
class InheritedInput implements HostInput {
  readonly isTerminal = Deno.stdin.isTerminal();
  #isNull: boolean | undefined;
  #buffer: Uint8Array | undefined;
  #raw = false;

  constructor(isNull: boolean | undefined) {
    this.#isNull = isNull;
  }

  get isNull(): boolean {
    return this.#isNull ??= !this.isTerminal && isNullInput();
  }

  async read(): Promise<Uint8Array | null> {
    this.#buffer ??= new Uint8Array(65536);
    try {
      const count = await Deno.stdin.read(this.#buffer);
      return count === null ? null : this.#buffer.slice(0, count);
    } catch {
      return null; // a closed or unreadable descriptor (EBADF, EIO) has nothing more to say
    }
  }

  get size(): ReturnType<typeof consoleSize> {
    return this.isTerminal ? consoleSize() : undefined;
  }

  setRaw(raw: boolean): void {
    if (!this.isTerminal || raw === this.#raw) return;
    Deno.stdin.setRaw(raw);
    this.#raw = raw;
  }
}

/** The streams of one run, and what the Worker does with messages about them. */
export class WorkerStdio implements HostStdio {
  readonly stdin: HostInput;
  readonly stdout: HostOutput;
  readonly stderr: HostOutput;
  readonly #writer = new HostWriter();
  readonly #pipes: Pipes;
  readonly #trace: MessageOutput | WriterStream;
  readonly #traceFile: MessageOutput | undefined;
  static readonly #encoder = new TextEncoder();

  constructor(spec: GuestSpec, run: number, post: Post) {
    const pipes = this.#pipes = { farEnd: spec.farEnd, size: spec.farEnd?.size, latest: undefined };
    this.stdin = spec.stdin === "inherit"
      ? new InheritedInput(spec.nullInput)
      : spec.stdin === "piped"
      ? new MessageInput(run, post, pipes)
      : emptyInput;
    const inheritedError = spec.stderr === "inherit" ? this.#writer.stream(Deno.stderr) : undefined;
    this.stdout = spec.stdout === "inherit"
      ? this.#writer.stream(Deno.stdout)
      : spec.stdout === "piped"
      ? new MessageOutput(run, "stdout", post, pipes)
      : discardingOutput;
    this.stderr = inheritedError ??
      (spec.stderr === "piped" ? new MessageOutput(run, "stderr", post, pipes) : discardingOutput);
    this.#trace = inheritedError ?? new MessageOutput(run, "trace", post, pipes);
    this.#traceFile = spec.trace?.toFile ? new MessageOutput(run, "trace-file", post, pipes) : undefined;
  }

  /** elftap's own lines about the run: what belongs on stderr beside the guest's. */
  log(line: string): void {
    this.#trace.writeAll(WorkerStdio.#encoder.encode(line + "\n"));
  }

  /** Text of the trace, in pieces that may end anywhere: to its file, or to where elftap's own lines go. */
  readonly traceText = (text: string): void => (this.#traceFile ?? this.#trace).writeText(text);

  /** An answer to a pull. */
  deliver(bytes: Uint8Array | null): void {
    if (this.stdin instanceof MessageInput) this.stdin.deliver(bytes);
  }

  /** The far end's terminal has another size: the guest hears of it by SIGWINCH. */
  resize(size: TerminalSize): void {
    this.#pipes.size = size;
  }

  /** Output has been consumed. */
  consumed(stream: OutputStream, count: number): void {
    this.#messageOutput(stream)?.consumed(count);
  }

  /** Output has lost its reader. */
  close(stream: OutputStream): void {
    this.#messageOutput(stream)?.close();
  }

  #messageOutput(stream: OutputStream): MessageOutput | undefined {
    const output =
      { stdout: this.stdout, stderr: this.stderr, trace: this.#trace, "trace-file": this.#traceFile }[stream];
    return output instanceof MessageOutput ? output : undefined;
  }

  /** Gives the terminal back and lets all output out. */
  async finish(): Promise<void> {
    this.stdin.setRaw(false);
    for (const output of [this.stdout, this.stderr, this.#trace, this.#traceFile]) {
      if (output instanceof MessageOutput) output.flush();
    }
    await this.#writer.flush();
  }
}
