/** mremap(2): growing, shrinking and moving a mapping. */
import { PAGE_SIZE } from "../../engine/engine.ts";
import { EAGAIN, EFAULT, EINVAL, ENOMEM } from "../abi/errno.ts";
import { MAX_MAP_COUNT, MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE } from "../abi/mman.ts";
import { RLIMIT_MEMLOCK } from "../abi/resource.ts";
import { populateRange } from "./fault.ts";
import { findFree, freed, isFree, mergeAround, pageAlign, splitAt, unmap } from "./map.ts";
import { isData, type Mm } from "./mm.ts";
import { Page } from "./resident.ts";
import { Vm, Vma } from "./vma.ts";

/** Serves mremap. Returns the address or a negative errno. */
export function mremap(
  mm: Mm,
  oldAddress: number,
  oldSize: number,
  newSize: number,
  flags: number,
  newAddress: number,
): number {
  if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) return -EINVAL;
  if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) && !(flags & MREMAP_MAYMOVE)) return -EINVAL;
  if (oldAddress % PAGE_SIZE !== 0) return -EINVAL;
  const oldLength = pageAlign(oldSize), newLength = pageAlign(newSize);
  if (newLength === 0) return -EINVAL;
  if (flags & MREMAP_DONTUNMAP && oldLength !== newLength) return -EINVAL;
  const limit = oldAddress < mm.space.limit ? mm.space.limit : mm.addressLimit;
  if (newLength > limit) return flags & MREMAP_FIXED ? -EINVAL : -ENOMEM;

  const vma = mm.vmas.find(oldAddress);
  if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) {
    return moveTo(mm, vma, oldAddress, oldLength, newLength, flags, newAddress);
  }
  if (vma === undefined) return -EFAULT;

  if (oldLength >= newLength && oldLength !== 0) {
    const result = oldLength > newLength ? unmap(mm, oldAddress + newLength, oldAddress + oldLength) : 0;
    return result < 0 ? result : oldAddress;
  }
  const refusal = check(mm, vma, oldAddress, oldLength, newLength);
  if (refusal < 0) return refusal;

  if (oldLength !== 0 && oldAddress + oldLength === vma.end) {
    const end = oldAddress + newLength;
    if (end <= limit && isFree(mm, vma.end, end)) {
      const grownFrom = vma.end;
      mm.account(vma, -1);
      vma.end = end;
      mm.account(vma, 1);
      mergeAround(mm, oldAddress, end);
      if (vma.flags & Vm.locked) populateRange(mm, grownFrom, end, vma.prot & 2 ? "write" : "read");
      return oldAddress;
    }
  }
  if (!(flags & MREMAP_MAYMOVE)) return -ENOMEM;
  const place = findFree(mm, newLength);
  return place < 0 ? place : move(mm, vma, oldAddress, oldLength, place, newLength, 0);
}

/** The checks of vma_to_resize: 0 or a negative errno. */
function check(mm: Mm, vma: Vma, oldAddress: number, oldLength: number, newLength: number): number {
  // Old size zero duplicates a shared mapping; a private one has nothing to share.
  if (oldLength === 0 && !vma.shared) return -EINVAL;
  if (oldLength > vma.end - oldAddress) return -EFAULT;
  if (newLength === oldLength) return 0;
  if (vma.flags & Vm.dontExpand) return -EFAULT;
  const more = newLength - oldLength;
  if (vma.flags & Vm.locked && mm.lockedPages * PAGE_SIZE + more > mm.softLimit(RLIMIT_MEMLOCK)) return -EAGAIN;
  return mm.mayExpand(Math.max(0, more), isData(vma.prot, vma.flags)) ? 0 : -ENOMEM;
}

/** MREMAP_FIXED, and MREMAP_DONTUNMAP with a hint. */
function moveTo(
  mm: Mm,
  vma: Vma | undefined,
  oldAddress: number,
  oldLength: number,
  newLength: number,
  flags: number,
  newAddress: number,
): number {
  const fixed = (flags & MREMAP_FIXED) !== 0;
  let oldEnd = oldLength;
  if (fixed) {
    if (newAddress % PAGE_SIZE !== 0 || newAddress > mm.space.limit - newLength) return -EINVAL;
    if (newAddress < mm.minAddress) return -EINVAL;
    if (oldAddress + oldLength > newAddress && newAddress + newLength > oldAddress) return -EINVAL;
    // Splits of both ranges may come on top (Linux keeps three in hand as well).
    if (mm.vmas.size + 2 >= MAX_MAP_COUNT - 3) return -ENOMEM;
    const result = unmap(mm, newAddress, newAddress + newLength);
    if (result < 0) return result;
    if (oldLength > newLength) {
      const trimmed = unmap(mm, oldAddress + newLength, oldAddress + oldLength);
      if (trimmed < 0) return trimmed;
      oldEnd = newLength;
    }
  }
  const source = mm.vmas.find(oldAddress);
  if (vma === undefined || source === undefined) return -EFAULT;
  const refusal = check(mm, source, oldAddress, oldEnd, newLength);
  if (refusal < 0) return refusal;
  if (flags & MREMAP_DONTUNMAP && source.flags & Vm.dontExpand) return -EINVAL;
  if (flags & MREMAP_DONTUNMAP && !mm.mayExpand(newLength, isData(source.prot, source.flags))) return -ENOMEM;
  let place = newAddress;
  if (!fixed) {
    const hint = newAddress - newAddress % PAGE_SIZE;
    const usable = hint >= mm.minAddress && hint <= mm.space.limit - newLength && isFree(mm, hint, hint + newLength);
    place = usable ? hint : findFree(mm, newLength);
    if (place < 0) return place;
  }
  return move(mm, source, oldAddress, oldEnd, place, newLength, flags);
}

/** Puts the mapping at `place`, which is free, with its pages (Linux: move_vma). */
function move(
  mm: Mm,
  vma: Vma,
  oldAddress: number,
  oldLength: number,
  place: number,
  newLength: number,
  flags: number,
): number {
  if (mm.vmas.size >= MAX_MAP_COUNT - 3) return -ENOMEM;
  const moved = new Vma(place, place + newLength, vma.prot, vma.flags, vma.object, vma.pageIndex(oldAddress));
  moved.object?.ref(mm, moved.flags);
  mm.vmas.insert(moved);
  mm.account(moved, 1);
  const distance = place - oldAddress;
  const kept = Math.min(oldLength, newLength);
  mm.resident.runs(oldAddress, oldAddress + kept, (start, end, state) => {
    movePages(mm, start, end, distance);
    mm.resident.fill(start, end, Page.absent);
    mm.resident.fill(start + distance, end + distance, state);
  });
  if (flags & MREMAP_DONTUNMAP) {
    // The old range stays mapped and empty; it is no longer locked.
    if (vma.flags & Vm.locked && splitAt(mm, oldAddress) && splitAt(mm, oldAddress + oldLength)) {
      const old = mm.vmas.find(oldAddress)!;
      mm.account(old, -1);
      old.flags &= ~(Vm.locked | Vm.lockOnFault);
      mm.account(old, 1);
    }
  } else if (oldLength > 0) {
    const result = unmap(mm, oldAddress, oldAddress + oldLength);
    if (result < 0) return result;
    freed(mm, oldAddress);
  }
  mergeAround(mm, place, place + newLength);
  if (vma.flags & Vm.locked) populateRange(mm, place, place + newLength, vma.prot & 2 ? "write" : "read");
  return place;
}

/** The engine moves between ranges that do not overlap; the mappings here never do, runs of one call neither. */
function movePages(mm: Mm, start: number, end: number, distance: number): void {
  mm.space.move(start, start + distance, end - start);
}
