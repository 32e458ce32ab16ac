/**
 * The line discipline N_TTY (termios(3)): what comes from the keyboard becomes lines and signals, and is echoed.
 *
 * The buffer is a ring of 4096 bytes like Linux's, since its limits show: a line holds 4095 bytes, and what exceeds
 * them is dropped. Ends of lines are marked beside the bytes, so that an end-of-file character, which is no byte of
 * the line, can be told from a NUL.
 */
import { SIGINT, SIGQUIT, SIGTSTP } from "../abi/signal.ts";
import * as abi from "../abi/termios.ts";
import type { Termios } from "./termios.ts";

const SIZE = 4096, MASK = SIZE - 1;
const NL = 10, CR = 13, TAB = 9, BS = 8, BEL = 7, SPACE = 32, CARET = 0x5e;
/** In the ring: the byte ends a line; it ends a line and is the end-of-file character, which nobody reads. */
const LINE_END = 1, EOF_END = 2;

/** The terminal around the discipline. */
export interface LineOwner {
  /** Sends bytes to the screen through output processing; bytes that find no room are lost. */
  echo(bytes: readonly number[]): void;
  /** The cursor's column, for erasing tabs. */
  readonly column: number;
  /** A key that stands for a signal. The discipline has flushed its input unless NOFLSH. */
  keySignal(signal: number, flush: boolean): void;
  /** ^S and ^Q. */
  stopOutput(): void;
  startOutput(): void;
  readonly stopped: boolean;
  /** There is more to read. */
  inputReady(): void;
}

function isControl(c: number): boolean {
  return c < 32 || c === 127;
}
function isWord(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 0x5f || c >= 0xa0;
}

export class LineDiscipline {
  readonly #ring = new Uint8Array(SIZE);
  readonly #ends = new Uint8Array(SIZE);
  #head = 0;
  #tail = 0;
  /** End of the last complete line. */
  #canonHead = 0;
  /** The next byte is taken literally (^V). */
  #literal = false;
  /** The column where the line being typed began. */
  #startColumn = 0;

  constructor(readonly termios: Termios, readonly owner: LineOwner) {}

  get #canonical(): boolean {
    return (this.termios.lflag & abi.ICANON) !== 0;
  }

  /** Bytes that can be read now. */
  get available(): number {
    return (this.#canonical ? this.#canonHead : this.#head) - this.#tail;
  }

  /** FIONREAD: as {@link available}, but end-of-file characters do not count. */
  get readable(): number {
    let count = this.available;
    if (!this.#canonical) return count;
    for (let at = this.#tail; at < this.#canonHead; at++) if (this.#ends[at & MASK] === EOF_END) count--;
    return count;
  }

  /** Whether the next byte of input finds room, or may be thrown away. */
  get accepts(): boolean {
    return this.#head - this.#tail < SIZE - 1 || (this.#canonical && this.#canonHead === this.#tail);
  }

  /** ICANON was switched: what is there becomes one line, or plain bytes (n_tty_set_termios). */
  modeChanged(): void {
    this.#ends.fill(0);
    this.#literal = false;
    if (this.#canonical && this.#head !== this.#tail) {
      this.#ends[(this.#head - 1) & MASK] = LINE_END;
      this.#canonHead = this.#head;
    } else {
      this.#canonHead = this.#tail;
    }
    if (this.available > 0) this.owner.inputReady();
  }

  /** Forgets all input. */
  flush(): void {
    this.#tail = this.#canonHead = this.#head = 0;
    this.#ends.fill(0);
    this.#literal = false;
  }

  /** Reads one line or part of it, or bytes in non-canonical mode; the caller has seen that there is something. */
  read(into: Uint8Array): number {
    return this.#canonical ? this.#readLine(into) : this.#readBytes(into);
  }

  #readBytes(into: Uint8Array): number {
    const bytes = Math.min(into.length, this.#head - this.#tail);
    for (let i = 0; i < bytes; i++) into[i] = this.#ring[(this.#tail + i) & MASK]!;
    this.#tail += bytes;
    this.#canonHead = this.#tail;
    return bytes;
  }

  #readLine(into: Uint8Array): number {
    let done = 0;
    while (this.#tail < this.#canonHead) {
      const slot = this.#tail & MASK, end = this.#ends[slot]!;
      if (end === EOF_END) {
        // Taken along when the line fits exactly, so that it does not read as an end of file of its own.
        this.#ends[slot] = 0;
        this.#tail++;
        break;
      }
      if (done === into.length) break;
      into[done++] = this.#ring[slot]!;
      this.#ends[slot] = 0;
      this.#tail++;
      if (end === LINE_END) break;
    }
    return done;
  }

  #put(c: number, end = 0): void {
    if (this.#head - this.#tail >= SIZE - 1) {
      // A full line still takes its end, in place of its last byte.
      if (end === 0 || this.#head === this.#canonHead) {
        if (this.termios.iflag & abi.IMAXBEL) this.owner.echo([BEL]);
        return;
      }
      this.#head--;
    }
    const slot = this.#head++ & MASK;
    this.#ring[slot] = c;
    this.#ends[slot] = end;
    if (end !== 0) {
      this.#canonHead = this.#head;
      this.owner.inputReady();
    }
  }

  /** Takes bytes from the keyboard as far as {@link accepts}; returns how many. */
  receive(bytes: Uint8Array): number {
    const { iflag, lflag } = this.termios;
    const raw = (lflag & (abi.ICANON | abi.ECHO | abi.ISIG)) === 0 &&
      (iflag & (abi.IXON | abi.ICRNL | abi.INLCR | abi.IGNCR | abi.ISTRIP | abi.IUCLC | abi.PARMRK)) === 0;
    let taken = 0;
    if (raw && !this.#literal) {
      taken = Math.min(bytes.length, SIZE - 1 - (this.#head - this.#tail));
      for (let i = 0; i < taken; i++) this.#ring[this.#head++ & MASK] = bytes[i]!;
    } else {
      while (taken < bytes.length && this.accepts) this.#key(bytes[taken++]!);
    }
    if (taken > 0 && !this.#canonical) this.owner.inputReady();
    return taken;
  }

  #is(c: number, key: number): boolean {
    // A control character set to 0 is disabled (_POSIX_VDISABLE).
    return c !== 0 && c === this.termios.cc[key];
  }

  #key(c: number): void {
    const { iflag, lflag } = this.termios, { owner } = this;
    if (iflag & abi.ISTRIP) c &= 0x7f;
    if (iflag & abi.IUCLC && lflag & abi.IEXTEN && c >= 65 && c <= 90) c += 32;
    if (this.#literal) {
      this.#literal = false;
      this.#plain(c);
      return;
    }
    if (lflag & abi.EXTPROC) {
      this.#put(c);
      return;
    }
    if (iflag & abi.IXON) {
      if (this.#is(c, abi.VSTART)) return owner.startOutput();
      if (this.#is(c, abi.VSTOP)) return owner.stopOutput();
      if (owner.stopped && iflag & abi.IXANY) owner.startOutput();
    }
    if (lflag & abi.ISIG) {
      const signal = this.#is(c, abi.VINTR)
        ? SIGINT
        : this.#is(c, abi.VQUIT)
        ? SIGQUIT
        : this.#is(c, abi.VSUSP)
        ? SIGTSTP
        : 0;
      if (signal !== 0) return this.#signal(c, signal);
    }
    if (c === CR) {
      if (iflag & abi.IGNCR) return;
      if (iflag & abi.ICRNL) c = NL;
    } else if (c === NL && iflag & abi.INLCR) {
      c = CR;
    }
    if (lflag & abi.ICANON && this.#edit(c)) return;
    this.#plain(c);
  }

  #signal(c: number, signal: number): void {
    const { lflag, iflag } = this.termios, flush = (lflag & abi.NOFLSH) === 0;
    if (flush) this.flush();
    this.owner.keySignal(signal, flush);
    if (iflag & abi.IXON && this.owner.stopped) this.owner.startOutput();
    if (lflag & abi.ECHO) this.#echo(c);
  }

  /** Keys that edit or end a line; false for others. */
  #edit(c: number): boolean {
    const { lflag } = this.termios, extended = (lflag & abi.IEXTEN) !== 0;
    if (this.#is(c, abi.VERASE) || this.#is(c, abi.VKILL) || (extended && this.#is(c, abi.VWERASE))) {
      this.#erase(c);
      return true;
    }
    if (extended && this.#is(c, abi.VLNEXT)) {
      this.#literal = true;
      if (lflag & abi.ECHO && lflag & abi.ECHOCTL) this.owner.echo([CARET, BS]);
      return true;
    }
    if (extended && lflag & abi.ECHO && this.#is(c, abi.VREPRINT)) {
      this.#echo(c);
      this.owner.echo([NL]);
      this.#startColumn = 0;
      for (let at = this.#canonHead; at < this.#head; at++) this.#echo(this.#ring[at & MASK]!);
      return true;
    }
    if (c === NL) {
      if (lflag & (abi.ECHO | abi.ECHONL)) this.owner.echo([NL]);
      this.#put(c, LINE_END);
      return true;
    }
    if (this.#is(c, abi.VEOF)) {
      this.#put(0, EOF_END);
      return true;
    }
    if (this.#is(c, abi.VEOL) || (extended && this.#is(c, abi.VEOL2))) {
      if (lflag & abi.ECHO) {
        this.#noteStart();
        this.#echo(c);
      }
      this.#put(c, LINE_END);
      return true;
    }
    return false;
  }

  /** A byte of the line. */
  #plain(c: number): void {
    const { lflag, iflag } = this.termios;
    if (lflag & abi.ECHO) {
      if (c === NL) {
        this.owner.echo([NL]);
      } else {
        this.#noteStart();
        this.#echo(c);
      }
    }
    if (iflag & abi.PARMRK && c === 0xff) this.#put(c);
    this.#put(c);
  }

  /** Remembers where the line begins on the screen, when its first byte is echoed. */
  #noteStart(): void {
    if (this.#head === this.#canonHead) this.#startColumn = this.owner.column;
  }

  #echo(c: number): void {
    const caret = (this.termios.lflag & abi.ECHOCTL) !== 0 && isControl(c) && c !== TAB && c !== NL;
    this.owner.echo(caret ? [CARET, c ^ 0x40] : [c]);
  }

  #isContinuation(c: number): boolean {
    return (this.termios.iflag & abi.IUTF8) !== 0 && (c & 0xc0) === 0x80;
  }

  /** The erase, word-erase and kill keys. */
  #erase(key: number): void {
    const { lflag } = this.termios;
    if (this.#head === this.#canonHead) return;
    const all = this.#is(key, abi.VKILL), word = !all && this.#is(key, abi.VWERASE) && !this.#is(key, abi.VERASE);
    const echo = (lflag & abi.ECHO) !== 0;
    if (all) {
      if (!echo) {
        this.#head = this.#canonHead;
        return;
      }
      if ((lflag & abi.ECHOK) === 0 || (lflag & abi.ECHOKE) === 0 || (lflag & abi.ECHOE) === 0) {
        this.#head = this.#canonHead;
        this.#echo(key);
        if (lflag & abi.ECHOK) this.owner.echo([NL]);
        return;
      }
    }
    let seenWord = false;
    while (this.#head !== this.#canonHead) {
      let at = this.#head, c;
      do c = this.#ring[--at & MASK]!; while (this.#isContinuation(c) && at !== this.#canonHead);
      // Half a character is left alone.
      if (this.#isContinuation(c)) break;
      if (word) {
        if (isWord(c)) seenWord = true;
        else if (seenWord) break;
      }
      this.#head = at;
      if (echo) this.#wipe(c, key, all || word);
      if (!all && !word) break;
    }
  }

  /** Takes an erased character off the screen. */
  #wipe(c: number, key: number, several: boolean): void {
    const { lflag } = this.termios;
    if (!several && (lflag & abi.ECHOE) === 0) return this.#echo(key);
    if (c === TAB) {
      // Back to where the tab began.
      let column = this.#startColumn;
      for (let at = this.#canonHead; at < this.#head; at++) column = this.#advance(column, this.#ring[at & MASK]!);
      const width = this.#advance(column, TAB) - column;
      this.owner.echo(Array(width).fill(BS));
      return;
    }
    const caret = (lflag & abi.ECHOCTL) !== 0;
    if (isControl(c)) this.owner.echo(caret ? [BS, SPACE, BS, BS, SPACE, BS] : []);
    else this.owner.echo([BS, SPACE, BS]);
  }

  #advance(column: number, c: number): number {
    if (c === TAB) return (column | 7) + 1;
    if (isControl(c)) return column + ((this.termios.lflag & abi.ECHOCTL) !== 0 ? 2 : 0);
    return column + (this.#isContinuation(c) ? 0 : 1);
  }
}
