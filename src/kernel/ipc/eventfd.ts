/** eventfd(2): a counter that reads take and writes add to. */
import { EAGAIN, EINVAL } from "../abi/errno.ts";
import { O_RDWR } from "../abi/fcntl.ts";
import { type FileContext, OpenFile, POLLERR, POLLIN, POLLOUT } from "../fs/file.ts";
import { anonInode } from "../fs/pseudo_inode.ts";

/** Highest value of the counter; the value above is not a count. */
const MAX = 0xfffffffffffffffen;

/** Tells eventfds apart in /proc/PID/fdinfo. */
let nextId = 0;

const word = new BigUint64Array(1);
const wordBytes = new Uint8Array(word.buffer);

export class EventFd extends OpenFile {
  #count: bigint;
  readonly #semaphore: boolean;
  readonly #id = nextId++;

  /** @param semaphore EFD_SEMAPHORE: a read takes one, not all. */
  constructor(initial: number, semaphore: boolean, flags: number) {
    super(O_RDWR | flags, anonInode("[eventfd]"));
    this.#count = BigInt(initial);
    this.#semaphore = semaphore;
  }

  override get indivisible(): boolean {
    return true;
  }

  override fdInfo(): string[] {
    return [`eventfd-count: ${this.#count.toString(16).padStart(16)}`, `eventfd-id: ${this.#id}`];
  }

  override read(into: Uint8Array, _context: FileContext): number {
    if (into.length < 8) return -EINVAL;
    if (this.#count === 0n) return -EAGAIN;
    const taken = this.#semaphore ? 1n : this.#count;
    this.#count -= taken;
    word[0] = taken;
    into.set(wordBytes);
    this.wait.wake(Infinity, POLLOUT);
    return 8;
  }

  override write(from: Uint8Array, _context: FileContext): number {
    if (from.length < 8) return -EINVAL;
    wordBytes.set(from.length === 8 ? from : from.subarray(0, 8));
    const added = word[0]!;
    if (added > MAX) return -EINVAL;
    if (MAX - this.#count < added) return -EAGAIN;
    this.#count += added;
    this.wait.wake(Infinity, POLLIN);
    return 8;
  }

  /** Adds from inside the kernel (aio completion). */
  signal(): void {
    if (this.#count < MAX) this.#count++;
    this.wait.wake(Infinity, POLLIN);
  }

  override poll(): number {
    let events = 0;
    if (this.#count > 0n) events |= POLLIN;
    if (this.#count > MAX) events |= POLLERR;
    if (this.#count < MAX) events |= POLLOUT;
    return events;
  }
}
