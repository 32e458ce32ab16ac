/** Cases for everything but floating point: encodings of every variant of a row, and states that are hard for them. */
import type { Fields, Row } from "../../src/isa/a64/row.ts";
import { fieldsOf } from "../../src/isa/a64/row.ts";
import { rows as ldst } from "../../src/isa/a64/ldst.ts";
import { rows as atomic } from "../../src/isa/a64/atomic.ts";
import type { Random } from "./operands.ts";
import { type Case, CODE, DATA, PAGE, PAGES, pristine, SP, type State, V_HALVES, X_COUNT } from "./sequence.ts";

const memoryRows = new Set<Row>([...ldst, ...atomic]), atomicRows = new Set<Row>(atomic);
export const touchesMemory = (row: Row): boolean => memoryRows.has(row) || row.name.startsWith("DC ");

/** 64-bit values around the limits of all element sizes, and noise of all lengths. */
export function integer(random: Random): bigint {
  const bits = BigInt(random.below(64));
  switch (random.below(8)) {
    case 0:
      return 0n;
    case 1:
      return 0xffffffffffffffffn;
    case 2: // the limits of signed elements
      return BigInt.asUintN(64, (1n << BigInt(random.pick([7, 8, 15, 16, 31, 32, 63]))) + BigInt(random.below(3) - 1));
    case 3:
      return BigInt.asUintN(64, -(1n << BigInt(random.pick([7, 15, 31, 63]))) + BigInt(random.below(3) - 1));
    case 4: // a short number of either sign
      return BigInt.asUintN(64, BigInt(random.below(2)) - (random.next() >> bits));
    case 5:
      return random.next() >> bits;
    default:
      return random.next();
  }
}

/** A half of a vector register: elements of one size, at their limits or of noise. */
function half(random: Random): bigint {
  const esize = random.pick([8, 16, 32, 64]);
  if (random.below(4) === 0) return random.next();
  let all = 0n;
  for (let at = 0; at < 64; at += esize) all |= BigInt.asUintN(esize, integer(random)) << BigInt(at);
  return all;
}

/** Bytes that an access at the base covers, at most: only its order of magnitude matters. */
function accessSize(row: Row, f: Fields): number {
  if (atomicRows.has(row)) {
    return row.name === "LDXP" || row.name === "STXP" || row.name === "CASP" ? 8 << f.sz! : 1 << f.size!;
  }
  return row.name.startsWith("LD1") ? 16 : 8;
}

const REGION = BigInt(DATA);

/** Where an access should go. */
function target(random: Random, row: Row, f: Fields): bigint {
  const size = accessSize(row, f);
  let at: bigint;
  switch (random.below(12)) {
    case 0: // from one writable page to the next
      at = REGION + BigInt(PAGE - random.below(40));
      break;
    case 1: // from a writable page to a read-only one
      at = REGION + BigInt(2 * PAGE - random.below(40));
      break;
    case 2: // beyond all
      at = REGION + BigInt(PAGES * PAGE - random.below(40));
      break;
    case 3: // from before the first page, around null, and nothing at all
      at = random.pick([
        REGION - BigInt(random.below(20)),
        BigInt(16 + random.below(4000)),
        integer(random) ^ (1n << 40n),
      ]);
      break;
    default:
      at = REGION + BigInt(64 + random.below(PAGE - 256));
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

/** A word of the row with these varying fields and random others; undefined where there is none. */
export function encoding(row: Row, variant: Fields, random: Random): number | undefined {
  for (let attempt = 0; attempt < 40; attempt++) {
    let word = row.value;
    // Ignored bits should be zeros in system instructions, else ones; hardware does not look at them, the oracle does.
    let known = row.value >>> 24 === 0xd5 ? 0xffffffff : row.mask;
    let register = -1;
    for (const { name, lsb, width } of row.fields) {
      let value = variant[name];
      if (value === undefined) {
        value = random.below(2 ** width);
        if (/^R[a-z]2?$/.test(name) && width === 5) {
          // Equal and special registers more often than chance has it.
          const kind = random.below(8);
          if (kind === 0 && register >= 0) value = register;
          else if (kind === 1) value = 31;
          register = value;
        }
        if (name === "imm26" || name === "imm19" || name === "imm14" || (name === "immhi" && f20(random))) {
          // Near enough to stay among addresses where nothing is.
          const near = random.below(2048) - 1024;
          value = near & (2 ** width - 1);
        }
      }
      word |= value << lsb;
      known |= (2 ** width - 1) << lsb;
    }
    if (row.name === "LDR (literal)") {
      // Most often within the data.
      const offset = (DATA + random.below(PAGE * PAGES + 8) - CODE) >> 2;
      if (random.below(8)) word = (word & ~(0x7ffff << 5)) | (offset << 5);
    }
    word = (word | ~known) >>> 0;
    const fields = fieldsOf(row, word);
    if (!row.allocated(fields)) return undefined;
    if (row.valid(fields) && !unpredictable(row, fields)) return word;
  }
  return undefined;
}
const f20 = (random: Random): boolean => random.below(2) === 0;

/** All combinations of the varying fields. */
export function variants(row: Row): Fields[] {
  let all: Record<string, number>[] = [{}];
  for (const name of row.vary) {
    const { width } = row.fields.find((field) => field.name === name)!;
    all = all.flatMap((fields) => Array.from({ length: 1 << width }, (_, value) => ({ ...fields, [name]: value })));
  }
  return all.filter((fields) => row.allocated(fields));
}

/** A state for a word of the row; `shared` replaces its base register's target, for sequences on one address. */
export function stateFor(row: Row, word: number, random: Random): State {
  const x = new BigUint64Array(X_COUNT), v = new BigUint64Array(V_HALVES);
  for (let i = 0; i < SP; i++) x[i] = integer(random);
  for (let i = 0; i < V_HALVES; i++) v[i] = half(random);
  x[SP] = REGION + 256n + 16n * BigInt(random.below(100));
  const f = fieldsOf(row, word);
  if (touchesMemory(row)) {
    const base = f.Rn ?? f.Rt!, to = target(random, row, f);
    let from = to;
    const offset = row.immediates.offset;
    if (offset && !row.name.includes("post-index")) from -= BigInt(offset.of(f));
    if (row.name === "LDR (register)" && f.Rm !== base) {
      const index = BigInt(random.below(512) - 256);
      // Only the low half counts for UXTW and SXTW.
      if (f.Rm !== 31) x[f.Rm!] = lowBits(f.option! & 1 ? index : (random.next() << 32n) | lowBits(index, 32), 64);
      const shift = Number(row.immediates.shift!.of(f));
      from -= f.Rm === 31 ? 0n : extendedIndex(x[f.Rm!]!, f.option!, shift);
    }
    x[base] = lowBits(base === SP ? from & ~15n : from, 64);
    if (atomicRows.has(row) && f.Rs !== undefined && f.Rs !== base && random.below(2)) {
      // A comparison that holds, or nearly.
      const bytes = accessSize(row, f);
      const value = memoryAt(to, bytes) ^ (random.below(4) ? 0n : 1n << BigInt(random.below(8 * bytes)));
      const noise = random.next();
      if (row.name === "CASP") {
        const part = 4 * bytes;
        x[f.Rs] = lowBits(lowBits(value, part) | (noise << BigInt(part)), 64);
        x[f.Rs + 1] = lowBits((value >> BigInt(part)) | (noise << BigInt(part)), 64);
      } else if (f.Rs !== 31) x[f.Rs] = lowBits(value | (noise << BigInt(8 * bytes)), 64);
    }
  } else if (row.name === "BR" && f.Rn !== 31) {
    x[f.Rn!] = random.below(4) ? BigInt(CODE + 16 + random.below(200)) : lowBits(x[f.Rn!]!, 56);
  }
  const saturated = 1 << 27;
  return {
    x,
    v,
    nzcv: random.below(16) * 2 ** 28,
    fpsr: random.pick([0, saturated, 0x9f]),
    fpcr: 0,
  };
}

/** An exclusive load and store of one address, with a good or an unlucky store. */
export function exclusivePair(load: Row, loadWord: number, store: Row, random: Random): Case | undefined {
  const f = fieldsOf(load, loadWord);
  const free = [...Array(30).keys()].filter((n) => n !== f.Rn && n !== f.Rt && n !== f.Rt2);
  const take = (): number => free.splice(random.below(free.length), 1)[0]!;
  const field = (name: string, value: number): number => {
    const at = store.fields.find((each) => each.name === name);
    return at ? value << at.lsb : 0;
  };
  if (f.Rn === f.Rt || f.Rn === f.Rt2) return undefined;
  let word = store.value |
    ~(store.fields.reduce((mask, { lsb, width }) => mask | ((2 ** width - 1) << lsb), store.mask));
  word |= field("size", f.size ?? 0) | field("sz", f.sz ?? 0) | field("o0", random.below(2)) | field("Rn", f.Rn!);
  word |= field("Rs", take()) | field("Rt", take()) | field("Rt2", take());
  const clrex = 0xd5033f5f;
  const words = random.below(4) ? [loadWord, word >>> 0] : [loadWord, clrex, word >>> 0];
  return { words, state: stateFor(load, loadWord, random) };
}
