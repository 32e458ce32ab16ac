/**
 * Far addresses: those beyond the guest's window, which has 16 GiB, up to 2^48. The kernel hands none out by itself,
 * but programs ask for them by MAP_FIXED: the address sanitizer's shadow memory begins at 2^36.
 *
 * They are there 256 MiB at a time, each such far window in a slot of a zone at the top of the guest's window, which is
 * taken from the near addresses when there is the first one. Only data may be there. The interpreter finds the slot in
 * {@link FAR_SLOTS} when the plain check of an access has failed; so does code that was translated for a program with
 * far addresses, other code leaves to it. A program that reads near addresses in the zone, where nothing is mapped for
 * it, finds what is in the slots: no check of an access is made slower for that.
 */
import type { FarAddresses, Va } from "../engine.ts";
import { FAR_LIMIT, FAR_SLOTS, FAR_WINDOW, FAR_ZONE, GUEST_LIMIT, RIGHTS } from "./layout.ts";

const SLOTS = (GUEST_LIMIT - FAR_ZONE) / FAR_WINDOW;
/** Slots in the order in which they are given: apart, so that a window's neighbour finds room beside it. */
const ORDER: readonly number[] = [8, 4, 12, 2, 6, 10, 14, 0, 1, 3, 5, 7, 9, 11, 13, 15];

const windowOf = (va: Va): number => Math.floor(va / FAR_WINDOW);

/** The far addresses of one address space. */
export class FarWindows implements FarAddresses {
  readonly from: Va = GUEST_LIMIT;
  readonly to: Va = FAR_LIMIT;
  readonly nearLimit: Va = FAR_ZONE;
  /** First near address that does not exist. */
  limit: Va = GUEST_LIMIT;
  readonly #guest: Uint8Array;
  readonly #slots = new Map<number, number>();

  /** @param guest guest memory */
  constructor(guest: Uint8Array) {
    this.#guest = guest;
  }

  /** Whether there are some in use. */
  get isOpen(): boolean {
    return this.limit !== GUEST_LIMIT;
  }

  open(): void {
    this.limit = FAR_ZONE;
  }

  reach(va: Va): boolean {
    if (!(va >= GUEST_LIMIT && va < FAR_LIMIT)) return false;
    this.open();
    const window = windowOf(va);
    if (this.#slots.has(window)) return true;
    let slot = this.#choose(window);
    if (slot === undefined) {
      this.#takeBack();
      slot = this.#choose(window);
    }
    if (slot === undefined) return false;
    this.#give(window, slot);
    return true;
  }

  /** Windows in which nothing is mapped any more lose their slots. */
  #takeBack(): void {
    for (const [window, slot] of this.#slots) {
      const first = RIGHTS + (FAR_ZONE + slot * FAR_WINDOW) / 4096;
      if (this.#guest.subarray(first, first + FAR_WINDOW / 4096).some((rights) => rights !== 0)) continue;
      this.#slots.delete(window);
      this.#guest[FAR_SLOTS + window] = 0;
    }
  }

  /** Beside a neighbour, as accesses may reach from one window into the next. */
  #choose(window: number): number | undefined {
    const taken = new Set(this.#slots.values()),
      below = this.#slots.get(window - 1),
      above = this.#slots.get(window + 1);
    const isFree = (slot: number) => slot >= 0 && slot < SLOTS && !taken.has(slot);
    if (below !== undefined && isFree(below + 1)) return below + 1;
    if (above !== undefined && isFree(above - 1)) return above - 1;
    return ORDER.find(isFree);
  }
  #give(window: number, slot: number): void {
    this.#slots.set(window, slot);
    this.#guest[FAR_SLOTS + window] = slot + 1;
  }

  /** Where a far address is in the guest's window; -1: not there. */
  near(va: Va): Va {
    const slot = this.#slots.get(windowOf(va));
    return slot === undefined || va < GUEST_LIMIT ? -1 : FAR_ZONE + slot * FAR_WINDOW + va % FAR_WINDOW;
  }

  /** What is at a place in the guest's window: the place itself, or a far address; the opposite of {@link near}. */
  address(place: Va): Va {
    if (place >= this.limit) {
      for (const [window, slot] of this.#slots) {
        const within = place - (FAR_ZONE + slot * FAR_WINDOW);
        if (within >= 0 && within < FAR_WINDOW) return window * FAR_WINDOW + within;
      }
    }
    return place;
  }

  /** Becomes the same as that of a parent, whose pages are to be in the same slots. */
  inherit(parent: FarWindows): void {
    if (parent.limit === GUEST_LIMIT || this.#slots.size > 0) return;
    this.open();
    for (const [window, slot] of parent.#slots) this.#give(window, slot);
  }

  /** The space ends: its memory serves another. */
  clear(): void {
    for (const window of this.#slots.keys()) this.#guest[FAR_SLOTS + window] = 0;
    this.#slots.clear();
    this.limit = GUEST_LIMIT;
  }
}
