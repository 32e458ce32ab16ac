/**
 * A terminal as processes see it (Linux: `tty_struct`): settings, line discipline, output processing, and the session
 * it controls. What is at the other end of the line, a pseudo-terminal's master or the host's terminal, is its
 * {@link TerminalLine}.
 */
import { EAGAIN, EIO, ERESTARTSYS } from "../abi/errno.ts";
import { SIGCONT, SIGHUP, SIGTTIN, SIGTTOU, SIGWINCH } from "../abi/signal.ts";
import {
  ICANON,
  TIOCPKT_FLUSHREAD,
  TIOCPKT_FLUSHWRITE,
  TIOCPKT_START,
  TIOCPKT_STOP,
  VMIN,
  VTIME,
} from "../abi/termios.ts";
import { type FileContext, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../fs/file.ts";
import { ByteQueue } from "../net/byte_queue.ts";
import type { ControllingTerminal, Session } from "../task/session.ts";
import type { Timer } from "../time/timer_heap.ts";
import { WaitQueue } from "../wait.ts";
import { LineDiscipline, type LineOwner } from "./line_discipline.ts";
import { OutputProcessor } from "./output.ts";
import type { JobControl } from "./session.ts";
import { Termios } from "./termios.ts";

const READABLE = POLLIN | POLLRDNORM;
const WRITABLE = POLLOUT | POLLWRNORM;
/** Bytes of typed input that wait for the discipline. */
const INPUT_LIMIT = 8192;
/** A tenth of a second, VTIME's unit, in ns. */
const DECISECOND = 1e8;

/** The other end of the line. */
export interface TerminalLine {
  /** Bytes it takes now. */
  readonly room: number;
  /** Takes bytes; more than there is room for only as an echo, and may then drop them. */
  send(bytes: Uint8Array): void;
  /** Forgets what it has not passed on. */
  flushOutput(): void;
  /** Bytes it has not passed on (TIOCOUTQ). */
  readonly pending: number;
  /** Somebody reads or polls: input is wanted from now on. */
  wantInput(): void;
  /** A reader has made room for typed bytes. */
  inputTaken(): void;
  /** Settings have changed. */
  settingsChanged(termios: Termios): void;
  /** Something the master wants to know in packet mode (TIOCPKT_*). */
  notice(status: number): void;
}

/** Rows and columns, and pixels nobody knows. */
export interface WindowSize {
  rows: number;
  columns: number;
  xPixels: number;
  yPixels: number;
}

export class Terminal implements ControllingTerminal, LineOwner {
  readonly termios: Termios = new Termios();
  readonly discipline: LineDiscipline;
  readonly wait: WaitQueue = new WaitQueue();
  readonly size: WindowSize = { rows: 0, columns: 0, xPixels: 0, yPixels: 0 };
  session: Session | undefined = undefined;
  foregroundGroup = 0;
  /** Open descriptions. */
  opens = 0;
  /** TIOCEXCL */
  exclusive = false;
  /** The line is gone: every open description is dead. */
  hungUp = false;
  /** ^S or TCOOFF. */
  stopped = false;
  readonly #output: OutputProcessor;
  readonly #input = new ByteQueue();
  /** VTIME: the timer of the read in progress, and that it has run out. */
  #readTimer: Timer | undefined = undefined;
  #timeUp = false;

  /** @param rdev device number, as stat reports it */
  constructor(readonly jobs: JobControl, readonly rdev: number, readonly line: TerminalLine) {
    this.discipline = new LineDiscipline(this.termios, this);
    this.#output = new OutputProcessor(this.termios);
  }

  // The keyboard

  /** Bytes typed: takes what there is room for and returns how many. */
  type(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, INPUT_LIMIT - this.#input.length);
    if (taken <= 0) return 0;
    if (this.#input.length === 0) {
      // The usual case needs no queue.
      const used = this.discipline.receive(bytes.subarray(0, taken));
      if (used < taken) this.#input.push(bytes.subarray(used, taken));
      return taken;
    }
    this.#input.push(bytes.subarray(0, taken));
    this.#pump();
    return taken;
  }

  /** Room for typed bytes. */
  get typeRoom(): number {
    return INPUT_LIMIT - this.#input.length;
  }

  #pump(): void {
    const piece = new Uint8Array(256);
    while (this.#input.length > 0 && this.discipline.accepts) {
      const bytes = this.#input.peek(piece, 0);
      const used = this.discipline.receive(piece.subarray(0, bytes));
      if (used === 0) break;
      this.#input.skip(used);
    }
  }

  // LineOwner

  get column(): number {
    return this.#output.column;
  }

  echo(bytes: readonly number[]): void {
    if (bytes.length === 0) return;
    const out: number[] = [];
    this.#output.process(Uint8Array.from(bytes), Infinity, out);
    this.line.send(Uint8Array.from(out));
  }

  keySignal(signal: number, flush: boolean): void {
    if (flush) {
      this.#input.clear();
      this.line.flushOutput();
      this.line.notice(TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE);
    }
    if (this.foregroundGroup !== 0) this.jobs.signalGroup(this.foregroundGroup, signal);
  }

  stopOutput(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.line.notice(TIOCPKT_STOP);
  }

  startOutput(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.line.notice(TIOCPKT_START);
    this.wait.wake(Infinity, WRITABLE);
  }

  inputReady(): void {
    // Between bytes VTIME starts anew, once the first has come (termios(3), case D).
    if (this.#readTimer !== undefined && this.termios.cc[VMIN]! > 0) this.#startTimer();
    this.wait.wake(Infinity, READABLE);
  }

  // Processes

  /**
   * Whether the caller may go on: a background process of this session gets `signal` with its whole group first
   * (tty_check_change).
   */
  checkJob(signal: number, context: FileContext): number {
    if (this.session === undefined || context.sid !== this.session.sid) return 0;
    if (this.foregroundGroup === 0 || context.pgid === this.foregroundGroup) return 0;
    if (this.jobs.isDetached(context)) return 0;
    if (context.ignoresOrBlocks(signal)) return signal === SIGTTIN ? -EIO : 0;
    if (context.inOrphanedGroup()) return -EIO;
    this.jobs.signalGroup(context.pgid, signal);
    return -ERESTARTSYS;
  }

  read(into: Uint8Array, nonblock: boolean, context: FileContext): number {
    if (this.hungUp) return 0;
    const error = this.checkJob(SIGTTIN, context);
    if (error) return error;
    if (into.length === 0) return 0;
    this.line.wantInput();
    const wanted = this.#wanted(into.length);
    const { available } = this.discipline;
    if (available === 0 || available < wanted) {
      if (!this.#mustReturn(available, nonblock)) return -EAGAIN;
      if (available === 0) return 0;
    }
    this.#stopTimer();
    const bytes = this.discipline.read(into);
    if (this.#input.length > 0) {
      this.#pump();
      this.line.inputTaken();
    }
    return bytes;
  }

  /** Bytes that must be there before a read returns. */
  #wanted(length: number): number {
    if ((this.termios.lflag & ICANON) !== 0) return 1;
    return Math.min(this.termios.cc[VMIN]!, length);
  }

  /** With too little to read: whether the read is over nevertheless (termios(3), MIN and TIME). */
  #mustReturn(available: number, nonblock: boolean): boolean {
    if ((this.termios.lflag & ICANON) !== 0) return false;
    const min = this.termios.cc[VMIN]!, time = this.termios.cc[VTIME]!;
    if (min === 0 && time === 0) return true;
    if (nonblock) return available > 0;
    if (time === 0) return false;
    if (this.#timeUp) {
      this.#timeUp = false;
      return true;
    }
    // With MIN the clock starts at the first byte, else at the read.
    if (this.#readTimer === undefined && (min === 0 || available > 0)) this.#startTimer();
    return false;
  }

  #startTimer(): void {
    const { timers, clock } = this.jobs;
    timers.cancel(this.#readTimer);
    this.#timeUp = false;
    this.#readTimer = timers.add(clock.monotonic() + this.termios.cc[VTIME]! * DECISECOND, () => {
      this.#readTimer = undefined;
      this.#timeUp = true;
      this.wait.wake(Infinity, READABLE);
    });
  }

  #stopTimer(): void {
    this.jobs.timers.cancel(this.#readTimer);
    this.#readTimer = undefined;
    this.#timeUp = false;
  }

  write(from: Uint8Array, tostop: boolean, context: FileContext): number {
    if (this.hungUp) return -EIO;
    if (tostop) {
      const error = this.checkJob(SIGTTOU, context);
      if (error) return error;
    }
    if (from.length === 0) return 0;
    const room = this.stopped ? 0 : this.line.room;
    if (room <= 0) return -EAGAIN;
    if (this.#output.isPlain) {
      const bytes = Math.min(room, from.length);
      this.line.send(from.slice(0, bytes));
      return bytes;
    }
    const out: number[] = [];
    const consumed = this.#output.process(from.subarray(0, room), room, out);
    if (out.length > 0) this.line.send(Uint8Array.from(out));
    return consumed || -EAGAIN;
  }

  poll(): number {
    if (this.hungUp) return READABLE | WRITABLE | POLLERR | POLLHUP;
    this.line.wantInput();
    const { lflag, cc } = this.termios;
    // With TIME a single byte starts the clock, so it counts; without, MIN bytes are readable.
    const wanted = (lflag & ICANON) !== 0 || cc[VTIME]! > 0 ? 1 : Math.max(1, cc[VMIN]!);
    let events = this.discipline.available >= wanted ? READABLE : 0;
    if (!this.stopped && this.line.room > 0) events |= WRITABLE;
    return events;
  }

  /** The line takes output again. */
  outputReady(): void {
    this.wait.wake(Infinity, WRITABLE);
  }

  // Flushing and settings

  flushInput(): void {
    this.discipline.flush();
    this.#input.clear();
    this.line.inputTaken();
    this.line.notice(TIOCPKT_FLUSHREAD);
  }

  flushOutput(): void {
    this.line.flushOutput();
    this.line.notice(TIOCPKT_FLUSHWRITE);
    this.wait.wake(Infinity, WRITABLE);
  }

  /** Replaces the settings. `change` edits {@link termios}. */
  changeSettings(change: (termios: Termios) => void): void {
    const { lflag } = this.termios;
    change(this.termios);
    if ((lflag ^ this.termios.lflag) & ICANON) this.discipline.modeChanged();
    this.#stopTimer();
    this.#pump();
    this.line.settingsChanged(this.termios);
    this.wait.wake(Infinity, READABLE | WRITABLE);
  }

  /** TIOCSWINSZ: SIGWINCH to the foreground group if it is a change. */
  resize(size: WindowSize): void {
    const { rows, columns, xPixels, yPixels } = this.size;
    if (rows === size.rows && columns === size.columns && xPixels === size.xPixels && yPixels === size.yPixels) return;
    Object.assign(this.size, size);
    if (this.foregroundGroup !== 0) this.jobs.signalGroup(this.foregroundGroup, SIGWINCH);
  }

  // Sessions

  /** Makes this the controlling terminal of the caller's session. */
  control(session: Session, pgid: number): void {
    this.session = session;
    this.foregroundGroup = pgid;
    session.terminal = this;
  }

  /** The session is done with this terminal. */
  sessionEnded(): void {
    this.session = undefined;
    this.foregroundGroup = 0;
  }

  /** The line is cut: the session's leader gets SIGHUP and SIGCONT, everybody else errors (tty_vhangup). */
  hangUp(): void {
    if (this.hungUp) return;
    this.hungUp = true;
    this.#stopTimer();
    const { session } = this;
    if (session !== undefined) {
      session.terminal = undefined;
      this.sessionEnded();
      this.jobs.signalLeader(session, SIGHUP);
      this.jobs.signalLeader(session, SIGCONT);
    }
    this.wait.wake(Infinity, READABLE | WRITABLE | POLLHUP | POLLERR);
  }
}
