/** signalfd(2): takes pending signals as records. Whose signals is decided by who reads, not by who made it. */
import { EAGAIN, EINVAL } from "../abi/errno.ts";
import { O_RDWR } from "../abi/fcntl.ts";
import type { Siginfo } from "../abi/siginfo.ts";
import { encodeSignalfdSiginfo, SIGNALFD_SIGINFO_SIZE } from "../abi/signalfd.ts";
import { type FileContext, OpenFile, POLLIN } from "../fs/file.ts";
import { anonInode } from "../fs/pseudo_inode.ts";
import type { WaitQueue } from "../wait.ts";

/** Takes the first pending signal of a set that the caller may have. */
export type SignalTaker = (context: FileContext, mask: bigint) => Siginfo | undefined;

export class SignalFd extends OpenFile {
  readonly #take: SignalTaker;

  /**
   * @param mask signals it takes, bit `n - 1` for signal `n`
   * @param take takes a signal of the calling thread or its process
   */
  constructor(public mask: bigint, flags: number, take: SignalTaker) {
    super(O_RDWR | flags, anonInode("[signalfd]"));
    this.#take = take;
  }

  override get indivisible(): boolean {
    return true;
  }

  override read(into: Uint8Array, context: FileContext): number {
    let done = 0;
    if (into.length < SIGNALFD_SIGINFO_SIZE) return -EINVAL;
    while (done + SIGNALFD_SIGINFO_SIZE <= into.length) {
      const info = this.#take(context, this.mask);
      if (info === undefined) break;
      into.set(encodeSignalfdSiginfo(info), done);
      done += SIGNALFD_SIGINFO_SIZE;
    }
    return done || -EAGAIN;
  }

  override fdInfo(): string[] {
    return [`sigmask:\t${this.mask.toString(16).padStart(16, "0")}`];
  }

  override poll(context?: FileContext): number {
    const pending = (context?.pending?.set ?? 0n) | (context?.process?.pending.set ?? 0n);
    return (pending & this.mask) !== 0n ? POLLIN : 0;
  }

  override pollQueue(context: FileContext): WaitQueue {
    return context.process?.signalWait ?? this.wait;
  }
}
