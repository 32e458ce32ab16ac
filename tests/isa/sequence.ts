/**
 * Short instruction sequences from a whole machine state, under another implementation of the architecture
 * (`sequence.c` in user-mode QEMU) and here.
 */
import { join } from "node:path";
import { Machine } from "../../src/engine/wasm/testing.ts";

/** Where both sides put the sequence and the data: two writable pages, a read-only one, then nothing. */
export const CODE = 0x10000, DATA = 0x20000, PAGE = 4096, PAGES = 3;
const DATA_SIZE = PAGES * PAGE;

/** Registers before or after: everything a signal frame holds. */
export interface State {
  readonly x: BigUint64Array; // X0..X30, SP
  readonly v: BigUint64Array; // V0..V31, low half first
  /** N, Z, C, V in bits 31..28. */
  readonly nzcv: number;
  readonly fpsr: number;
  readonly fpcr: number;
}
export const X_COUNT = 32, V_HALVES = 64, SP = 31;

export interface Case {
  /** One to three instructions. */
  readonly words: readonly number[];
  readonly state: State;
}

/** How a sequence ended: at an instruction beyond it, or with a signal at one of it. */
export interface Ending {
  readonly kind: "completed" | "illegal" | "fault" | "alignment" | "trap";
  readonly pc: bigint;
  /** Of a fault: the address. */
  readonly address: bigint;
  /** 0 if the data pages are unchanged, else a digest of them. */
  readonly memory: number;
  readonly state: State;
}

/** Content of the data pages at the start of every case. */
export const pristine: Uint8Array<ArrayBuffer> = (() => {
  const words = new Uint32Array(DATA_SIZE / 4);
  let seed = 0x2545f491;
  words.forEach((_, i) => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    // Runs of zeros and ones among the noise, for comparisons and sign bits.
    words[i] = (i & 7) === 3 ? 0 : (i & 7) === 6 ? 0xffffffff : seed;
  });
  return new Uint8Array(words.buffer);
})();
const pristineWords = new Uint32Array(pristine.buffer);

const STATE_SIZE = 34 * 8 + 8 + 512, JOB_SIZE = 16 + STATE_SIZE, RESULT_SIZE = 16 + STATE_SIZE;
const X_AT = 0, PSTATE_AT = 33 * 8, FPSR_AT = 34 * 8, V_AT = FPSR_AT + 8, PC_AT = 32 * 8;

function encode(cases: readonly Case[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(DATA_SIZE + cases.length * JOB_SIZE), view = new DataView(bytes.buffer);
  bytes.set(pristine);
  let at = DATA_SIZE;
  for (const { words, state } of cases) {
    view.setUint32(at, words.length, true);
    words.forEach((word, i) => view.setUint32(at + 4 + 4 * i, word, true));
    at += 16;
    state.x.forEach((value, i) => view.setBigUint64(at + X_AT + 8 * i, value, true));
    view.setBigUint64(at + PSTATE_AT, BigInt(state.nzcv), true);
    view.setUint32(at + FPSR_AT, state.fpsr, true);
    view.setUint32(at + FPSR_AT + 4, state.fpcr, true);
    state.v.forEach((value, i) => view.setBigUint64(at + V_AT + 8 * i, value, true));
    at += STATE_SIZE;
  }
  return bytes;
}

function decodeState(view: DataView, at: number): State {
  const x = new BigUint64Array(X_COUNT), v = new BigUint64Array(V_HALVES);
  x.forEach((_, i) => x[i] = view.getBigUint64(at + X_AT + 8 * i, true));
  v.forEach((_, i) => v[i] = view.getBigUint64(at + V_AT + 8 * i, true));
  return {
    x,
    v,
    nzcv: (view.getUint32(at + PSTATE_AT, true) & 0xf0000000) >>> 0,
    fpsr: view.getUint32(at + FPSR_AT, true),
    fpcr: view.getUint32(at + FPSR_AT + 4, true),
  };
}

const SIGILL = 4, SIGTRAP = 5, SIGBUS = 7;

/** Runs the cases under the oracle; endings in their order. */
export async function runOracle(cases: readonly Case[]): Promise<Ending[]> {
  const folder = Deno.makeTempDirSync();
  try {
    const program = join(folder, "sequence");
    const source = new URL("./sequence.c", import.meta.url).pathname;
    // Position-independent, so that it lies far from the addresses that the cases make up.
    const args = ["-O2", "-static-pie", "-o", program, source];
    const built = await new Deno.Command("aarch64-linux-gnu-gcc", { args }).output();
    if (!built.success) throw new Error(new TextDecoder().decode(built.stderr));
    // Pointer authentication is a no-op here; SVE state would come first in the signal frame.
    const cpu = "max,sve=off,sme=off,pauth=off";
    const process = new Deno.Command("qemu-aarch64", {
      args: ["-cpu", cpu, program],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writing = new Blob([encode(cases)]).stream().pipeTo(process.stdin);
    const [{ stdout }] = await Promise.all([process.output(), writing]);
    if (stdout.length !== cases.length * RESULT_SIZE) {
      throw new Error(`the oracle ended after ${stdout.length / RESULT_SIZE} of ${cases.length} cases`);
    }
    const view = new DataView(stdout.buffer, stdout.byteOffset, stdout.byteLength);
    return cases.map(({ words }, i) => {
      const at = i * RESULT_SIZE, signal = view.getUint32(at, true);
      const pc = view.getBigUint64(at + 16 + PC_AT, true);
      const inside = pc >= BigInt(CODE) && pc < BigInt(CODE + 4 * words.length);
      const kind = !inside
        ? "completed"
        : signal === SIGILL
        ? "illegal"
        : signal === SIGTRAP
        ? "trap"
        : signal === SIGBUS
        ? "alignment"
        : "fault";
      const address = kind === "fault" || kind === "alignment" ? view.getBigUint64(at + 8, true) : 0n;
      return { kind, pc, address, memory: view.getUint32(at + 4, true), state: decodeState(view, at + 16) };
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function digest(words: Uint32Array): number {
  let changed = false;
  for (let i = 0; i < words.length && !changed; i++) changed = words[i] !== pristineWords[i];
  if (!changed) return 0;
  let hash = 0x811c9dc5;
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193);
  return hash >>> 0;
}

/** What the oracle has behind the sequence, for loads that reach there. */
const MAX_WORDS = 3, BRK = 0xd4200000, PADDING = [BRK, BRK];

/** Runs cases here. */
export class Sequencer {
  readonly #machine = new Machine();
  readonly #v = new BigUint64Array(V_HALVES);

  constructor() {
    const { space } = this.#machine;
    space.unmap(DATA + DATA_SIZE, 65536 - DATA_SIZE);
    this.#data().set(pristine);
    this.#machine.run(new Array(PAGE / 4).fill(BRK), 1);
    space.protect(DATA + DATA_SIZE - PAGE, PAGE, 1);
  }
  #data(): Uint8Array {
    return this.#machine.space.view(DATA, DATA_SIZE, "write", true)!;
  }
  run({ words, state }: Case): Ending {
    const { regs } = this.#machine;
    for (let i = 0; i < SP; i++) regs.setX(i, state.x[i]!);
    regs.sp = state.x[SP]!;
    regs.writeV(new Uint8Array(state.v.buffer, state.v.byteOffset, 512));
    regs.nzcv = state.nzcv;
    regs.fpsr = state.fpsr;
    regs.fpcr = state.fpcr;
    const exit = this.#machine.run([...words, ...PADDING].slice(0, MAX_WORDS), words.length);
    const x = new BigUint64Array(X_COUNT);
    for (let i = 0; i < SP; i++) x[i] = regs.x(i);
    x[SP] = regs.sp;
    regs.readV(new Uint8Array(this.#v.buffer));
    const bytes = this.#data();
    const memory = digest(new Uint32Array(bytes.buffer, bytes.byteOffset, DATA_SIZE / 4));
    if (memory !== 0) bytes.set(pristine);
    const { kind, address } = exit;
    const ended = kind === "fuel"
      ? "completed"
      : kind === "fault" || kind === "alignment" || kind === "illegal"
      ? kind
      : "trap";
    return {
      kind: ended,
      pc: regs.pc,
      address: ended === "fault" || ended === "alignment" ? BigInt.asUintN(64, BigInt(address)) : 0n,
      memory,
      state: { x, v: this.#v.slice(), nzcv: regs.nzcv >>> 0, fpsr: regs.fpsr, fpcr: regs.fpcr },
    };
  }
}
