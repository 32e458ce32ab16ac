/**
 * Far addresses: those beyond the guest's window, which has 16 GiB, up to 2^48. The kernel hands none out by itself,
 * but programs ask for them by MAP_FIXED: the address sanitizer's shadow memory begins at 2^36.
 *
 * They are there 256 MiB at a time, each such far window in a slot of a zone at the top of the guest's window, which is
 * taken from the near addresses when there is the first one. Only data may be there. The interpreter finds the slot in
 * {@link FAR_SLOTS} when the plain check of an access has failed; so does code that was translated for a program with
 * far addresses, other code leaves to it.
 *
 * The pages of the slots have rights bytes of their own, at {@link FAR_RIGHTS}: by near addresses the zone cannot be
 * accessed. So an address space knows these pages by numbers that continue where those bytes are: page
 * `FAR_RIGHTS + n` is the n-th of the zone.
 */
import type { FarAddresses, Va } from "../engine.ts";
import { FAR_LIMIT, FAR_RIGHTS, FAR_SLOTS, FAR_WINDOW, FAR_ZONE, GUEST_LIMIT, WINDOW } from "./layout.ts";

const SLOTS = (GUEST_LIMIT - FAR_ZONE) / FAR_WINDOW;
const PAGES_OF_SLOT = FAR_WINDOW / 4096;
/** What the first byte of the zone is called: the first one of page FAR_RIGHTS. */
const FAR_BASE = 4096 * FAR_RIGHTS;
/** Slots in the order in which they are given: apart, so that a window's neighbour finds room beside it. */
const ORDER: readonly number[] = [8, 4, 12, 2, 6, 10, 14, 0, 1, 3, 5, 7, 9, 11, 13, 15];

const windowOf = (va: Va): number => Math.floor(va / FAR_WINDOW);

/** Whether pages are those of slots, and of the zone. @param to behind the last one */
export const areFarPages = (from: number, to: number): boolean =>
  from >= FAR_RIGHTS && to <= FAR_RIGHTS + SLOTS * PAGES_OF_SLOT;

/** WebAssembly address of a near address, or of what {@link FarWindows.near} calls a far one. */
export const placeOf = (near: Va): number => WINDOW + (near < GUEST_LIMIT ? near : near - FAR_BASE + FAR_ZONE);

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
      const first = FAR_RIGHTS + slot * PAGES_OF_SLOT;
      if (this.#guest.subarray(first, first + PAGES_OF_SLOT).some((rights) => rights !== 0)) continue;
      this.#slots.delete(window);
      this.#guest[FAR_SLOTS + window] = 0;
    }
  }

  /** As far from the nearest window as the two are apart, for accesses may reach from one window into the next. */
  #choose(window: number): number | undefined {
    const taken = new Set(this.#slots.values());
    const isFree = (slot: number) => slot >= 0 && slot < SLOTS && !taken.has(slot);
    for (let distance = 1; distance < SLOTS; distance++) {
      for (const by of [-distance, distance]) {
        const slot = this.#slots.get(window + by);
        if (slot !== undefined && isFree(slot - by)) return slot - by;
      }
    }
    return ORDER.find(isFree);
  }
  #give(window: number, slot: number): void {
    this.#slots.set(window, slot);
    this.#guest[FAR_SLOTS + window] = slot + 1;
  }

  /** What the space calls a far address: see above; -1: it is not there. */
  near(va: Va): Va {
    const slot = this.#slots.get(windowOf(va));
    return slot === undefined || va < GUEST_LIMIT ? -1 : FAR_BASE + slot * FAR_WINDOW + va % FAR_WINDOW;
  }

  /** The opposite of {@link near}; a near address is itself. */
  address(near: Va): Va {
    for (const [window, slot] of this.#slots) {
      const within = near - (FAR_BASE + slot * FAR_WINDOW);
      if (within >= 0 && within < FAR_WINDOW) return window * FAR_WINDOW + within;
    }
    return near;
  }

  /** Becomes the same as that of a parent, whose pages are to be in the same slots. */
  inherit(parent: FarWindows): void {
    if (parent.limit === GUEST_LIMIT || this.#slots.size > 0) return;
    this.open();
    for (const [window, slot] of parent.#slots) this.#give(window, slot);
  }

  /** The space ends: its memory serves another. */
  clear(): void {
    for (const [window, slot] of this.#slots) {
      this.#guest[FAR_SLOTS + window] = 0;
      this.#guest.fill(0, FAR_RIGHTS + slot * PAGES_OF_SLOT, FAR_RIGHTS + (slot + 1) * PAGES_OF_SLOT);
    }
    this.#slots.clear();
    this.limit = GUEST_LIMIT;
  }
}
