/** Single instructions: encodings of every variant of a row, and states that are hard for them. */
import { type Fields, fieldsOf, type Row } from "../../src/isa/a64/row.ts";
import { rows as atomic } from "../../src/isa/a64/atomic.ts";
import { rows as ldst } from "../../src/isa/a64/ldst.ts";
import { At, type Batch, CODE, DATA, PAGE, PAGES, pristine } from "./machines.ts";
import { type Pools, SP } from "./pools.ts";

const memoryRows = new Set<Row>([...ldst, ...atomic]), atomicRows = new Set<Row>(atomic);
export const isAtomic = (row: Row): boolean => atomicRows.has(row);
export const touchesMemory = (row: Row): boolean => memoryRows.has(row) || row.name.startsWith("DC ");

/** N, Z, C, V, DIT and SSBS. */
export const PSTATE = 0xf1001000;

/** A source of 32-bit words. */
export type Next = () => number;

/** Bytes that an access at the base covers, at most: only its order of magnitude matters. */
function accessSize(row: Row, f: Fields): number {
  if (atomicRows.has(row)) {
    return row.name === "LDXP" || row.name === "STXP" || row.name === "CASP" ? 8 << f.sz! : 1 << f.size!;
  }
  return row.name.startsWith("LD1") ? 16 : 8;
}

const REGION = BigInt(DATA);

/** Where an access should go. */
function target(next: Next, row: Row, f: Fields, pools: Pools): bigint {
  const size = accessSize(row, f);
  let at: bigint;
  switch (next() % 12) {
    case 0: // from one writable page to the next
      at = REGION + BigInt(PAGE - next() % 40);
      break;
    case 1: // from a writable page to a read-only one
      at = REGION + BigInt(2 * PAGE - next() % 40);
      break;
    case 2: // beyond all
      at = REGION + BigInt(PAGES * PAGE - next() % 40);
      break;
    case 3: // around null, and nothing at all
      at = next() & 1 ? BigInt(16 + next() % 4000) : (pools.integer(next) ^ (1n << 40n)) & ((1n << 47n) - 1n);
      break;
    default:
      at = REGION + BigInt(64 + next() % (PAGE - 256));
  }
  // Ordered, exclusive and atomic accesses must be aligned; the oracle does not check all of them.
  return atomicRows.has(row) ? at & ~BigInt(size - 1) : at;
}

const lowBits = (value: bigint, bits: number): bigint => BigInt.asUintN(bits, value);

/** ExtendReg() as the address of LDR (register) has it. */
function extendedIndex(value: bigint, option: number, shift: number): bigint {
  const extended = option === 2 ? lowBits(value, 32) : option === 6 ? BigInt.asIntN(32, value) : value;
  return extended << BigInt(shift);
}

function memoryAt(address: bigint, bytes: number): bigint {
  let value = 0n;
  for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(pristine[Number(address - REGION) + i] ?? 0);
  return value;
}

/** Encodings whose outcome the architecture leaves open (CONSTRAINED UNPREDICTABLE), or which never end. */
export function unpredictable(row: Row, f: Fields): boolean {
  const { Rn, Rt, Rt2, Rs } = f;
  const writesBack = /index\)/.test(row.name) && !row.name.startsWith("LD1");
  if (row.name.startsWith("LDP") || row.name === "LDNP" || row.name === "LDXP") {
    if (Rt === Rt2 && f.L !== 0) return true;
  }
  if (writesBack && f.V === 0 && Rn !== 31 && (Rn === Rt || Rn === Rt2)) return true;
  if (row.name === "STXR" || row.name === "STXP") {
    if (Rs === Rt || Rs === Rt2 || (Rs === Rn && Rn !== 31)) return true;
  }
  // CASP with the last pair would wrap around to register 32.
  if (row.name === "CASP" && (Rs === 30 || Rt === 30)) return true;
  return false;
}

/** How the free fields of an encoding are chosen. */
export interface FieldChoice {
  /** A register for this field, instead of any. */
  readonly register?: (field: string, row: Row) => number | undefined;
  /** Where the instruction will be, for literals. */
  readonly pc?: number;
}

/** A word of the row with these varying fields and random others; undefined where there is none. */
export function encoding(row: Row, variant: Fields, next: Next, choice: FieldChoice = {}): number | undefined {
  for (let attempt = 0; attempt < 40; attempt++) {
    let word = row.value;
    // Ignored bits should be zeros in system instructions, else ones; hardware does not look at them, the oracle does.
    let known = row.value >>> 24 === 0xd5 ? 0xffffffff : row.mask;
    let register = -1;
    for (const { name, lsb, width } of row.fields) {
      let value = variant[name];
      if (value === undefined) {
        value = next() & (2 ** width - 1);
        if (/^R[a-z]2?$/.test(name) && width === 5) {
          // Equal and special registers more often than chance has it.
          const kind = next() & 7;
          if (kind === 0 && register >= 0) value = register;
          else if (kind === 1) value = 31;
          value = choice.register?.(name, row) ?? value;
          register = value;
        }
        if (name === "imm26" || name === "imm19" || name === "imm14" || (name === "immhi" && next() & 1)) {
          // Near enough to stay among addresses where nothing is.
          value = ((next() & 2047) - 1024) & (2 ** width - 1);
        }
      }
      word |= value << lsb;
      known |= (2 ** width - 1) << lsb;
    }
    if (row.name === "LDR (literal)") {
      // Most often within the data.
      const offset = (DATA + next() % (PAGE * PAGES + 8) - (choice.pc ?? CODE)) >> 2;
      if (next() & 7) word = (word & ~(0x7ffff << 5)) | ((offset & 0x7ffff) << 5);
    }
    word = (word | ~known) >>> 0;
    const fields = fieldsOf(row, word);
    if (!row.allocated(fields)) return undefined;
    if (row.valid(fields) && !unpredictable(row, fields)) return word;
  }
  return undefined;
}

/** All combinations of the varying fields. */
export function variants(row: Row): Fields[] {
  let all: Record<string, number>[] = [{}];
  for (const name of row.vary) {
    const { width } = row.fields.find((field) => field.name === name)!;
    all = all.flatMap((fields) => Array.from({ length: 1 << width }, (_, value) => ({ ...fields, [name]: value })));
  }
  return all.filter((fields) => row.allocated(fields));
}

/** Fills a job's state, which starts at word `at` of the batch, for a word of the row at address `pc`. */
export function fillState(
  batch: Batch,
  at: number,
  row: Row,
  word: number,
  pc: number,
  next: Next,
  pools: Pools,
): void {
  const { words } = batch;
  pools.fill(words, at, next);
  const f = fieldsOf(row, word);
  const vectors = pools.vectorsFor(row, word, next);
  if (vectors !== undefined) {
    // Related operands, where the instruction takes them.
    [f.Rd, f.Rn, f.Rm, f.Ra].forEach((register, i) => {
      if (register !== undefined) words.set(vectors.subarray(4 * i, 4 * i + 4), at + At.v / 4 + 4 * register);
    });
  }
  words[at + At.pstate / 4] = next() & PSTATE;
  const modes = pools.modes(row, next);
  words[at + At.fpsr / 4] = modes.fpsr;
  words[at + At.fpcr / 4] = modes.fpcr;
  const x = new BigUint64Array(words.buffer, words.byteOffset + 4 * at, 32);
  x[SP] = REGION + 256n + 16n * BigInt(next() % 100);
  if (touchesMemory(row)) aim(x, row, f, next, pools);
  else if (row.name === "BR" && f.Rn !== 31) {
    const fraction = x[f.Rn!]!;
    x[f.Rn!] = next() & 3 ? BigInt(pc + 16 + (next() & 127)) : lowBits(fraction, 47);
  }
}

/** Points the base register of an access to where it should go, and makes comparisons hold now and then. */
function aim(x: BigUint64Array, row: Row, f: Fields, next: Next, pools: Pools): void {
  const base = f.Rn ?? f.Rt!, to = target(next, row, f, pools);
  let from = to;
  const offset = row.immediates.offset;
  if (offset && !row.name.includes("post-index")) from -= BigInt(offset.of(f));
  if (row.name === "LDR (register)" && f.Rm !== base) {
    const index = BigInt((next() & 511) - 256);
    // Only the low half counts for UXTW and SXTW.
    if (f.Rm !== 31) x[f.Rm!] = lowBits(f.option! & 1 ? index : (BigInt(next()) << 32n) | lowBits(index, 32), 64);
    const shift = Number(row.immediates.shift!.of(f));
    from -= f.Rm === 31 ? 0n : extendedIndex(x[f.Rm!]!, f.option!, shift);
  }
  x[base] = lowBits(base === SP ? from & ~15n : from, 64);
  if (atomicRows.has(row) && f.Rs !== undefined && f.Rs !== base && next() & 1) {
    // A comparison that holds, or nearly.
    const bytes = accessSize(row, f);
    const value = memoryAt(to, bytes) ^ (next() & 3 ? 0n : 1n << BigInt(next() % (8 * bytes)));
    const noise = (BigInt(next()) << 32n) | BigInt(next());
    if (row.name === "CASP") {
      const part = 4 * bytes;
      x[f.Rs] = lowBits(lowBits(value, part) | (noise << BigInt(part)), 64);
      x[f.Rs + 1] = lowBits((value >> BigInt(part)) | (noise << BigInt(part)), 64);
    } else if (f.Rs !== 31) x[f.Rs] = lowBits(value | (noise << BigInt(8 * bytes)), 64);
  }
}
