/**
 * `LinuxCommand`: an aarch64 Linux program with the manners of `Deno.Command`.
 */
import { Failure } from "../failure.ts";
import * as linux from "../kernel/abi/signal.ts";
import { Guest } from "../runner/guest.ts";
import type { GuestOutcome, GuestSpec } from "../runner/guest_spec.ts";
import type { OutputStream } from "../runner/worker_messages.ts";
import { guestSpec } from "../runner/world.ts";
import { pathOf, worldFrom, type WorldOptions } from "./world.ts";

/** What a standard stream is connected to: a stream of this program, its own one, or nothing. */
export type StdioKind = "piped" | "inherit" | "null";

/** Options of a {@link LinuxCommand}: those of `Deno.Command` and of the guest's world. */
export interface LinuxCommandOptions extends WorldOptions {
  /** Arguments, without the program's name. */
  readonly args?: readonly string[];
  /** Default `"null"`, as for `Deno.Command.output`. */
  readonly stdin?: StdioKind;
  /** Default `"piped"` for `output()`, `"inherit"` for `spawn()`. */
  readonly stdout?: StdioKind;
  /** Default `"piped"` for `output()`, `"inherit"` for `spawn()`. */
  readonly stderr?: StdioKind;
  /** Sends SIGTERM when it aborts. */
  readonly signal?: AbortSignal;
}

/** How a program ended. */
export interface LinuxCommandStatus {
  /** Exit status 0. */
  readonly success: boolean;
  /** The exit status, or 128 + N after signal N. */
  readonly code: number;
  /** Linux's name of the signal that ended it, e.g. `SIGSEGV`. */
  readonly signal: string | null;
  /** It was stopped because of {@link WorldOptions.timeout}. Its code is then that of SIGKILL. */
  readonly timedOut: boolean;
  /** Everything known about the run: crashes, unimplemented system calls, times. */
  readonly outcome: GuestOutcome;
}

/** How a program ended and what it wrote. */
export interface LinuxCommandOutput extends LinuxCommandStatus {
  /** Empty unless stdout is piped. */
  readonly stdout: Uint8Array;
  /** Empty unless stderr is piped. */
  readonly stderr: Uint8Array;
}

/**
 * An aarch64 Linux program that can be run, on any host, with the manners of `Deno.Command`.
 *
 * Needs `"unstable": ["worker-options"]` in deno.json, read permission for what the guest reads, and write permission
 * for its read-write binds.
 *
 * @example Collecting a program's output
 * ```ts
 * import { LinuxCommand } from "@elftap/elftap";
 *
 * const { success, stdout } = await new LinuxCommand("tests/fixtures/hello").output();
 * console.assert(success);
 * console.assert(new TextDecoder().decode(stdout) === "hello from aarch64 Linux\n");
 * ```
 *
 * @example A dynamic program with streams
 * ```ts ignore
 * const child = new LinuxCommand("/usr/bin/sort", {
 *   sysroot: "debian-12-glibc-aarch64",
 *   stdin: "piped",
 *   stdout: "piped",
 * }).spawn();
 * const writer = child.stdin.getWriter();
 * await writer.write(new TextEncoder().encode("b\na\n"));
 * await writer.close();
 * console.log(await new Response(child.stdout).text());
 * ```
 */
export class LinuxCommand {
  readonly #path: string;
  readonly #options: LinuxCommandOptions;

  /**
   * @param path the program: absolute paths are the guest's, looked up in the sysroot first; relative ones the host's
   */
  constructor(path: string | URL, options: LinuxCommandOptions = {}) {
    this.#path = pathOf(path);
    this.#options = options;
  }

  /**
   * Runs the program to its end.
   *
   * @throws {Failure} when it cannot be started; its `exitCode` is 126 or 127 as in shells, or 125 for elftap's own
   */
  async output(): Promise<LinuxCommandOutput> {
    const { stdout = "piped", stderr = "piped", stdin = "null" } = this.#options;
    if (stdin === "piped") throw new TypeError('stdin "piped" needs spawn()');
    const child = new LinuxChildProcess(this.#path, { ...this.#options, stdin, stdout, stderr });
    return await child.output();
  }

  /** Starts the program. What goes wrong at the start is the rejection of {@link LinuxChildProcess.status}. */
  spawn(): LinuxChildProcess {
    const { stdout = "inherit", stderr = "inherit", stdin = "inherit" } = this.#options;
    return new LinuxChildProcess(this.#path, { ...this.#options, stdin, stdout, stderr });
  }
}

type ResolvedOptions = LinuxCommandOptions & Record<"stdin" | "stdout" | "stderr", StdioKind>;

/** A running program, from {@link LinuxCommand.spawn}. */
export class LinuxChildProcess {
  /**
   * How it ended.
   *
   * Rejects with a {@link Failure} when the program could not be started.
   */
  readonly status: Promise<LinuxCommandStatus>;

  readonly #stdin: WritableStream<Uint8Array> | undefined;
  readonly #stdout: OutputPipe | undefined;
  readonly #stderr: OutputPipe | undefined;
  readonly #guest: Promise<Guest>;

  /** @internal */
  constructor(path: string, options: ResolvedOptions) {
    const pipes: Partial<Record<OutputStream, OutputPipe>> = {};
    const close = (stream: OutputStream) => void this.#guest.then((guest) => guest.closeOutput(stream));
    if (options.stdout === "piped") this.#stdout = pipes.stdout = new OutputPipe(() => close("stdout"));
    if (options.stderr === "piped") this.#stderr = pipes.stderr = new OutputPipe(() => close("stderr"));
    let input: ReadableStreamDefaultReader<Uint8Array> | undefined;
    if (options.stdin === "piped") {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      this.#stdin = writable;
      input = readable.getReader();
    }
    this.#guest = this.#start(path, options, pipes, input);
    this.status = this.#guest.then((guest) => guest.outcome).then(statusOf).finally(() => {
      for (const pipe of Object.values(pipes)) pipe.end();
      // Whoever still writes learns that nobody reads.
      void input?.cancel().catch(() => {});
    });
    // Its users await it when they like; until then a rejection is not unhandled.
    this.status.catch(() => {});
    const { signal } = options;
    if (signal) {
      const abort = () => this.kill("SIGTERM");
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort, { once: true });
      void this.status.catch(() => {}).then(() => signal.removeEventListener("abort", abort));
    }
  }

  async #start(
    path: string,
    options: ResolvedOptions,
    pipes: Partial<Record<OutputStream, OutputPipe>>,
    input: ReadableStreamDefaultReader<Uint8Array> | undefined,
  ): Promise<Guest> {
    const spec: GuestSpec = guestSpec({
      path,
      args: options.args ?? [],
      stdin: options.stdin,
      stdout: options.stdout,
      stderr: options.stderr,
    }, { watchdog: 0, ...await worldFrom(options) });
    return new Guest(spec, {
      output: (stream, bytes) => pipes[stream]?.write(bytes),
      input: async () => {
        const { value, done } = await input!.read();
        return done ? null : value;
      },
    });
  }

  /** The program's standard input. @throws {TypeError} unless stdin is `"piped"` */
  get stdin(): WritableStream<Uint8Array> {
    if (!this.#stdin) throw new TypeError("stdin is not piped");
    return this.#stdin;
  }

  /** The program's standard output; reading slowly holds the program back. @throws {TypeError} unless stdout is `"piped"` */
  get stdout(): ReadableStream<Uint8Array> {
    if (!this.#stdout) throw new TypeError("stdout is not piped");
    return this.#stdout.readable;
  }

  /** The program's standard error, as for {@link stdout}. @throws {TypeError} unless stderr is `"piped"` */
  get stderr(): ReadableStream<Uint8Array> {
    if (!this.#stderr) throw new TypeError("stderr is not piped");
    return this.#stderr.readable;
  }

  /**
   * Waits for the end and collects the piped output.
   *
   * @throws {Failure} when the program could not be started
   */
  async output(): Promise<LinuxCommandOutput> {
    const [stdout, stderr, status] = await Promise.all([collect(this.#stdout), collect(this.#stderr), this.status]);
    return { ...status, stdout, stderr };
  }

  /**
   * Sends a signal.
   *
   * @param signal Linux's name, e.g. `SIGUSR1`, or number
   * @throws {TypeError} for a signal that Linux does not know
   */
  kill(signal: string | number = "SIGTERM"): void {
    const number = typeof signal === "number" ? signal : signalNumber(signal);
    if (!Number.isInteger(number) || number < 1 || number > linux.SIGRTMAX) {
      throw new TypeError(`no signal of Linux: ${signal}`);
    }
    void this.#guest.then((guest) => guest.interrupt(number), () => {});
  }
}

function signalNumber(name: string): number {
  for (let number = 1; number <= linux.SIGRTMAX; number++) if (linux.signalName(number) === name) return number;
  return 0;
}

function statusOf(outcome: GuestOutcome): LinuxCommandStatus {
  const { ending } = outcome;
  switch (ending.kind) {
    case "exit":
      return { success: ending.code === 0, code: ending.code, signal: null, timedOut: false, outcome };
    case "signal":
      return { success: false, code: 128 + ending.signal, signal: ending.signalName, timedOut: false, outcome };
    case "timeout":
      return { success: false, code: 128 + linux.SIGKILL, signal: "SIGKILL", timedOut: true, outcome };
    case "error":
      throw new Failure(ending.message, { exitCode: ending.exitCode, hint: ending.hint });
  }
}

/** Bytes that a stream's reader has not taken yet, at most, before the guest is held back. */
const HIGH_WATER = 1 << 18;

/** One output stream of the guest as a web stream. */
class OutputPipe {
  readonly readable: ReadableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #resume: (() => void) | undefined;
  #closed = false;

  /** @param onCancel the reader has closed its end */
  constructor(onCancel: () => void) {
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      pull: () => {
        this.#resume?.();
        this.#resume = undefined;
      },
      cancel: () => {
        this.#closed = true;
        this.#resume?.();
        onCancel();
      },
    }, { highWaterMark: HIGH_WATER, size: (chunk) => chunk.length });
  }

  /** Resolves when there is room for more. */
  write(bytes: Uint8Array): void | Promise<void> {
    if (this.#closed) return;
    this.#controller.enqueue(bytes);
    if ((this.#controller.desiredSize ?? 1) > 0) return;
    return new Promise((resolve) => this.#resume = resolve);
  }

  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#controller.close();
  }
}

async function collect(pipe: OutputPipe | undefined): Promise<Uint8Array> {
  return pipe
    ? new Uint8Array(await new Response(pipe.readable as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer())
    : new Uint8Array(0);
}
