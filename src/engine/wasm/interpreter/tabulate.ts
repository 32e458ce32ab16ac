/**
 * Turns the decoding half of the rows into tables ({@link ../decode_tables.ts}). What a row computes from its fields
 * by a function is found out by asking the function: of few bits all answers are kept; of many, that the answer is
 * base plus weight times the widest field is shown by trying, or the row is refused.
 */
import type { Fields, Row } from "../../../isa/a64/row.ts";
import { BUCKET_SHIFT, type DecodeTables, ExpressionKind, OperandKind, piece } from "../decode_tables.ts";
import type { RowHandlers, Slot } from "./record.ts";

/** Bits that a function may depend on to be kept as a table of all answers. */
const TABLE_BITS = 15;
/** Tables of so few bits are kept without looking for a rule. */
const SMALL_TABLE_BITS = 8;
/** Bits beside the widest field that choose base and weight. */
const SELECTOR_BITS = 8;

type Field = Row["fields"][number];
type Answer = (fields: Fields) => number | bigint;

const bitsOf = (fields: readonly Field[]): number => fields.reduce((sum, field) => sum + field.width, 0);

/** A function has looked at a field that it was not given. */
class MissingField extends Error {
  constructor(readonly field: string) {
    super(field);
  }
}

/** Behind the values of fields: catches looks at others. */
const NO_OTHERS: Fields = new Proxy({}, {
  get(_, name) {
    throw new MissingField(String(name));
  },
});

/** Values for some fields, and none for others. */
class FieldValues {
  readonly values: Record<string, number>;
  readonly #fields: readonly Field[];

  constructor(fields: readonly Field[]) {
    this.#fields = fields.toReversed();
    this.values = Object.create(
      NO_OTHERS,
      Object.fromEntries(fields.map(({ name }) => [name, { value: 0, writable: true }])),
    );
  }
  /** Takes the values from one number, the first field highest. */
  spread(number: number): Record<string, number> {
    let rest = number;
    for (const { name, width } of this.#fields) {
      this.values[name] = rest % 2 ** width;
      rest = Math.floor(rest / 2 ** width);
    }
    return this.values;
  }
}

/** A pool of values in which equal runs are kept once. */
class Pool {
  readonly values: (number | bigint)[] = [];
  readonly #starts = new Map<string, number>();

  add(run: readonly (number | bigint)[]): number {
    const key = run.join();
    let start = this.#starts.get(key);
    if (start === undefined) {
      this.#starts.set(key, start = this.values.length);
      for (const value of run) this.values.push(value);
    }
    return start;
  }
}

class Tabulator {
  readonly words: number[] = [];
  readonly pools = { 1: new Pool(), 2: new Pool(), 4: new Pool(), 8: new Pool() };
  readonly #known = new Map<string, number>();

  /** Puts words down once; returns their index. */
  #put(words: readonly number[]): number {
    const key = words.join();
    let at = this.#known.get(key);
    if (at === undefined) {
      this.#known.set(key, at = this.words.length);
      this.words.push(...words);
    }
    return at;
  }

  row(row: Row, handlers: RowHandlers): number {
    const varying = row.vary.map((name) => fieldOf(row, name));
    const layouts = handlers.layouts.map((slots) => this.#layout(row, slots));
    const { offset } = row.immediates;
    const isBranch = handlers.near.some((near, variant) => near !== handlers.numbers[variant]);
    if (isBranch && offset?.bytes !== 4) throw new Error(`row ${row.name}: a branch needs a 4-byte offset`);
    const valid = isAlways(row.valid) ? 0 : this.#expression(row, (f) => Number(row.valid(f)), 1);
    const branch = isBranch ? this.#expression(row, offset!.of, 4) : 0;
    const at = this.words.length;
    this.words.push(row.mask | 0, row.value | 0, valid, branch, varying.length);
    for (const { lsb, width } of varying) this.words.push(piece(lsb, width));
    for (let variant = 0; variant < 2 ** bitsOf(varying); variant++) {
      const number = handlers.numbers[variant] ?? 0;
      this.words.push(number | (handlers.near[variant] ?? 0) << 16, layouts[handlers.layoutOf[variant] ?? 0] ?? 0);
    }
    return at;
  }

  #layout(row: Row, slots: readonly Slot[]): number {
    const words = [slots.length];
    for (const slot of slots) {
      if (slot.kind === "imm") {
        const bytes = slot.bytes as 2 | 4 | 8;
        const kind = { 2: OperandKind.imm2, 4: OperandKind.imm4, 8: OperandKind.imm8 }[bytes];
        words.push(slot.at, kind, this.#expression(row, row.immediates[slot.name]!.of, bytes), 0);
      } else {
        const { lsb, width } = fieldOf(row, slot.name);
        words.push(slot.at, OperandKind[slot.kind], piece(lsb, width), slot.plus);
      }
    }
    return this.#put(words);
  }

  /** An expression that gives what the function does; its fields are found by letting it miss them. */
  #expression(row: Row, answer: Answer, bytes: 1 | 2 | 4 | 8): number {
    let fields: readonly Field[] = [];
    for (;;) {
      try {
        return this.#expressionOf(row, fields, answer, bytes);
      } catch (error) {
        if (!(error instanceof MissingField) || fields.some((field) => field.name === error.field)) throw error;
        fields = row.fields.filter((field) => fields.includes(field) || field.name === error.field);
      }
    }
  }

  #expressionOf(row: Row, fields: readonly Field[], answer: Answer, bytes: 1 | 2 | 4 | 8): number {
    const [only] = fields;
    if (only !== undefined && fields.length === 1 && isField(only, answer)) {
      return this.#put([ExpressionKind.field, piece(only.lsb, only.width)]);
    }
    const wide = bytes === 8;
    const ask = (values: Fields): number | bigint => {
      let value: number | bigint;
      try {
        value = answer(values);
      } catch (error) {
        if (error instanceof MissingField) throw error;
        value = 0; // an encoding that is refused before it comes to this
      }
      return wide ? BigInt.asIntN(64, BigInt(value)) : Number(value);
    };
    const packed = (of: readonly Field[]) => of.map(({ lsb, width }) => piece(lsb, width));
    const bits = bitsOf(fields);
    if (bits > SMALL_TABLE_BITS) {
      const widest = fields.reduce((a, b) => b.width > a.width ? b : a);
      const others = fields.filter((field) => field !== widest);
      const found = affine(widest, others, ask);
      if (found !== undefined) {
        const start = this.pools[bytes].add(found.pairs), operand = piece(widest.lsb, widest.width);
        const selectors = [others.length, ...packed(others)];
        return this.#put([ExpressionKind.affine, start, ...selectors, operand, found.signed ? 1 : 0]);
      }
      if (bits > TABLE_BITS) throw new Error(`row ${row.name}: a value of ${bits} bits follows no rule`);
    }
    const values = new FieldValues(fields);
    const start = this.pools[bytes].add(Array.from({ length: 2 ** bits }, (_, i) => ask(values.spread(i))));
    return this.#put([ExpressionKind.table, start, fields.length, ...packed(fields)]);
  }
}

function fieldOf(row: Row, name: string): Field {
  const field = row.fields.find((each) => each.name === name);
  if (field === undefined) throw new Error(`row ${row.name}: no field ${name}`);
  return field;
}

/** Whether the function is true whatever the fields are. */
function isAlways(valid: (fields: Fields) => boolean): boolean {
  try {
    return valid(NO_OTHERS);
  } catch {
    return false;
  }
}

/** Whether the function gives the field as it is. */
function isField(field: Field, answer: Answer): boolean {
  const tries = Array.from({ length: field.width }, (_, bit) => 1 << bit);
  try {
    const values = new FieldValues([field]);
    return [0, 2 ** field.width - 1, ...tries].every((value) => answer(values.spread(value)) === value);
  } catch (error) {
    if (error instanceof MissingField) throw error;
    return false;
  }
}

/** Many different numbers of so many bits. */
function mixtures(width: number): number[] {
  return Array.from({ length: 512 }, (_, i) => ((i + 1) * 2654435761) % 2 ** width);
}

/** Base and weight of the operand for every value of the selecting fields, if that is what the function is. */
function affine(
  operand: Field,
  selectors: readonly Field[],
  ask: Answer,
): { readonly pairs: (number | bigint)[]; readonly signed: boolean } | undefined {
  if (bitsOf(selectors) > SELECTOR_BITS) return undefined;
  const { width } = operand, top = 2 ** (width - 1);
  const values = new FieldValues([...selectors, operand]);
  const at = (selector: number, value: number) => BigInt(ask(values.spread(selector * 2 ** width + value)));
  const wrap = (value: bigint) => BigInt.asIntN(64, value);
  // All values where they could be tabulated; else the bits one by one and many mixtures of them.
  const isSmall = width + bitsOf(selectors) <= TABLE_BITS;
  const tries = isSmall
    ? Array.from({ length: 2 ** width }, (_, value) => value)
    : [2 ** width - 1, ...Array.from({ length: width }, (_, bit) => 2 ** bit), ...mixtures(width)];
  for (const signed of [false, true]) {
    const valueOf = (value: number) => BigInt(signed && value >= top ? value - 2 * top : value);
    const pairs: bigint[] = [];
    let holds = true;
    for (let selector = 0; holds && selector < 2 ** bitsOf(selectors); selector++) {
      const base = at(selector, 0), weight = wrap(at(selector, 1) - base);
      holds = tries.every((value) => wrap(base + valueOf(value) * weight) === at(selector, value));
      pairs.push(base, weight);
    }
    if (!holds) continue;
    return { pairs: typeof ask(values.values) === "bigint" ? pairs : pairs.map(Number), signed };
  }
  return undefined;
}

/** Bits that are set. */
function popcount(n: number): number {
  let bits = 0;
  for (; n !== 0; n &= n - 1) bits++;
  return bits;
}

/** Tabulates rows with their handlers. */
export function tabulate(rows: readonly Row[], handlers: readonly RowHandlers[]): DecodeTables {
  const tabulator = new Tabulator(), { words, pools } = tabulator;
  const buckets = 1 << (32 - BUCKET_SHIFT), high = (-1 << BUCKET_SHIFT) >>> 0;
  words.length = buckets + 1;
  const at = rows.map((row, index) => tabulator.row(row, handlers[index]!));
  for (let bucket = 0; bucket < buckets; bucket++) {
    const found = rows.map((row, index) => ({ row, at: at[index]! }))
      .filter(({ row }) => (((bucket << BUCKET_SHIFT) ^ row.value) & row.mask & high) === 0)
      .sort((a, b) => popcount(b.row.mask) - popcount(a.row.mask));
    words[bucket] = words.length;
    words.push(...found.map((each) => each.at));
  }
  words[buckets] = words.length;
  return {
    words: Int32Array.from(words),
    i64: BigInt64Array.from(pools[8].values as bigint[]),
    i32: Int32Array.from(pools[4].values as number[]),
    i16: Int16Array.from(pools[2].values as number[]),
    u8: Uint8Array.from(pools[1].values as number[]),
  };
}
