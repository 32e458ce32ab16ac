/**
 * The `wasm` engine: A64 executed by WebAssembly, on any host, without native code.
 *
 * Two tiers: the interpreter generated from the instruction table, and translated regions of what is hot. Memory:
 * {@link ./layout.ts}. The instruction table itself is loaded when something needs it: most programs end before.
 */
import type { AddressSpace, Cpu, Engine, Frame } from "../engine.ts";
import type { RegionStore } from "../region_store.ts";
import { FEATURES, MIDR_EL1 } from "../../isa/a64/features.ts";
import { type SpaceParts, WasmAddressSpace } from "./address_space.ts";
import { WasmCpu } from "./cpu.ts";
import { WasmFrame } from "./frame.ts";
import { FrameBlocks } from "./frame_blocks.ts";
import type { InterpreterImage } from "./image_file.ts";
import { Code } from "./layout.ts";
import { EngineMemory, GuestMemory } from "./memory.ts";
import { MemoryPool } from "./memory_pool.ts";
import type { Translator } from "./translator/translator.ts";
import { Predecoder } from "./predecode.ts";
import type { KnownPrograms } from "./translator/known_programs.ts";

/** Who executes: the interpreter, with the translator for what is hot (`auto`) or for whatever is reached. */
export type Tier = "auto" | "interpreter" | "translator";

/** Archives, some ten to some hundred KiB each, that are kept for programs that may start again. */
const MAX_LATE = 64;

/**
 * Instructions before the translator is loaded. That, and translating while V8 still interprets the translator, takes
 * 70 to 100 ms, in which the interpreter executes about as many: a shorter program ends before it would have paid.
 */
const LONG = 8_000_000;

/**
 * Instructions before it is asked whether an archive has the program: only programs that ran for long have one. Measured
 * with `python3 -c pass`, 48 million instructions, in milliseconds: 8 million 890, one million 790, 0.3 million 780.
 * And only when something is hot: asked at the start of every program once the Worker had run for long, a suite of a
 * thousand short ones took 1.74 seconds, 1.66 so.
 */
const RECALL = 1_000_000;

export interface WasmEngineOptions {
  readonly interpreter: InterpreterImage;
  /** Which tiers execute. Default `auto`: interpret, and translate what is hot; `translator`: whatever is reached. */
  readonly tier?: Tier;
  /** Default: loaded while the first hot code is still interpreted. */
  readonly translator?: typeof Translator;
  /** CNTVCT_EL0 in nanoseconds. */
  readonly now?: () => bigint;
}

export class WasmEngine implements Engine {
  readonly name = "wasm";
  readonly features: ReadonlySet<string> = FEATURES;
  readonly midr = MIDR_EL1;
  readonly #memory: EngineMemory;
  readonly #parts: SpaceParts;
  readonly #isInterpreter: boolean;
  #translator: Translator | undefined;
  #loading: Promise<Translator> | undefined;
  #programs: KnownPrograms | undefined;
  /** Programs that were executed, by the names of their content. */
  readonly #met = new Set<string>();
  /** Programs whose archive was asked for. */
  readonly #recalled = new Set<string>();
  /** Those of them that have not come yet, and those that the host has not answered. */
  #recalls = 0;
  #unanswered = 0;
  /** Those that came when their program had ended, until it starts again. */
  readonly #late = new Map<string, Uint8Array>();
  /** Where translated code is kept from run to run; may change from guest to guest. */
  regionStore: RegionStore | undefined;

  constructor(options: WasmEngineOptions) {
    const { module, tables } = options.interpreter;
    const now = options.now ?? (() => BigInt(Math.round(performance.now() * 1e6)));
    const engine = this.#memory = new EngineMemory(options.tier === "translator");
    this.#isInterpreter = options.tier === "interpreter";
    if (!this.#isInterpreter && options.translator) this.#translator = new options.translator(engine);
    const translator = () => this.#translator;
    this.#parts = {
      engine,
      memories: new MemoryPool(() => new GuestMemory(module, engine, now)),
      predecoder: new Predecoder(engine, tables),
      frameBlocks: new FrameBlocks(engine),
      get translator() {
        return translator();
      },
      wantTranslator: () => {
        if (engine.retired >= RECALL || this.#pays()) {
          for (const { program } of this.#parts.spaces) if (program !== undefined) void this.#recall(program);
        }
        if (!this.#pays()) return undefined;
        // What was translated before comes soon.
        if (this.#recalls > 0 && !engine.translatesAll) return undefined;
        void this.#load();
        return this.#translator;
      },
      programStarted: (program) => {
        this.#met.add(program);
        if (this.#pays()) void this.#adoptLate(program);
      },
      spaces: new Set(),
    };
  }

  /** For statistics; undefined while there was no use for it. */
  get translator(): Translator | undefined {
    return this.#translator;
  }

  /** Has it ready before the first instruction. */
  async loadTranslator(): Promise<void> {
    await this.#load();
  }

  /** The translator is loaded when there is something to do for it. */
  #load(): Promise<Translator> | undefined {
    if (this.#isInterpreter || this.#translator) return undefined;
    return this.#loading ??= this.#makeTranslator();
  }
  async #makeTranslator(): Promise<Translator> {
    const [{ Translator }, { KnownPrograms }] = await Promise.all([
      import("./translator/translator.ts"),
      import("./translator/known_programs.ts"),
    ]);
    const programs = this.#programs = new KnownPrograms();
    return this.#translator = new Translator(this.#memory, ({ program }, object, replaced) => {
      if (program !== undefined) programs.learn(program, object, replaced);
    });
  }

  /** Whether the translator is there already or worth to be loaded. */
  #pays(): boolean {
    const { retired, translatesAll } = this.#memory;
    return this.#translator !== undefined || this.#loading !== undefined || translatesAll || retired >= LONG;
  }

  /** Gets what was translated of a program in earlier runs. */
  async #recall(program: string): Promise<void> {
    if (this.#isInterpreter || this.regionStore === undefined) return;
    if (this.#recalled.has(program)) return this.#adoptLate(program);
    this.#recalled.add(program);
    this.#recalls++;
    this.#unanswered++;
    const archive = await this.regionStore.load(program).finally(() => this.#unanswered--);
    if (archive === undefined) this.#recalled.delete(program);
    if (archive) await this.#adopt(program, archive);
    this.#recalls--;
  }

  async #adoptLate(program: string): Promise<void> {
    const archive = this.#late.get(program);
    if (archive === undefined) return;
    this.#late.delete(program);
    this.#recalls++;
    await this.#adopt(program, archive);
    this.#recalls--;
  }

  /** Loading the translator takes longer than many a program runs: one that has ended does not wait for it. */
  async #adopt(program: string, archive: Uint8Array): Promise<void> {
    const { spaces } = this.#parts;
    const isRunning = () => [...spaces].some((space) => space.program === program);
    const translator = isRunning() ? this.#translator ?? await this.#load() : undefined;
    if (translator && isRunning()) await this.#programs?.adopt(program, archive, translator, () => spaces);
    else if (this.#late.size < MAX_LATE) this.#late.set(program, archive);
    else this.#recalled.delete(program);
  }

  statistics(): Record<string, number> {
    const { tally, exits } = this.#memory, translator = this.#translator?.stats;
    const reasons = Object.entries(Code).filter(([, code]) => exits[code]! > 0);
    return {
      "instructions.translated": tally,
      ...Object.fromEntries(reasons.map(([name, code]) => [`exits.${name}`, exits[code]!])),
      ...(translator && {
        "regions.translated": translator.regions,
        "regions.translated.again": translator.again,
        "regions.translated.dispatching": translator.dispatching,
        "regions.translated.instructions": translator.instructions,
        "regions.translated.bytes": translator.bytes,
        "regions.milliseconds": Math.round(translator.milliseconds),
        "regions.archived": translator.archived,
        "regions.archived.placed": translator.placedFromArchive,
      }),
    };
  }

  get programs(): number {
    return this.#met.size;
  }

  get awaitsHost(): boolean {
    return this.#unanswered > 0;
  }

  idle(): void {
    if (this.regionStore) this.#programs?.save(this.regionStore);
  }

  createAddressSpace(): AddressSpace {
    return new WasmAddressSpace(this.#parts);
  }
  createCpu(): Cpu {
    return new WasmCpu(this.#memory);
  }
  createFrame(content?: Uint8Array): Frame {
    return new WasmFrame(content);
  }
  async disassemble(word: number, pc: number): Promise<string> {
    const { disassemble } = await import("../../isa/a64/disasm/disassemble.ts");
    return disassemble(word, pc);
  }
}
