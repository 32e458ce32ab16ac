/** Program headers: the segments a loader maps, checked so that the loader need not doubt them. */
import { ENOEXEC, ENOMEM } from "../kernel/abi/errno.ts";
import { ET_EXEC, PF_R, PF_W, PF_X, PN_XNUM, PT_LOAD, SIZEOF_PHDR } from "./constants.ts";
import { ElfError } from "./elf_error.ts";
import type { ElfHeader } from "./header.ts";
import type { ElfSource } from "./source.ts";
import { u64 } from "./u64.ts";

/** Elf64_Phdr. */
export interface ProgramHeader {
  readonly type: number;
  /** PF_R, PF_W, PF_X. */
  readonly flags: number;
  readonly offset: number;
  readonly vaddr: number;
  readonly filesz: number;
  readonly memsz: number;
  readonly align: number;
}

/** Linux reads the program headers into one page (fs/binfmt_elf.c, load_elf_phdrs): 73 of them. */
const MAX_PROGRAM_HEADERS = Math.floor(4096 / SIZEOF_PHDR);

const PAGE_SIZE = 4096;

const bad = (message: string, hint?: string): ElfError =>
  new ElfError(message, { errno: ENOEXEC, exitCode: 126, ...(hint === undefined ? {} : { hint }) });

const hex = (value: number): string => "0x" + value.toString(16);

/** A segment by number and rights, as `readelf -l` shows it: `segment 2 (R E at 0x400000)`. */
function segmentTitle(header: ProgramHeader, index: number): string {
  const rights = (header.flags & PF_R ? "R" : " ") + (header.flags & PF_W ? "W" : " ") +
    (header.flags & PF_X ? "E" : " ");
  return `segment ${index} (${rights.trim() || "no rights"} at ${hex(header.vaddr)})`;
}

/** Reads the table. Its limits are Linux's. */
export function parseProgramHeaders(source: ElfSource, header: ElfHeader): ProgramHeader[] {
  const { phoff, phnum } = header;
  if (phnum === 0) throw bad("no program headers: nothing to load", "is it an object file, or were they stripped?");
  if (phnum > MAX_PROGRAM_HEADERS) {
    const count = phnum === PN_XNUM ? "65535 or more" : String(phnum);
    throw bad(`${count} program headers: Linux loads at most ${MAX_PROGRAM_HEADERS}`);
  }
  const length = phnum * SIZEOF_PHDR;
  if (phoff + length > source.size) {
    throw bad(`truncated ELF file: program headers end at ${hex(phoff + length)}, the file at ${hex(source.size)}`);
  }
  const bytes = source.read(phoff, length);
  if (bytes.length < length) throw bad("truncated ELF file: program headers cannot be read");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headers: ProgramHeader[] = [];
  for (let at = 0; at < length; at += SIZEOF_PHDR) {
    headers.push({
      type: view.getUint32(at, true),
      flags: view.getUint32(at + 4, true),
      offset: u64(view, at + 8),
      vaddr: u64(view, at + 16),
      filesz: u64(view, at + 32),
      memsz: u64(view, at + 40),
      align: u64(view, at + 48),
    });
  }
  return headers;
}

/**
 * Checks what will be mapped. Linux kills a process for most of these after the point of no return, or lets it run
 * until it touches the hole; here they are one line beforehand. Segments that share a page are fine (Linux maps the
 * later one over it), segments whose bytes overlap are not.
 *
 * @param limit first address that the engine cannot map
 */
export function checkLoads(headers: readonly ProgramHeader[], header: ElfHeader, size: number, limit: number): void {
  const loads: { header: ProgramHeader; index: number }[] = [];
  headers.forEach((each, index) => {
    if (each.type === PT_LOAD) loads.push({ header: each, index });
  });
  if (loads.length === 0) throw bad("no loadable segment: nothing to run", "is it a debug file split off a program?");
  let lowest = Infinity, highest = 0;
  for (const { header: load, index } of loads) {
    const title = segmentTitle(load, index);
    if (load.filesz > load.memsz) {
      throw bad(`${title} has more bytes in the file (${hex(load.filesz)}) than in memory (${hex(load.memsz)})`);
    }
    if (load.filesz > 0 && load.offset + load.filesz > size) {
      throw bad(
        `truncated ELF file: ${title} ends at ${hex(load.offset + load.filesz)}, the file at ${hex(size)}`,
        "was the copy or download cut short?",
      );
    }
    if (load.filesz > 0 && load.offset % PAGE_SIZE !== load.vaddr % PAGE_SIZE) {
      throw bad(`${title} is misaligned: file offset ${hex(load.offset)} and address differ within a page`);
    }
    if (load.memsz === 0) continue;
    lowest = Math.min(lowest, load.vaddr);
    highest = Math.max(highest, load.vaddr + load.memsz);
  }
  const end = header.type === ET_EXEC ? highest : highest - lowest;
  if (end > limit) {
    const what = header.type === ET_EXEC ? `needs memory up to ${hex(highest)}` : `is ${hex(end)} bytes in memory`;
    throw new ElfError(`the program ${what}: more than the ${hex(limit)} bytes that can be mapped`, {
      errno: ENOMEM,
      exitCode: 126,
      ...(header.type === ET_EXEC ? { hint: "link it as PIE, or at a lower address" } : {}),
    });
  }
  const sorted = loads.filter((load) => load.header.memsz > 0).sort((a, b) => a.header.vaddr - b.header.vaddr);
  for (let i = 1; i < sorted.length; i++) {
    const below = sorted[i - 1]!, above = sorted[i]!;
    if (below.header.vaddr + below.header.memsz > above.header.vaddr) {
      throw bad(
        `${segmentTitle(below.header, below.index)} and ${segmentTitle(above.header, above.index)} overlap in memory`,
      );
    }
  }
}
