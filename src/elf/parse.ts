/** Reads an ELF program: what exec needs at once, what diagnosis needs on demand. */
import { EIO, ENOEXEC } from "../kernel/abi/errno.ts";
import { ET_DYN, ET_EXEC, PF_X, PT_GNU_STACK, PT_INTERP, PT_LOAD, SIZEOF_EHDR } from "./constants.ts";
import { type DynamicInfo, latin1, parseDynamic } from "./dynamic.ts";
import { ElfError } from "./elf_error.ts";
import { type ElfHeader, parseHeader } from "./header.ts";
import { aarch64Features, type Note, parseNotes } from "./notes.ts";
import { checkLoads, parseProgramHeaders, type ProgramHeader } from "./program_headers.ts";
import { parseSections, type Section } from "./sections.ts";
import type { ElfSource } from "./source.ts";
import { SymbolTable } from "./symbols.ts";

/** Size of the address window that engines offer, in bytes. */
export const ADDRESS_LIMIT = 2 ** 34;

const PATH_MAX = 4096;

/** A program or shared library whose headers are valid. */
export class ElfFile {
  /** PT_LOAD segments in table order. */
  readonly loads: readonly ProgramHeader[];
  /** PT_INTERP as a byte string; undefined for a static program. */
  readonly interpreter: string | undefined;
  /** Whether PT_GNU_STACK asks for an executable stack; undefined without that header. */
  readonly executableStack: boolean | undefined;
  #dynamic: DynamicInfo | null | undefined;
  #notes: readonly Note[] | undefined;
  #sections: readonly Section[] | undefined;
  #symbols: SymbolTable | undefined;

  /** Use {@link parseElf}. */
  constructor(
    readonly source: ElfSource,
    readonly header: ElfHeader,
    readonly programHeaders: readonly ProgramHeader[],
  ) {
    this.loads = programHeaders.filter((each) => each.type === PT_LOAD);
    this.interpreter = readInterpreter(source, programHeaders);
    const stack = programHeaders.findLast((each) => each.type === PT_GNU_STACK);
    this.executableStack = stack && (stack.flags & PF_X) !== 0;
  }

  /** ET_EXEC: addresses are absolute. */
  get isFixed(): boolean {
    return this.header.type === ET_EXEC;
  }

  /** ET_DYN: a PIE, a static PIE, a library or a loader. */
  get isRelocatable(): boolean {
    return this.header.type === ET_DYN;
  }

  /** Lowest address of a segment with memory, and the first behind the highest. */
  get extent(): { readonly start: number; readonly end: number } {
    let start = Infinity, end = 0;
    for (const load of this.loads) {
      if (load.memsz === 0) continue;
      start = Math.min(start, load.vaddr);
      end = Math.max(end, load.vaddr + load.memsz);
    }
    return { start: Math.min(start, end), end };
  }

  /**
   * Address of the program headers in memory (AT_PHDR, before the load base), as Linux finds it: in the last segment
   * whose file part holds e_phoff; 0 if none does.
   */
  get programHeaderAddress(): number {
    const { phoff } = this.header;
    const holder = this.loads.findLast((each) => each.offset <= phoff && phoff < each.offset + each.filesz);
    return holder ? phoff - holder.offset + holder.vaddr : 0;
  }

  /** The dynamic section; undefined for a static non-PIE program. */
  get dynamic(): DynamicInfo | undefined {
    this.#dynamic ??= parseDynamic(this.source, this.programHeaders) ?? null;
    return this.#dynamic ?? undefined;
  }

  /** All notes. */
  get notes(): readonly Note[] {
    return this.#notes ??= parseNotes(this.source, this.programHeaders);
  }

  /** GNU_PROPERTY_AARCH64_FEATURE_1 bits: BTI 1, PAC 2. */
  get aarch64Features(): number {
    return aarch64Features(this.source, this.programHeaders);
  }

  /** Section headers; empty where they are stripped. */
  get sections(): readonly Section[] {
    return this.#sections ??= parseSections(this.source, this.header);
  }

  /** Functions and objects by address. Reads the whole table on first use. */
  get symbols(): SymbolTable {
    return this.#symbols ??= SymbolTable.read(this.source, this.sections);
  }
}

/** The first PT_INTERP, with Linux's limits (fs/binfmt_elf.c: 2 to PATH_MAX bytes, NUL at the end). */
function readInterpreter(source: ElfSource, headers: readonly ProgramHeader[]): string | undefined {
  const header = headers.find((each) => each.type === PT_INTERP);
  if (!header) return undefined;
  const bad = (what: string): ElfError =>
    new ElfError(`damaged interpreter name (PT_INTERP): ${what}`, { errno: ENOEXEC, exitCode: 126 });
  if (header.filesz < 2) throw bad("it is empty");
  if (header.filesz > PATH_MAX) throw bad(`it is longer than ${PATH_MAX} bytes`);
  if (header.offset + header.filesz > source.size) throw bad("it lies behind the end of the file");
  const bytes = source.read(header.offset, header.filesz);
  if (bytes.length < header.filesz || bytes[bytes.length - 1] !== 0) throw bad("it does not end with NUL");
  return latin1(bytes.subarray(0, bytes.indexOf(0)));
}

/** Options of {@link parseElf}. */
export interface ParseOptions {
  /** First address that cannot be mapped; default {@link ADDRESS_LIMIT}. */
  readonly limit?: number;
}

/**
 * Reads and checks a program, its interpreter or a library.
 *
 * @throws ElfError and nothing else, whatever the bytes are
 */
export function parseElf(source: ElfSource, options: ParseOptions = {}): ElfFile {
  const head = source.read(0, SIZEOF_EHDR);
  if (head.length < Math.min(SIZEOF_EHDR, source.size)) {
    throw new ElfError("the file cannot be read", { errno: EIO, exitCode: 126 });
  }
  const header = parseHeader(head, source.size);
  const programHeaders = parseProgramHeaders(source, header);
  checkLoads(programHeaders, header, source.size, options.limit ?? ADDRESS_LIMIT);
  return new ElfFile(source, header, programHeaders);
}
