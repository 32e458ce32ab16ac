/** Structures that grow from one Linux to the next (lib/usercopy.c; linux/uaccess.h: copy_struct_from_user). */
import type { GuestMemory } from "../mm/guest_memory.ts";

/**
 * Whether the part of a caller's structure that this kernel does not know is zero, as far as that can be told: it may go on
 * where nothing is mapped.
 *
 * @throws UserFault where it is not mapped before it is known
 */
export function isZeroBehind(mm: GuestMemory, va: number, known: number, size: number): boolean {
  for (let at = known; at < size;) {
    const view = mm.view(va + at, size - at, "read");
    for (const byte of view) if (byte !== 0) return false;
    at += view.length;
  }
  return true;
}
