/**
 * From an address of a running guest to a function's name: the VMA says which file and where in it, the file's own
 * symbol table says what is there. Everything about a broken file is "unknown", never an error.
 */
import { ElfError } from "../elf/elf_error.ts";
import { type ElfFile, parseElf } from "../elf/parse.ts";
import { SymbolTable } from "../elf/symbols.ts";
import { openFileSource } from "../kernel/exec/exec_source.ts";
import { vdsoFunctions } from "../kernel/exec/vdso.ts";
import type { FileContext } from "../kernel/fs/file.ts";
import type { Inode } from "../kernel/fs/inode.ts";
import { FileObject } from "../kernel/mm/file_object.ts";
import type { Mm } from "../kernel/mm/mm.ts";

/** Where an address is. */
export interface Location {
  /** Function or object, where the file names one. */
  readonly symbol: string | undefined;
  /** Bytes from the symbol's start; without a symbol, offset in the file. */
  readonly offset: number;
  /** Guest path, or `[vdso]`. */
  readonly file: string;
}

/** Parsed files by inode; a file that is no ELF is null. */
const files = new WeakMap<Inode, ElfFile | null>();

function elfOf(object: FileObject, context: FileContext): ElfFile | undefined {
  const { inode } = object.file;
  let elf = files.get(inode);
  if (elf === undefined) {
    try {
      elf = parseElf(openFileSource(object.file, context));
    } catch (error) {
      if (!(error instanceof ElfError)) throw error;
      elf = null;
    }
    files.set(inode, elf);
  }
  return elf ?? undefined;
}

/** What is at `va`; undefined where no file is mapped. */
export function locate(mm: Mm, va: number, context: FileContext): Location | undefined {
  const vma = mm.vmas.find(va);
  const object = vma?.object;
  if (vma === undefined || object === undefined) return undefined;
  const fileOffset = vma.pageOffset * 4096 + (va - vma.start);
  if (object.kind === "special") {
    const found = vdsoFunctions().find(({ start, end }) => fileOffset >= start && fileOffset < end);
    const offset = fileOffset - (found?.start ?? 0);
    return { symbol: found?.name, offset, file: object.label() };
  }
  const unnamed = { symbol: undefined, offset: fileOffset, file: object.label() };
  if (!(object instanceof FileObject)) return unnamed;
  const elf = elfOf(object, context);
  const load = elf?.loads.find(({ offset, filesz }) => fileOffset >= offset && fileOffset < offset + filesz);
  if (elf === undefined || load === undefined) return unnamed;
  const match = symbolsOf(elf).lookup(load.vaddr + fileOffset - load.offset);
  return match ? { symbol: match.name, offset: match.offset, file: unnamed.file } : unnamed;
}

function symbolsOf(elf: ElfFile): SymbolTable {
  try {
    return elf.symbols;
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    return SymbolTable.fromBytes(new Uint8Array(), new Uint8Array());
  }
}

/**
 * `symbol+0x1c (/path/of/file)`, or `(/path/of/file+0x1234)` without a symbol; undefined where no file is mapped.
 *
 * @param caller `va` is a return address: the call before it counts, which may be a function's last instruction
 */
export function describeAddress(mm: Mm, va: number, context: FileContext, caller = false): string | undefined {
  const location = locate(mm, caller ? va - 4 : va, context);
  if (location === undefined) return undefined;
  const offset = "0x" + (location.offset + (caller ? 4 : 0)).toString(16);
  return location.symbol === undefined
    ? `(${location.file}+${offset})`
    : `${location.symbol}+${offset} (${location.file})`;
}
