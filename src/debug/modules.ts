/**
 * The programs and libraries that a guest has mapped, as debuggers see them: symbols, frame descriptions and
 * debugging information, from the file itself or from the separate file that belongs to it (gdb manual, "Separate
 * Debug Files"). Files are looked up in the guest's own tree and trusted in nothing; what is damaged is "unknown".
 */
import { PT_GNU_EH_FRAME } from "../elf/constants.ts";
import { type DebugFile, parseDebugFile } from "../elf/debug_file.ts";
import { ElfError } from "../elf/elf_error.ts";
import { buildId } from "../elf/notes.ts";
import { type ElfFile, parseElf } from "../elf/parse.ts";
import { sectionBytes } from "../elf/sections.ts";
import type { ElfSource } from "../elf/source.ts";
import { SymbolTable } from "../elf/symbols.ts";
import { O_RDONLY } from "../kernel/abi/fcntl.ts";
import { openFileSource } from "../kernel/exec/exec_source.ts";
import { OpenFile } from "../kernel/fs/file.ts";
import type { FileContext } from "../kernel/fs/file.ts";
import type { Inode } from "../kernel/fs/inode.ts";
import { open } from "../kernel/fs/open.ts";
import { FileObject } from "../kernel/mm/file_object.ts";
import type { Mm } from "../kernel/mm/mm.ts";
import { Task } from "../kernel/task/task.ts";
import { debugLink, DebugSections, fileCrc } from "./dwarf/debug_sections.ts";
import { DebugInfo } from "./dwarf/debug_info.ts";
import { type FrameDescription, FrameTable, type PlacedBytes } from "./dwarf/frame_table.ts";

/** Larger tables of frame descriptions are not read. */
const MAX_FRAMES = 256 << 20;

/** Where separate debug files are, in the guest's tree. */
const DEBUG_ROOT = "/usr/lib/debug";

/** A guest's file whose bytes are read when they are needed; it need not be open in between. */
interface Reader extends ElfSource {
  /** Reads go through this thread's view of the tree from now on. */
  use(context: FileContext, file?: OpenFile): void;
}

/** A file that is mapped, and so open while anybody looks at it. */
function mappedReader(file: OpenFile, context: FileContext): Reader {
  let source = openFileSource(file, context);
  return {
    size: source.size,
    read: (offset, length) => source.read(offset, length),
    use(context, file) {
      if (file) source = openFileSource(file, context);
    },
  };
}

/** A file by its path, opened for each read. */
function pathReader(path: string, context: FileContext): Reader | undefined {
  let current = context;
  const reading = <T>(use: (source: ElfSource) => T): T | undefined => {
    const file = current instanceof Task ? open(current, current.fs.root, path, O_RDONLY, 0) : undefined;
    if (!(file instanceof OpenFile)) return undefined;
    try {
      return use(openFileSource(file, current));
    } finally {
      file.unref();
    }
  };
  const size = reading((source) => source.size);
  return size === undefined ? undefined : {
    size,
    read: (offset, length) => reading((source) => source.read(offset, length)) ?? new Uint8Array(),
    use: (context) => current = context,
  };
}

/** One ELF file and all that is known of its code. */
export class Module {
  readonly #sections: DebugSections;
  /** The separate debug file; null: looked for and not there. */
  #separate: DebugSections | null | undefined;
  #frames: readonly FrameTable[] | undefined;
  #symbols: readonly SymbolTable[] | undefined;
  #info: DebugInfo | undefined;
  /** Readers of files beside the module's own. */
  readonly #readers: Reader[] = [];

  constructor(readonly elf: ElfFile, readonly path: string, private context: FileContext) {
    this.#sections = new DebugSections(elf);
  }

  /** Reads go through this thread's view of the tree from now on. */
  use(context: FileContext): void {
    this.context = context;
    for (const reader of this.#readers) reader.use(context);
  }

  /** The symbol that covers an address of the file. */
  symbol(address: number): { name: string; offset: number } | undefined {
    this.#symbols ??= this.#readSymbols();
    for (const table of this.#symbols) {
      const match = table.lookup(address);
      if (match) return match;
    }
    return undefined;
  }

  /** The address of a symbol in the file. */
  find(name: string): number | undefined {
    this.#symbols ??= this.#readSymbols();
    for (const table of this.#symbols) {
      const found = table.find(name);
      if (found) return found.address;
    }
    return undefined;
  }

  /** How to unwind from an address of the file. */
  frame(address: number): FrameDescription | undefined {
    this.#frames ??= this.#readFrames();
    for (const table of this.#frames) {
      const found = table.lookup(address);
      if (found) return found;
    }
    return undefined;
  }

  /** Lines and inlined functions. */
  get info(): DebugInfo {
    if (!this.#info) {
      const own = new DebugInfo(this.#sections, (name, directory) => this.#openSplit(name, directory));
      const separate = own.present ? undefined : this.#debugSections();
      this.#info = separate ? new DebugInfo(separate, (name, directory) => this.#openSplit(name, directory)) : own;
    }
    return this.#info;
  }

  #readSymbols(): SymbolTable[] {
    const tables: SymbolTable[] = [];
    const full = this.#sections.has(".symtab") ? undefined : this.#debugSections();
    for (const elf of full ? [full.elf, this.elf] : [this.elf]) {
      try {
        tables.push(elf.symbols);
      } catch (error) {
        if (!(error instanceof ElfError)) throw error;
      }
    }
    return tables;
  }

  #readFrames(): FrameTable[] {
    const tables: FrameTable[] = [], { elf } = this;
    const header = this.#headerOfFrames();
    const named = quietly(() => elf.sections)?.find(({ name }) => name === ".eh_frame");
    const own = named && sectionBytes(elf.source, named, MAX_FRAMES);
    if (named && own) tables.push(new FrameTable({ bytes: own, address: named.addr }, "eh_frame", header));
    else if (header) {
      // Without section headers: .eh_frame_hdr says where it begins, its segment where it ends at the latest.
      const address = pointerOfHeader(header);
      const load = address === undefined
        ? undefined
        : elf.loads.find(({ vaddr, filesz }) => address >= vaddr && address < vaddr + filesz);
      if (address !== undefined && load) {
        const offset = load.offset + address - load.vaddr;
        const bytes = elf.source.read(offset, Math.min(MAX_FRAMES, load.offset + load.filesz - offset));
        tables.push(new FrameTable({ bytes, address }, "eh_frame", header));
      }
    }
    for (const sections of [this.#sections, this.#debugSections()]) {
      const bytes = sections?.get(".debug_frame");
      if (bytes) tables.push(new FrameTable({ bytes, address: 0 }, "debug_frame"));
    }
    return tables;
  }

  #headerOfFrames(): PlacedBytes | undefined {
    const segment = this.elf.programHeaders.find(({ type }) => type === PT_GNU_EH_FRAME);
    if (!segment || segment.filesz > MAX_FRAMES || segment.offset + segment.filesz > this.elf.source.size) {
      return undefined;
    }
    return { bytes: this.elf.source.read(segment.offset, segment.filesz), address: segment.vaddr };
  }

  #debugSections(): DebugSections | undefined {
    this.#separate ??= this.#findSeparate() ?? null;
    return this.#separate ?? undefined;
  }

  /** By build id, else by the name in `.gnu_debuglink`. */
  #findSeparate(): DebugSections | undefined {
    const id = quietly(() => buildId(this.elf.notes));
    if (id !== undefined && id.length > 2) {
      const found = this.#open(`${DEBUG_ROOT}/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`);
      if (found?.buildId === id) return new DebugSections(found);
    }
    const link = debugLink(this.#sections);
    if (!link || !this.path.startsWith("/")) return undefined;
    const folder = this.path.slice(0, this.path.lastIndexOf("/"));
    for (const place of [folder, `${folder}/.debug`, `${DEBUG_ROOT}${folder}`]) {
      const path = `${place}/${link.name}`;
      if (path === this.path) continue;
      const found = this.#open(path);
      if (found && fileCrc(found.source) === link.crc) return new DebugSections(found);
    }
    return undefined;
  }

  /** The .dwo file of a unit: where the compiler put it, or beside the program. */
  #openSplit(name: string, directory: string | undefined): DebugSections | undefined {
    const folder = this.path.slice(0, this.path.lastIndexOf("/"));
    const compiled = name.startsWith("/") || directory === undefined ? name : `${directory}/${name}`;
    const found = this.#open(compiled) ?? this.#open(`${folder}/${name.slice(name.lastIndexOf("/") + 1)}`);
    return found && new DebugSections(found);
  }

  #open(path: string): DebugFile | undefined {
    const reader = path.startsWith("/") ? pathReader(path, this.context) : undefined;
    const file = reader && quietly(() => parseDebugFile(reader));
    if (reader && file) this.#readers.push(reader);
    return file;
  }
}

/** Where `.eh_frame_hdr` says that `.eh_frame` is, in the one encoding that linkers write: pcrel | sdata4. */
function pointerOfHeader({ bytes, address }: PlacedBytes): number | undefined {
  if (bytes.length < 8 || bytes[1] !== 0x1b) return undefined;
  return address + 4 + new DataView(bytes.buffer, bytes.byteOffset).getInt32(4, true);
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ElfError) return undefined;
    throw error;
  }
}

/** What was made of a file, and what the file was then. */
interface Known {
  readonly module: Module | undefined;
  readonly reader: Reader;
  readonly size: number;
}

const known = new WeakMap<Inode, Known>();

/** An address in terms of the file that is mapped there. */
export interface ModuleAddress {
  readonly module: Module;
  /** Address in the file's own terms. */
  readonly address: number;
  /** Address in memory minus address in the file. */
  readonly bias: number;
}

/** The file mapped at `va` as a module; undefined where there is none, or it is no ELF file. */
export function moduleAt(mm: Mm, va: number, context: FileContext): ModuleAddress | undefined {
  const vma = mm.vmas.find(va), object = vma?.object;
  if (vma === undefined || !(object instanceof FileObject)) return undefined;
  const module = moduleOf(object, context);
  if (!module) return undefined;
  const offset = vma.pageOffset * 4096 + (va - vma.start);
  const load = loadAt(module.elf, offset, vma.prot);
  if (!load) return undefined;
  const address = load.vaddr + offset - load.offset;
  return { module, address, bias: va - address };
}

/** The segment that an offset of the file belongs to; its page may belong to two, of which the rights tell one. */
function loadAt(elf: ElfFile, offset: number, prot: number): ElfFile["loads"][number] | undefined {
  const inside = elf.loads.filter((load) => offset >= load.offset && offset < load.offset + load.filesz);
  return inside.find((load) => ((load.flags & 1) !== 0) === ((prot & 4) !== 0)) ?? inside[0];
}

function moduleOf(object: FileObject, context: FileContext): Module | undefined {
  const { file } = object, { inode } = file, before = known.get(inode);
  if (before && before.size === inode.size) {
    before.reader.use(context, file);
    before.module?.use(context);
    return before.module;
  }
  const reader = mappedReader(file, context);
  const elf = quietly(() => parseElf(reader));
  const module = elf && new Module(elf, object.label(), context);
  known.set(inode, { module, reader, size: inode.size });
  return module;
}
