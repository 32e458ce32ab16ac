/**
 * A guest that a server runs, with the standard streams of this process: what `elftap run` has in the place of a
 * Worker when `ELFTAP_SERVER` is set.
 */
import { Failure } from "../failure.ts";
import { failedOutcome } from "../runner/failed_outcome.ts";
import { SIGWINCH } from "../kernel/abi/signal.ts";
import type { RunningGuest } from "../runner/guest.ts";
import type { FarEnd, GuestOutcome, GuestSpec } from "../runner/guest_spec.ts";
import { type ByteSink, consoleSize, writeAll } from "../runner/host_writer.ts";
import { isNullInput } from "../runner/null_input.ts";
import type { OutputStream } from "../runner/worker_messages.ts";
import { connect } from "./address.ts";
import { checkToClient } from "./check.ts";
import { MessageLine } from "./message_line.ts";
import { IDENTITY, type ToClient, type ToServer } from "./messages.ts";

/** Milliseconds that the server and our own streams have once the guest is to stop: more than the guest's Worker has. */
const STOP_GRACE = 3000;

/** Where streams of the guest end here. */
type Sinks = Readonly<Record<OutputStream, Pick<ByteSink, "write">>>;

/** A guest under way on the server. */
export class RemoteGuest implements RunningGuest {
  readonly outcome: Promise<GuestOutcome>;
  readonly #line: MessageLine<ToServer>;
  readonly #sinks: Sinks;
  readonly #started = performance.now();
  /** Output in the order in which it came: it may all end in one terminal. */
  #writing: Promise<void> = Promise.resolve();
  readonly #broken = new Set<OutputStream>();
  #input: Uint8Array | undefined;
  #isRaw = false;
  #giveUp: (outcome: GuestOutcome) => void = () => {};
  #grace: ReturnType<typeof setTimeout> | undefined;

  /**
   * Has a guest started.
   *
   * @param server path of its socket
   * @param takeTrace what becomes of a trace that has a file of its own
   * @throws {Failure} when the server cannot be reached
   */
  static async start(
    server: string,
    spec: GuestSpec,
    takeTrace: (bytes: Uint8Array) => void,
  ): Promise<RemoteGuest> {
    return new RemoteGuest(await connect(server), spec, takeTrace);
  }

  private constructor(conn: Deno.Conn, spec: GuestSpec, takeTrace: (bytes: Uint8Array) => void) {
    this.#line = new MessageLine(conn);
    this.#sinks = {
      stdout: Deno.stdout,
      stderr: Deno.stderr,
      trace: Deno.stderr,
      "trace-file": {
        write: (bytes) => {
          takeTrace(bytes);
          return Promise.resolve(bytes.length);
        },
      },
    };
    const piped = { stdin: "piped", stdout: "piped", stderr: "piped", farEnd: farEnd() } as const;
    this.#line.send({ type: "run", identity: IDENTITY, spec: { ...spec, ...piped } });
    this.outcome = Promise.race([new Promise<GuestOutcome>((resolve) => this.#giveUp = resolve), this.#run()])
      .finally(() => this.#end());
  }

  interrupt(signal: number): void {
    const size = signal === SIGWINCH ? consoleSize() : undefined;
    if (size) this.#line.send({ type: "resize", ...size });
    this.#line.send({ type: "interrupt", signal });
  }

  stop(): void {
    this.#line.send({ type: "stop" });
    // Neither a server that does not answer nor a reader that does not read may hold this process.
    this.#grace ??= setTimeout(() => {
      const outcome = failedOutcome("", performance.now() - this.#started);
      this.#giveUp({ ...outcome, ending: { kind: "timeout", which: "timeout" } });
    }, STOP_GRACE);
  }

  async #run(): Promise<GuestOutcome> {
    let outcome: GuestOutcome;
    try {
      outcome = await this.#serveMessages();
    } catch (error) {
      outcome = failedOutcome(error, performance.now() - this.#started);
    }
    this.#setRaw(false);
    await this.#writing;
    return outcome;
  }

  #end(): void {
    // Deno loads its timers when they are first used: 6 ms.
    if (this.#grace !== undefined) clearTimeout(this.#grace);
    this.#setRaw(false);
    this.#line.close();
  }

  async #serveMessages(): Promise<GuestOutcome> {
    for (let received; (received = await this.#line.receive());) {
      const message: ToClient = checkToClient(received);
      switch (message.type) {
        case "output":
          this.#writing = this.#writing.then(() => this.#write(message.stream, message.bytes));
          break;
        case "pull":
          void this.#feed();
          break;
        case "probe":
          this.#line.send({ type: "probed", isNull: isNullInput() });
          break;
        case "raw":
          this.#setRaw(message.raw);
          break;
        case "outcome":
          return message.outcome;
      }
    }
    throw new Failure("the server is gone, and the guest with it");
  }

  async #write(stream: OutputStream, bytes: Uint8Array): Promise<void> {
    if (!this.#broken.has(stream) && !await writeAll(this.#sinks[stream], bytes)) {
      this.#broken.add(stream);
      this.#line.send({ type: "close", stream });
    }
    this.#line.send({ type: "taken" });
  }

  async #feed(): Promise<void> {
    this.#input ??= new Uint8Array(65536);
    let count: number | null;
    try {
      count = await Deno.stdin.read(this.#input);
    } catch {
      count = null; // a closed or unreadable descriptor (EBADF, EIO) has nothing more to say
    }
    this.#line.send(count === null ? { type: "stdin" } : { type: "stdin", bytes: this.#input.slice(0, count) });
  }

  #setRaw(raw: boolean): void {
    if (raw === this.#isRaw) return;
    this.#isRaw = raw;
    Deno.stdin.setRaw(raw);
  }
}

/** What this process has for standard streams. */
function farEnd(): FarEnd {
  const terminals = (["stdin", "stdout", "stderr"] as const).filter((name) => Deno[name].isTerminal());
  const size = terminals.length > 0 ? consoleSize() : undefined;
  return { terminals, ...(size ? { size } : {}) };
}
