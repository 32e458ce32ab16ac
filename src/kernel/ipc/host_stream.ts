/**
 * The host's standard streams where they are no terminal: the guest sees ends of pipes. Nothing is read from the
 * host before the guest reads or polls; nothing is taken from the guest that the host has no room for.
 */
import { EAGAIN, ENOTTY, EPIPE, ESPIPE } from "../abi/errno.ts";
import { O_RDONLY, O_WRONLY } from "../abi/fcntl.ts";
import { FIONREAD } from "../abi/ioctl.ts";
import { SIGPIPE } from "../abi/signal.ts";
import { S_IFCHR, type Stat } from "../abi/stat.ts";
import { type FileContext, OpenFile, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../fs/file.ts";
import { DEV_NULL } from "../fs/devices.ts";
import { PipeInode } from "../fs/pseudo_inode.ts";
import type { HostInput, HostOutput } from "../host_stdio.ts";

const READABLE = POLLIN | POLLRDNORM;
const WRITABLE = POLLOUT | POLLWRNORM;

/**
 * What fstat says of standard input. /dev/null is no pipe at its end: ripgrep, without a folder, searches standard input
 * if that is a pipe, and the working directory if not. The host takes long to tell, so it is asked when the guest looks.
 */
class HostInputInode extends PipeInode {
  constructor(readonly host: HostInput, uid: number, gid: number) {
    super(uid, gid);
  }

  override stat(): Stat {
    const stat = super.stat();
    return this.host.isNull ? { ...stat, mode: S_IFCHR | 0o666, rdev: DEV_NULL } : stat;
  }

  override get label(): string {
    return this.host.isNull ? "/dev/null" : super.label;
  }
}

/** Standard input. */
export class HostInputFile extends OpenFile {
  #bytes = new Uint8Array(0) as Uint8Array;
  #ended = false;
  #reading = false;

  constructor(readonly host: HostInput, uid: number, gid: number) {
    super(O_RDONLY, new HostInputInode(host, uid, gid));
  }

  override seek(): number {
    return this.host.isNull ? 0 : -ESPIPE;
  }

  override read(into: Uint8Array, _context: FileContext): number {
    if (into.length === 0) return 0;
    if (this.#bytes.length === 0) {
      if (this.#ended) return 0;
      this.#fill();
      return -EAGAIN;
    }
    const count = Math.min(into.length, this.#bytes.length);
    into.set(this.#bytes.subarray(0, count));
    this.#bytes = this.#bytes.subarray(count);
    return count;
  }

  override poll(): number {
    if (this.#bytes.length > 0) return READABLE | (this.#ended ? POLLHUP : 0);
    if (this.#ended) return POLLHUP;
    this.#fill();
    return 0;
  }

  override ioctl(request: number, argument: number, context: FileContext): number {
    if (request !== FIONREAD) return -ENOTTY;
    context.memory.writeU32(argument, this.#bytes.length);
    return 0;
  }

  #fill(): void {
    if (this.#reading) return;
    this.#reading = true;
    const done = (bytes: Uint8Array | null) => {
      this.#reading = false;
      if (bytes === null) this.#ended = true;
      else this.#bytes = bytes;
      this.wait.wake(Infinity, bytes === null ? POLLHUP | READABLE : READABLE);
    };
    // Input that cannot be read has nothing more to say.
    this.host.read().then(done, () => done(null));
  }
}

/** Standard output or standard error. */
export class HostOutputFile extends OpenFile {
  #waiting = false;
  #broken = false;

  constructor(readonly host: HostOutput, uid: number, gid: number) {
    super(O_WRONLY, new PipeInode(uid, gid));
  }

  override write(from: Uint8Array, context: FileContext): number {
    if (from.length === 0) return 0;
    const taken = this.#broken ? -EPIPE : this.host.write(from);
    if (taken < 0) {
      this.#broken = true;
      context.raise(SIGPIPE);
      return -EPIPE;
    }
    if (taken > 0) return taken;
    this.#watch();
    return -EAGAIN;
  }

  override poll(): number {
    if (this.#broken) return WRITABLE | POLLERR;
    if (this.host.hasRoom) return WRITABLE;
    this.#watch();
    return 0;
  }

  #watch(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    const done = () => {
      this.#waiting = false;
      this.wait.wake(Infinity, WRITABLE);
    };
    this.host.writable().then(done, done);
  }
}
