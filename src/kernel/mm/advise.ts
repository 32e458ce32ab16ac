/** madvise(2), mincore(2), msync(2) and the mlock family (man 2 mlock), below argument checks. */
import { PAGE_SIZE } from "../../engine/engine.ts";
import { EACCES, EBUSY, EFAULT, EINVAL, ENOMEM, EPERM } from "../abi/errno.ts";
import * as mman from "../abi/mman.ts";
import { RLIMIT_MEMLOCK } from "../abi/resource.ts";
import { populateRange } from "./fault.ts";
import { forEachVma, mappedBytes, mergeAround, pageAlign, splitAt } from "./map.ts";
import type { Mm } from "./mm.ts";
import { Vm, type Vma } from "./vma.ts";

/** Flag changes of the pieces of advice that only set flags: [clear, set]. */
const FLAG_ADVICE: ReadonlyMap<number, readonly [number, number]> = new Map([
  [mman.MADV_NORMAL, [Vm.randomRead | Vm.sequentialRead, 0]],
  [mman.MADV_RANDOM, [Vm.sequentialRead, Vm.randomRead]],
  [mman.MADV_SEQUENTIAL, [Vm.randomRead, Vm.sequentialRead]],
  [mman.MADV_DONTFORK, [0, Vm.dontFork]],
  [mman.MADV_DOFORK, [Vm.dontFork, 0]],
  [mman.MADV_WIPEONFORK, [0, Vm.wipeOnFork]],
  [mman.MADV_KEEPONFORK, [Vm.wipeOnFork, 0]],
  [mman.MADV_DONTDUMP, [0, Vm.dontDump]],
  [mman.MADV_DODUMP, [Vm.dontDump, 0]],
  [mman.MADV_MERGEABLE, [0, Vm.mergeable]],
  [mman.MADV_UNMERGEABLE, [Vm.mergeable, 0]],
  [mman.MADV_HUGEPAGE, [Vm.noHugePage, Vm.hugePage]],
  [mman.MADV_NOHUGEPAGE, [Vm.hugePage, Vm.noHugePage]],
]);

/** madvise: 0 or a negative errno. Holes are skipped and reported as -ENOMEM at the end, as on Linux. */
export function madvise(mm: Mm, address: number, length: number, advice: number, privileged: boolean): number {
  const known = FLAG_ADVICE.has(advice) || ACTIONS.has(advice) || advice === mman.MADV_POPULATE_READ ||
    advice === mman.MADV_POPULATE_WRITE;
  if (advice === mman.MADV_HWPOISON || advice === mman.MADV_SOFT_OFFLINE) return privileged ? -EINVAL : -EPERM;
  if (!known || address % PAGE_SIZE !== 0) return -EINVAL;
  const bytes = pageAlign(length), end = address + bytes;
  if (end > 2 ** 63 || (length > 0 && bytes === 0)) return -EINVAL;
  if (bytes === 0) return 0;
  if (address >= mm.addressLimit) return -ENOMEM;
  if (advice === mman.MADV_POPULATE_READ || advice === mman.MADV_POPULATE_WRITE) {
    return populateChecked(mm, address, end, advice === mman.MADV_POPULATE_WRITE);
  }
  const flags = FLAG_ADVICE.get(advice);
  let hole = false, covered = address;
  for (let index = mm.vmas.indexAbove(address); covered < end; index++) {
    const vma = mm.vmas.at(index);
    if (vma === undefined || vma.start >= end) {
      hole = true;
      break;
    }
    if (vma.start > covered) hole = true;
    const from = Math.max(vma.start, address), to = Math.min(vma.end, end);
    const result = flags ? adviseFlags(mm, vma, from, to, advice, flags) : ACTIONS.get(advice)!(mm, vma, from, to);
    if (result < 0) return result;
    covered = to;
    index = mm.vmas.indexAbove(to - 1);
  }
  if (flags) mergeAround(mm, address, Math.min(end, mm.addressLimit));
  return hole ? -ENOMEM : 0;
}

function adviseFlags(
  mm: Mm,
  vma: Vma,
  from: number,
  to: number,
  advice: number,
  [clear, set]: readonly [number, number],
): number {
  if (advice === mman.MADV_WIPEONFORK && (vma.object || vma.shared)) return -EINVAL;
  if (advice === mman.MADV_DODUMP && vma.object?.kind === "special") return -EINVAL;
  const next = vma.flags & ~clear | set;
  if (next === vma.flags) return 0;
  if (!splitAt(mm, from) || !splitAt(mm, to)) return -ENOMEM;
  mm.vmas.find(from)!.flags = next;
  return 0;
}

/** Advice that does something to pages. */
const ACTIONS: ReadonlyMap<number, (mm: Mm, vma: Vma, from: number, to: number) => number> = new Map([
  [mman.MADV_WILLNEED, () => 0],
  [mman.MADV_DONTNEED, (mm: Mm, vma: Vma, from: number, to: number) => {
    if (vma.flags & Vm.locked) return -EINVAL;
    mm.dropPages(from, to);
    return 0;
  }],
  [mman.MADV_DONTNEED_LOCKED, (mm: Mm, _vma: Vma, from: number, to: number) => {
    mm.dropPages(from, to);
    return 0;
  }],
  // The kernel may take the pages when it needs memory; it never does.
  [mman.MADV_FREE, (_mm: Mm, vma: Vma) => vma.object || vma.shared ? -EINVAL : 0],
  [mman.MADV_COLD, (_mm: Mm, vma: Vma) => vma.flags & Vm.locked ? -EINVAL : 0],
  [mman.MADV_PAGEOUT, (_mm: Mm, vma: Vma) => vma.flags & Vm.locked ? -EINVAL : 0],
  [mman.MADV_COLLAPSE, () => -EINVAL],
  [mman.MADV_REMOVE, (_mm: Mm, vma: Vma, from: number, to: number) => {
    if (vma.flags & Vm.locked || !vma.object?.punch) return -EINVAL;
    // Shared and possibly writable (Linux: VM_SHARED is set only then).
    if (!vma.shared || !(vma.flags & Vm.mayWrite)) return -EACCES;
    vma.object.punch(vma.pageIndex(from), vma.pageIndex(to));
    return 0;
  }],
]);

/** MADV_POPULATE_*: every page, or the error of the first that cannot be. */
function populateChecked(mm: Mm, start: number, end: number, write: boolean): number {
  for (let va = start; va < end;) {
    const vma = mm.vmas.find(va);
    if (vma === undefined) return -ENOMEM;
    if (!(vma.prot & (write ? 2 : 1))) return -EINVAL;
    const stop = Math.min(end, vma.end);
    if (!populateRange(mm, va, stop, write ? "write" : "read")) return -EFAULT;
    va = stop;
  }
  return 0;
}

/** mincore: fills `vector` with one byte per page, or fails with -ENOMEM at a hole. */
export function mincore(mm: Mm, start: number, vector: Uint8Array): number {
  const end = start + vector.length * PAGE_SIZE;
  if (mappedBytes(mm, start, end) !== end - start) return -ENOMEM;
  mm.resident.runs(start, end, (from, to) => {
    vector.fill(1, (from - start) / PAGE_SIZE, (to - start) / PAGE_SIZE);
  });
  return 0;
}

/** msync: 0 or a negative errno. */
export function msync(mm: Mm, address: number, length: number, flags: number): number {
  if (flags & ~(mman.MS_ASYNC | mman.MS_INVALIDATE | mman.MS_SYNC) || address % PAGE_SIZE !== 0) return -EINVAL;
  if (flags & mman.MS_ASYNC && flags & mman.MS_SYNC) return -EINVAL;
  const end = address + pageAlign(length);
  if (end > 2 ** 64) return -ENOMEM;
  let hole = false, covered = address;
  for (let index = mm.vmas.indexAbove(address); covered < end; index++) {
    const vma = mm.vmas.at(index);
    if (vma === undefined || vma.start >= end) return -ENOMEM;
    if (vma.start > covered) hole = true;
    const from = Math.max(vma.start, address), to = Math.min(vma.end, end);
    if (flags & mman.MS_INVALIDATE && vma.flags & Vm.locked) return -EBUSY;
    if (flags & mman.MS_SYNC && vma.shared && vma.object?.sync) {
      const error = vma.object.sync(vma.pageIndex(from), vma.pageIndex(to));
      if (error) return error;
    }
    covered = to;
  }
  return hole ? -ENOMEM : 0;
}

/** mlock and mlock2 (`onFault`): 0 or a negative errno. */
export function mlock(mm: Mm, address: number, length: number, onFault: boolean, privileged: boolean): number {
  const start = address - address % PAGE_SIZE;
  const end = start + pageAlign(length + (address - start));
  const limit = mm.softLimit(RLIMIT_MEMLOCK);
  if (!privileged && limit === 0) return -EPERM;
  if (end > mm.addressLimit) return end === start ? 0 : -ENOMEM;
  if (end === start) return 0;
  if (!privileged) {
    let fresh = end - start;
    for (let index = mm.vmas.indexAbove(start);; index++) {
      const vma = mm.vmas.at(index);
      if (vma === undefined || vma.start >= end) break;
      if (vma.flags & Vm.locked) fresh -= Math.min(end, vma.end) - Math.max(start, vma.start);
    }
    if (mm.lockedPages * PAGE_SIZE + fresh > limit) return -ENOMEM;
  }
  const result = setLocked(mm, start, end, onFault ? Vm.locked | Vm.lockOnFault : Vm.locked);
  if (result < 0 || onFault) return result;
  return populateLocked(mm, start, end);
}

/** munlock: 0 or a negative errno. */
export function munlock(mm: Mm, address: number, length: number): number {
  const start = address - address % PAGE_SIZE;
  const end = start + pageAlign(length + (address - start));
  if (end > mm.addressLimit) return -ENOMEM;
  return end === start ? 0 : setLocked(mm, start, end, 0);
}

/** mlockall: 0 or a negative errno. */
export function mlockall(mm: Mm, flags: number, privileged: boolean): number {
  const known = mman.MCL_CURRENT | mman.MCL_FUTURE | mman.MCL_ONFAULT;
  if (flags === 0 || flags & ~known || flags === mman.MCL_ONFAULT) return -EINVAL;
  const limit = mm.softLimit(RLIMIT_MEMLOCK);
  if (!privileged && limit === 0) return -EPERM;
  if (!privileged && flags & mman.MCL_CURRENT && mm.totalPages * PAGE_SIZE > limit) return -ENOMEM;
  const lock = flags & mman.MCL_ONFAULT ? Vm.locked | Vm.lockOnFault : Vm.locked;
  mm.defaultFlags = flags & mman.MCL_FUTURE ? lock : 0;
  if (flags & mman.MCL_CURRENT) {
    for (const vma of [...mm.vmas]) {
      setLocked(mm, vma.start, vma.end, lock);
      if (!(flags & mman.MCL_ONFAULT) && vma.prot & 7) {
        populateRange(mm, vma.start, vma.end, vma.prot & 2 && !vma.shared ? "write" : "read");
      }
    }
  }
  return 0;
}

/** munlockall. */
export function munlockall(mm: Mm): number {
  mm.defaultFlags = 0;
  for (const vma of [...mm.vmas]) setLocked(mm, vma.start, vma.end, 0);
  return 0;
}

function setLocked(mm: Mm, start: number, end: number, flags: number): number {
  return forEachVma(mm, start, end, (vma) => {
    // Special pages are never swapped out: locking them is accepted and means nothing.
    if (vma.object?.kind === "special") return 0;
    mm.account(vma, -1);
    vma.flags = vma.flags & ~(Vm.locked | Vm.lockOnFault) | flags;
    mm.account(vma, 1);
    return 0;
  });
}

/** Makes locked pages present; an inaccessible one is -ENOMEM (mlock(2)), apart from file pages past the end. */
function populateLocked(mm: Mm, start: number, end: number): number {
  for (let va = start; va < end;) {
    const vma = mm.vmas.find(va);
    if (vma === undefined) return -ENOMEM;
    const stop = Math.min(end, vma.end);
    if (!(vma.prot & 7)) return -ENOMEM;
    populateRange(mm, va, stop, vma.prot & 2 && !vma.shared ? "write" : "read");
    va = stop;
  }
  return 0;
}
