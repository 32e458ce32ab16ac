/** Shows a pull on stderr: one live line on a terminal, a few plain lines elsewhere. */
import type { PullEvent } from "../sysroot/pull.ts";

/** Where a command's output goes; tests collect it. */
export interface SysrootIo {
  /** Writes a part of the result. */
  stdout(text: string): void;
  /** Writes a part of the talk. */
  stderr(text: string): void;
  /** Whether stderr is a terminal, where a line can be written anew. */
  readonly isTerminal: boolean;
  /** Width of that terminal in characters. */
  readonly columns: number;
}

/** Milliseconds between two versions of the live line. */
const LIVE_MS = 100;
/** Plain lines come after each quarter. */
const PLAIN_PARTS = 4;
const MEGABYTE = 1_000_000;

/** Turns the events of one pull into text. */
export class PullProgress {
  readonly #io: SysrootIo;
  readonly #now: () => number;
  #name = "";
  #size = 0;
  #packages = 0;
  #received = 0;
  #unpacked = 0;
  #started = 0;
  #lastDrawn = -Infinity;
  #partsTold = 0;
  #live = false;

  /** @param now milliseconds of a clock. */
  constructor(io: SysrootIo, now: () => number = () => performance.now()) {
    this.#io = io;
    this.#now = now;
  }

  /** Takes the next event. */
  readonly take = (event: PullEvent): void => {
    switch (event.type) {
      case "waiting":
        this.#line("another elftap is at this sysroot; waiting for it");
        break;
      case "started":
        this.#name = event.profile.name;
        this.#size = event.size;
        this.#packages = event.packages;
        this.#started = this.#now();
        this.#line(
          `${this.#name}: ${event.packages} ${event.packages === 1 ? "package" : "packages"}, ${
            megabytes(event.size)
          } MB`,
        );
        break;
      case "received":
        this.#received = event.bytes;
        this.#step();
        break;
      case "unpacked":
        this.#unpacked = event.count;
        this.#step();
        break;
      case "notice":
        this.#line(event.line);
        break;
      case "finished": {
        const seconds = ((this.#now() - this.#started) / 1000).toFixed(1);
        const what = `${event.entries} files, ${megabytes(event.bytes)} MB, in ${seconds} s`;
        this.#line(`${this.#name}: ready: ${what}`);
        break;
      }
    }
  };

  /** Clears the live line, so that something else can be written. */
  end(): void {
    if (this.#live) this.#io.stderr("\r\x1b[K");
    this.#live = false;
  }

  #line(text: string): void {
    this.end();
    this.#io.stderr(`elftap: ${text}\n`);
  }

  #step(): void {
    if (this.#io.isTerminal) {
      if (this.#now() - this.#lastDrawn < LIVE_MS) return;
      this.#lastDrawn = this.#now();
      this.#live = true;
      this.#io.stderr(`\r\x1b[K${this.#status().slice(0, Math.max(1, this.#io.columns - 1))}`);
      return;
    }
    const parts = this.#size === 0 ? 0 : Math.floor((this.#received / this.#size) * PLAIN_PARTS);
    if (parts <= this.#partsTold) return;
    this.#partsTold = parts;
    this.#line(`${this.#name}: ${this.#downloaded()}`);
  }

  #status(): string {
    const seconds = (this.#now() - this.#started) / 1000;
    const downloading = this.#received < this.#size;
    const rate = seconds > 0 ? `, ${megabytes(this.#received / seconds)} MB/s` : "";
    const what = downloading ? `${this.#downloaded()}${rate}` : `unpacked ${this.#unpacked} of ${this.#packages}`;
    return `elftap: ${this.#name}: ${what}`;
  }

  #downloaded(): string {
    const percent = this.#size === 0 ? 100 : Math.floor((this.#received / this.#size) * 100);
    return `${percent} %, ${megabytes(this.#received)} of ${megabytes(this.#size)} MB`;
  }
}

/** Bytes in megabytes with one decimal. */
export function megabytes(bytes: number): string {
  return (bytes / MEGABYTE).toFixed(1);
}
