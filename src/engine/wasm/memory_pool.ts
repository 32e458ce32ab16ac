/** Guest memories between two processes: making one takes as long as starting a small program. */
import type { GuestMemory } from "./memory.ts";

/** Bytes of touched pages, which stay resident, that idle memories may hold together. */
const MAX_IDLE_BYTES = 256 * 2 ** 20;
/** Idle memories that are kept at most: each takes 16 GiB of the host's address space. */
const MAX_IDLE = 32;

export class MemoryPool {
  readonly #make: () => GuestMemory;
  readonly #idle: GuestMemory[] = [];
  #idleBytes = 0;

  constructor(make: () => GuestMemory) {
    this.#make = make;
  }

  take(): GuestMemory {
    const memory = this.#idle.pop();
    if (memory === undefined) return this.#make();
    this.#idleBytes -= memory.touchedBytes;
    return memory;
  }

  /** The process has ended; no right to any page is left in its memory. */
  giveBack(memory: GuestMemory): void {
    if (this.#idle.length >= MAX_IDLE || this.#idleBytes + memory.touchedBytes > MAX_IDLE_BYTES) return;
    this.#idle.push(memory);
    this.#idleBytes += memory.touchedBytes;
  }
}
