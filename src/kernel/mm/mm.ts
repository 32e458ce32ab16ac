/**
 * A process's address space (Linux: `struct mm_struct`): its VMAs, the pages the engine holds for them, the heap,
 * the limits and the accounts. Threads, and a vfork child until it execs, share one by reference count.
 *
 * This room is the policy above the engine's pages. The calls are in files of their own (`map.ts`, `brk.ts`,
 * `remap.ts`, `advise.ts`, `fault.ts`); they keep these invariants:
 * - VMAs are sorted and disjoint; two neighbours that could be one VMA usually are.
 * - A page the engine holds lies in a VMA and has a state in {@link ResidentPages}; a page without a state is not
 *   in the engine.
 * - The engine's rights of a page are never more than its VMA's.
 */
import { type Access, type AddressSpace, type Engine, PAGE_SIZE } from "../../engine/engine.ts";
import { MMAP_MIN_ADDR } from "../abi/mman.ts";
import { defaultLimits, RLIMIT_AS, RLIMIT_DATA } from "../abi/resource.ts";
import type { OpenFile } from "../fs/file.ts";
import { type FaultResult, handleFault } from "./fault.ts";
import { GuestMemory } from "./guest_memory.ts";
import { MMAP_BASE } from "./layout.ts";
import type { MapObject, MapUser } from "./map_object.ts";
import { mapsText, smapsText } from "./maps_text.ts";
import { gaugeOf, type MemoryGauge } from "./memory_gauge.ts";
import { Page, ResidentPages } from "./resident.ts";
import { Vm, Vma } from "./vma.ts";
import { VmaList } from "./vma_list.ts";

/** The part of an engine that an address space needs. */
export type MmEngine = Pick<Engine, "createAddressSpace" | "createFrame" | "memory">;

/** Soft and hard limits by RLIMIT_* number, as a process holds them. */
export type Limits = readonly (readonly [number, number])[];

const DEFAULT_LIMITS: Limits = defaultLimits();

/** A process's address space. */
export class Mm extends GuestMemory implements MapUser {
  #space: AddressSpace | undefined;
  readonly vmas = new VmaList();
  readonly resident: ResidentPages;
  /** Memory that all processes of the engine use. */
  readonly gauge: MemoryGauge;
  /** The limits of the process that owns this; set when the process gets the address space. */
  limits: Limits = DEFAULT_LIMITS;
  /** Lowest address that may be mapped. */
  readonly minAddress = MMAP_MIN_ADDR;
  /** Tasks that use this. */
  #users = 1;

  /** Heap: [startBrk, brk). */
  startBrk = 0;
  brk = 0;
  /** Program text and data, for `/proc/self/stat` and the heap's limit. */
  startCode = 0;
  endCode = 0;
  startData = 0;
  endData = 0;
  /** sp at the program's entry; marks the VMA that is `[stack]`. */
  startStack = 0;
  /** Where exec put the argument and environment strings, for `/proc/self/{cmdline,environ}`. */
  argStart = 0;
  argEnd = 0;
  envStart = 0;
  envEnd = 0;
  /** Bytes of the auxiliary vector, for `/proc/self/auxv`. */
  auxv: Uint8Array = new Uint8Array();
  /** The program came with a dynamic loader (PT_INTERP). */
  hasLoader = false;
  /** Address of the vDSO's ELF header, and of its `__kernel_rt_sigreturn`; 0 without a vDSO. */
  vdso = 0;
  sigreturn = 0;
  #exeFile: OpenFile | undefined;
  /** Below this the heap and mappings leave room for the stack to grow. */
  stackFloor = 0;

  /** {@link Vm} flags that new mappings get (mlockall(MCL_FUTURE)). */
  defaultFlags = 0;
  /** MEMBARRIER_CMD_REGISTER_* commands that this process has made. */
  membarrierRegistered = 0;

  /** Page faults served, for getrusage's ru_minflt. */
  faults = 0;
  /** Pages mapped, and of these private writable, executable, stack and locked ones. */
  totalPages = 0;
  dataPages = 0;
  execPages = 0;
  stackPages = 0;
  lockedPages = 0;
  peakPages = 0;

  /** No hole below this is larger than {@link holeBelow}: where the search for free addresses begins. */
  searchFrom = MMAP_BASE;
  holeBelow = 0;

  constructor(readonly engine: MmEngine) {
    super();
    this.gauge = gaugeOf(engine);
    this.resident = new ResidentPages(this.gauge);
  }

  /** The engine's part. Made when it is first needed: a process that begins with exec never does. */
  override get space(): AddressSpace {
    return this.#space ??= this.engine.createAddressSpace();
  }

  /** Makes the page of `va` accessible, or says which signal the access deserves. */
  override handleFault(va: number, access: Access): FaultResult {
    return handleFault(this, va, access);
  }

  /** One more task uses this address space. Returns it. */
  addUser(): this {
    this.#users++;
    return this;
  }

  /** A task stops using it (exit or exec); the last one frees everything. */
  release(): void {
    if (--this.#users > 0) return;
    for (const vma of this.vmas) vma.object?.unref(this, vma.flags);
    this.vmas.splice(0, this.vmas.size);
    this.setExeFile(undefined);
    this.resident.clear();
    this.#space?.free();
  }

  /** Number of tasks that use it. */
  get users(): number {
    return this.#users;
  }

  /** The running program, for `/proc/self/exe`. */
  get exeFile(): OpenFile | undefined {
    return this.#exeFile;
  }

  /** Sets the running program and holds a reference to it; while it runs nobody may write to it (ETXTBSY). */
  setExeFile(file: OpenFile | undefined): void {
    if (file) {
      file.references++;
      file.inode.deniers++;
    }
    const old = this.#exeFile;
    this.#exeFile = file;
    if (old) {
      old.inode.deniers--;
      old.unref();
    }
  }

  /** Whether far addresses can be used: the first time they take room from the others. */
  get mayOpenFar(): boolean {
    const { far, limit } = this.space;
    return far !== undefined && (limit <= far.nearLimit || !this.vmas.intersecting(far.nearLimit, limit));
  }

  /** Whether the engine can have pages at an address: far ones it has for some only. */
  reach(va: number): boolean {
    return va < this.space.limit || (this.space.far?.reach(va) ?? false);
  }

  /** A copy for a forked child (Linux: dup_mmap). Memory locks are not inherited (man 2 mlock). */
  fork(): Mm {
    const child = new Mm(this.engine);
    child.limits = this.limits;
    child.startBrk = this.startBrk;
    child.brk = this.brk;
    child.startCode = this.startCode;
    child.endCode = this.endCode;
    child.startData = this.startData;
    child.endData = this.endData;
    child.startStack = this.startStack;
    child.argStart = this.argStart;
    child.argEnd = this.argEnd;
    child.envStart = this.envStart;
    child.envEnd = this.envEnd;
    child.auxv = this.auxv;
    child.hasLoader = this.hasLoader;
    child.vdso = this.vdso;
    child.sigreturn = this.sigreturn;
    child.setExeFile(this.#exeFile);
    child.stackFloor = this.stackFloor;
    child.membarrierRegistered = this.membarrierRegistered;
    child.searchFrom = this.searchFrom;
    child.holeBelow = this.holeBelow;
    const { far, limit } = this.space;
    if (far && limit <= far.nearLimit) child.space.far!.open();
    for (const vma of this.vmas) {
      if (vma.flags & Vm.dontFork) {
        child.searchFrom = MMAP_BASE;
        child.holeBelow = 0;
        continue;
      }
      const flags = vma.flags & ~(Vm.locked | Vm.lockOnFault);
      const copy = new Vma(vma.start, vma.end, vma.prot, flags, vma.object, vma.pageOffset);
      copy.object?.ref(child, flags);
      child.vmas.splice(child.vmas.size, 0, copy);
      child.account(copy, 1);
      if (vma.flags & Vm.wipeOnFork) continue;
      this.resident.runs(vma.start, vma.end, (start, end, state) => {
        // Pages of frames come back by a fault if the child lives long enough to touch them; most children exec.
        if (state !== Page.private) return;
        child.resident.fill(start, end, state);
        this.space.copyTo(child.space, start, end - start);
      });
    }
    return child;
  }

  /** The soft limit of a resource, in its own unit. */
  softLimit(resource: number): number {
    return this.limits[resource]?.[0] ?? Infinity;
  }

  /** False if `bytes` more would exceed RLIMIT_AS, or RLIMIT_DATA where they are private and writable. */
  mayExpand(bytes: number, data = false): boolean {
    if (this.totalPages * PAGE_SIZE + bytes > this.softLimit(RLIMIT_AS)) return false;
    return !data || this.dataPages * PAGE_SIZE + bytes <= this.softLimit(RLIMIT_DATA);
  }

  /** Adds (sign 1) or removes (sign -1) a VMA in the accounts. Call around every change of its range, rights or flags. */
  account(vma: Vma, sign: 1 | -1): void {
    const pages = sign * (vma.end - vma.start) / PAGE_SIZE;
    this.totalPages += pages;
    if (isData(vma.prot, vma.flags)) this.dataPages += pages;
    if (vma.prot & 4) this.execPages += pages;
    if (vma.flags & Vm.growsDown) this.stackPages += pages;
    if (vma.flags & Vm.locked) this.lockedPages += pages;
    if (this.totalPages > this.peakPages) this.peakPages = this.totalPages;
  }

  /** Takes the pages of a range from the engine; the VMAs stay. */
  dropPages(start: number, end: number): void {
    this.resident.runs(start, end, (from, to) => {
      this.space.unmap(from, to - from);
      this.resident.fill(from, to, Page.absent);
    });
  }

  dropObjectPages(object: MapObject, first: number, end: number, copies: boolean): void {
    for (const vma of this.vmas) {
      if (vma.object !== object) continue;
      const from = Math.max(vma.start, vma.start + (first - vma.pageOffset) * PAGE_SIZE);
      const to = Math.min(vma.end, vma.start + (end - vma.pageOffset) * PAGE_SIZE);
      if (from >= to) continue;
      this.resident.runs(from, to, (start, stop, state) => {
        if (state === Page.private && !copies) return;
        this.space.unmap(start, stop - start);
        this.resident.fill(start, stop, Page.absent);
      });
    }
  }

  /** Text of `/proc/PID/maps`. */
  mapsText(): string {
    return mapsText(this);
  }

  /** Text of `/proc/PID/smaps`. */
  smapsText(): string {
    return smapsText(this);
  }

  /** Bytes of address space in use (VmSize). */
  get virtualSize(): number {
    return this.totalPages * PAGE_SIZE;
  }

  /** Most memory that was present at once, in KiB (VmHWM, ru_maxrss). */
  get peakRssKib(): number {
    return this.resident.peak * (PAGE_SIZE / 1024);
  }

  /** Bytes present in memory (VmRSS). */
  get residentSize(): number {
    return this.resident.total * PAGE_SIZE;
  }
}

/** True for memory that RLIMIT_DATA counts: private, writable, not a stack (Linux: is_data_mapping). */
export function isData(prot: number, flags: number): boolean {
  return (prot & 2) !== 0 && (flags & (Vm.shared | Vm.growsDown)) === 0;
}
