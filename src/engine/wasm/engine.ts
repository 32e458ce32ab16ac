/**
 * The `wasm` engine: A64 executed by WebAssembly, on any host, without native code.
 *
 * Today it has one tier, the interpreter generated from the instruction table. Memory: {@link ./layout.ts}.
 */
import type { AddressSpace, Cpu, Engine, Frame } from "../engine.ts";
import { disassemble } from "../../isa/a64/disasm/disassemble.ts";
import { FEATURES } from "../../isa/a64/features.ts";
import { type MemoryPool, WasmAddressSpace } from "./address_space.ts";
import { WasmCpu } from "./cpu.ts";
import { WasmFrame } from "./frame.ts";
import type { InterpreterImage } from "./image.ts";
import { EngineMemory, GuestMemory } from "./memory.ts";
import { Translator } from "./translator/translator.ts";
import { Predecoder } from "./predecode.ts";

/** Guest memories kept for the next process; each keeps its touched pages resident. */
const POOL = 8;

export interface WasmEngineOptions {
  readonly interpreter: InterpreterImage;
  /** Which tiers execute. Default `auto`: interpret, and translate what is hot. */
  readonly tier?: "auto" | "interpreter";
  /** CNTVCT_EL0 in nanoseconds. */
  readonly now?: () => bigint;
}

export class WasmEngine implements Engine {
  readonly name = "wasm";
  readonly features: ReadonlySet<string> = FEATURES;
  readonly #memory = new EngineMemory();
  readonly #pool: MemoryPool;
  /** For statistics. */
  readonly translator: Translator | undefined;

  constructor(options: WasmEngineOptions) {
    const { module, handlers } = options.interpreter;
    const now = options.now ?? (() => BigInt(Math.round(performance.now() * 1e6)));
    const free: GuestMemory[] = [];
    const engine = this.#memory;
    this.translator = options.tier === "interpreter" ? undefined : new Translator(engine);
    this.#pool = {
      engine,
      predecoder: new Predecoder(engine, handlers),
      translator: this.translator,
      takeMemory: () => free.pop() ?? new GuestMemory(module, engine, now),
      returnMemory: (memory) => {
        if (free.length < POOL) free.push(memory);
      },
    };
  }

  createAddressSpace(): AddressSpace {
    return new WasmAddressSpace(this.#pool);
  }
  createCpu(): Cpu {
    return new WasmCpu(this.#memory);
  }
  createFrame(content?: Uint8Array): Frame {
    return new WasmFrame(content);
  }
  disassemble(word: number, pc: number): string {
    return disassemble(word, pc);
  }
}
