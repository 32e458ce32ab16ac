/** An open terminal. */
import { EIO, ENOTTY } from "../abi/errno.ts";
import { O_NONBLOCK } from "../abi/fcntl.ts";
import { TIOCSPGRP, TOSTOP } from "../abi/termios.ts";
import { type FileContext, OpenFile } from "../fs/file.ts";
import type { Inode } from "../fs/inode.ts";
import type { WaitQueue } from "../wait.ts";
import type { Terminal } from "./terminal.ts";
import { ttyIoctl } from "./tty_ioctl.ts";

export class TtyFile extends OpenFile {
  override readonly wait: WaitQueue;

  constructor(flags: number, inode: Inode, readonly terminal: Terminal, readonly closed: () => void = () => {}) {
    super(flags, inode);
    this.wait = terminal.wait;
    terminal.opens++;
  }

  /** A line is one read. */
  override get indivisible(): boolean {
    return true;
  }

  override read(into: Uint8Array, context: FileContext): number {
    return this.terminal.read(into, (this.flags & O_NONBLOCK) !== 0, context);
  }

  override write(from: Uint8Array, context: FileContext): number {
    return this.terminal.write(from, (this.terminal.termios.lflag & TOSTOP) !== 0, context);
  }

  override poll(): number {
    return this.terminal.poll();
  }

  override ioctl(request: number, argument: number, context: FileContext): number {
    if (this.terminal.hungUp) return request === TIOCSPGRP ? -ENOTTY : -EIO;
    return ttyIoctl(this.terminal, request, argument, context);
  }

  override release(): void {
    this.terminal.opens--;
    this.closed();
  }
}
