/**
 * Core files (core(5)): registers, what is known about the process, and its memory, as an ELF file that debuggers
 * open. Which mappings are in it goes by Linux's default filter: private and shared anonymous memory, private file
 * mappings that were written to, and the first page of other mapped programs, which holds the build id. Pages that
 * hold nothing but zeros are holes of the file.
 */
import { PAGE_SIZE } from "../../engine/engine.ts";
import {
  EM_AARCH64,
  ET_CORE,
  PF_R,
  PF_W,
  PF_X,
  PN_XNUM,
  PT_LOAD,
  PT_NOTE,
  SIZEOF_EHDR,
  SIZEOF_PHDR,
} from "../../elf/constants.ts";
import type { Siginfo } from "../../kernel/abi/siginfo.ts";
import { forceView } from "../../kernel/mm/fault.ts";
import type { Mm } from "../../kernel/mm/mm.ts";
import { Page } from "../../kernel/mm/resident.ts";
import { Vm, type Vma } from "../../kernel/mm/vma.ts";
import type { Task } from "../../kernel/task/task.ts";
import { coreNotes } from "./core_notes.ts";

/** Bytes of memory written at most; what is beyond is missing from the file, though its addresses are listed. */
const MAX_BYTES = 2 * 2 ** 30;

/** What a core file is written to. */
export interface CoreSink {
  /** Writes at an offset; what is never written is a hole. */
  write(offset: number, bytes: Uint8Array): void;
  /** The file is so long, although it may end in a hole. */
  truncate(length: number): void;
}

/** Writes the core file of a process whose thread gets a fatal signal. @param args arguments, spaces between */
export function writeCore(task: Task, info: Siginfo, args: string, sink: CoreSink): void {
  const { mm } = task;
  const notes = coreNotes(task, info, args), noteSize = notes.reduce((sum, each) => sum + each.length, 0);
  let room = MAX_BYTES;
  const segments = [...mm.vmas].slice(0, PN_XNUM - 2).map((vma) => {
    const size = Math.min(dumpedSize(mm, vma), room);
    room -= size;
    return { vma, size };
  });
  const head = SIZEOF_EHDR + SIZEOF_PHDR * (segments.length + 1);
  const headers = new Uint8Array(head), view = new DataView(headers.buffer);
  header(headers, view, segments.length + 1);
  programHeader(view, 0, { type: PT_NOTE, flags: 0, offset: head, vaddr: 0, filesz: noteSize, memsz: 0, align: 4 });
  let offset = Math.ceil((head + noteSize) / PAGE_SIZE) * PAGE_SIZE;
  const placed = segments.map(({ vma, size }, index) => {
    const flags = (vma.prot & 1 ? PF_R : 0) | (vma.prot & 2 ? PF_W : 0) | (vma.prot & 4 ? PF_X : 0);
    const memsz = vma.end - vma.start;
    programHeader(view, index + 1, {
      type: PT_LOAD,
      flags,
      offset,
      vaddr: vma.start,
      filesz: size,
      memsz,
      align: PAGE_SIZE,
    });
    const at = offset;
    offset += size;
    return { vma, size, at };
  });
  sink.write(0, headers);
  let at = head;
  for (const note of notes) {
    sink.write(at, note);
    at += note.length;
  }
  for (const each of placed) writePages(mm, each.vma, each.size, each.at, sink);
  sink.truncate(offset);
}

/** Bytes of a mapping that belong in the file (fs/coredump.c: vma_dump_size). */
function dumpedSize(mm: Mm, vma: Vma): number {
  const whole = vma.end - vma.start, { object, flags } = vma;
  if (object?.kind === "special") return whole;
  if (flags & Vm.dontDump) return 0;
  if (object === undefined || object.kind === "shmem") return whole;
  if (vma.shared) return 0;
  let written = false;
  mm.resident.runs(vma.start, vma.end, (_start, _end, state) => written ||= state === Page.private);
  if (written) return whole;
  return vma.pageOffset === 0 && vma.prot & 1 ? PAGE_SIZE : 0;
}

function writePages(mm: Mm, vma: Vma, size: number, at: number, sink: CoreSink): void {
  const end = vma.start + size;
  const page = (va: number) => {
    const bytes = forceView(mm, va, PAGE_SIZE, "read");
    if (bytes !== undefined && bytes.some((byte) => byte !== 0)) sink.write(at + va - vma.start, bytes);
  };
  if (vma.object === undefined || vma.object.kind === "shmem") {
    // What was never touched is zero.
    mm.resident.runs(vma.start, end, (from, to) => {
      for (let va = from; va < to; va += PAGE_SIZE) page(va);
    });
  } else for (let va = vma.start; va < end; va += PAGE_SIZE) page(va);
}

function header(bytes: Uint8Array, view: DataView, count: number): void {
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, ET_CORE, true);
  view.setUint16(18, EM_AARCH64, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(32, BigInt(SIZEOF_EHDR), true);
  view.setUint16(52, SIZEOF_EHDR, true);
  view.setUint16(54, SIZEOF_PHDR, true);
  view.setUint16(56, count, true);
}

function programHeader(
  view: DataView,
  index: number,
  { type, flags, offset, vaddr, filesz, memsz, align }: Record<
    "type" | "flags" | "offset" | "vaddr" | "filesz" | "memsz" | "align",
    number
  >,
): void {
  const at = SIZEOF_EHDR + SIZEOF_PHDR * index;
  view.setUint32(at, type, true);
  view.setUint32(at + 4, flags, true);
  view.setBigUint64(at + 8, BigInt(offset), true);
  view.setBigUint64(at + 16, BigInt(vaddr), true);
  view.setBigUint64(at + 32, BigInt(filesz), true);
  view.setBigUint64(at + 40, BigInt(memsz), true);
  view.setBigUint64(at + 48, BigInt(align), true);
}
