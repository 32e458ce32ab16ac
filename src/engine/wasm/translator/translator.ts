/**
 * Turns hot code into regions and puts them in place: finds, generates, compiles, instantiates, and forgets them
 * when their code changes. Compiled modules are shared by all address spaces that have the same code at the same
 * place.
 */
import type { Stmt } from "../../../isa/ir/builder.ts";
import type { Helper } from "../../../isa/ir/helper.ts";
import type { WasmAddressSpace } from "../address_space.ts";
import { REGION } from "../interpreter/runtime.ts";
import { GUEST_MEMORY_MAX, GUEST_MEMORY_MIN, WASM_PAGE } from "../layout.ts";
import type { EngineMemory, GuestMemory } from "../memory.ts";
import { Module } from "../module.ts";
import { RegionLowering } from "./lower_region.ts";
import { findRegion, type Region } from "./region.ts";

/** Slots of the region tables; a program with more hot places than this is interpreted in the rest. */
const MAX_SLOTS = 100_000;

/** Compiled regions that are kept, and instances of them for one memory: programs come and go in a Worker. */
const MAX_COMPILED = 4096, MAX_INSTANCES = 4096;

/** A compiled region: what has to be known of it once it has been generated, which is far less than it was made from. */
interface Compiled {
  readonly module: WebAssembly.Module;
  readonly root: number;
  /** Guest pages the code was read from. */
  readonly pages: ReadonlySet<number>;
  /** Where it depends on the code: first address and the one behind the last, by block. */
  readonly spans: readonly (readonly [from: number, to: number])[];
  /** What it was made of, to know it again. */
  readonly code: ReadonlyMap<number, number>;
}

function codeOf(region: Region, word: (pc: number) => number | undefined): Map<number, number> {
  const code = new Map<number, number>();
  for (const { instructions } of region.blocks.values()) for (const { pc } of instructions) code.set(pc, word(pc)!);
  return code;
}

export class Translator {
  readonly #memory: EngineMemory;
  readonly #slots = new Map<number, number>();
  /** By root: the same address may hold different code in different programs. */
  readonly #compiled = new Map<number, Compiled[]>();
  #compiledCount = 0;
  /** Instances live as long as their memory, which serves process after process. */
  readonly #instances = new WeakMap<GuestMemory, Map<Compiled, WebAssembly.ExportValue>>();
  /** Regions in place, by address space and page. */
  readonly #placed = new WeakMap<WasmAddressSpace, Map<number, Set<Compiled>>>();
  /** Figures for ELFTAP_STATS. */
  readonly stats = { regions: 0, instructions: 0, bytes: 0, milliseconds: 0 };

  constructor(memory: EngineMemory) {
    this.#memory = memory;
  }

  /** Table slots in use: tables must be at least as long. */
  get slotCount(): number {
    return this.#slots.size;
  }

  #slot(root: number): number {
    let slot = this.#slots.get(root);
    if (slot === undefined) this.#slots.set(root, slot = this.#slots.size);
    return slot;
  }

  /** Makes a memory's table long enough; new entries lead back to the interpreter. */
  fit(memory: GuestMemory): void {
    const short = this.#slots.size - memory.regions.length;
    if (short > 0) memory.growRegions(Math.max(short, 1024));
  }

  /** Translates the code at a root, which is hot or was translated for another address space. */
  translate(space: WasmAddressSpace, root: number): void {
    const started = performance.now();
    const compiled = this.#known(space, root) ?? this.#compile(space, root);
    if (compiled === undefined) {
      space.leaveRegion(root);
      return;
    }
    const { memory } = space, slot = this.#slot(root);
    this.fit(memory);
    memory.regions.set(slot, this.#instance(memory, compiled) as () => void);
    this.#place(space, compiled);
    space.enterRegion(root, slot);
    this.stats.milliseconds += performance.now() - started;
  }

  /** A region that was made of exactly what is in this address space. */
  #known(space: WasmAddressSpace, root: number): Compiled | undefined {
    return this.#compiled.get(root)?.find(({ code }) => space.holdsCode(code));
  }

  #compile(space: WasmAddressSpace, root: number): Compiled | undefined {
    const word = (pc: number) => space.codeWord(pc);
    const region = findRegion(root, word);
    if ((region.blocks.get(root)?.instructions.length ?? 0) === 0 || this.#slots.size >= MAX_SLOTS) return undefined;
    const module = new WebAssembly.Module(this.#generate(region));
    const compiled = { module, root, pages: region.pages, spans: spansOf(region), code: codeOf(region, word) };
    if (++this.#compiledCount > MAX_COMPILED) {
      this.#compiled.clear();
      this.#compiledCount = 1;
    }
    const others = this.#compiled.get(root);
    if (others) others.push(compiled);
    else this.#compiled.set(root, [compiled]);
    this.stats.regions++;
    return compiled;
  }

  #instance(memory: GuestMemory, compiled: Compiled): WebAssembly.ExportValue {
    let instances = this.#instances.get(memory);
    if (instances === undefined) this.#instances.set(memory, instances = new Map());
    let region = instances.get(compiled);
    if (region === undefined) {
      const instance = new WebAssembly.Instance(compiled.module, {
        host: { guest: memory.memory, engine: this.#memory.memory, regions: memory.regions },
        interpreter: memory.exports as WebAssembly.ModuleImports,
      });
      if (instances.size >= MAX_INSTANCES) instances.clear();
      instances.set(compiled, region = instance.exports.region!);
    }
    return region;
  }

  #generate(region: Region): Uint8Array<ArrayBuffer> {
    const module = new Module();
    const helpers = new Map<string, Helper>();
    for (const { instructions } of region.blocks.values()) {
      for (const { body } of instructions) collectHelpers(body!, helpers);
    }
    module.importTable("host", "regions");
    module.importMemory("host", "guest", {
      minimum: GUEST_MEMORY_MIN / WASM_PAGE,
      maximum: GUEST_MEMORY_MAX / WASM_PAGE,
      wide: true,
    });
    module.importMemory("host", "engine", { minimum: 1, maximum: 65536, wide: false });
    const condition = module.importFunction("interpreter", "condition", ["i32", "i64", "i64", "i32"], ["i32"]);
    const callTo = module.importFunction("interpreter", "callTo", ...REGION);
    const indices = new Map<string, number>();
    for (const [name, { params, results }] of helpers) {
      indices.set(name, module.importFunction("interpreter", `helper ${name}`, params, results));
    }
    const index = module.declare(...REGION);
    const lowering = new RegionLowering(region, {
      helper: ({ name }) => indices.get(name)!,
      condition,
      callTo,
      regionType: module.type(...REGION),
      direct: (root) => root === region.root ? index : undefined,
      slot: (root) => this.#slot(root),
    });
    module.define(index, lowering.emit());
    module.exportFunction("region", index);
    const bytes = module.finish();
    this.stats.bytes += bytes.length;
    for (const { instructions } of region.blocks.values()) this.stats.instructions += instructions.length;
    return bytes;
  }

  #place(space: WasmAddressSpace, region: Compiled): void {
    let pages = this.#placed.get(space);
    if (pages === undefined) this.#placed.set(space, pages = new Map());
    for (const page of region.pages) {
      const there = pages.get(page);
      if (there) there.add(region);
      else pages.set(page, new Set([region]));
    }
  }

  /** The code in a range has changed or is gone: its regions are left. */
  invalidate(space: WasmAddressSpace, from: number, to: number): void {
    const pages = this.#placed.get(space);
    if (pages === undefined || pages.size === 0) return;
    for (let page = Math.floor(from / 4096); page * 4096 < to; page++) {
      for (const region of pages.get(page) ?? []) {
        if (!overlaps(region, from, to)) continue;
        space.memory.removeRegion(this.#slot(region.root));
        for (const each of region.pages) pages.get(each)?.delete(region);
      }
    }
  }

  /** The address space ends: its table serves another. */
  forget(space: WasmAddressSpace): void {
    const pages = this.#placed.get(space);
    if (pages === undefined) return;
    for (const there of pages.values()) {
      for (const region of there) space.memory.removeRegion(this.#slot(region.root));
    }
    this.#placed.delete(space);
  }
}

/** The helpers that statements call. */
function collectHelpers(body: readonly Stmt[], into: Map<string, Helper>): void {
  for (const stmt of body) {
    if (stmt.s === "call") into.set(stmt.helper.name, stmt.helper);
    else if (stmt.s === "loop") collectHelpers(stmt.body, into);
    else if (stmt.s === "if") {
      collectHelpers(stmt.then, into);
      collectHelpers(stmt.else, into);
    }
  }
}

/** The instruction behind the last of a block may be the one that the region leaves to the interpreter. */
const spansOf = (region: Region): (readonly [number, number])[] =>
  [...region.blocks.values()].map(({ start, instructions }) => [start, start + 4 * (instructions.length + 1)]);

const overlaps = ({ spans }: Compiled, from: number, to: number): boolean =>
  spans.some(([start, end]) => start < to && end > from);
