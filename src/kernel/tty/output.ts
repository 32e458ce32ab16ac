/** Output processing of a terminal (termios(3), c_oflag): newlines, tabs, and where the cursor is. */
import { IUTF8, OCRNL, OLCUC, ONLCR, ONLRET, ONOCR, OPOST, TABDLY, XTABS } from "../abi/termios.ts";
import type { Termios } from "./termios.ts";

const NL = 10, CR = 13, TAB = 9, BS = 8, SPACE = 32;

export class OutputProcessor {
  /** Columns from the left margin. */
  column = 0;

  constructor(readonly termios: Termios) {}

  /** Nothing is processed: OPOST is off. */
  get isPlain(): boolean {
    return (this.termios.oflag & OPOST) === 0;
  }

  /**
   * Processes as much of `from` as gives at most `room` bytes, appending to `to`.
   *
   * @returns bytes of `from` consumed
   */
  process(from: Uint8Array, room: number, to: number[]): number {
    const limit = to.length + room;
    for (let i = 0; i < from.length; i++) {
      if (!this.char(from[i]!, limit, to)) return i;
    }
    return from.length;
  }

  /** Processes one byte; false if there is no room for what it becomes. */
  char(c: number, limit: number, to: number[]): boolean {
    const { oflag, iflag } = this.termios;
    if (to.length >= limit) return false;
    if ((oflag & OPOST) === 0) {
      to.push(c);
      return true;
    }
    switch (c) {
      case NL:
        if (oflag & ONLRET) this.column = 0;
        if (oflag & ONLCR) {
          if (to.length + 2 > limit) return false;
          to.push(CR);
          this.column = 0;
        }
        break;
      case CR:
        if (oflag & ONOCR && this.column === 0) return true;
        this.column = 0;
        if (oflag & OCRNL) c = NL;
        break;
      case TAB: {
        const spaces = 8 - (this.column & 7);
        if ((oflag & TABDLY) === XTABS) {
          if (to.length + spaces > limit) return false;
          for (let i = 0; i < spaces; i++) to.push(SPACE);
          this.column += spaces;
          return true;
        }
        this.column += spaces;
        break;
      }
      case BS:
        if (this.column > 0) this.column--;
        break;
      default:
        if (c < 32 || c === 127) break;
        if (oflag & OLCUC && c >= 97 && c <= 122) c -= 32;
        if ((iflag & IUTF8) === 0 || (c & 0xc0) !== 0x80) this.column++;
    }
    to.push(c);
    return true;
  }
}
