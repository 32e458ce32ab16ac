/**
 * Turns hot code into regions and puts them in place: finds, generates, compiles, instantiates, and forgets them
 * when their code changes. Compiled modules are shared by all address spaces that have the same code at the same
 * place.
 */
import type { ComputedTarget, WasmAddressSpace } from "../address_space.ts";
import type { EngineMemory, GuestMemory } from "../memory.ts";
import { HOT, sourceOf } from "../layout.ts";
import { link, type Links } from "./linker.ts";
import { findRegion } from "./find_region.ts";
import { HotCalls, WHERE_ALL_IS } from "./hot_calls.ts";
import { inlineCalls, isShort } from "./inline_calls.ts";
import { targetsOf } from "./region.ts";
import { trimRegion } from "./trim.ts";
import { covers, dependsOn, entriesOf, makeObject, pagesOf, type RegionObject, wordOf } from "./region_object.ts";

/** Slots of the region tables; a program with more hot places than this is interpreted in the rest. */
const MAX_SLOTS = 100_000;

/** Compiled regions that are kept, and modules instantiated for one memory: programs come and go in a Worker. */
const MAX_COMPILED = 16_384, MAX_INSTANCES = 4096;

/**
 * How often a region is translated again. Measured, in seconds, with Lua and a loop of short functions: without a limit
 * 2.6 and 1.03, twice 1.9 and 1.13.
 */
const MAX_AGAIN = 2;

/** Arrivals that make a place hot whose region an archive has. */
const HOT_AGAIN = 300;

/** A region in a module: what has to be known of it once that has been compiled. */
interface Compiled {
  readonly object: RegionObject;
  readonly module: WebAssembly.Module;
  /** Its number in the module. */
  readonly index: number;
  readonly pages: ReadonlySet<number>;
  /** How often it was translated again. */
  readonly again: number;
}

/** Puts a region of an instance into its table. */
type Place = (slot: number, index: number) => void;

/** Regions in place in an address space, by the pages of their code and by where control comes in. */
interface Placed {
  readonly byPage: Map<number, Set<Compiled>>;
  readonly byEntry: Map<number, Compiled>;
}

/** Hears of every region that is translated, and of what it replaces. */
export type OnMade = (space: WasmAddressSpace, object: RegionObject, replaced: RegionObject | undefined) => void;

export class Translator {
  readonly #memory: EngineMemory;
  readonly #slots = new Map<number, number>();
  /** By entry: the same address may hold different code in different programs. */
  readonly #compiled = new Map<number, Compiled[]>();
  #compiledCount = 0;
  /** Regions from an archive by the page of their root. */
  readonly #ready = new Map<number, Compiled[]>();
  /** Instances live as long as their memory, which serves process after process. */
  readonly #instances = new WeakMap<GuestMemory, Map<WebAssembly.Module, Place>>();
  readonly #placed = new WeakMap<WasmAddressSpace, Placed>();
  readonly #links: Links;
  readonly #onMade: OnMade;
  readonly #calls = new HotCalls();
  /** Figures for ELFTAP_STATS. */
  readonly stats = {
    regions: 0,
    /** Of these, in place of another. */
    again: 0,
    dispatching: 0,
    instructions: 0,
    bytes: 0,
    milliseconds: 0,
    archived: 0,
    placedFromArchive: 0,
  };

  constructor(memory: EngineMemory, onMade: OnMade = () => {}) {
    this.#memory = memory;
    this.#onMade = onMade;
    // Who links has seen that there is room.
    this.#links = { slotOf: (root) => this.#slot(root), mapOf: ({ targets }) => memory.mapTargets(targets)! };
  }

  #slot(root: number): number {
    let slot = this.#slots.get(root);
    if (slot === undefined) {
      this.#slots.set(root, slot = this.#slots.size);
      this.#memory.slots = this.#slots.size;
    }
    return slot;
  }

  /** Makes a memory's table long enough; new entries lead back to the interpreter. */
  fit(memory: GuestMemory): void {
    const short = this.#slots.size - memory.slots;
    if (short > 0) memory.growRegions(Math.max(short, 1024));
  }

  /** Translates the code at a root, which is hot or was translated for another address space. */
  translate(space: WasmAddressSpace, root: number): void {
    const started = performance.now();
    const known = this.#known(space, root), compiled = known ?? this.#compile(space, root);
    if (known && this.#ready.get(Math.floor(root / 4096))?.includes(known)) this.stats.placedFromArchive++;
    if (compiled) this.#enter(space, compiled, root);
    else space.leaveRegion(root);
    this.stats.milliseconds += performance.now() - started;
  }

  /** A region that was made of exactly what is in this address space. */
  #known(space: WasmAddressSpace, root: number): Compiled | undefined {
    const all = this.#compiled.get(root) ?? [], holds = ({ object }: Compiled) => space.holdsCode(object.code);
    return all.find((compiled) => compiled.object.root === root && holds(compiled)) ?? all.find(holds);
  }

  /** @param replaced what the new region stands in for */
  #compile(space: WasmAddressSpace, root: number, replaced?: Compiled): Compiled | undefined {
    const again = replaced ? replaced.again + 1 : 0;
    // What is in place may have code that this process has not come to.
    const word = (pc: number) => space.codeWord(pc) ?? (replaced && wordOf(replaced.object, pc));
    const isPlaced = (place: number) => this.#placedAt(space, place) !== undefined;
    const find = (computed: (pc: number) => readonly number[]) =>
      trimRegion(
        findRegion(root, word, computed),
        isPlaced,
        (other, places) => covers(this.#placedAt(space, other)!.object, places),
      );
    // What is in place at a target has its loop: what goes on there is not wanted once more.
    let nearby: readonly ComputedTarget[] | undefined;
    const isWanted = (target: number) => target === root || !isPlaced(target);
    let region = find((pc) => {
      nearby ??= space.computedTargets(root).filter(({ at }) => isWanted(at));
      return nearby.filter(({ source }) => source === sourceOf(pc)).map(({ at }) => at);
    });
    const targets = targetsOf(region);
    if (targets.length > 0 && this.#memory.mapTargets(targets) === undefined) region = find(() => []);
    const length = region.blocks.get(root)?.instructions.length ?? 0;
    if (length === 0 || this.#slots.size >= MAX_SLOTS) return undefined;
    const profile = this.#memory.translatesAll ? WHERE_ALL_IS : this.#calls;
    const object = makeObject(inlineCalls(region, word, profile), (pc) => word(pc)!, space.far.isOpen);
    const bytes = link([object], this.#links);
    const compiled = { object, module: new WebAssembly.Module(bytes), index: 0, pages: pagesOf(object), again };
    this.#remember(compiled);
    this.stats.regions++;
    if (object.targets.length > 0) this.stats.dispatching++;
    this.stats.bytes += bytes.length;
    for (const { words } of object.code) this.stats.instructions += words.length;
    this.#onMade(space, object, replaced?.object);
    return compiled;
  }

  /**
   * What contains a call that has become hot is translated again, with the function that it calls.
   *
   * @param pc where control was met
   * @param link what the link register holds there
   */
  sample(space: WasmAddressSpace, pc: number, link: number): void {
    const placed = this.#placed.get(space);
    const here = placed?.byEntry.get(pc);
    if (this.#memory.translatesAll || placed === undefined || here === undefined) return;
    const word = (pc: number) => space.codeWord(pc);
    const call = this.#calls.sample(pc, link, word, (call) => covers(here.object, [call]));
    if (call === undefined) return;
    const isWorthIt = (target: number) => isShort(call, target, word, this.#calls.most(call));
    if (!this.#calls.targets(call).some(isWorthIt)) return;
    for (const region of [...placed.byPage.get(Math.floor(call / 4096)) ?? []]) {
      const { targets, calls } = region.object;
      if (targets.length > 0 || calls.includes(call) || region.again === MAX_AGAIN) continue;
      if (covers(region.object, [call])) this.#translateAgain(space, placed, region);
    }
  }

  #translateAgain(space: WasmAddressSpace, placed: Placed, old: Compiled): void {
    const started = performance.now(), { root } = old.object;
    const compiled = this.#compile(space, root, old);
    if (compiled) {
      this.#forgetCompiled(old);
      this.#takeOut(space, placed, old);
      this.#enter(space, compiled, root);
      this.stats.again++;
    }
    this.stats.milliseconds += performance.now() - started;
  }

  /** The region that control comes into at an address. */
  #placedAt(space: WasmAddressSpace, root: number): Compiled | undefined {
    return this.#placed.get(space)?.byEntry.get(root);
  }

  #remember(compiled: Compiled): void {
    const entries = entriesOf(compiled.object);
    this.#compiledCount += entries.length;
    if (this.#compiledCount > MAX_COMPILED) {
      this.#compiled.clear();
      this.#ready.clear();
      this.#compiledCount = entries.length;
    }
    for (const entry of entries) {
      const others = this.#compiled.get(entry);
      if (others) others.push(compiled);
      else this.#compiled.set(entry, [compiled]);
    }
  }

  /** There is a better one. */
  #forgetCompiled(compiled: Compiled): void {
    const entries = entriesOf(compiled.object);
    for (const entry of entries) removeFrom(this.#compiled, entry, compiled);
    removeFrom(this.#ready, Math.floor(compiled.object.root / 4096), compiled);
    this.#compiledCount -= entries.length;
  }

  /** Compiles regions that were translated before, beside the guest; resolves when they can be put in place. */
  async adopt(objects: readonly RegionObject[]): Promise<void> {
    const isNew = ({ root, targets }: RegionObject) =>
      !this.#compiled.get(root)?.some(({ object }) => object.root === root) &&
      (targets.length === 0 || this.#memory.mapTargets(targets) !== undefined);
    const news = objects.filter(isNew);
    if (news.length === 0) return;
    const module = await WebAssembly.compile(link(news, this.#links));
    for (const [index, object] of news.entries()) {
      const compiled = { object, module, index, pages: pagesOf(object), again: 0 };
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
      if (!this.#placed.get(space)?.byPage.get(page)?.has(compiled)) {
        for (const entry of entriesOf(compiled.object)) this.#memory.heatUp(entry, HOT - HOT_AGAIN);
      }
    }
  }

  /** Puts a region in place at an address where it is wanted, and at its other entries, unless others are there. */
  #enter(space: WasmAddressSpace, compiled: Compiled, at: number): void {
    const { memory } = space;
    const entries = entriesOf(compiled.object).filter((entry) => entry === at || !this.#placedAt(space, entry));
    const slots = entries.map((entry) => this.#slot(entry));
    this.fit(memory);
    const place = this.#instance(memory, compiled.module);
    for (const slot of slots) place(slot, compiled.index);
    this.#place(space, compiled, entries);
    for (const [index, entry] of entries.entries()) space.enterRegion(entry, slots[index]!);
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

  #place(space: WasmAddressSpace, region: Compiled, entries: readonly number[]): void {
    let placed = this.#placed.get(space);
    if (placed === undefined) this.#placed.set(space, placed = { byPage: new Map(), byEntry: new Map() });
    for (const entry of entries) placed.byEntry.set(entry, region);
    for (const page of region.pages) {
      const there = placed.byPage.get(page);
      if (there) there.add(region);
      else placed.byPage.set(page, new Set([region]));
    }
  }

  /** Takes a region out of the table, apart from entries where another has come since. */
  #remove(space: WasmAddressSpace, { byEntry }: Placed, region: Compiled): void {
    for (const entry of entriesOf(region.object)) {
      if (byEntry.get(entry) !== region) continue;
      byEntry.delete(entry);
      space.memory.removeRegion(this.#slot(entry));
    }
  }

  /** Has an address space do without a region. */
  #takeOut(space: WasmAddressSpace, placed: Placed, region: Compiled): void {
    this.#remove(space, placed, region);
    for (const page of region.pages) placed.byPage.get(page)?.delete(region);
  }

  /** The code in a range has changed or is gone: its regions are left. */
  invalidate(space: WasmAddressSpace, from: number, to: number): void {
    const placed = this.#placed.get(space);
    if (placed === undefined || placed.byPage.size === 0) return;
    for (let page = Math.floor(from / 4096); page * 4096 < to; page++) {
      for (const region of placed.byPage.get(page) ?? []) {
        if (!dependsOn(region.object, from, to)) continue;
        this.#takeOut(space, placed, region);
      }
    }
  }

  /** The address space ends: its table serves another. */
  forget(space: WasmAddressSpace): void {
    const placed = this.#placed.get(space);
    if (placed === undefined) return;
    for (const region of new Set(placed.byEntry.values())) this.#remove(space, placed, region);
    this.#placed.delete(space);
  }
}

function removeFrom(lists: Map<number, Compiled[]>, key: number, compiled: Compiled): void {
  const left = lists.get(key)?.filter((each) => each !== compiled) ?? [];
  if (left.length > 0) lists.set(key, left);
  else lists.delete(key);
}
