/**
 * `machine.c` without a kernel: cases run on the engine itself, in pieces of a chosen number of instructions, and
 * signals do to them what the handler of `machine.c` does.
 */
import type { AddressSpace, Cpu, Exit } from "../../src/engine/engine.ts";
import type { InterpreterImage } from "../../src/engine/wasm/image_file.ts";
import { type Tier, WasmEngine } from "../../src/engine/wasm/engine.ts";
import { Translator } from "../../src/engine/wasm/translator/translator.ts";
import { PSTATE } from "./cases.ts";
import { At, type Batch, CODE, CODE_SIZE, DATA, PAGE, PAGES, pristine, RESULT_HEAD, RESULT_SIZE } from "./machines.ts";

const BRK = 0xd4200000;
const SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGSEGV = 11;
const SEGV_MAPERR = 1, SEGV_ACCERR = 2, BUS_ADRALN = 1, TRAP_BRKPT = 1, ILL_ILLOPC = 1;
const WRITABLE = (PAGES - 1) * PAGE;
const FNV_BASIS = 0x811c9dc5, FNV_PRIME = 0x01000193;
/** What of FPSR and FPCR is noted: see machine.c. */
const FPSR_BITS = 0x0fffffff, FPCR_BITS = 0x07c80000;

const pristineWords = new Uint32Array(pristine.buffer);

const inCode = (pc: number): boolean => pc >= CODE && pc < CODE + CODE_SIZE;
const isCode = (pc: number): boolean => inCode(pc) && pc % 4 === 0;

export interface Signal {
  readonly number: number;
  readonly code: number;
  readonly address: number;
}

/** An engine of one tier with the pages of the cases. */
export class EngineMachine {
  readonly engine: WasmEngine;
  readonly #space: AddressSpace;
  readonly #cpu: Cpu;
  #batch!: Batch;
  #job = 0;
  #ended = true;
  #left = 0;
  #trail = 0;
  readonly #x = new BigUint64Array(32);
  readonly #xWords = new Uint32Array(this.#x.buffer);
  readonly #v = new Uint8Array(512);
  readonly #vWords = new Uint32Array(this.#v.buffer);

  /** @param reachesFar code is translated as for a program that has far addresses in use */
  constructor(interpreter: InterpreterImage, tier: Tier, reachesFar = false) {
    this.engine = new WasmEngine({ interpreter, tier, translator: Translator });
    this.#space = this.engine.createAddressSpace();
    if (reachesFar) this.#space.far!.open();
    this.#cpu = this.engine.createCpu();
    this.#space.mapZero(CODE, CODE_SIZE, 7);
    this.#space.mapZero(DATA, PAGES * PAGE, 3);
    this.#space.view(DATA, PAGES * PAGE, "write")!.set(pristine);
    this.#space.protect(DATA + WRITABLE, PAGES * PAGE - WRITABLE, 1);
  }

  get regs() {
    return this.#cpu.regs;
  }

  load(batch: Batch): void {
    this.#batch = batch;
    const view = this.#space.view(CODE, CODE_SIZE, "write")!;
    view.set(new Uint8Array(batch.code.buffer, 0, batch.codeSize));
    view.fill(0, batch.codeSize);
    this.#ended = true;
    this.#digest(true);
    this.#space.invalidateCode(CODE, CODE_SIZE);
  }

  /** Makes registers and memory those of a case's start. */
  start(job: number): void {
    const { regs } = this.#cpu, { words } = this.#batch, at = this.#batch.state(job);
    this.#job = job;
    this.#left = this.#batch.survives(job);
    this.#trail = FNV_BASIS;
    if (!this.#ended) this.#restore();
    this.#ended = false;
    this.#xWords.set(words.subarray(at, at + 64));
    for (let n = 0; n < 31; n++) regs.setX(n, this.#x[n]!);
    regs.sp = this.#x[31]!;
    regs.pc = BigInt(this.#batch.entry(job));
    regs.flags = words[at + At.pstate / 4]!;
    regs.fpsr = words[at + At.fpsr / 4]!;
    regs.fpcr = words[at + At.fpcr / 4]!;
    this.#vWords.set(words.subarray(at + At.v / 4, at + At.v / 4 + 128));
    regs.writeV(this.#v);
    this.#cpu.clearExclusive();
  }

  /** Undoes what the case that was started last has done to memory. */
  #restore(): void {
    this.#digest(true);
    const job = this.#job;
    const from = this.#batch.entry(job), last = job + 1 === this.#batch.jobs;
    const to = last ? CODE + this.#batch.codeSize : this.#batch.entry(job + 1);
    const view = this.#space.view(from, to - from, "write")!;
    const bytes = new Uint8Array(this.#batch.code.buffer, from - CODE, to - from);
    for (let i = 0; i < view.length; i++) {
      if (view[i] === bytes[i]) continue;
      view.set(bytes);
      this.#space.invalidateCode(from, to - from);
      return;
    }
  }

  run(fuel: number): Exit {
    return this.#cpu.run(this.#space, fuel);
  }

  /** Which signal Linux makes of an exit. */
  signalOf({ kind, address }: Exit): Signal {
    const pc = Number(this.regs.pc);
    switch (kind) {
      case "fault":
        return {
          number: SIGSEGV,
          code: this.#space.query(address) === undefined ? SEGV_MAPERR : SEGV_ACCERR,
          address,
        };
      case "alignment":
        return { number: SIGBUS, code: BUS_ADRALN, address };
      case "illegal":
        return { number: SIGILL, code: ILL_ILLOPC, address: pc };
      case "breakpoint":
        return { number: SIGTRAP, code: TRAP_BRKPT, address: pc };
      default:
        throw new Error(`no case ends by ${kind}`);
    }
  }

  /** The twin of `survive` in machine.c. */
  survive({ number, code, address }: Signal): boolean {
    // A wild branch may have led anywhere: up to 2^64 - 1, which a number does not hold exactly.
    const { regs } = this.#cpu, at = regs.pc, pc = Number(at);
    if (this.#left === 0 || (number === SIGTRAP && this.#wordAt(pc) === BRK)) return false;
    if (number === SIGSEGV && (address % PAGE === 0 || !(address >= 0 && address < 2 ** 47))) return false;
    if ((at & 3n) !== 0n && !inCode(pc)) return false;
    const next = isCode(pc) ? pc + 4 : regs.xu(30);
    if (!isCode(next)) return false;
    this.#left--;
    this.#note(number);
    this.#note(number === SIGILL ? 0 : code);
    this.#noteWide(address);
    this.#note(Number(at & 0xffffffffn));
    this.#note(Number(at >> 32n));
    this.#note(regs.flags & PSTATE);
    this.#note(regs.fpsr & FPSR_BITS);
    this.#note(regs.fpcr & FPCR_BITS);
    this.#readX();
    for (const word of this.#xWords) this.#note(word);
    regs.readV(this.#v);
    for (const word of this.#vWords) this.#note(word);
    regs.setX(0, BigInt.asUintN(64, this.#x[0]! ^ (BigInt(address) + BigInt(number))));
    regs.setX(1, BigInt.asUintN(64, this.#x[1]! + at));
    regs.flags ^= 0x90000000;
    regs.fpsr ^= 1 << 27;
    this.#vWords[4 * 5]! ^= Number(at & 0xffffffffn);
    regs.writeV(this.#v);
    if (number === SIGSEGV) this.#resetBases();
    regs.pc = BigInt(next);
    this.#cpu.clearExclusive();
    return true;
  }

  #resetBases(): void {
    const at = this.#batch.state(this.#job), { words } = this.#batch;
    for (const base of [25, 26]) {
      this.regs.setX(base, BigInt(words[at + 2 * base]!) | (BigInt(words[at + 2 * base + 1]!) << 32n));
    }
  }

  /** What the handler of an asynchronous signal may do to the program it interrupts; `kind` chooses. */
  disturb(kind: number): void {
    const { regs } = this.#cpu;
    regs.setX(kind % 17, BigInt(kind) * 0x9e3779b97f4a7c15n & 0xffffffffffffffffn);
    if (kind & 1) regs.flags ^= 0xa0000000;
    if (kind & 2) regs.fpcr = kind << 19;
    if (kind & 4) regs.fpsr ^= 0x10;
    if (kind & 8) {
      regs.readV(this.#v);
      this.#v[(kind >>> 4) & 511]! ^= kind;
      regs.writeV(this.#v);
    }
    // A page that has another right than before.
    if (kind & 16) this.#space.protect(DATA + PAGE, PAGE, kind & 32 ? 1 : 3);
    this.#cpu.clearExclusive();
  }
  /** Takes back what outlasts a case of that. */
  calm(): void {
    this.#space.protect(DATA + PAGE, PAGE, 3);
  }

  #wordAt(pc: number): number | undefined {
    return isCode(pc) ? new DataView(this.#space.view(pc, 4, "read")!.slice().buffer).getUint32(0, true) : undefined;
  }
  #note(word: number): void {
    this.#trail = Math.imul(this.#trail ^ word, FNV_PRIME);
  }
  #noteWide(value: number): void {
    this.#note(value % 2 ** 32);
    this.#note(Math.floor(value / 2 ** 32));
  }
  #readX(): void {
    const { regs } = this.#cpu;
    for (let n = 0; n < 31; n++) this.#x[n] = regs.x(n);
    this.#x[31] = regs.sp;
  }

  /** Writes the case's result as machine.c does, at word `at`; without a signal, the state in the middle. */
  result(into: Uint32Array, at: number, signal?: Signal): void {
    const { regs } = this.#cpu, address = BigInt.asUintN(64, BigInt(signal?.address ?? 0));
    into[at] = signal?.number ?? 0;
    into[at + 1] = signal?.code ?? 0;
    into[at + 2] = Number(address & 0xffffffffn);
    into[at + 3] = Number(address >> 32n);
    into[at + 4] = this.#digest(false);
    into[at + 5] = this.#trail;
    const state = at + RESULT_HEAD / 4;
    this.#readX();
    into.set(this.#xWords, state);
    into[state + At.pc / 4] = Number(regs.pc & 0xffffffffn);
    into[state + At.pc / 4 + 1] = Number(regs.pc >> 32n);
    into[state + At.pstate / 4] = regs.flags;
    into[state + At.fpsr / 4] = regs.fpsr;
    into[state + At.fpcr / 4] = regs.fpcr;
    regs.readV(this.#v);
    into.set(this.#vWords, state + At.v / 4);
    this.#ended = signal !== undefined;
    if (this.#ended) this.#restore();
  }

  /** FNV-1a of the writable pages' words, which are put back, if wanted. */
  #digest(restores: boolean): number {
    const view = this.#space.view(DATA, WRITABLE, "write", true)!;
    const words = new Uint32Array(view.buffer, view.byteOffset, WRITABLE / 4);
    let hash = FNV_BASIS, same = true;
    for (let i = 0; i < WRITABLE / 4; i++) {
      const word = words[i]!;
      if (word !== pristineWords[i]) same = false;
      hash = Math.imul(hash ^ word, FNV_PRIME);
    }
    if (same) return 0;
    if (restores) view.set(pristine.subarray(0, WRITABLE));
    return hash >>> 0;
  }

  free(): void {
    this.#cpu.free();
    this.#space.free();
  }
}

export const RESULT_WORDS = RESULT_SIZE / 4;
