/** Mapping the segments of an ELF file (System V gABI chapter 5; Linux: elf_map, set_brk, padzero). */
import { PAGE_SIZE } from "../../engine/engine.ts";
import type { ElfFile } from "../../elf/parse.ts";
import { PF_R, PF_W, PF_X } from "../../elf/constants.ts";
import type { ProgramHeader } from "../../elf/program_headers.ts";
import { ENOMEM } from "../abi/errno.ts";
import { MAP_FIXED } from "../abi/mman.ts";
import { findFree, map, pageAlign } from "../mm/map.ts";
import type { MapObject } from "../mm/map_object.ts";
import type { Mm } from "../mm/mm.ts";
import { Vm, VM_MAY_ALL } from "../mm/vma.ts";

/** Where a file came to lie. */
export interface Loaded {
  /** Difference between addresses in memory and in the file. */
  readonly bias: number;
  /** First byte behind the last segment's memory. */
  readonly end: number;
}

const pageStart = (va: number) => va - va % PAGE_SIZE;

/** A place for a position-independent file: `base`, or free space for undefined; aligned as its segments ask. */
export function chooseBias(mm: Mm, elf: ElfFile, base: number | undefined): number {
  const { start, end } = elf.extent;
  let alignment = PAGE_SIZE;
  for (const load of elf.loads) {
    // Only a power of two says anything (Linux: maximum_alignment); a huge one is a wish that cannot be met.
    if (load.align > alignment && load.align <= 2 ** 30 && Number.isInteger(Math.log2(load.align))) {
      alignment = load.align;
    }
  }
  const first = pageStart(start), size = pageAlign(end) - first;
  if (base === undefined) {
    const free = findFree(mm, size + alignment - PAGE_SIZE);
    if (free < 0) return free;
    base = Math.ceil(free / alignment) * alignment;
    // The search goes on right behind the file; the slack of the alignment is left out.
    mm.searchFrom = base + size;
  }
  const bias = base - first;
  return bias + first + size > mm.space.limit ? -ENOMEM : bias;
}

/** Maps all segments at `bias`; returns a negative errno where that fails. */
export function loadSegments(mm: Mm, elf: ElfFile, object: MapObject, bias: number): Loaded | number {
  let end = 0;
  for (const load of elf.loads) {
    if (load.memsz === 0) continue;
    const result = loadSegment(mm, load, object, bias);
    if (result < 0) return result;
    end = Math.max(end, bias + load.vaddr + load.memsz);
  }
  return { bias, end };
}

function loadSegment(mm: Mm, load: ProgramHeader, object: MapObject, bias: number): number {
  const prot = (load.flags & PF_R ? 1 : 0) | (load.flags & PF_W ? 2 : 0) | (load.flags & PF_X ? 4 : 0);
  const address = bias + load.vaddr, start = pageStart(address);
  const fileEnd = address + load.filesz, memoryEnd = address + load.memsz;
  let zeroFrom = start;
  if (load.filesz > 0) {
    const offset = (load.offset - (address - start)) / PAGE_SIZE;
    const request = { address: start, length: fileEnd - start, prot, flags: MAP_FIXED, object, pageOffset: offset };
    const result = map(mm, request);
    if (result < 0) return result;
    zeroFrom = pageAlign(fileEnd);
  } else if (mm.vmas.find(start) !== undefined) {
    // The first page belongs to the segment before as well; that one's zero fill covers it.
    zeroFrom += PAGE_SIZE;
  }
  if (zeroFrom < memoryEnd) {
    const length = memoryEnd - zeroFrom;
    const result = map(mm, { address: zeroFrom, length, prot, flags: MAP_FIXED, vmFlags: VM_MAY_ALL });
    if (result < 0) return result;
  }
  // What follows the data in its last page is the file's; memory there begins with zeros. Segments without the write
  // right keep the file's bytes, as on Linux, whose clear_user fails there.
  const tail = Math.min(zeroFrom, memoryEnd) - fileEnd;
  if (load.filesz > 0 && load.memsz > load.filesz && tail > 0 && prot & 2) {
    mm.writeZeros(fileEnd, pageAlign(fileEnd) - fileEnd);
  }
  return 0;
}

/** {@link Vm} flags of the main stack. */
export const STACK_VM_FLAGS = VM_MAY_ALL | Vm.growsDown;
