/**
 * A virtual memory area (Linux: `struct vm_area_struct`): a range of pages with the same rights, flags and source.
 */
import type { Prot } from "../../engine/engine.ts";
import type { MapObject } from "./map_object.ts";

/** Properties of a VMA, as a bit set. Named after Linux's VM_* flags; the values are our own. */
export const Vm = {
  shared: 1 << 0,
  growsDown: 1 << 1,
  /** mprotect may grant these later: a shared mapping of a file opened read-only lacks mayWrite. */
  mayRead: 1 << 2,
  mayWrite: 1 << 3,
  mayExec: 1 << 4,
  dontFork: 1 << 5,
  wipeOnFork: 1 << 6,
  locked: 1 << 7,
  lockOnFault: 1 << 8,
  noReserve: 1 << 9,
  dontDump: 1 << 10,
  hugePage: 1 << 11,
  noHugePage: 1 << 12,
  mergeable: 1 << 13,
  /** Cannot be expanded by mremap (special mappings). */
  dontExpand: 1 << 14,
  randomRead: 1 << 15,
  sequentialRead: 1 << 16,
} as const;

/** Every right that a private mapping can be given. */
export const VM_MAY_ALL = Vm.mayRead | Vm.mayWrite | Vm.mayExec;

/** One area. `start` and `end` are page aligned; the address space's list keeps areas sorted and disjoint. */
export class Vma {
  /**
   * @param prot PROT_READ|PROT_WRITE|PROT_EXEC as the program asked for them.
   * @param flags {@link Vm} bits.
   * @param object source of pages; undefined: private zero pages.
   * @param pageOffset page of the object at `start`. Holds no meaning without an object.
   */
  constructor(
    public start: number,
    public end: number,
    public prot: Prot,
    public flags: number,
    readonly object: MapObject | undefined,
    public pageOffset: number,
  ) {}

  get shared(): boolean {
    return (this.flags & Vm.shared) !== 0;
  }

  /** Page of the object that `va` shows. */
  pageIndex(va: number): number {
    return this.pageOffset + (va - this.start) / 4096;
  }

  /** True if `next`, which begins where this ends, can be one VMA with it. */
  continues(next: Vma): boolean {
    return this.end === next.start && this.prot === next.prot && this.flags === next.flags &&
      this.object === next.object &&
      (this.object === undefined || this.pageIndex(this.end) === next.pageOffset);
  }
}

/** Rights the hardware gives for PROT_*: arm64 without EPAN has no write-only or execute-only pages. */
export function pageRights(prot: Prot): Prot {
  return prot & 6 ? prot | 1 : prot;
}
