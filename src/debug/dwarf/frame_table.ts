/**
 * `.eh_frame` and `.debug_frame`: which instructions describe the frame at an address (LSB "Exception Frames";
 * DWARF 5, 6.4.1). `.eh_frame_hdr`'s sorted table finds it where there is one; otherwise all entries are indexed.
 */
import { ByteReader, DwarfError } from "./byte_reader.ts";
import { CfiMachine, type FrameRow } from "./cfi_program.ts";

/** A section in memory. */
export interface PlacedBytes {
  readonly bytes: Uint8Array;
  /** Its address in the file's own terms. */
  readonly address: number;
}

/** What is known about the frame at an address. */
export interface FrameDescription {
  readonly row: FrameRow;
  /** Column of the return address. */
  readonly returnRegister: number;
  /** The frame is a signal trampoline's: the caller was interrupted, it did not call ('S' of the augmentation). */
  readonly isSignal: boolean;
  /** The function's range. */
  readonly start: number;
  readonly end: number;
}

interface Cie {
  readonly codeAlign: number;
  readonly dataAlign: number;
  readonly returnRegister: number;
  readonly encoding: number;
  readonly hasAugmentation: boolean;
  readonly isSignal: boolean;
  readonly instructionsAt: number;
  readonly end: number;
}

interface Fde {
  readonly cie: Cie;
  readonly start: number;
  readonly stop: number;
  readonly instructionsAt: number;
  readonly end: number;
}

/** Entries indexed at most. */
const MAX_ENTRIES = 4_000_000;

const DW_EH_PE_omit = 0xff;

/** One section of frame descriptions. Nothing here throws to the outside. */
export class FrameTable {
  readonly #cies = new Map<number, Cie | undefined>();
  /** Start addresses and offsets of all FDEs, sorted; made when first needed. */
  #index: { starts: Float64Array; offsets: Float64Array } | undefined;
  readonly #rows = new Map<number, FrameDescription | undefined>();

  /**
   * @param kind `.debug_frame` counts CIE pointers from the section's start and needs no encoding
   * @param header `.eh_frame_hdr`
   */
  constructor(
    readonly section: PlacedBytes,
    readonly kind: "eh_frame" | "debug_frame",
    readonly header?: PlacedBytes,
  ) {}

  /** The frame at an address; undefined where nothing usable describes it. */
  lookup(pc: number): FrameDescription | undefined {
    if (this.#rows.has(pc)) return this.#rows.get(pc);
    const found = this.#lookup(pc);
    if (this.#rows.size < 65536) this.#rows.set(pc, found);
    return found;
  }

  #lookup(pc: number): FrameDescription | undefined {
    const fde = this.#searchHeader(pc) ?? this.#searchIndex(pc);
    return fde && attempt(() => this.#describe(fde, pc));
  }

  #describe(fde: Fde, pc: number): FrameDescription {
    const { bytes } = this.section, { cie } = fde;
    const machine = new CfiMachine({
      codeAlign: cie.codeAlign,
      dataAlign: cie.dataAlign,
      address: (reader) => this.#pointer(reader, cie.encoding),
    });
    const row = machine.row(
      new ByteReader(bytes, cie.instructionsAt, cie.end),
      new ByteReader(bytes, fde.instructionsAt, fde.end),
      fde.start,
      pc,
    );
    return { row, returnRegister: cie.returnRegister, isSignal: cie.isSignal, start: fde.start, end: fde.stop };
  }

  /** Binary search in `.eh_frame_hdr`, in the one encoding that linkers write: datarel | sdata4. */
  #searchHeader(pc: number): Fde | undefined {
    const { header } = this;
    if (!header || header.bytes.length < 12) return undefined;
    return attempt(() => {
      const reader = new ByteReader(header.bytes);
      const version = reader.u8(),
        pointerEncoding = reader.u8(),
        countEncoding = reader.u8(),
        tableEncoding = reader.u8();
      if (version !== 1 || countEncoding === DW_EH_PE_omit || tableEncoding !== 0x3b) return undefined;
      this.#pointer(reader, pointerEncoding, header.address);
      const count = this.#pointer(reader, countEncoding, header.address), table = reader.at;
      if (!(table + count * 8 <= header.bytes.length)) return undefined;
      const view = new DataView(header.bytes.buffer, header.bytes.byteOffset);
      const target = pc - header.address;
      let low = 0, high = count;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (view.getInt32(table + middle * 8, true) <= target) low = middle + 1;
        else high = middle;
      }
      if (low === 0) return undefined;
      const address = header.address + view.getInt32(table + (low - 1) * 8 + 4, true);
      const fde = this.#fde(address - this.section.address);
      return fde && pc >= fde.start && pc < fde.stop ? fde : undefined;
    });
  }

  #searchIndex(pc: number): Fde | undefined {
    const { starts, offsets } = this.#index ??= this.#makeIndex();
    let low = 0, high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= pc) low = middle + 1;
      else high = middle;
    }
    // Entries of functions that the linker threw away are at 0 or overlap: look a few back.
    for (let i = low - 1; i >= 0 && i >= low - 8; i--) {
      const fde = attempt(() => this.#fde(offsets[i]!));
      if (fde && pc >= fde.start && pc < fde.stop) return fde;
    }
    return undefined;
  }

  #makeIndex(): { starts: Float64Array; offsets: Float64Array } {
    const found: { start: number; offset: number }[] = [], { bytes } = this.section;
    for (let at = 0; at + 4 <= bytes.length && found.length < MAX_ENTRIES;) {
      const next = attempt(() => {
        const reader = new ByteReader(bytes, at), { length } = reader.unitLength(), end = reader.at + length;
        // .eh_frame ends with an entry of length 0.
        return length === 0 && this.kind === "eh_frame" || end > bytes.length ? undefined : end;
      });
      if (next === undefined) break;
      const fde = attempt(() => this.#fde(at));
      if (fde) found.push({ start: fde.start, offset: at });
      at = next;
    }
    found.sort((a, b) => a.start - b.start);
    return {
      starts: Float64Array.from(found, (each) => each.start),
      offsets: Float64Array.from(found, (each) => each.offset),
    };
  }

  /** The FDE at an offset; undefined where a CIE is. */
  #fde(offset: number): Fde | undefined {
    const { bytes } = this.section, reader = new ByteReader(bytes, offset);
    const { length, is64 } = reader.unitLength(), end = reader.at + length;
    if (length === 0 || end > bytes.length) return undefined;
    const pointerAt = reader.at, pointer = this.kind === "eh_frame" ? reader.u32() : reader.offset(is64);
    if (this.kind === "eh_frame" ? pointer === 0 : pointer >= 0xffffffff) return undefined;
    const cie = this.#cie(this.kind === "eh_frame" ? pointerAt - pointer : pointer);
    if (!cie) return undefined;
    const body = new ByteReader(bytes, reader.at, end);
    const start = this.#pointer(body, cie.encoding), size = this.#pointer(body, cie.encoding & 0x0f);
    if (cie.hasAugmentation) body.skip(body.uleb());
    return { cie, start, stop: start + size, instructionsAt: body.at, end };
  }

  #cie(offset: number): Cie | undefined {
    if (this.#cies.has(offset)) return this.#cies.get(offset);
    const cie = attempt(() => this.#readCie(offset));
    this.#cies.set(offset, cie);
    return cie;
  }

  #readCie(offset: number): Cie | undefined {
    const { bytes } = this.section, head = new ByteReader(bytes, offset);
    const { length, is64 } = head.unitLength(), end = head.at + length;
    const reader = new ByteReader(bytes, head.at, end);
    const id = this.kind === "eh_frame" ? reader.u32() : reader.offset(is64);
    if (this.kind === "eh_frame" ? id !== 0 : id < 0xffffffff) return undefined;
    const version = reader.u8(), augmentation = reader.cstring();
    if (version !== 1 && version !== 3 && version !== 4) return undefined;
    // Address and segment selector size.
    if (version === 4) reader.skip(2);
    const codeAlign = reader.uleb(), dataAlign = reader.sleb();
    const returnRegister = version === 1 ? reader.u8() : reader.uleb();
    let encoding = 0, instructionsAt = reader.at;
    const hasAugmentation = augmentation.startsWith("z");
    if (hasAugmentation) {
      const size = reader.uleb();
      instructionsAt = reader.at + size;
      for (const letter of augmentation.slice(1)) {
        if (letter === "R") encoding = reader.u8();
        else if (letter === "L") reader.skip(1);
        else if (letter === "P") this.#pointer(reader, reader.u8());
        // What a letter's data is, only its inventor knows; S and B (aadwarf64: the B key signs) have none.
        else if (letter !== "S" && letter !== "B" && letter !== "G") break;
      }
    } else if (augmentation !== "") return undefined;
    return {
      codeAlign,
      dataAlign,
      returnRegister,
      encoding,
      hasAugmentation,
      isSignal: hasAugmentation && augmentation.includes("S"),
      instructionsAt,
      end,
    };
  }

  /** A pointer in one of the encodings of LSB, "DWARF Extensions"; those relative to something are resolved. */
  #pointer(reader: ByteReader, encoding: number, headerAddress?: number): number {
    if (encoding === DW_EH_PE_omit) return 0;
    const base = headerAddress ?? this.section.address, at = reader.at;
    let value: number;
    switch (encoding & 0x0f) {
      case 0x00:
      case 0x04:
        value = reader.u64();
        break;
      case 0x01:
        value = reader.uleb();
        break;
      case 0x02:
        value = reader.u16();
        break;
      case 0x03:
        value = reader.u32();
        break;
      case 0x09:
        value = reader.sleb();
        break;
      case 0x0a:
        value = reader.u16() << 16 >> 16;
        break;
      case 0x0b:
        value = reader.i32();
        break;
      case 0x0c:
        value = reader.i64();
        break;
      default:
        throw new DwarfError(`pointer encoding 0x${encoding.toString(16)}`);
    }
    switch (encoding & 0x70) {
      case 0x00:
        return value;
      case 0x10: // DW_EH_PE_pcrel
        return base + at + value;
      case 0x30: // DW_EH_PE_datarel
        return base + value;
      default:
        throw new DwarfError(`pointer encoding 0x${encoding.toString(16)}`);
    }
  }
}

/** Damaged entries are as good as none. */
function attempt<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DwarfError) return undefined;
    throw error;
  }
}
