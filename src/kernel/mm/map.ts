/**
 * mmap, munmap and mprotect below the descriptor: placing, splitting, merging and removing VMAs
 * (man 2 mmap, man 2 munmap, man 2 mprotect). Results are values or negative errnos.
 */
import { PAGE_SIZE } from "../../engine/engine.ts";
import { EACCES, EAGAIN, EEXIST, EINVAL, ENOMEM, EPERM } from "../abi/errno.ts";
import { MAP_FIXED, MAP_FIXED_NOREPLACE, MAX_MAP_COUNT, PROT_EXEC, STACK_GUARD_GAP } from "../abi/mman.ts";
import { RLIMIT_DATA, RLIMIT_MEMLOCK } from "../abi/resource.ts";
import { frameRights, populateRange } from "./fault.ts";
import { FAR_RESERVATION, LARGEST_RESERVATION, MMAP_BASE } from "./layout.ts";
import type { MapObject } from "./map_object.ts";
import { MACHINE_MEMORY } from "./memory_gauge.ts";
import { isData, type Mm } from "./mm.ts";
import { Vm, VM_MAY_ALL, Vma } from "./vma.ts";

/** `length` rounded up to whole pages. */
export function pageAlign(length: number): number {
  return Math.ceil(length / PAGE_SIZE) * PAGE_SIZE;
}

/** What to map. */
export interface MapRequest {
  /** Hint, or the place with MAP_FIXED. */
  readonly address: number;
  /** Bytes; rounded up to pages. */
  readonly length: number;
  /** PROT_READ|PROT_WRITE|PROT_EXEC. */
  readonly prot: number;
  /** MAP_FIXED and MAP_FIXED_NOREPLACE are looked at; the rest of mmap's flags are in the fields below. */
  readonly flags: number;
  /** {@link Vm} flags of the VMA; default: a private mapping with every right possible. */
  readonly vmFlags?: number;
  /** Source of pages; undefined: private zero pages. On success the VMA takes its own reference. */
  readonly object?: MapObject | undefined;
  /** Page of the object at the mapping's start. */
  readonly pageOffset?: number;
  /** Make the pages present now. */
  readonly populate?: boolean;
  /** May lock any amount of memory (CAP_IPC_LOCK). */
  readonly mayLock?: boolean;
}

/** Maps; returns the address or a negative errno. */
export function map(mm: Mm, request: MapRequest): number {
  const { object, prot } = request;
  const vmFlags = (request.vmFlags ?? VM_MAY_ALL) | mm.defaultFlags;
  if (!(request.length > 0)) return -EINVAL;
  const length = pageAlign(request.length);
  const place = choosePlace(mm, request);
  if (place < 0) return place;
  const end = place + length;
  if (vmFlags & Vm.locked && !request.mayLock && mm.lockedPages * PAGE_SIZE + length > mm.softLimit(RLIMIT_MEMLOCK)) {
    return -EAGAIN;
  }

  if (overcommits(length, prot, vmFlags)) return -ENOMEM;
  let replaced = 0;
  const fixed = (request.flags & MAP_FIXED) !== 0;
  if (fixed) replaced = mappedBytes(mm, place, end);
  if (!mm.mayExpand(length - replaced, isData(prot, vmFlags))) return -ENOMEM;
  if (mm.vmas.size >= MAX_MAP_COUNT) return -ENOMEM;
  if (replaced > 0) {
    const result = unmap(mm, place, end);
    if (result < 0) return result;
  }
  const refusal = object?.ref(mm, vmFlags) ?? 0;
  if (refusal < 0) return refusal;
  const isBeyond = place >= mm.space.limit;
  if (isBeyond) mm.space.far!.open();
  const mayFlags = isBeyond ? vmFlags & ~Vm.mayExec : vmFlags; // what is far is never executed
  const vma = new Vma(place, end, prot, mayFlags, object, request.pageOffset ?? 0);
  mm.vmas.insert(vma);
  mm.account(vma, 1);
  mergeAround(mm, place, end);
  if (request.populate || (vmFlags & Vm.locked && !(vmFlags & Vm.lockOnFault))) populateVma(mm, place, end, prot);
  return place;
}

/**
 * A mapping that alone is larger than the machine's memory is refused unless nothing is to be reserved for it
 * (vm.overcommit_memory 0; Linux: __vm_enough_memory).
 */
export function overcommits(length: number, prot: number, vmFlags: number): boolean {
  return length > MACHINE_MEMORY && !(vmFlags & Vm.noReserve) && isData(prot, vmFlags);
}

/** Faults a fresh mapping in as MAP_POPULATE does: its failure is not mmap's. */
function populateVma(mm: Mm, start: number, end: number, prot: number): void {
  if (prot & 7) populateRange(mm, start, end, prot & 2 ? "write" : "read");
}

/** The address for a mapping of `length` bytes: a negative errno if there is none. */
function choosePlace(mm: Mm, { address, length: wanted, prot, flags }: MapRequest): number {
  const limit = mm.space.limit, length = pageAlign(wanted);
  if (isFar(mm, address, flags)) return placeFar(mm, address, length, prot, flags);
  if (length > (prot === 0 ? limit * LARGEST_RESERVATION : limit)) return -ENOMEM;
  if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
    if (address > limit - length) return -ENOMEM;
    if (address % PAGE_SIZE !== 0) return -EINVAL;
    if (address < mm.minAddress) return -EPERM;
    if (flags & MAP_FIXED_NOREPLACE && mm.vmas.intersecting(address, address + length)) return -EEXIST;
    return address;
  }
  if (address > 0) {
    const hint = Math.max(address - address % PAGE_SIZE, mm.minAddress);
    if (hint <= limit - length && isFree(mm, hint, hint + length)) return hint;
    if (hint > limit && prot === 0 && length >= FAR_RESERVATION) return findHighest(mm, length);
  }
  return findFree(mm, length);
}

/** Whether a mapping is wanted exactly where only far addresses are. */
function isFar({ space }: Mm, address: number, flags: number): boolean {
  return space.far !== undefined && address >= space.far.from && (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) !== 0;
}

/** Data that is wanted at a far address, of which most will not be touched: any length. */
function placeFar(mm: Mm, address: number, length: number, prot: number, flags: number): number {
  if (address > mm.addressLimit - length || prot & PROT_EXEC || !mm.mayOpenFar) return -ENOMEM;
  if (address % PAGE_SIZE !== 0) return -EINVAL;
  if (flags & MAP_FIXED_NOREPLACE && mm.vmas.intersecting(address, address + length)) return -EEXIST;
  return address;
}

/** The highest hole, where Linux looks first; -ENOMEM if none above MMAP_BASE is large enough. */
function findHighest(mm: Mm, length: number): number {
  let top = mm.space.limit;
  for (let index = mm.vmas.size - 1; top - length >= MMAP_BASE; index--) {
    const below = mm.vmas.at(index);
    if (below === undefined || below.end <= top - length) return top - length;
    top = Math.min(top, lowestUse(mm, below));
  }
  return -ENOMEM;
}

/** True if nothing is mapped in the range and it keeps off the gap below a stack. */
export function isFree(mm: Mm, start: number, end: number): boolean {
  const index = mm.vmas.indexAbove(start);
  const next = mm.vmas.at(index);
  return next === undefined || lowestUse(mm, next) >= end;
}

/** Where a VMA's claim on addresses begins: a stack's includes its guard gap, the program's stack its room to grow. */
function lowestUse(mm: Mm, vma: Vma): number {
  if (!(vma.flags & Vm.growsDown)) return vma.start;
  const gap = vma.start - STACK_GUARD_GAP;
  return vma.end > mm.startStack && vma.start <= mm.startStack ? Math.min(gap, mm.stackFloor) : gap;
}

/** First fit from MMAP_BASE up; -ENOMEM if no hole is large enough. */
export function findFree(mm: Mm, length: number): number {
  if (length <= mm.holeBelow) {
    mm.searchFrom = MMAP_BASE;
    mm.holeBelow = 0;
  }
  for (;;) {
    const from = mm.searchFrom;
    let place = from;
    for (let index = mm.vmas.indexAbove(place);; index++) {
      const next = mm.vmas.at(index);
      const hole = Math.min(mm.space.limit, next === undefined ? Infinity : lowestUse(mm, next)) - place;
      if (hole >= length) {
        mm.searchFrom = place + length;
        return place;
      }
      if (hole > mm.holeBelow) mm.holeBelow = hole;
      if (next === undefined) break;
      place = Math.max(place, next.end);
    }
    // A full round without success ends the search.
    if (from === MMAP_BASE) break;
    mm.searchFrom = MMAP_BASE;
    mm.holeBelow = 0;
  }
  mm.holeBelow = 0;
  return findBelow(mm, length);
}

/** What is left when everything above MMAP_BASE is taken: the holes between the program and the stack. */
function findBelow(mm: Mm, length: number): number {
  let place = Math.max(mm.minAddress, pageAlign(mm.brk));
  for (let index = mm.vmas.indexAbove(place);; index++) {
    const next = mm.vmas.at(index);
    const top = Math.min(MMAP_BASE, next === undefined ? MMAP_BASE : lowestUse(mm, next));
    if (top - place >= length) return place;
    if (next === undefined || next.end >= MMAP_BASE) return -ENOMEM;
    place = Math.max(place, next.end);
  }
}

/** Bytes of a range that VMAs cover. */
export function mappedBytes(mm: Mm, start: number, end: number): number {
  let bytes = 0;
  for (let index = mm.vmas.indexAbove(start);; index++) {
    const vma = mm.vmas.at(index);
    if (vma === undefined || vma.start >= end) return bytes;
    bytes += Math.min(end, vma.end) - Math.max(start, vma.start);
  }
}

/** Cuts the VMA that reaches over `va` into two that meet there. False if that were one VMA too many. */
export function splitAt(mm: Mm, va: number): boolean {
  const index = mm.vmas.indexAbove(va);
  const vma = mm.vmas.at(index);
  if (vma === undefined || vma.start >= va) return true;
  if (mm.vmas.size >= MAX_MAP_COUNT) return false;
  vma.object?.ref(mm, vma.flags);
  const upper = new Vma(va, vma.end, vma.prot, vma.flags, vma.object, vma.pageIndex(va));
  vma.end = va;
  mm.vmas.splice(index + 1, 0, upper);
  return true;
}

/** Joins the VMAs in and next to a range that can be one. */
export function mergeAround(mm: Mm, start: number, end: number): void {
  let index = Math.max(0, mm.vmas.indexAbove(start) - 1);
  for (;;) {
    const vma = mm.vmas.at(index), next = mm.vmas.at(index + 1);
    if (vma === undefined || next === undefined || vma.start > end) return;
    if (vma.continues(next)) {
      vma.end = next.end;
      mm.vmas.splice(index + 1, 1);
      next.object?.unref(mm, next.flags);
    } else index++;
  }
}

/** Removes all mappings of a page-aligned range; 0 or -ENOMEM if a split would be one VMA too many. */
export function unmap(mm: Mm, start: number, end: number): number {
  const first = mm.vmas.intersecting(start, end);
  if (first === undefined) return 0;
  if (!splitAt(mm, start) || !splitAt(mm, end)) return -ENOMEM;
  const index = mm.vmas.indexAbove(start);
  let count = 0;
  for (let vma = mm.vmas.at(index); vma !== undefined && vma.start < end; vma = mm.vmas.at(index + ++count)) {
    mm.account(vma, -1);
  }
  mm.dropPages(start, end);
  for (const vma of mm.vmas.splice(index, count)) vma.object?.unref(mm, vma.flags);
  freed(mm, start);
  return 0;
}

/** A hole came to be at `start`: the next search must see it. */
export function freed(mm: Mm, start: number): void {
  if (start >= MMAP_BASE && start < mm.searchFrom) {
    // The hole may join others below it, of which only the size of the largest is known.
    mm.searchFrom = MMAP_BASE;
    mm.holeBelow = 0;
  }
}

/**
 * munmap(2) with its checks.
 */
export function munmap(mm: Mm, address: number, length: number): number {
  if (address % PAGE_SIZE !== 0 || address > mm.addressLimit || !(length > 0)) return -EINVAL;
  const end = address + pageAlign(length);
  if (end > mm.addressLimit) return -EINVAL;
  return unmap(mm, address, end);
}

/** Calls `change` for each VMA of a page-aligned range, split to fit. Stops at the first negative result and returns it. */
export function forEachVma(mm: Mm, start: number, end: number, change: (vma: Vma) => number): number {
  if (!splitAt(mm, start) || !splitAt(mm, end)) return -ENOMEM;
  let covered = start, result = 0;
  for (let index = mm.vmas.indexAbove(start); covered < end; index++) {
    const vma = mm.vmas.at(index);
    if (vma === undefined || vma.start > covered) {
      result = -ENOMEM;
      break;
    }
    result = change(vma);
    if (result < 0) break;
    covered = vma.end;
  }
  mergeAround(mm, start, end);
  return result < 0 ? result : 0;
}

/** mprotect(2) on a checked range. Like Linux, VMAs before the one that fails are changed. */
export function protect(mm: Mm, start: number, end: number, prot: number): number {
  return forEachVma(mm, start, end, (vma) => {
    const { flags } = vma;
    if (prot & 1 && !(flags & Vm.mayRead) || prot & 2 && !(flags & Vm.mayWrite) || prot & 4 && !(flags & Vm.mayExec)) {
      return -EACCES;
    }
    if (vma.prot === prot) return 0;
    if (!isData(vma.prot, flags) && isData(prot, flags)) {
      if (mm.dataPages * PAGE_SIZE + vma.end - vma.start > mm.softLimit(RLIMIT_DATA)) return -ENOMEM;
    }
    mm.account(vma, -1);
    vma.prot = prot;
    mm.account(vma, 1);
    mm.resident.runs(vma.start, vma.end, (from, to, state) => {
      mm.space.protect(from, to - from, frameRights(vma, state));
    });
    return 0;
  });
}
