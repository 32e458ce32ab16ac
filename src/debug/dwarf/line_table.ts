/** `.debug_line`, versions 2 to 5: which source line an address belongs to (DWARF 5, 6.2). */
import { ByteReader, DwarfError, stringAt } from "./byte_reader.ts";

/** A place in a source file. */
export interface SourceLine {
  /** As the compiler named it: relative to its working directory, or absolute. */
  readonly file: string;
  /** With the working directory in front, where it is known. */
  readonly path: string;
  readonly line: number;
}

/** What surrounds the line table. */
export interface LineContext {
  readonly line: Uint8Array;
  /** `.debug_str` and `.debug_line_str`. */
  readonly str: Uint8Array | undefined;
  readonly lineStr: Uint8Array | undefined;
  /** DW_AT_comp_dir of the unit. */
  readonly compilationDirectory: string | undefined;
}

interface FileEntry {
  readonly name: string;
  readonly directory: number;
}

/** Rows and files of one program at most. */
const MAX_ROWS = 8_000_000, MAX_FILES = 1_000_000;

/** The line number program of one unit, run when first asked. Nothing here throws to the outside. */
export class LineProgram {
  readonly #context: LineContext;
  readonly #offset: number;
  #directories: (string | undefined)[] = [];
  #files: FileEntry[] = [];
  #version = 0;
  /** Rows of all sequences: addresses rise within one; the last row of each has line -1. */
  #rows: { addresses: Float64Array; files: Uint32Array; lines: Int32Array } | undefined;

  constructor(context: LineContext, offset: number) {
    this.#context = context;
    this.#offset = offset;
  }

  /** The line of an address. */
  lookup(address: number): SourceLine | undefined {
    const { addresses, files, lines } = this.#rows ??= this.#run();
    let low = 0, high = addresses.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (addresses[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    const row = low - 1;
    if (row < 0 || lines[row]! <= 0) return undefined;
    return this.#place(files[row]!, lines[row]!);
  }

  /** The ranges that have lines, for units that do not say what they cover. */
  ranges(): (readonly [start: number, end: number])[] {
    const { addresses, lines } = this.#rows ??= this.#run(), ranges: [number, number][] = [];
    let start = 0;
    for (let row = 0; row < addresses.length; row++) {
      if (lines[row] !== -1) continue;
      ranges.push([addresses[start]!, addresses[row]!]);
      start = row + 1;
    }
    return ranges;
  }

  /** A file by its number, as DW_AT_call_file has it. */
  place(file: number, line: number): SourceLine | undefined {
    this.#rows ??= this.#run();
    return this.#place(file, line);
  }

  #place(file: number, line: number): SourceLine | undefined {
    const entry = this.#files[this.#version >= 5 ? file : file - 1];
    if (!entry) return undefined;
    const { compilationDirectory } = this.#context, { name, directory } = entry;
    if (name.startsWith("/")) return { file: name, path: name, line };
    // Directory 0 is the compiler's own: version 5 lists it, earlier ones imply it.
    const folder = directory === 0 ? "" : this.#directories[this.#version >= 5 ? directory : directory - 1] ?? "";
    const short = folder === "" ? name : `${folder}/${name}`;
    const base = this.#version >= 5 ? this.#directories[0] ?? compilationDirectory : compilationDirectory;
    const root = base !== undefined && base.startsWith("/") ? base : compilationDirectory ?? base;
    return { file: short, path: short.startsWith("/") || !root ? short : `${root}/${short}`, line };
  }

  #run(): { addresses: Float64Array; files: Uint32Array; lines: Int32Array } {
    const sequences: Sequence[] = [];
    try {
      this.#execute(sequences);
    } catch (error) {
      // What came before the damage is good.
      if (!(error instanceof DwarfError)) throw error;
    }
    sequences.sort((a, b) => a.addresses[0]! - b.addresses[0]!);
    const kept: Sequence[] = [];
    for (const sequence of sequences) {
      // One that begins inside another belongs to a function that the linker threw away.
      const before = kept.at(-1);
      if (before && sequence.addresses[0]! < before.addresses.at(-1)!) continue;
      kept.push(sequence);
    }
    return {
      addresses: Float64Array.from(kept.flatMap((each) => each.addresses)),
      files: Uint32Array.from(kept.flatMap((each) => each.files)),
      lines: Int32Array.from(kept.flatMap((each) => each.lines)),
    };
  }

  #execute(sequences: Sequence[]): void {
    const head = new ByteReader(this.#context.line, this.#offset);
    const { length, is64 } = head.unitLength(), end = head.at + length;
    const reader = new ByteReader(this.#context.line, head.at, end);
    const version = this.#version = reader.u16();
    if (version < 2 || version > 5) throw new DwarfError(`line table version ${version}`);
    // Address and segment selector size.
    if (version >= 5) reader.skip(2);
    const headerLength = reader.offset(is64), program = reader.at + headerLength;
    const minimumLength = reader.u8();
    const operations = version >= 4 ? reader.u8() : 1;
    const defaultIsStatement = reader.u8() !== 0;
    void defaultIsStatement;
    const lineBase = reader.i8(), lineRange = reader.u8(), opcodeBase = reader.u8();
    if (lineRange === 0 || opcodeBase === 0) throw new DwarfError("a line range of zero");
    // Long instruction words are for machines that have them.
    if (operations > 1) throw new DwarfError("several operations an instruction");
    const lengths = [0];
    for (let opcode = 1; opcode < opcodeBase; opcode++) lengths.push(reader.u8());
    if (version >= 5) {
      this.#directories = this.#entries(reader, is64).map(({ name }) => name);
      this.#files = this.#entries(reader, is64);
    } else this.#oldTables(reader);

    reader.at = program;
    if (program > end) throw new DwarfError("a line program lies outside of its unit");
    let rows = 0;
    let address = 0, file = 1, line = 1, sequence = new Sequence();
    const emit = () => {
      if (++rows > MAX_ROWS) throw new DwarfError("too many rows");
      sequence.add(address, file, line);
    };
    while (!reader.done) {
      const opcode = reader.u8();
      if (opcode >= opcodeBase) {
        const adjusted = opcode - opcodeBase;
        address += Math.floor(adjusted / lineRange) * minimumLength;
        line += lineBase + adjusted % lineRange;
        emit();
        continue;
      }
      switch (opcode) {
        case 0: { // extended
          const size = reader.uleb(), next = reader.at + size;
          if (size === 0) break;
          switch (reader.u8()) {
            case 1: // DW_LNE_end_sequence
              sequence.finish(address);
              if (sequence.usable) sequences.push(sequence);
              sequence = new Sequence();
              address = 0;
              file = line = 1;
              break;
            case 2: // DW_LNE_set_address
              address = reader.unsigned(size - 1);
              break;
            case 3: // DW_LNE_define_file
              this.#files.push({ name: reader.cstring(), directory: reader.uleb() });
              break;
          }
          if (next > end) throw new DwarfError("an operand lies outside of its unit");
          reader.at = next;
          break;
        }
        case 1: // DW_LNS_copy
          emit();
          break;
        case 2:
          address += reader.uleb() * minimumLength;
          break;
        case 3:
          line += reader.sleb();
          break;
        case 4:
          file = reader.uleb();
          break;
        case 5: // DW_LNS_set_column
          reader.uleb();
          break;
        case 8: // DW_LNS_const_add_pc
          address += Math.floor((255 - opcodeBase) / lineRange) * minimumLength;
          break;
        case 9: // DW_LNS_fixed_advance_pc
          address += reader.u16();
          break;
        case 6: // DW_LNS_negate_stmt, set_basic_block, set_prologue_end, set_epilogue_begin
        case 7:
        case 10:
        case 11:
          break;
        default: // DW_LNS_set_isa, and what this version does not know
          for (let n = lengths[opcode] ?? 0; n > 0; n--) reader.uleb();
      }
    }
  }

  /** Directories and files of versions 2 to 4. */
  #oldTables(reader: ByteReader): void {
    for (;;) {
      const name = reader.cstring();
      if (name === "") break;
      this.#directories.push(name);
      if (this.#directories.length > MAX_FILES) throw new DwarfError("too many directories");
    }
    for (;;) {
      const name = reader.cstring();
      if (name === "") break;
      const directory = reader.uleb();
      reader.uleb();
      reader.uleb();
      this.#files.push({ name, directory });
      if (this.#files.length > MAX_FILES) throw new DwarfError("too many files");
    }
  }

  /** A table of version 5: its columns describe themselves. */
  #entries(reader: ByteReader, is64: boolean): FileEntry[] {
    const formats: (readonly [content: number, form: number])[] = [];
    for (let n = reader.u8(); n > 0; n--) formats.push([reader.uleb(), reader.uleb()]);
    const count = reader.uleb();
    if (count > MAX_FILES || (formats.length === 0 && count > 0)) throw new DwarfError("too many files");
    const entries: FileEntry[] = [];
    for (let n = 0; n < count; n++) {
      let name = "", directory = 0;
      for (const [content, form] of formats) {
        const value = this.#formValue(reader, form, is64);
        if (content === 1) name = String(value ?? ""); // DW_LNCT_path
        else if (content === 2) directory = Number(value); // DW_LNCT_directory_index
      }
      entries.push({ name, directory });
    }
    return entries;
  }

  #formValue(reader: ByteReader, form: number, is64: boolean): string | number | undefined {
    const { str, lineStr } = this.#context;
    switch (form) {
      case 0x08: // DW_FORM_string
        return reader.cstring();
      case 0x1f: // DW_FORM_line_strp
        return stringAt(lineStr, reader.offset(is64));
      case 0x0e: // DW_FORM_strp
        return stringAt(str, reader.offset(is64));
      case 0x0b: // DW_FORM_data1, 2, 4, 8
        return reader.u8();
      case 0x05:
        return reader.u16();
      case 0x06:
        return reader.u32();
      case 0x07:
        return reader.u64();
      case 0x0f: // DW_FORM_udata
        return reader.uleb();
      case 0x1e: // DW_FORM_data16: MD5
        reader.skip(16);
        return 0;
      case 0x09: // DW_FORM_block
        reader.skip(reader.uleb());
        return 0;
      default:
        throw new DwarfError(`form 0x${form.toString(16)} in a line table`);
    }
  }
}

/** Rows whose addresses rise. */
class Sequence {
  readonly addresses: number[] = [];
  readonly files: number[] = [];
  readonly lines: number[] = [];
  #sorted = true;

  add(address: number, file: number, line: number): void {
    if (address < (this.addresses.at(-1) ?? 0)) this.#sorted = false;
    this.addresses.push(address);
    this.files.push(file);
    this.lines.push(line);
  }

  /** The first address behind it. */
  finish(address: number): void {
    this.add(address, 0, -1);
  }

  /** Not empty, and not of a function that the linker threw away, whose address it set to 0 or to the highest. */
  get usable(): boolean {
    const first = this.addresses[0]!, last = this.addresses.at(-1)!;
    return this.#sorted && last > first && first > 0 && last < 2 ** 53;
  }
}
