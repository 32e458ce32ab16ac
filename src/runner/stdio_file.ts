/**
 * Host streams as the guest's files: reads start when the guest wants bytes, writes take what there is room for.
 */
import { EAGAIN, EPIPE } from "../kernel/abi/errno.ts";
import { O_RDONLY, O_WRONLY } from "../kernel/abi/fcntl.ts";
import { SIGPIPE } from "../kernel/abi/signal.ts";
import { type FileContext, OpenFile, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../kernel/fs/file.ts";
import { pipeInode } from "../kernel/fs/pseudo_inode.ts";
import type { HostInput, HostOutput } from "../kernel/host_stdio.ts";

/** Standard input. */
export class HostInputFile extends OpenFile {
  #bytes: Uint8Array = new Uint8Array(0);
  #ended = false;
  #reading = false;

  constructor(readonly host: HostInput, uid: number, gid: number) {
    super(O_RDONLY, pipeInode(uid, gid));
  }

  override read(into: Uint8Array): number {
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
    if (this.#bytes.length > 0 || this.#ended) return POLLIN | POLLRDNORM;
    this.#fill();
    return 0;
  }

  #fill(): void {
    if (this.#reading) return;
    this.#reading = true;
    void this.host.read().then((bytes) => {
      this.#reading = false;
      if (bytes === null) this.#ended = true;
      else this.#bytes = bytes;
      this.wait.wake();
    });
  }
}

/** Standard output or standard error. */
export class HostOutputFile extends OpenFile {
  #waiting = false;

  constructor(readonly host: HostOutput, uid: number, gid: number) {
    super(O_WRONLY, pipeInode(uid, gid));
  }

  override write(from: Uint8Array, context: FileContext): number {
    const taken = this.host.write(from);
    if (taken < 0) {
      context.raise?.(SIGPIPE);
      return -EPIPE;
    }
    if (taken > 0 || from.length === 0) return taken;
    this.#watch();
    return -EAGAIN;
  }

  override poll(): number {
    if (this.host.hasRoom) return POLLOUT | POLLWRNORM;
    this.#watch();
    return 0;
  }

  #watch(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    void this.host.writable().then(() => {
      this.#waiting = false;
      this.wait.wake();
    });
  }
}
