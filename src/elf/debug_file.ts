/**
 * Files that hold debugging information only: what `objcopy --only-keep-debug` splits off a program, and the object
 * files (.dwo) of split DWARF. They have sections but nothing that could be loaded, so a program's checks do not fit.
 */
import { ENOEXEC } from "../kernel/abi/errno.ts";
import { EI_CLASS, EI_DATA, ELFCLASS64, ELFDATA2LSB, EM_AARCH64, SIZEOF_EHDR, SIZEOF_PHDR } from "./constants.ts";
import { ElfError } from "./elf_error.ts";
import { isElf } from "./header.ts";
import { buildId, parseNoteBytes } from "./notes.ts";
import { parseSections, type Section, sectionBytes } from "./sections.ts";
import type { ElfSource } from "./source.ts";
import { SymbolTable } from "./symbols.ts";
import { u64 } from "./u64.ts";

/** Larger notes are not a build id. */
const MAX_NOTE = 65536;

/** What debuggers need of a file, be it a program or what was split off one. */
export interface SectionFile {
  readonly source: ElfSource;
  readonly sections: readonly Section[];
  readonly symbols: SymbolTable;
}

/** A file of debugging information. */
export class DebugFile implements SectionFile {
  #symbols: SymbolTable | undefined;

  constructor(readonly source: ElfSource, readonly sections: readonly Section[]) {}

  get symbols(): SymbolTable {
    return this.#symbols ??= SymbolTable.read(this.source, this.sections);
  }

  /** In hex; undefined without one. */
  get buildId(): string | undefined {
    const section = this.sections.find(({ name }) => name === ".note.gnu.build-id");
    const bytes = section && sectionBytes(this.source, section, MAX_NOTE);
    return bytes && buildId(parseNoteBytes(bytes, 4));
  }
}

/** Reads a debug file. @throws {ElfError} where it is none, or not for aarch64 */
export function parseDebugFile(source: ElfSource): DebugFile {
  const head = source.read(0, SIZEOF_EHDR);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (
    head.length < SIZEOF_EHDR || !isElf(head) || head[EI_CLASS] !== ELFCLASS64 || head[EI_DATA] !== ELFDATA2LSB ||
    view.getUint16(18, true) !== EM_AARCH64
  ) throw new ElfError("not an ELF file for aarch64", { errno: ENOEXEC, exitCode: 126 });
  const sections = parseSections(source, {
    osabi: 0,
    abiVersion: 0,
    type: view.getUint16(16, true),
    machine: EM_AARCH64,
    entry: 0,
    phoff: 0,
    shoff: u64(view, 40),
    flags: 0,
    phentsize: SIZEOF_PHDR,
    phnum: 0,
    shentsize: view.getUint16(58, true),
    shnum: view.getUint16(60, true),
    shstrndx: view.getUint16(62, true),
  });
  return new DebugFile(source, sections);
}
