/** Pseudo-terminals (pty(7), pts(4)): a terminal whose line ends in a program, the master. */
import { EAGAIN, EINVAL, EIO, ENOTTY } from "../abi/errno.ts";
import { O_NOCTTY } from "../abi/fcntl.ts";
import { FIONREAD } from "../abi/ioctl.ts";
import * as abi from "../abi/termios.ts";
import { type FileContext, OpenFile, POLLHUP, POLLIN, POLLOUT, POLLPRI, POLLRDNORM, POLLWRNORM } from "../fs/file.ts";
import type { Inode } from "../fs/inode.ts";
import { ByteQueue } from "../net/byte_queue.ts";
import { WaitQueue } from "../wait.ts";
import type { JobControl } from "./session.ts";
import { Terminal, type TerminalLine } from "./terminal.ts";
import type { Termios } from "./termios.ts";
import { TtyFile } from "./tty_file.ts";
import { ttyIoctl } from "./tty_ioctl.ts";

const READABLE = POLLIN | POLLRDNORM;
const WRITABLE = POLLOUT | POLLWRNORM;
/** Bytes of output the master may be behind. */
const OUTPUT_LIMIT = 16384;
/** An echo may go this far beyond, in bytes; then it is dropped. */
const ECHO_LIMIT = 4096;

/** One pseudo-terminal: the terminal, and the line to its master. */
export class Pty implements TerminalLine {
  readonly terminal: Terminal;
  /** What the master waits on. */
  readonly wait: WaitQueue = new WaitQueue();
  /** TIOCSPTLCK: a fresh terminal cannot be opened until unlockpt(3). */
  locked = true;
  masterOpen = true;
  /** Everyone who had the terminal open has closed it. */
  #abandoned = false;
  readonly #output = new ByteQueue();
  #packet = false;
  /** TIOCPKT_* bits not yet read. */
  #status = 0;
  #flow = false;

  /**
   * @param index its number under /dev/pts
   * @param opener makes an open file on the terminal, for TIOCGPTPEER
   */
  constructor(
    readonly jobs: JobControl,
    readonly index: number,
    rdev: number,
    readonly opener: (pty: Pty, flags: number, context: FileContext) => OpenFile | number,
    readonly closed: (pty: Pty) => void,
  ) {
    this.terminal = new Terminal(jobs, rdev, this);
    this.#flow = this.#flowControlled(this.terminal.termios);
  }

  // TerminalLine

  get room(): number {
    return this.masterOpen ? Math.max(0, OUTPUT_LIMIT - this.#output.length) : 0;
  }
  get pending(): number {
    return 0;
  }
  send(bytes: Uint8Array): void {
    if (!this.masterOpen) return;
    const room = OUTPUT_LIMIT + ECHO_LIMIT - this.#output.length;
    if (room <= 0) return;
    this.#output.push(bytes.length <= room ? bytes : bytes.subarray(0, room));
    this.wait.wake(Infinity, READABLE);
  }
  flushOutput(): void {
    this.#output.clear();
  }
  wantInput(): void {}
  inputTaken(): void {
    this.wait.wake(Infinity, WRITABLE);
  }

  #flowControlled(termios: Termios): boolean {
    return (termios.iflag & abi.IXON) !== 0 && termios.cc[abi.VSTOP] === 19 && termios.cc[abi.VSTART] === 17;
  }
  settingsChanged(termios: Termios): void {
    const flow = this.#flowControlled(termios);
    if (flow !== this.#flow) this.notice(flow ? abi.TIOCPKT_DOSTOP : abi.TIOCPKT_NOSTOP);
    this.#flow = flow;
  }
  notice(status: number): void {
    if (!this.#packet) return;
    // Opposites cancel each other.
    if (status & abi.TIOCPKT_STOP) this.#status &= ~abi.TIOCPKT_START;
    if (status & abi.TIOCPKT_START) this.#status &= ~abi.TIOCPKT_STOP;
    if (status & abi.TIOCPKT_DOSTOP) this.#status &= ~abi.TIOCPKT_NOSTOP;
    if (status & abi.TIOCPKT_NOSTOP) this.#status &= ~abi.TIOCPKT_DOSTOP;
    this.#status |= status;
    this.wait.wake(Infinity, POLLPRI | READABLE);
  }

  // The terminal's side

  /** Opens the terminal. */
  open(flags: number, inode: Inode, context: FileContext): OpenFile | number {
    if (!this.masterOpen || this.locked) return -EIO;
    this.#abandoned = false;
    const file = new TtyFile(flags & ~O_NOCTTY, inode, this.terminal, () => this.#terminalClosed());
    if ((flags & O_NOCTTY) === 0 && context.pid === context.sid && this.terminal.session === undefined) {
      const session = this.jobs.sessionOf(context);
      if (session.terminal === undefined) this.terminal.control(session, context.pgid);
    }
    return file;
  }

  #terminalClosed(): void {
    if (this.terminal.opens > 0) return;
    this.#abandoned = true;
    this.wait.wake(Infinity, READABLE | POLLHUP);
  }

  // The master's side

  read(into: Uint8Array): number {
    if (this.#packet) {
      if (this.#status !== 0) {
        into[0] = this.#status;
        this.#status = 0;
        return 1;
      }
      if (this.#output.length > 0) {
        into[0] = abi.TIOCPKT_DATA;
        return 1 + this.#take(into.subarray(1));
      }
    } else if (this.#output.length > 0) {
      return this.#take(into);
    }
    return this.#abandoned ? -EIO : -EAGAIN;
  }

  #take(into: Uint8Array): number {
    const wasFull = this.room === 0;
    const bytes = this.#output.pull(into);
    if (wasFull && this.room > 0) this.terminal.outputReady();
    return bytes;
  }

  write(from: Uint8Array): number {
    // Typing ahead works, also while nobody has the terminal open.
    return this.terminal.type(from) || -EAGAIN;
  }

  /** The terminal's reader has made room for the master to write. */
  get writable(): boolean {
    return this.terminal.typeRoom > 0;
  }

  poll(): number {
    let events = 0;
    if (this.#output.length > 0 || this.#status !== 0) events |= READABLE;
    if (this.#status !== 0) events |= POLLPRI;
    if (this.#abandoned) events |= POLLHUP;
    if (this.writable) events |= WRITABLE;
    return events;
  }

  ioctl(request: number, argument: number, context: FileContext): number {
    const { memory } = context;
    switch (request) {
      case abi.TIOCGPTN:
        memory.writeU32(argument, this.index);
        return 0;
      case abi.TIOCSPTLCK:
        this.locked = memory.readU32(argument) !== 0;
        return 0;
      case abi.TIOCGPTLCK:
        memory.writeU32(argument, this.locked ? 1 : 0);
        return 0;
      case abi.TIOCPKT:
        this.#packet = memory.readU32(argument) !== 0;
        this.#status = 0;
        return 0;
      case abi.TIOCGPKT:
        memory.writeU32(argument, this.#packet ? 1 : 0);
        return 0;
      case abi.TIOCSIG:
        if (argument < 1 || argument > 64) return -EINVAL;
        if (this.terminal.foregroundGroup !== 0) this.jobs.signalGroup(this.terminal.foregroundGroup, argument);
        return 0;
      case abi.TIOCGPTPEER: {
        const file = this.opener(this, argument, context);
        return typeof file === "number" ? file : this.jobs.installFile(file, argument, context);
      }
      case FIONREAD:
        memory.writeU32(argument, this.#output.length);
        return 0;
      case abi.TIOCNOTTY:
        return -ENOTTY;
      default: // TIOCSCTTY too: the terminal becomes the controlling one
        return ttyIoctl(this.terminal, request, argument, context, true);
    }
  }

  closeMaster(): void {
    this.masterOpen = false;
    this.terminal.hangUp();
    this.closed(this);
  }
}

/** The open master: /dev/ptmx. */
export class PtyMasterFile extends OpenFile {
  override readonly wait: WaitQueue;

  constructor(flags: number, inode: Inode, readonly pty: Pty) {
    super(flags, inode);
    this.wait = pty.wait;
  }

  override get indivisible(): boolean {
    return true;
  }
  override read(into: Uint8Array): number {
    return into.length === 0 ? 0 : this.pty.read(into);
  }
  override write(from: Uint8Array): number {
    return from.length === 0 ? 0 : this.pty.write(from);
  }
  override poll(): number {
    return this.pty.poll();
  }
  override ioctl(request: number, argument: number, context: FileContext): number {
    return this.pty.ioctl(request, argument, context);
  }
  override release(): void {
    this.pty.closeMaster();
  }
}
