/** pidfd_open(2): a descriptor for a process, readable when it has ended. */
import { O_NONBLOCK, O_RDWR } from "../abi/fcntl.ts";
import { OpenFile, POLLIN, POLLRDNORM } from "../fs/file.ts";
import { anonInode } from "../fs/pseudo_inode.ts";
import type { WaitQueue } from "../wait.ts";
import type { Process } from "./process.ts";

export class PidFd extends OpenFile {
  /** Woken at the end of the process. */
  override readonly wait: WaitQueue;

  /** @param flags 0 or O_NONBLOCK (PIDFD_NONBLOCK) */
  constructor(readonly process: Process, flags: number) {
    super(O_RDWR | flags & O_NONBLOCK, anonInode("[pidfd]"));
    this.wait = process.exitWait;
  }

  override fdInfo(): string[] {
    const pid = this.process.kernel.processes.get(this.process.pid) === this.process ? this.process.pid : -1;
    return [`Pid:\t${pid}`, `NSpid:\t${pid}`];
  }

  override poll(): number {
    return this.process.zombie ? POLLIN | POLLRDNORM : 0;
  }
}
