/**
 * Page faults (Linux: do_page_fault, handle_mm_fault): decides whether an access that the engine refused is the
 * program's right, and if so gives the engine the page.
 *
 * Pages are given in aligned groups of {@link FAULT_AROUND}, as far as the VMA and the absent pages go: a fault
 * leaves the engine and comes back, which costs much more than a page. Only the page of a write fault is copied.
 */
import { type Access, PAGE_SIZE } from "../../engine/engine.ts";
import { STACK_GUARD_GAP } from "../abi/mman.ts";
import { RLIMIT_STACK } from "../abi/resource.ts";
import { BUS_ADRERR, SEGV_ACCERR, SEGV_MAPERR, SI_KERNEL, SIGBUS, SIGKILL, SIGSEGV } from "../abi/signal.ts";
import type { Mm } from "./mm.ts";
import { Page } from "./resident.ts";
import { pageRights, Vm, type Vma } from "./vma.ts";

/** Bytes mapped around a fault. */
export const FAULT_AROUND = 16 * PAGE_SIZE;

/** What a fault comes to: go on, or the signal and si_code that the thread gets. */
export type FaultResult = "ok" | { readonly signal: number; readonly code: number };

const notMapped: FaultResult = Object.freeze({ signal: SIGSEGV, code: SEGV_MAPERR });
const noAccess: FaultResult = Object.freeze({ signal: SIGSEGV, code: SEGV_ACCERR });
/** Linux's OOM killer: the machine's memory is used up. */
const outOfMemory: FaultResult = Object.freeze({ signal: SIGKILL, code: SI_KERNEL });
const pastEnd: FaultResult = Object.freeze({ signal: SIGBUS, code: BUS_ADRERR });

/** PROT_* bits of which one must be there: without EPAN, arm64 pages that can be written or executed can be read. */
const NEEDED: Record<Access, number> = { read: 7, write: 2, execute: 4 };

/** Serves one fault. */
export function handleFault(mm: Mm, address: number, access: Access): FaultResult {
  if (!(address >= 0 && address < mm.addressLimit)) return notMapped;
  const vma = mm.vmas.find(address) ?? growStack(mm, address);
  if (vma === undefined) return notMapped;
  if (!(vma.prot & NEEDED[access])) return noAccess;
  const page = address - address % PAGE_SIZE;
  mm.faults++;
  switch (mm.resident.get(page)) {
    case Page.absent:
      return populate(mm, vma, page, access === "write");
    case Page.clean:
      if (access === "write") {
        mm.space.own(page, pageRights(vma.prot));
        mm.resident.fill(page, page + PAGE_SIZE, Page.private);
        return "ok";
      }
      break;
    case Page.sharedUnwritten:
      if (access === "write") {
        vma.object?.written?.(vma.pageIndex(page));
        mm.space.protect(page, PAGE_SIZE, pageRights(vma.prot));
        mm.resident.fill(page, page + PAGE_SIZE, Page.sharedFile);
        return "ok";
      }
      break;
  }
  // The VMA grants it and the page is there: another thread of the process was faster.
  return "ok";
}

/** Gives the engine the absent page at `page`, and its absent neighbours. */
function populate(mm: Mm, vma: Vma, page: number, write: boolean): FaultResult {
  const resident = mm.resident;
  const base = page - page % FAULT_AROUND;
  let start = page, end = page + PAGE_SIZE;
  const lowest = Math.max(vma.start, base), highest = Math.min(vma.end, base + FAULT_AROUND);
  while (start > lowest && resident.get(start - PAGE_SIZE) === Page.absent) start -= PAGE_SIZE;
  while (end < highest && resident.get(end) === Page.absent) end += PAGE_SIZE;

  if (mm.gauge.exhausted || !mm.reach(page)) return outOfMemory;
  const object = vma.object;
  if (object === undefined) {
    mm.space.mapZero(start, end - start, pageRights(vma.prot));
    resident.fill(start, end, Page.private);
    return "ok";
  }

  const wanted = object.frame(vma.pageIndex(page));
  if (wanted === undefined) return pastEnd;
  const state = frameState(vma);
  const rights = frameRights(vma, state);
  for (let va = start; va < end; va += PAGE_SIZE) {
    const frame = va === page ? wanted : object.frame(vma.pageIndex(va));
    if (frame === undefined) continue;
    mm.space.mapFrame(va, frame, rights);
    resident.fill(va, va + PAGE_SIZE, state);
  }
  if (!write) return "ok";
  if (state === Page.clean) {
    mm.space.own(page, pageRights(vma.prot));
    resident.fill(page, page + PAGE_SIZE, Page.private);
  } else if (state === Page.sharedUnwritten) {
    object.written?.(vma.pageIndex(page));
    mm.space.protect(page, PAGE_SIZE, pageRights(vma.prot));
    resident.fill(page, page + PAGE_SIZE, Page.sharedFile);
  }
  return "ok";
}

/** The state in which a frame enters a VMA. */
function frameState(vma: Vma): Page {
  if (!vma.shared) return Page.clean;
  if (vma.object?.kind !== "file") return Page.shmem;
  return vma.object.written === undefined ? Page.sharedFile : Page.sharedUnwritten;
}

/** The rights that a page in this state gets in a VMA with its present `prot`. */
export function frameRights(vma: Vma, state: Page): number {
  const rights = pageRights(vma.prot);
  return state === Page.clean || state === Page.sharedUnwritten ? rights & ~2 : rights;
}

/** Makes every page of a range present, as MAP_POPULATE and mlock do. False where a page could not be given. */
export function populateRange(mm: Mm, start: number, end: number, access: "read" | "write"): boolean {
  for (let va = start; va < end;) {
    const state = mm.resident.get(va);
    if (state === Page.absent || (access === "write" && (state === Page.clean || state === Page.sharedUnwritten))) {
      if (handleFault(mm, va, access) !== "ok") return false;
    }
    va += PAGE_SIZE;
  }
  return true;
}

/** How far beyond the fault a stack is extended: sequential growth then faults once per group. */
const STACK_AHEAD = FAULT_AROUND;

/**
 * Extends a VMA that grows down to hold `address` (Linux: expand_stack): within RLIMIT_STACK and RLIMIT_AS, and not
 * nearer than the guard gap to an accessible VMA below.
 */
function growStack(mm: Mm, address: number): Vma | undefined {
  const index = mm.vmas.indexAbove(address);
  const vma = mm.vmas.at(index);
  if (vma === undefined || !(vma.flags & Vm.growsDown)) return undefined;
  const below = mm.vmas.at(index - 1);
  let lowest = Math.max(mm.minAddress, vma.end - mm.softLimit(RLIMIT_STACK));
  if (below !== undefined) {
    const gap = below.flags & Vm.growsDown || below.prot === 0 ? 0 : STACK_GUARD_GAP;
    lowest = Math.max(lowest, below.end + gap);
  }
  let start = address - address % PAGE_SIZE;
  if (start < lowest || !mm.mayExpand(vma.start - start)) return undefined;
  const ahead = start - STACK_AHEAD;
  if (ahead >= lowest && mm.mayExpand(vma.start - ahead)) start = ahead;
  mm.account(vma, -1);
  vma.start = start;
  mm.account(vma, 1);
  return vma;
}

/**
 * A view of guest bytes whatever the guest's own rights, as ptrace and /proc/PID/mem have it (Linux: FOLL_FORCE):
 * undefined where nothing is mapped or a shared mapping may not be written.
 */
export function forceView(mm: Mm, va: number, length: number, access: "read" | "write"): Uint8Array | undefined {
  const vma = mm.vmas.find(va);
  if (vma === undefined) return undefined;
  const page = va - va % PAGE_SIZE;
  if (mm.resident.get(page) === Page.absent && populate(mm, vma, page, false) !== "ok") return undefined;
  if (access === "write") {
    if (vma.shared && !(vma.prot & 2)) return undefined;
    const state = mm.resident.get(page);
    if (state === Page.clean) {
      mm.space.own(page, pageRights(vma.prot));
      mm.resident.fill(page, page + PAGE_SIZE, Page.private);
    } else if (state === Page.sharedUnwritten && handleFault(mm, va, "write") !== "ok") return undefined;
  }
  return mm.space.view(va, Math.min(length, page + PAGE_SIZE - va), access, true);
}
