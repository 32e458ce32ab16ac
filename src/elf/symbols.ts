/** Symbol tables, for turning addresses into `function+0x12`. */
import {
  SHN_UNDEF,
  SHT_DYNSYM,
  SHT_SYMTAB,
  SIZEOF_SYM,
  STB_LOCAL,
  STT_FUNC,
  STT_GNU_IFUNC,
  STT_NOTYPE,
  STT_OBJECT,
} from "./constants.ts";
import { nameIn, type Section, sectionBytes } from "./sections.ts";
import type { ElfSource } from "./source.ts";
import { u64 } from "./u64.ts";

/** What an address belongs to. */
export interface SymbolMatch {
  readonly name: string;
  /** Bytes from the symbol's start. */
  readonly offset: number;
}

/** Larger tables (5 million symbols) are not read: a crash report without names is better than none. */
const MAX_SYMBOL_BYTES = 128 << 20;
const MAX_STRING_BYTES = 512 << 20;

/** Symbols of functions and objects, sorted by address. Addresses are the file's own (before the load base). */
export class SymbolTable {
  private constructor(
    private readonly starts: Float64Array,
    private readonly sizes: Float64Array,
    private readonly names: Uint32Array,
    private readonly strings: Uint8Array,
  ) {}

  /** Number of symbols. */
  get length(): number {
    return this.starts.length;
  }

  /** The table of `.symtab`, or `.dynsym` where a program is stripped; empty if there is neither. */
  static read(source: ElfSource, sections: readonly Section[]): SymbolTable {
    for (const type of [SHT_SYMTAB, SHT_DYNSYM]) {
      const section = sections.find((each) => each.type === type && each.size > 0);
      const strings = section && sections[section.link];
      const symbolBytes = section && sectionBytes(source, section, MAX_SYMBOL_BYTES);
      const stringBytes = strings && sectionBytes(source, strings, MAX_STRING_BYTES);
      if (symbolBytes && stringBytes) return SymbolTable.fromBytes(symbolBytes, stringBytes);
    }
    return new SymbolTable(new Float64Array(), new Float64Array(), new Uint32Array(), new Uint8Array());
  }

  /** A table from raw Elf64_Sym entries and their string table. */
  static fromBytes(symbols: Uint8Array, strings: Uint8Array): SymbolTable {
    const view = new DataView(symbols.buffer, symbols.byteOffset, symbols.byteLength);
    const count = Math.floor(symbols.length / SIZEOF_SYM);
    const kept: number[] = [];
    for (let index = 0; index < count; index++) {
      const at = index * SIZEOF_SYM;
      const type = view.getUint8(at + 4) & 15;
      if (view.getUint16(at + 6, true) === SHN_UNDEF) continue;
      if (type !== STT_FUNC && type !== STT_OBJECT && type !== STT_GNU_IFUNC && type !== STT_NOTYPE) continue;
      const nameAt = view.getUint32(at, true);
      // $x and $d are mapping symbols (aaelf64): they mark code and data, not functions.
      if (nameAt >= strings.length || strings[nameAt] === 0 || strings[nameAt] === 0x24) continue;
      kept.push(at);
    }
    // At one address the last wins the search: global before local, function before label.
    const rank = (at: number): number => {
      const info = view.getUint8(at + 4);
      return ((info >> 4) === STB_LOCAL ? 0 : 1) + ((info & 15) === STT_NOTYPE ? 0 : 2);
    };
    kept.sort((a, b) => u64(view, a + 8) - u64(view, b + 8) || rank(a) - rank(b));
    const starts = new Float64Array(kept.length), sizes = new Float64Array(kept.length);
    const names = new Uint32Array(kept.length);
    kept.forEach((at, i) => {
      starts[i] = u64(view, at + 8);
      sizes[i] = u64(view, at + 16);
      names[i] = view.getUint32(at, true);
    });
    return new SymbolTable(starts, sizes, names, strings);
  }

  /** The symbol that covers an address. One without a size (assembly) reaches to the next symbol. */
  lookup(address: number): SymbolMatch | undefined {
    let low = 0, high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.starts[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    // An object inside another's range (a label in a function) may end before the address: look a few back.
    for (let i = low - 1; i >= 0 && i >= low - 16; i--) {
      const offset = address - this.starts[i]!;
      if (offset < this.sizes[i]! || (this.sizes[i] === 0 && i === low - 1)) {
        return { name: nameIn(this.strings, this.names[i]!), offset };
      }
    }
    return undefined;
  }

  /** Address and size of a symbol by name, for breakpoints and tests. */
  find(name: string): { address: number; size: number } | undefined {
    for (let i = 0; i < this.starts.length; i++) {
      if (nameIn(this.strings, this.names[i]!) === name) return { address: this.starts[i]!, size: this.sizes[i]! };
    }
    return undefined;
  }
}
