/** The settings of a terminal (termios(3)) and their two forms in guest memory. */
import * as abi from "../abi/termios.ts";

/** c_cc as a fresh terminal has it: ^C ^\ DEL ^U ^D, VMIN 1, ^Q ^S ^Z, ^R ^O ^W ^V. */
const DEFAULT_CC: readonly number[] = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0];

export class Termios {
  /** Bits and characters that changes leave as they are (TIOCSLCKTRMIOS): non-zero means locked. */
  readonly locked = { flags: new Uint32Array(4), line: 0, cc: new Uint8Array(abi.NCCS) };
  iflag: number = abi.ICRNL | abi.IXON;
  oflag: number = abi.OPOST | abi.ONLCR;
  cflag: number = abi.B38400 | abi.CS8 | abi.CREAD;
  lflag: number = abi.ISIG | abi.ICANON | abi.ECHO | abi.ECHOE | abi.ECHOK | abi.ECHOCTL | abi.ECHOKE | abi.IEXTEN;
  line = 0;
  ispeed = 38400;
  ospeed = 38400;
  readonly cc: Uint8Array = Uint8Array.from(DEFAULT_CC);

  /** struct termios, or termios2 with its two speeds. */
  encode(second: boolean): Uint8Array {
    const bytes = new Uint8Array(second ? abi.TERMIOS2_SIZE : abi.TERMIOS_SIZE);
    const view = new DataView(bytes.buffer);
    [this.iflag, this.oflag, this.cflag, this.lflag].forEach((flags, i) => view.setUint32(4 * i, flags, true));
    bytes[abi.TERMIOS_LINE] = this.line;
    bytes.set(this.cc, abi.TERMIOS_CC);
    if (second) {
      view.setUint32(abi.TERMIOS2_ISPEED, this.ispeed, true);
      view.setUint32(abi.TERMIOS2_ISPEED + 4, this.ospeed, true);
    }
    return bytes;
  }

  decode(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { locked } = this;
    const flags = (index: number, old: number) => {
      const lock = locked.flags[index]!;
      return ((view.getUint32(4 * index, true) & ~lock) | (old & lock)) >>> 0;
    };
    this.iflag = flags(0, this.iflag);
    this.oflag = flags(1, this.oflag);
    this.cflag = flags(2, this.cflag);
    this.lflag = flags(3, this.lflag);
    if (locked.line === 0) this.line = bytes[abi.TERMIOS_LINE]!;
    for (let i = 0; i < abi.NCCS; i++) if (locked.cc[i] === 0) this.cc[i] = bytes[abi.TERMIOS_CC + i]!;
    const code = this.cflag & abi.CBAUD;
    if (code === abi.BOTHER && bytes.length >= abi.TERMIOS2_SIZE) {
      this.ispeed = view.getUint32(abi.TERMIOS2_ISPEED, true);
      this.ospeed = view.getUint32(abi.TERMIOS2_ISPEED + 4, true);
    } else if (code !== abi.BOTHER) {
      const extended = (code & abi.BOTHER) !== 0;
      const rate = extended ? abi.EXTENDED_BAUD_RATES[(code & 0xf) - 1] : abi.BAUD_RATES[code & 0xf];
      this.ispeed = this.ospeed = rate ?? this.ospeed;
    }
  }

  /** The locks as a struct termios. */
  encodeLocks(): Uint8Array {
    const bytes = new Uint8Array(abi.TERMIOS_SIZE);
    bytes.set(new Uint8Array(this.locked.flags.buffer));
    bytes[abi.TERMIOS_LINE] = this.locked.line;
    bytes.set(this.locked.cc, abi.TERMIOS_CC);
    return bytes;
  }

  decodeLocks(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let i = 0; i < 4; i++) this.locked.flags[i] = view.getUint32(4 * i, true);
    this.locked.line = bytes[abi.TERMIOS_LINE]!;
    this.locked.cc.set(bytes.subarray(abi.TERMIOS_CC, abi.TERMIOS_CC + abi.NCCS));
  }

  /** struct termio of System V: 16-bit flags, c_line, eight c_cc. */
  encodeOld(): Uint8Array {
    const bytes = new Uint8Array(18);
    const view = new DataView(bytes.buffer);
    [this.iflag, this.oflag, this.cflag, this.lflag].forEach((flags, i) => view.setUint16(2 * i, flags, true));
    bytes[8] = this.line;
    bytes.set(this.cc.subarray(0, 8), 9);
    return bytes;
  }

  decodeOld(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const low = (flags: number, at: number) => (flags & ~0xffff) | view.getUint16(at, true);
    this.iflag = low(this.iflag, 0);
    this.oflag = low(this.oflag, 2);
    this.cflag = low(this.cflag, 4);
    this.lflag = low(this.lflag, 6);
    this.line = bytes[8]!;
    this.cc.set(bytes.subarray(9, 17));
  }
}
