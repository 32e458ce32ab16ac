/** The heap (man 2 brk): one private VMA from startBrk to brk, page by page. */
import { STACK_GUARD_GAP } from "../abi/mman.ts";
import { RLIMIT_DATA } from "../abi/resource.ts";
import { isFree, mergeAround, pageAlign, unmap } from "./map.ts";
import type { Mm } from "./mm.ts";
import { VM_MAY_ALL, Vma } from "./vma.ts";

/** Sets the end of the heap; returns the new one, or the old one if that cannot be done. */
export function brk(mm: Mm, address: number): number {
  if (address < mm.startBrk || address > mm.space.limit) return mm.brk;
  // RLIMIT_DATA counts the program's data segment with the heap (Linux: check_data_rlimit).
  if (address - mm.startBrk + (mm.endData - mm.startData) > mm.softLimit(RLIMIT_DATA)) return mm.brk;
  const oldEnd = pageAlign(mm.brk), newEnd = pageAlign(address);
  if (newEnd < oldEnd) {
    if (unmap(mm, newEnd, oldEnd) < 0) return mm.brk;
  } else if (newEnd > oldEnd) {
    if (!isFree(mm, oldEnd, newEnd + STACK_GUARD_GAP) || !mm.mayExpand(newEnd - oldEnd, true)) return mm.brk;
    const vma = new Vma(oldEnd, newEnd, 3, VM_MAY_ALL | mm.defaultFlags, undefined, 0);
    mm.vmas.insert(vma);
    mm.account(vma, 1);
    mergeAround(mm, oldEnd, newEnd);
  }
  mm.brk = address;
  return address;
}
