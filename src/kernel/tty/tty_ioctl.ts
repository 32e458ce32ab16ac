/** The ioctls of terminals (ioctl_tty(2)), for both ends of a pseudo-terminal and for the host's terminal. */
import { EINVAL, EIO, ENOTTY, EPERM, ESRCH } from "../abi/errno.ts";
import { FIONREAD } from "../abi/ioctl.ts";
import { SIGCONT, SIGHUP, SIGTTOU } from "../abi/signal.ts";
import * as abi from "../abi/termios.ts";
import type { FileContext } from "../fs/file.ts";
import type { Terminal } from "./terminal.ts";

/** Requests that change a terminal: for foreground processes only. */
const CHANGES: ReadonlySet<number> = new Set([
  abi.TCSETS,
  abi.TCSETSW,
  abi.TCSETSF,
  abi.TCSETS2,
  abi.TCSETSW2,
  abi.TCSETSF2,
  abi.TCSETA,
  abi.TCSETAW,
  abi.TCSETAF,
  abi.TIOCSETD,
  abi.TCSBRK,
  abi.TCSBRKP,
  abi.TCXONC,
  abi.TCFLSH,
]);

/**
 * Serves a request on `terminal`.
 *
 * @param master the caller holds the master of a pseudo-terminal, not the terminal itself
 */
export function ttyIoctl(
  terminal: Terminal,
  request: number,
  argument: number,
  context: FileContext,
  master = false,
): number {
  const { memory } = context;
  if (!master && CHANGES.has(request)) {
    const error = terminal.checkJob(SIGTTOU, context);
    if (error) return error;
  }
  switch (request) {
    case abi.TCGETS:
      memory.writeBytes(argument, terminal.termios.encode(false));
      return 0;
    case abi.TCGETS2:
      memory.writeBytes(argument, terminal.termios.encode(true));
      return 0;
    case abi.TCGETA:
      memory.writeBytes(argument, terminal.termios.encodeOld());
      return 0;
    case abi.TCSETS:
    case abi.TCSETSW:
    case abi.TCSETSF:
      return setTermios(terminal, memory.readBytes(argument, abi.TERMIOS_SIZE), request === abi.TCSETSF);
    case abi.TCSETS2:
    case abi.TCSETSW2:
    case abi.TCSETSF2:
      return setTermios(terminal, memory.readBytes(argument, abi.TERMIOS2_SIZE), request === abi.TCSETSF2);
    case abi.TCSETA:
    case abi.TCSETAW:
    case abi.TCSETAF: {
      const bytes = memory.readBytes(argument, 18).slice();
      if (request === abi.TCSETAF) terminal.flushInput();
      terminal.changeSettings((termios) => termios.decodeOld(bytes));
      return 0;
    }
    case abi.TIOCGWINSZ: {
      const { rows, columns, xPixels, yPixels } = terminal.size;
      memory.writeBytes(argument, new Uint8Array(new Uint16Array([rows, columns, xPixels, yPixels]).buffer));
      return 0;
    }
    case abi.TIOCSWINSZ: {
      const bytes = memory.readBytes(argument, abi.WINSIZE_SIZE).slice();
      const [rows, columns, xPixels, yPixels] = new Uint16Array(bytes.buffer) as unknown as [
        number,
        number,
        number,
        number,
      ];
      terminal.resize({ rows, columns, xPixels, yPixels });
      return 0;
    }
    case abi.TIOCGPGRP:
      if (!master && !controls(terminal, context)) return -ENOTTY;
      memory.writeU32(argument, terminal.foregroundGroup);
      return 0;
    case abi.TIOCSPGRP:
      return setForeground(terminal, memory.readU32(argument) | 0, context);
    case abi.TIOCGSID:
      if ((!master && !controls(terminal, context)) || terminal.session === undefined) return -ENOTTY;
      memory.writeU32(argument, terminal.session.sid);
      return 0;
    case abi.TIOCSCTTY:
      return takeControl(terminal, argument, context);
    case abi.TIOCNOTTY:
      return giveUpControl(terminal, context);
    case abi.TIOCSTI:
      if (!controls(terminal, context) && !terminal.jobs.isAdministrator(context)) return -EPERM;
      terminal.type(memory.readBytes(argument, 1).slice());
      return 0;
    case FIONREAD:
      memory.writeU32(argument, terminal.discipline.readable);
      return 0;
    case abi.TIOCOUTQ:
      memory.writeU32(argument, terminal.line.pending);
      return 0;
    case abi.TCFLSH:
      if (argument < abi.TCIFLUSH || argument > abi.TCIOFLUSH) return -EINVAL;
      if (argument !== abi.TCOFLUSH) terminal.flushInput();
      if (argument !== abi.TCIFLUSH) terminal.flushOutput();
      return 0;
    case abi.TCXONC:
      return flowControl(terminal, argument);
    case abi.TCSBRK:
    case abi.TCSBRKP:
      // Nothing is slow enough to wait for, and there is no line to break.
      return 0;
    case abi.TIOCEXCL:
      terminal.exclusive = true;
      return 0;
    case abi.TIOCNXCL:
      terminal.exclusive = false;
      return 0;
    case abi.TIOCGEXCL:
      memory.writeU32(argument, terminal.exclusive ? 1 : 0);
      return 0;
    case abi.TIOCGETD:
      memory.writeU32(argument, 0);
      return 0;
    case abi.TIOCSETD:
      return memory.readU32(argument) === 0 ? 0 : -EINVAL;
    case abi.TIOCGDEV:
      memory.writeU32(argument, terminal.rdev);
      return 0;
    case abi.TIOCGSOFTCAR:
      memory.writeU32(argument, 0);
      return 0;
    case abi.TIOCGLCKTRMIOS:
      memory.writeBytes(argument, terminal.termios.encodeLocks());
      return 0;
    case abi.TIOCSLCKTRMIOS:
      if (!terminal.jobs.isAdministrator(context)) return -EPERM;
      terminal.termios.decodeLocks(memory.readBytes(argument, abi.TERMIOS_SIZE));
      return 0;
    case abi.TIOCVHANGUP:
      if (!terminal.jobs.isAdministrator(context)) return -EPERM;
      terminal.hangUp();
      return 0;
    default:
      return -ENOTTY;
  }
}

/** Whether this is the controlling terminal of the caller. */
function controls(terminal: Terminal, context: FileContext): boolean {
  return terminal.session !== undefined && terminal.session.sid === context.sid &&
    !terminal.jobs.isDetached(context);
}

function setTermios(terminal: Terminal, bytes: Uint8Array, flush: boolean): number {
  const copy = bytes.slice();
  if (flush) terminal.flushInput();
  terminal.changeSettings((termios) => termios.decode(copy));
  return 0;
}

function flowControl(terminal: Terminal, action: number): number {
  switch (action) {
    case abi.TCOOFF:
      terminal.stopOutput();
      return 0;
    case abi.TCOON:
      terminal.startOutput();
      return 0;
    case abi.TCIOFF:
    case abi.TCION: {
      // Tells the other end by sending it the stop or start character.
      const c = terminal.termios.cc[action === abi.TCIOFF ? abi.VSTOP : abi.VSTART]!;
      if (c !== 0) terminal.line.send(Uint8Array.of(c));
      return 0;
    }
    default:
      return -EINVAL;
  }
}

function setForeground(terminal: Terminal, pgid: number, context: FileContext): number {
  const error = terminal.checkJob(SIGTTOU, context);
  if (error) return error === -EIO ? -ENOTTY : error;
  if (!controls(terminal, context)) return -ENOTTY;
  if (pgid < 0) return -EINVAL;
  const session = terminal.jobs.groupSession(pgid);
  if (session === undefined) return -ESRCH;
  if (session !== terminal.session) return -EPERM;
  terminal.foregroundGroup = pgid;
  return 0;
}

function takeControl(terminal: Terminal, force: number, context: FileContext): number {
  const session = terminal.jobs.sessionOf(context);
  const isLeader = context.pid === context.sid;
  if (isLeader && terminal.session === session) return 0;
  if (!isLeader || session.terminal !== undefined) return -EPERM;
  if (terminal.session !== undefined) {
    if (force !== 1 || !terminal.jobs.isAdministrator(context)) return -EPERM;
    terminal.session.terminal = undefined;
  }
  terminal.control(session, context.pgid);
  return 0;
}

function giveUpControl(terminal: Terminal, context: FileContext): number {
  if (!controls(terminal, context)) return -ENOTTY;
  if (context.pid !== context.sid) {
    // Only a leader speaks for its session; another process leaves alone.
    terminal.jobs.detach(context);
    return 0;
  }
  const { foregroundGroup, session, jobs } = terminal;
  session!.terminal = undefined;
  terminal.sessionEnded();
  if (foregroundGroup !== 0) {
    jobs.signalGroup(foregroundGroup, SIGHUP);
    jobs.signalGroup(foregroundGroup, SIGCONT);
  }
  return 0;
}
