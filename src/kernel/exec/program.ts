/** Lays a program out in an empty address space: segments, heap, interpreter, vDSO and stack, in that order. */
import type { ElfFile } from "../../elf/parse.ts";
import { type Engine, PAGE_SIZE } from "../../engine/engine.ts";
import * as at from "../abi/auxv.ts";
import { hwcaps } from "../abi/hwcap.ts";
import { ENOMEM } from "../abi/errno.ts";
import { MAP_FIXED, STACK_GUARD_GAP } from "../abi/mman.ts";
import { RLIMIT_STACK } from "../abi/resource.ts";
import { MINSIGSTKSZ } from "../abi/signal.ts";
import type { OpenFile } from "../fs/file.ts";
import * as layout from "../mm/layout.ts";
import { findFree, map, pageAlign } from "../mm/map.ts";
import type { MapObject } from "../mm/map_object.ts";
import type { Mm } from "../mm/mm.ts";
import { Vm } from "../mm/vma.ts";
import { chooseBias, type Loaded, loadSegments, STACK_VM_FLAGS } from "./load.ts";
import type { ExecIdentity } from "./prepare.ts";
import { buildStack, type StackContent } from "./stack_image.ts";
import { vdsoObject } from "./vdso.ts";

/** A file to map. */
export interface Program {
  readonly file: OpenFile;
  readonly elf: ElfFile;
  readonly object: MapObject;
}

/** Bytes of the stack's VMA at the start. */
const STACK_EXPAND = 33 * PAGE_SIZE;

/** Everything the new address space is made of. */
export interface ProgramParts {
  readonly program: Program;
  readonly loader: Program | undefined;
  readonly engine: Engine;
  readonly argv: readonly string[];
  readonly envp: readonly string[];
  readonly filename: string;
  readonly random: Uint8Array;
  readonly identity: ExecIdentity;
  /** The stack is to be where Linux has it: {@link wantsFarStack}. */
  readonly isFarStack?: boolean;
}

/** Where the first instruction and the stack pointer are; or a negative errno. */
export function layOut(mm: Mm, parts: ProgramParts): { readonly pc: number; readonly sp: number } | number {
  const { program, loader } = parts;
  const main = loadProgram(mm, program, loader !== undefined);
  if (typeof main === "number") return main;
  // Without far addresses the program's own runtime will say what it wants.
  const highest = parts.isFarStack && (mm.space.far === undefined || mm.mayOpenFar)
    ? mm.addressLimit - PAGE_SIZE
    : layout.STACK_TOP;
  const top = placeStack(mm, program.elf, pageAlign(main.end), highest);
  if (top < 0) return top;
  setHeap(mm, program.elf, main);

  let entry = program.elf.header.entry + main.bias, base = 0;
  if (loader !== undefined) {
    const loaded = loadAnywhere(mm, loader);
    if (typeof loaded === "number") return loaded;
    base = loaded.bias;
    mm.hasLoader = true;
    entry = loader.elf.header.entry + base;
  }
  const vdso = mapVdso(mm, parts.engine);
  if (vdso < 0) return vdso;

  const { argv, envp, filename, random } = parts;
  const auxv = auxiliaryVector(mm, parts, main.bias, base);
  return { pc: entry, sp: writeStack(mm, top, { argv, envp, filename, random, auxv }) };
}

/** The main program: at its address, at the base for PIEs, or (a loader run as a program) where there is room. */
function loadProgram(mm: Mm, { elf, object }: Program, interpreted: boolean): Loaded | number {
  if (elf.isFixed) return loadSegments(mm, elf, object, 0);
  const bias = chooseBias(mm, elf, interpreted ? layout.PIE_BASE : undefined);
  return bias < 0 && bias > -4096 ? bias : loadSegments(mm, elf, object, bias);
}

function loadAnywhere(mm: Mm, { elf, object }: Program): Loaded | number {
  if (elf.isFixed) return loadSegments(mm, elf, object, 0);
  const bias = chooseBias(mm, elf, undefined);
  return bias < 0 && bias > -4096 ? bias : loadSegments(mm, elf, object, bias);
}

/**
 * Maps the stack below `highest` and keeps room below for it to grow; a program that is linked into that range gets it
 * above. Returns the top or a negative errno.
 */
function placeStack(mm: Mm, elf: ElfFile, programEnd: number, highest: number): number {
  const limit = mm.softLimit(RLIMIT_STACK);
  const reserve = pageAlign(Math.min(layout.STACK_RESERVE_MAX, Math.max(layout.STACK_RESERVE_MIN, limit)));
  const needed = reserve + STACK_GUARD_GAP;
  let top = highest;
  if (mm.vmas.intersecting(top - needed, top)) {
    const free = findFree(mm, needed);
    if (free < 0) return free;
    top = free + needed;
  }
  // As much as Linux begins with (setup_arg_pages), within the limit; arguments and calls extend it.
  const length = pageAlign(Math.max(1, Math.min(STACK_EXPAND, limit)));
  const vmFlags = STACK_VM_FLAGS;
  // What is far is never executed.
  const prot = elf.executableStack && top <= mm.space.limit ? 7 : 3;
  mm.startStack = top - PAGE_SIZE;
  const result = map(mm, { address: top - length, length, prot, flags: MAP_FIXED, vmFlags });
  if (result < 0) return result;
  mm.stackFloor = top - needed;
  return programEnd > mm.space.limit ? -ENOMEM : top;
}

/** The heap begins a page behind the program: an overrun of its data faults. Loaders in the mmap area leave theirs low. */
function setHeap(mm: Mm, elf: ElfFile, main: Loaded): void {
  const end = pageAlign(main.end) + PAGE_SIZE;
  const inMmapArea = !elf.isFixed && main.end > layout.MMAP_BASE;
  mm.startBrk = mm.brk = inMmapArea ? layout.PIE_BASE : end;
  for (const load of elf.loads) {
    const start = main.bias + load.vaddr, fileEnd = start + load.filesz;
    if (load.flags & 1) {
      if (mm.startCode === 0 || start < mm.startCode) mm.startCode = start;
      mm.endCode = Math.max(mm.endCode, fileEnd);
    }
    if (start > mm.startData) mm.startData = start;
    mm.endData = Math.max(mm.endData, fileEnd);
  }
}

function mapVdso(mm: Mm, engine: Engine): number {
  const object = vdsoObject(engine);
  const flags = Vm.mayRead | Vm.mayWrite | Vm.mayExec | Vm.dontExpand;
  const address = map(mm, { address: 0, length: PAGE_SIZE, prot: 5, flags: 0, vmFlags: flags, object });
  if (address < 0) return address;
  mm.vdso = address;
  mm.sigreturn = address + object.sigreturn;
  return address;
}

/** In Linux's order on arm64. */
function auxiliaryVector(mm: Mm, parts: ProgramParts, bias: number, base: number): StackContent["auxv"] {
  const { elf } = parts.program;
  const { hwcap, hwcap2 } = hwcaps(parts.engine.features);
  const { identity } = parts;
  const headers = elf.programHeaderAddress;
  return [
    [at.AT_SYSINFO_EHDR, mm.vdso],
    [at.AT_MINSIGSTKSZ, MINSIGSTKSZ],
    [at.AT_HWCAP, hwcap],
    [at.AT_PAGESZ, PAGE_SIZE],
    [at.AT_CLKTCK, at.USER_HZ],
    [at.AT_PHDR, headers === 0 ? 0 : headers + bias],
    [at.AT_PHENT, elf.header.phentsize],
    [at.AT_PHNUM, elf.header.phnum],
    [at.AT_BASE, base],
    [at.AT_FLAGS, 0],
    [at.AT_ENTRY, elf.header.entry + bias],
    [at.AT_UID, identity.uid],
    [at.AT_EUID, identity.euid],
    [at.AT_GID, identity.gid],
    [at.AT_EGID, identity.egid],
    [at.AT_SECURE, identity.secure ? 1 : 0],
    [at.AT_RANDOM, 0],
    [at.AT_HWCAP2, hwcap2],
    [at.AT_EXECFN, 0],
    [at.AT_PLATFORM, 0],
  ];
}

/** Writes the stack through the guest's own rights, so that it grows as if pushed. */
function writeStack(mm: Mm, top: number, content: StackContent): number {
  const image = buildStack(top, content);
  mm.startStack = image.sp;
  mm.argStart = image.argStart;
  mm.argEnd = image.argEnd;
  mm.envStart = image.envStart;
  mm.envEnd = image.envEnd;
  mm.auxv = image.auxv;
  // From the top down: a stack grows to the lowest address touched.
  mm.view(image.sp, 1, "write");
  mm.writeBytes(image.sp, image.bytes);
  return image.sp;
}
