/** Who maps an object, and with how many VMAs (Linux: the address_space's i_mmap tree). */
import type { MapUser } from "./map_object.ts";

/** A counted set of address spaces. */
export class MapUsers {
  #counts = new Map<MapUser, number>();

  add(user: MapUser): void {
    this.#counts.set(user, (this.#counts.get(user) ?? 0) + 1);
  }

  /** Returns true if that was the last VMA of the last user. */
  remove(user: MapUser): boolean {
    const count = this.#counts.get(user)!;
    if (count > 1) this.#counts.set(user, count - 1);
    else this.#counts.delete(user);
    return this.#counts.size === 0;
  }

  [Symbol.iterator](): IterableIterator<MapUser> {
    return this.#counts.keys();
  }
}
