/** From an address to source lines and function names, inlined ones too. Nothing here throws to the outside. */
import { DwarfError } from "./byte_reader.ts";
import type { DebugSections } from "./debug_sections.ts";
import { DW_AT } from "./forms.ts";
import type { SourceLine } from "./line_table.ts";
import { type Entry, type Range, readUnits, type Unit } from "./units.ts";

/** One function at an address: the innermost first, each inlined into the next. */
export interface SourceFrame {
  /** Linkage name, else plain name; undefined where the entries have none. */
  readonly function: string | undefined;
  readonly place: SourceLine | undefined;
  readonly inlined: boolean;
}

const DW_TAG_subprogram = 0x2e, DW_TAG_inlined_subroutine = 0x1d;

/** Entries looked at for one address, nested references followed, and inlined functions shown, at most. */
const MAX_ENTRIES = 5_000_000, MAX_REFERENCES = 8, MAX_INLINED = 64;

/** Opens the file of a split unit (`DW_AT_dwo_name`); the names are as the compiler wrote them. */
export type OpenSplit = (name: string, directory: string | undefined) => DebugSections | undefined;

/** The debugging information of one file. */
export class DebugInfo {
  #units: Unit[] | undefined;
  /** Ranges of all units, sorted, with the unit's index. */
  #ranges: { starts: Float64Array; ends: Float64Array; units: Uint32Array } | undefined;
  readonly #split = new Map<Unit, Unit | undefined>();

  constructor(readonly sections: DebugSections, private readonly openSplit: OpenSplit = () => undefined) {}

  /** Whether there is anything to ask. */
  get present(): boolean {
    return this.sections.has(".debug_info") && this.sections.has(".debug_line");
  }

  /** The functions and lines at an address of the file; empty where nothing is known. */
  lookup(address: number): SourceFrame[] {
    const unit = this.#unitOf(address);
    if (!unit) return [];
    const place = quietly(() => unit.lines?.lookup(address));
    // Functions inside of others are rare: only when nothing is found are the trees of all functions walked.
    const walk = (jump: boolean) => quietly(() => this.#functions(unit, address, jump)) ?? [];
    const found = walk(true), chain = found.length > 0 ? found : walk(false);
    if (chain.length === 0) return place ? [{ function: undefined, place, inlined: false }] : [];
    // From the innermost out: each function goes on where the one inside it was called.
    const frames: SourceFrame[] = [];
    let current = place;
    for (const { entry, unit: owner } of chain.reverse()) {
      const inlined = entry.tag === DW_TAG_inlined_subroutine;
      frames.push({ function: quietly(() => this.#name(owner, entry)), place: current, inlined });
      if (!inlined) break;
      const file = owner.number(entry, DW_AT.callFile), line = owner.number(entry, DW_AT.callLine);
      current = file === undefined || line === undefined ? undefined : quietly(() => unit.lines?.place(file, line));
    }
    return frames;
  }

  #unitOf(address: number): Unit | undefined {
    const { starts, ends, units } = this.#ranges ??= this.#allRanges();
    let low = 0, high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    // A function that the linker threw away may begin at 0 and cover everything: look a few back.
    for (let i = low - 1; i >= 0 && i >= low - 16; i--) if (address < ends[i]!) return this.#units![units[i]!];
    return undefined;
  }

  #allRanges(): { starts: Float64Array; ends: Float64Array; units: Uint32Array } {
    const all: (readonly [start: number, end: number, unit: number])[] = [];
    this.#units = readUnits(this.sections);
    this.#units.forEach((unit, index) => {
      const said = quietly(() => unit.ranges(unit.root)) ?? [];
      // Before version 3 a unit in several pieces had no way to say so.
      for (const [start, end] of said.length > 0 ? said : quietly(() => unit.lines?.ranges()) ?? []) {
        if (start > 0 && end > start) all.push([start, end, index]);
      }
    });
    all.sort((a, b) => a[0] - b[0]);
    return {
      starts: Float64Array.from(all, (each) => each[0]),
      ends: Float64Array.from(all, (each) => each[1]),
      units: Uint32Array.from(all, (each) => each[2]),
    };
  }

  /** The subprogram at an address and the inlined ones in it, outermost first. */
  #functions(skeleton: Unit, address: number, jump: boolean): { entry: Entry; unit: Unit }[] {
    const unit = this.#full(skeleton), reader = unit.reader(), chain: { entry: Entry; unit: Unit }[] = [];
    const root = unit.read(reader);
    if (!root?.hasChildren) return chain;
    let depth = 1, keptDepth = 0;
    for (let count = 0; depth > 0 && count < MAX_ENTRIES; count++) {
      const entry = unit.read(reader);
      if (entry === undefined) {
        // The end of the function that was found: nothing behind it can be inside.
        if (--depth <= keptDepth && chain.length > 0) break;
        continue;
      }
      const isFunction = entry.tag === DW_TAG_subprogram || entry.tag === DW_TAG_inlined_subroutine;
      if (isFunction && contains(quietly(() => unit.ranges(entry)) ?? [], address)) {
        chain.push({ entry, unit });
        if (!entry.hasChildren || chain.length >= MAX_INLINED) break;
        keptDepth = depth++;
        continue;
      }
      if (!entry.hasChildren) continue;
      // Whole trees of types and functions elsewhere are jumped over where the compiler says how far they go.
      const sibling = jump ? unit.number(entry, DW_AT.sibling) : undefined;
      if (sibling !== undefined && sibling > reader.at && sibling <= unit.end && skippable(entry)) reader.at = sibling;
      else depth++;
    }
    return chain;
  }

  /** The unit with the entries: another file's for a split one. */
  #full(unit: Unit): Unit {
    if (this.#split.has(unit)) return this.#split.get(unit) ?? unit;
    const name = unit.string(unit.root, DW_AT.dwoName) ?? unit.string(unit.root, DW_AT.gnuDwoName);
    let full: Unit | undefined;
    if (name !== undefined) {
      const sections = this.openSplit(name, unit.string(unit.root, DW_AT.compDir));
      full = sections && readUnits(sections, ".dwo", unit)[0];
    }
    this.#split.set(unit, full);
    return full ?? unit;
  }

  /** A function's name, which may stand in the entry it is an instance of. */
  #name(unit: Unit, entry: Entry): string | undefined {
    let name: string | undefined;
    for (let hops = 0; hops < MAX_REFERENCES; hops++) {
      const linkage = unit.string(entry, DW_AT.linkageName) ?? unit.string(entry, DW_AT.mipsLinkageName);
      if (linkage !== undefined) return linkage;
      name ??= unit.string(entry, DW_AT.name);
      const to = entry.attributes.get(DW_AT.abstractOrigin) ?? entry.attributes.get(DW_AT.specification);
      if (to?.kind !== "reference") break;
      const owner = to.value >= unit.unitOffset && to.value < unit.end ? unit : this.#unitAt(to.value);
      const next = owner?.read(owner.reader(to.value));
      if (!owner || !next) break;
      unit = owner;
      entry = next;
    }
    return name;
  }

  #unitAt(offset: number): Unit | undefined {
    return this.#units?.find((unit) => offset >= unit.unitOffset && offset < unit.end);
  }
}

function contains(ranges: readonly Range[], address: number): boolean {
  return ranges.some(([start, end]) => start > 0 && address >= start && address < end);
}

/** Functions may lie in namespaces and classes; what else has children has none that matter. */
function skippable({ tag }: Entry): boolean {
  const DW_TAG_lexical_block = 0x0b, DW_TAG_namespace = 0x39, DW_TAG_structure = 0x13, DW_TAG_class = 0x02;
  const DW_TAG_module = 0x1e, DW_TAG_union = 0x17;
  return tag !== DW_TAG_lexical_block && tag !== DW_TAG_namespace && tag !== DW_TAG_structure &&
    tag !== DW_TAG_class && tag !== DW_TAG_module && tag !== DW_TAG_union;
}

/** Damaged information is as good as none. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DwarfError) return undefined;
    throw error;
  }
}
