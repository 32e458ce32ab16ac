/** For tests of semantics: executes single instructions on chosen register contents. */
import type { Exit, Registers } from "../engine.ts";
import { type Tier, WasmEngine } from "./engine.ts";
import { buildInterpreter } from "./build_image.ts";
import type { InterpreterImage } from "./image_file.ts";
import { Translator } from "./translator/translator.ts";

const CODE = 0x10000;

/** Sixteen bytes of a vector register as an integer, lane 0 in the low bits. */
function toBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 16; i++) bytes[i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
}

/**
 * A processor with a page of code at 0x10000 and 64 KiB of zeroed, writable data at 0x20000.
 *
 * ```ts
 * const machine = new Machine();
 * machine.regs.setX(1, 5);
 * machine.step(0x91000c20); // add x0, x1, #3
 * machine.regs.x(0); // 8n
 * ```
 */
export class Machine {
  readonly data = 0x20000;
  readonly engine: WasmEngine;
  readonly space;
  readonly #cpu;
  readonly #vectors = new Uint8Array(512);

  constructor(interpreter: InterpreterImage = buildInterpreter(), tier: Tier = "auto") {
    this.engine = new WasmEngine({ interpreter, tier, translator: Translator });
    this.space = this.engine.createAddressSpace();
    this.#cpu = this.engine.createCpu();
    this.space.mapZero(CODE, 4096, 7);
    this.space.mapZero(this.data, 65536, 3);
  }
  get regs(): Registers {
    return this.#cpu.regs;
  }
  /** Executes one instruction; `kind` of the result is `fuel` where it completed without leaving. */
  step(word: number): Exit {
    return this.run([word], 1);
  }
  /** Executes up to `fuel` instructions of a sequence placed at 0x10000. */
  run(words: readonly number[], fuel: number): Exit {
    const view = this.space.view(CODE, words.length * 4, "write")!;
    words.forEach((word, i) => {
      view[4 * i] = word;
      view[4 * i + 1] = word >>> 8;
      view[4 * i + 2] = word >>> 16;
      view[4 * i + 3] = word >>> 24;
    });
    this.space.invalidateCode(CODE, words.length * 4);
    this.regs.pc = BigInt(CODE);
    return this.#cpu.run(this.space, fuel);
  }
  /** Goes on from where it stopped. */
  resume(fuel: number): Exit {
    return this.#cpu.run(this.space, fuel);
  }
  /** Executes the instruction at pc, whatever breakpoint is there. */
  stepOver(): Exit {
    return this.#cpu.step(this.space);
  }
  /** A vector register as a 128-bit integer. */
  v(n: number): bigint {
    this.regs.readV(this.#vectors);
    let value = 0n;
    for (let i = 15; i >= 0; i--) value = (value << 8n) | BigInt(this.#vectors[16 * n + i]!);
    return value;
  }
  setV(n: number, value: bigint | Uint8Array): void {
    this.regs.readV(this.#vectors);
    this.#vectors.set(typeof value === "bigint" ? toBytes(value) : value, 16 * n);
    this.regs.writeV(this.#vectors);
  }
  /** Bytes of the data area. */
  memory(offset: number, length: number): Uint8Array {
    return this.space.view(this.data + offset, length, "write")!;
  }
}
