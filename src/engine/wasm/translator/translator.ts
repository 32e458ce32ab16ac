/**
 * Turns hot code into regions and puts them in place: finds, generates, compiles, instantiates, and forgets them
 * when their code changes. Compiled modules are shared by all address spaces that have the same code at the same
 * place.
 */
import type { WasmAddressSpace } from "../address_space.ts";
import type { EngineMemory, GuestMemory } from "../memory.ts";
import { HOT } from "../layout.ts";
import { link } from "./linker.ts";
import { findRegion } from "./region.ts";
import { trimRegion } from "./trim.ts";
import { covers, dependsOn, makeObject, pagesOf, type RegionObject } from "./region_object.ts";

/** Slots of the region tables; a program with more hot places than this is interpreted in the rest. */
const MAX_SLOTS = 100_000;

/** Compiled regions that are kept, and modules instantiated for one memory: programs come and go in a Worker. */
const MAX_COMPILED = 16_384, MAX_INSTANCES = 4096;

/** Arrivals that make a place hot whose region an archive has. */
const HOT_AGAIN = 300;

/** A region in a module: what has to be known of it once that has been compiled. */
interface Compiled {
  readonly object: RegionObject;
  readonly module: WebAssembly.Module;
  /** Its number in the module. */
  readonly index: number;
  readonly pages: ReadonlySet<number>;
}

/** Puts a region of an instance into its table. */
type Place = (slot: number, index: number) => void;

export class Translator {
  readonly #memory: EngineMemory;
  readonly #slots = new Map<number, number>();
  /** By root: the same address may hold different code in different programs. */
  readonly #compiled = new Map<number, Compiled[]>();
  #compiledCount = 0;
  /** Regions from an archive by the page of their root. */
  readonly #ready = new Map<number, Compiled[]>();
  /** Instances live as long as their memory, which serves process after process. */
  readonly #instances = new WeakMap<GuestMemory, Map<WebAssembly.Module, Place>>();
  /** Regions in place, by address space and page. */
  readonly #placed = new WeakMap<WasmAddressSpace, Map<number, Set<Compiled>>>();
  readonly #onMade: (space: WasmAddressSpace, object: RegionObject) => void;
  /** Figures for ELFTAP_STATS. */
  readonly stats = { regions: 0, instructions: 0, bytes: 0, milliseconds: 0, archived: 0, placedFromArchive: 0 };

  /** @param onMade hears of every region that is translated */
  constructor(memory: EngineMemory, onMade: (space: WasmAddressSpace, object: RegionObject) => void = () => {}) {
    this.#memory = memory;
    this.#onMade = onMade;
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
    const known = this.#known(space, root), compiled = known ?? this.#compile(space, root);
    if (known && this.#ready.get(Math.floor(root / 4096))?.includes(known)) this.stats.placedFromArchive++;
    if (compiled) this.#enter(space, compiled);
    else space.leaveRegion(root);
    this.stats.milliseconds += performance.now() - started;
  }

  /** A region that was made of exactly what is in this address space. */
  #known(space: WasmAddressSpace, root: number): Compiled | undefined {
    return this.#compiled.get(root)?.find(({ object }) => space.holdsCode(object.code));
  }

  #compile(space: WasmAddressSpace, root: number): Compiled | undefined {
    const word = (pc: number) => space.codeWord(pc);
    const region = trimRegion(
      findRegion(root, word),
      (place) => this.#placedAt(space, place) !== undefined,
      (other, places) => covers(this.#placedAt(space, other)!.object, places),
    );
    const length = region.blocks.get(root)?.instructions.length ?? 0;
    if (length === 0 || this.#slots.size >= MAX_SLOTS) return undefined;
    const object = makeObject(region, (pc) => word(pc)!);
    const bytes = link([object], (to) => this.#slot(to));
    const compiled = { object, module: new WebAssembly.Module(bytes), index: 0, pages: pagesOf(object) };
    this.#remember(compiled);
    this.stats.regions++;
    this.stats.bytes += bytes.length;
    for (const { words } of object.code) this.stats.instructions += words.length;
    this.#onMade(space, object);
    return compiled;
  }

  /** The region that is in place at a root. */
  #placedAt(space: WasmAddressSpace, root: number): Compiled | undefined {
    for (const region of this.#placed.get(space)?.get(Math.floor(root / 4096)) ?? []) {
      if (region.object.root === root) return region;
    }
    return undefined;
  }

  #remember(compiled: Compiled): void {
    if (++this.#compiledCount > MAX_COMPILED) {
      this.#compiled.clear();
      this.#ready.clear();
      this.#compiledCount = 1;
    }
    const { root } = compiled.object, others = this.#compiled.get(root);
    if (others) others.push(compiled);
    else this.#compiled.set(root, [compiled]);
  }

  /** Compiles regions that were translated before, beside the guest; resolves when they can be put in place. */
  async adopt(objects: readonly RegionObject[]): Promise<void> {
    const news = objects.filter(({ root }) => !this.#compiled.has(root));
    if (news.length === 0) return;
    const module = await WebAssembly.compile(link(news, (root) => this.#slot(root)));
    for (const [index, object] of news.entries()) {
      const compiled = { object, module, index, pages: pagesOf(object) };
      this.#remember(compiled);
      const page = Math.floor(object.root / 4096), others = this.#ready.get(page);
      if (others) others.push(compiled);
      else this.#ready.set(page, [compiled]);
    }
    this.stats.archived += news.length;
  }

  /**
   * A page of code has come, or some of it was decoded: what an archive has of it is hot sooner. It is not put in place
   * at once, as V8 would compile what is executed a few times.
   */
  warmUp(space: WasmAddressSpace, page: number): void {
    if (this.#memory.translatesAll) return;
    for (const compiled of this.#ready.get(page) ?? []) {
      if (!this.#placed.get(space)?.get(page)?.has(compiled)) {
        this.#memory.heatUp(compiled.object.root, HOT - HOT_AGAIN);
      }
    }
  }

  #enter(space: WasmAddressSpace, compiled: Compiled): void {
    const { memory } = space, { root } = compiled.object, slot = this.#slot(root);
    this.fit(memory);
    this.#instance(memory, compiled.module)(slot, compiled.index);
    this.#place(space, compiled);
    space.enterRegion(root, slot);
    if (!this.#memory.translatesAll) this.#coolInside(compiled.object);
  }

  /** What a region has needs no region of its own, unless it is reached from elsewhere often enough from now on. */
  #coolInside({ root, code }: RegionObject): void {
    for (const { start, words } of code) {
      for (let i = 0; i < words.length; i++) if (start + 4 * i !== root) this.#memory.cool(start + 4 * i);
    }
  }

  #instance(memory: GuestMemory, module: WebAssembly.Module): Place {
    let instances = this.#instances.get(memory);
    if (instances === undefined) this.#instances.set(memory, instances = new Map());
    let place = instances.get(module);
    if (place === undefined) {
      const instance = new WebAssembly.Instance(module, {
        host: { guest: memory.memory, engine: this.#memory.memory, regions: memory.regions },
        interpreter: memory.exports as WebAssembly.ModuleImports,
      });
      if (instances.size >= MAX_INSTANCES) instances.clear();
      instances.set(module, place = instance.exports.place as Place);
    }
    return place;
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
        if (!dependsOn(region.object, from, to)) continue;
        space.memory.removeRegion(this.#slot(region.object.root));
        for (const each of region.pages) pages.get(each)?.delete(region);
      }
    }
  }

  /** The address space ends: its table serves another. */
  forget(space: WasmAddressSpace): void {
    const pages = this.#placed.get(space);
    if (pages === undefined) return;
    for (const there of pages.values()) {
      for (const region of there) space.memory.removeRegion(this.#slot(region.object.root));
    }
    this.#placed.delete(space);
  }
}
