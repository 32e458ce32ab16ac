/** All terminals of a kernel: the host's, if there is one, and the pseudo-terminals (pts(4)). */
import { EBUSY, EIO, ENOSPC, ENXIO } from "../abi/errno.ts";
import { O_NOCTTY } from "../abi/fcntl.ts";
import type { FileContext, OpenFile } from "../fs/file.ts";
import type { Inode } from "../fs/inode.ts";
import type { HostInput, HostOutput } from "../host_stdio.ts";
import { HostTty } from "./host_tty.ts";
import { Pty, PtyMasterFile } from "./pty.ts";
import type { JobControl } from "./session.ts";
import { Terminal } from "./terminal.ts";
import { TtyFile } from "./tty_file.ts";

/** /proc/sys/kernel/pty/max */
const PTY_MAX = 4096;

/** Where the names of terminals are: devpts. */
export interface PtsNames {
  /** Adds /dev/pts/INDEX: whoever opened the master owns the terminal (grantpt(3)). */
  addTerminal(index: number, uid: number): Inode;
  removeTerminal(index: number): void;
}

export class Terminals {
  readonly #nodes = new Map<number, Inode>();
  readonly #ptys = new Map<number, Pty>();
  #host: { tty: HostTty; index: number } | undefined;

  constructor(readonly jobs: JobControl, readonly names: PtsNames) {}

  /** The host's terminal, if the guest has it. */
  get hostTty(): HostTty | undefined {
    return this.#host?.tty;
  }

  /** The inode of /dev/pts/INDEX. */
  node(index: number): Inode | undefined {
    return this.#nodes.get(index);
  }

  #freeIndex(): number | undefined {
    for (let index = 0; index < PTY_MAX; index++) if (!this.#nodes.has(index)) return index;
    return undefined;
  }

  #addNode(index: number, uid: number): number {
    const node = this.names.addTerminal(index, uid);
    this.#nodes.set(index, node);
    return node.rdev;
  }

  /** Gives the guest the host's terminal as /dev/pts/0. */
  addHostTty(input: HostInput | undefined, output: HostOutput, uid: number): HostTty {
    const index = this.#freeIndex()!;
    const tty = new HostTty(this.jobs, this.#addNode(index, uid), input, output);
    this.#host = { tty, index };
    return tty;
  }

  /** An open file on the host's terminal for one of the standard streams. */
  openHostTty(flags: number): OpenFile {
    const { tty, index } = this.#host!;
    return new TtyFile(flags, this.#nodes.get(index)!, tty.terminal);
  }

  /** Opens /dev/ptmx: a new pseudo-terminal. */
  openMaster(inode: Inode, flags: number, context: FileContext): OpenFile | number {
    const index = this.#freeIndex();
    if (index === undefined) return -ENOSPC;
    const rdev = this.#addNode(index, context.uid);
    const pty = new Pty(
      this.jobs,
      index,
      rdev,
      (pty, peerFlags, caller) => {
        // The master vouches for the caller: no lock, no rights (ioctl_tty(2), TIOCGPTPEER).
        const locked = pty.locked;
        pty.locked = false;
        const file = pty.open(peerFlags, this.#nodes.get(index)!, caller);
        pty.locked = locked;
        return file;
      },
      () => {
        this.#nodes.delete(index);
        this.names.removeTerminal(index);
        this.#ptys.delete(index);
      },
    );
    this.#ptys.set(index, pty);
    return new PtyMasterFile(flags & ~O_NOCTTY, inode, pty);
  }

  /** Opens /dev/pts/N. */
  openPts(index: number, inode: Inode, flags: number, context: FileContext): OpenFile | number {
    const pty = this.#ptys.get(index);
    if (pty !== undefined) {
      if (pty.terminal.exclusive && !this.jobs.isAdministrator(context)) return -EBUSY;
      return pty.open(flags, inode, context);
    }
    if (this.#host?.index !== index) return -EIO;
    const { terminal } = this.#host.tty;
    if (terminal.hungUp) return -EIO;
    if (terminal.exclusive && !this.jobs.isAdministrator(context)) return -EBUSY;
    if ((flags & O_NOCTTY) === 0 && context.pid === context.sid && terminal.session === undefined) {
      const session = this.jobs.sessionOf(context);
      if (session.terminal === undefined) terminal.control(session, context.pgid);
    }
    return new TtyFile(flags & ~O_NOCTTY, inode, terminal);
  }

  /** Opens /dev/tty: the caller's controlling terminal. */
  openControlling(inode: Inode, flags: number, context: FileContext): OpenFile | number {
    const terminal = this.jobs.sessionOf(context).terminal;
    if (!(terminal instanceof Terminal) || this.jobs.isDetached(context)) return -ENXIO;
    const pty = [...this.#ptys.values()].find((other) => other.terminal === terminal);
    if (pty) {
      // Going through the pseudo-terminal keeps its count of openers right.
      return pty.open(flags | O_NOCTTY, inode, context);
    }
    return terminal.hungUp ? -EIO : new TtyFile(flags & ~O_NOCTTY, inode, terminal);
  }
}
