/**
 * The host's terminal as the guest's: the guest's own line discipline runs over the host's terminal in raw mode, so
 * that settings, editing and signals are exactly the guest's.
 *
 * The host's terminal stays as it is, with the host's own line editing and Ctrl-C, until the guest reads, polls or
 * changes settings. From then on it is raw, and read all the time: a key like Ctrl-C must work while nobody reads.
 */
import type { HostInput, HostOutput } from "../host_stdio.ts";
import type { JobControl } from "./session.ts";
import { Terminal, type TerminalLine } from "./terminal.ts";

/** Bytes of output that may wait for the host. */
const OUTPUT_LIMIT = 16384;

export class HostTty implements TerminalLine {
  readonly terminal: Terminal;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #flushing = false;
  #reading = false;
  /** Nobody reads what the host's terminal shows. */
  #broken = false;

  /**
   * @param input undefined: the terminal is for output only
   * @param rdev device number the guest sees
   */
  constructor(
    jobs: JobControl,
    rdev: number,
    readonly input: HostInput | undefined,
    readonly output: HostOutput,
  ) {
    this.terminal = new Terminal(jobs, rdev, this);
    this.resized();
  }

  /** The host's terminal has a new size (SIGWINCH). */
  resized(): void {
    const size = this.input?.size ?? this.output.size;
    if (size === undefined) return;
    this.terminal.resize({ rows: size.rows, columns: size.columns, xPixels: 0, yPixels: 0 });
  }

  get room(): number {
    return this.#broken ? OUTPUT_LIMIT : Math.max(0, OUTPUT_LIMIT - this.#queued);
  }
  get pending(): number {
    return this.#queued;
  }

  send(bytes: Uint8Array): void {
    if (this.#broken) return;
    bytes = withoutReturns(bytes);
    if (this.#queue.length === 0) {
      const taken = this.output.write(bytes);
      if (taken < 0) return this.#break();
      if (taken === bytes.length) return;
      bytes = bytes.slice(taken);
    } else if (this.#queued > 2 * OUTPUT_LIMIT) {
      return;
    }
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (!this.#flushing) this.#flush();
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    while (this.#queue.length > 0 && !this.#broken) {
      await this.output.writable();
      const first = this.#queue[0];
      if (first === undefined) break;
      const taken = this.output.write(first);
      if (taken < 0) {
        this.#break();
        break;
      }
      this.#queued -= taken;
      if (taken === first.length) this.#queue.shift();
      else this.#queue[0] = first.subarray(taken);
      if (this.room > 0) this.terminal.outputReady();
    }
    this.#flushing = false;
  }

  /** The host's terminal is gone: what is written goes nowhere, and the session is hung up. */
  #break(): void {
    this.#broken = true;
    this.#queue = [];
    this.#queued = 0;
    this.terminal.hangUp();
  }

  flushOutput(): void {
    this.#queue = [];
    this.#queued = 0;
  }

  wantInput(): void {
    if (this.#reading || this.input === undefined) return;
    this.#reading = true;
    this.input.setRaw(true);
    this.#readAll(this.input);
  }

  async #readAll(input: HostInput): Promise<void> {
    for (;;) {
      let bytes = await input.read();
      if (bytes === null) {
        this.terminal.hangUp();
        return;
      }
      while (bytes.length > 0) {
        const taken = this.terminal.type(bytes);
        bytes = bytes.subarray(taken);
        if (bytes.length > 0) await new Promise<void>((resolve) => this.#resume = resolve);
      }
    }
  }

  /** The reader goes on when the guest has taken something. */
  #resume: (() => void) | undefined = undefined;

  inputTaken(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  settingsChanged(): void {
    this.wantInput();
  }
  notice(): void {}
}

/**
 * The host's terminal goes on turning newlines into CR LF, also in raw mode as Deno has it: the guest's own CR before
 * a newline would be a second one.
 */
function withoutReturns(bytes: Uint8Array): Uint8Array {
  const CR = 13, LF = 10;
  let first = bytes.indexOf(CR);
  while (first >= 0 && bytes[first + 1] !== LF) first = bytes.indexOf(CR, first + 1);
  if (first < 0) return bytes;
  const kept = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== CR || bytes[i + 1] !== LF) kept[length++] = bytes[i]!;
  }
  return kept.subarray(0, length);
}
