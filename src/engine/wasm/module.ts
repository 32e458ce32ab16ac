/**
 * A writer of WebAssembly binary modules (WebAssembly Core Specification 3.0, chapter 5): just the sections and
 * instructions that the engine emits, and no validation: V8 does that.
 */
import type { Type } from "../../isa/ir/ops.ts";

const VALUE_TYPE: Record<Type, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** A growing byte string. */
export class Bytes {
  buffer = new Uint8Array(1024);
  length = 0;

  byte(value: number): void {
    if (this.length === this.buffer.length) this.#grow(this.length + 1);
    this.buffer[this.length++] = value;
  }
  bytes(from: Uint8Array): void {
    if (this.length + from.length > this.buffer.length) this.#grow(this.length + from.length);
    this.buffer.set(from, this.length);
    this.length += from.length;
  }
  /** Unsigned LEB128 of a number below 2^53. */
  u(value: number): void {
    while (value >= 0x80) {
      this.byte((value % 0x80) | 0x80);
      value = Math.floor(value / 0x80);
    }
    this.byte(value);
  }
  /** Signed LEB128 of an int32. */
  s32(value: number): void {
    for (;;) {
      const low = value & 0x7f;
      value >>= 7;
      if ((value === 0 && !(low & 0x40)) || (value === -1 && (low & 0x40))) return this.byte(low);
      this.byte(low | 0x80);
    }
  }
  /** Signed LEB128 of an int64. */
  s64(value: bigint): void {
    if (value >= -0x80000000n && value <= 0x7fffffffn) return this.s32(Number(value));
    for (;;) {
      const low = Number(value & 0x7fn);
      value >>= 7n;
      if ((value === 0n && !(low & 0x40)) || (value === -1n && (low & 0x40))) return this.byte(low);
      this.byte(low | 0x80);
    }
  }
  name(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.u(encoded.length);
    this.bytes(encoded);
  }
  /** The bytes written, as a view. */
  view(): Uint8Array<ArrayBuffer> {
    return this.buffer.subarray(0, this.length);
  }
  #grow(least: number): void {
    const larger = new Uint8Array(Math.max(least, this.buffer.length * 2));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
  }
}

/** Block types without parameters. */
export const VOID = 0x40;

/** Opcodes that are not expressions. */
export const Op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  br_if: 0x0d,
  br_table: 0x0e,
  return: 0x0f,
  call: 0x10,
  call_indirect: 0x11,
  return_call: 0x12,
  return_call_indirect: 0x13,
  drop: 0x1a,
  local_get: 0x20,
  local_set: 0x21,
  local_tee: 0x22,
  i32_const: 0x41,
  i64_const: 0x42,
  f32_const: 0x43,
  f64_const: 0x44,
} as const;

/** Memory instructions: opcode and log2 of the natural alignment. */
export const MEMORY_OPS: Readonly<Record<string, readonly [code: number, align: number]>> = {
  "i32.load": [0x28, 2],
  "i64.load": [0x29, 3],
  "f32.load": [0x2a, 2],
  "f64.load": [0x2b, 3],
  "i32.load8_s": [0x2c, 0],
  "i32.load8_u": [0x2d, 0],
  "i32.load16_s": [0x2e, 1],
  "i32.load16_u": [0x2f, 1],
  "i64.load8_s": [0x30, 0],
  "i64.load8_u": [0x31, 0],
  "i64.load16_s": [0x32, 1],
  "i64.load16_u": [0x33, 1],
  "i64.load32_s": [0x34, 2],
  "i64.load32_u": [0x35, 2],
  "i32.store": [0x36, 2],
  "i64.store": [0x37, 3],
  "f32.store": [0x38, 2],
  "f64.store": [0x39, 3],
  "i32.store8": [0x3a, 0],
  "i32.store16": [0x3b, 1],
  "i64.store8": [0x3c, 0],
  "i64.store16": [0x3d, 1],
  "i64.store32": [0x3e, 2],
  "v128.load": [0xfd000, 4],
  "v128.load8_splat": [0xfd007, 0],
  "v128.load16_splat": [0xfd008, 1],
  "v128.load32_splat": [0xfd009, 2],
  "v128.load64_splat": [0xfd00a, 3],
  "v128.store": [0xfd00b, 4],
  "v128.load64_zero": [0xfd05d, 3],
};

/** Which way a branch usually goes: where its opcode is in the entry of the code section, 1 if it is likely taken. */
export interface BranchHint {
  readonly at: number;
  readonly likely: number;
}

/** An operand that is filled in when the module is put together. */
export interface SymbolUse {
  /** Where its five bytes are in the entry of the code section. */
  readonly at: number;
  readonly name: string;
}

/** Fills the five bytes at `at` with an index below 2^31, as unsigned and as signed LEB128 have it. */
export function resolveSymbol(body: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) body[at + i] = ((value >>> (7 * i)) & 0x7f) | 0x80;
  body[at + 4] = value >>> 28;
}

/** The body of a function under construction. Locals beyond the parameters are allotted with {@link local}. */
export class Code extends Bytes {
  readonly #params: number;
  readonly #locals: Type[] = [];
  /** Branches with a hint: where the opcode is, and 1 if the branch is likely. */
  readonly #hints: [at: number, likely: number][] = [];
  readonly #symbols: SymbolUse[] = [];

  constructor(params: number) {
    super();
    this.#params = params;
  }
  local(type: Type): number {
    this.#locals.push(type);
    return this.#params + this.#locals.length - 1;
  }
  /** An opcode of any space (see {@link ../../isa/ir/ops.ts Op.code}). */
  opcode(code: number): void {
    if (code >= 0xfd000) {
      this.byte(0xfd);
      this.u(code & 0xfff);
    } else if (code >= 0xfc00) {
      this.byte(0xfc);
      this.u(code & 0xff);
    } else this.byte(code);
  }
  get(local: number): void {
    this.byte(Op.local_get);
    this.u(local);
  }
  set(local: number): void {
    this.byte(Op.local_set);
    this.u(local);
  }
  tee(local: number): void {
    this.byte(Op.local_tee);
    this.u(local);
  }
  i32(value: number): void {
    this.byte(Op.i32_const);
    this.s32(value | 0);
  }
  i64(value: bigint): void {
    this.byte(Op.i64_const);
    this.s64(BigInt.asIntN(64, value));
  }
  f32(bits: number): void {
    this.byte(Op.f32_const);
    for (let at = 0; at < 32; at += 8) this.byte((bits >>> at) & 0xff);
  }
  f64(bits: bigint): void {
    this.byte(Op.f64_const);
    for (let at = 0n; at < 64n; at += 8n) this.byte(Number((bits >> at) & 0xffn));
  }
  v128(bits: bigint): void {
    this.opcode(0xfd00c);
    for (let at = 0n; at < 128n; at += 8n) this.byte(Number((bits >> at) & 0xffn));
  }
  /** A load or store with its memory index and constant offset. */
  memory(name: string, memory: number, offset: number): void {
    const entry = MEMORY_OPS[name];
    if (entry === undefined) throw new Error(`no memory instruction ${name}`);
    this.opcode(entry[0]);
    if (memory === 0) this.u(entry[1]);
    else {
      this.u(entry[1] | 0x40);
      this.u(memory);
    }
    this.u(offset);
  }
  op1(code: number, operand: number): void {
    this.byte(code);
    this.u(operand);
  }
  /**
   * Says of the `if` or `br_if` that comes next which way it usually goes (WebAssembly Core Specification 3.0,
   * appendix "Custom Sections": branch hints). V8 moves the other side out of the way, spills included.
   */
  hint(likely: boolean): void {
    this.#hints.push([this.length, likely ? 1 : 0]);
  }
  /** An operand known by name only, for {@link resolveSymbol}: an index of a function, or the number of an `i32.const`. */
  symbol(name: string): void {
    this.#symbols.push({ at: this.length, name });
    for (let i = 0; i < 4; i++) this.byte(0x80);
    this.byte(0);
  }
  symbols(): SymbolUse[] {
    const before = this.#declarations().length;
    return this.#symbols.map(({ at, name }) => ({ at: before + at, name }));
  }
  /** The hints as an entry of their section, if there are any; {@link finish} has the same locals. */
  hints(): BranchHint[] {
    const before = this.#declarations().length;
    return this.#hints.map(([at, likely]) => ({ at: before + at, likely }));
  }
  /** The function as an entry of the code section. */
  finish(): Bytes {
    const out = this.#declarations();
    out.bytes(this.view());
    out.byte(Op.end);
    return out;
  }
  #declarations(): Bytes {
    const out = new Bytes();
    const runs: [Type, number][] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last && last[0] === type) last[1]++;
      else runs.push([type, 1]);
    }
    out.u(runs.length);
    for (const [type, count] of runs) {
      out.u(count);
      out.byte(VALUE_TYPE[type]);
    }
    return out;
  }
}

export interface MemoryLimits {
  readonly minimum: number;
  readonly maximum: number;
  /** Addressed with i64. */
  readonly wide: boolean;
}

/** The type of references to functions of a type, without null. */
function reference(out: Bytes, type: number): void {
  out.byte(0x64);
  out.s32(type);
}
/** A constant expression: a function. */
function functionExpression(out: Bytes, index: number): void {
  out.byte(0xd2);
  out.u(index);
  out.byte(Op.end);
}

/** Collects the parts of a module. Function indices: imports first, then functions in order of {@link declare}. */
export class Module {
  readonly #types = new Map<string, number>();
  readonly #typeBytes = new Bytes();
  readonly #imports = new Bytes();
  #importCount = 0;
  #importedFunctions = 0;
  readonly #functions: { type: number; code: Uint8Array | undefined; hints: readonly BranchHint[] }[] = [];
  readonly #exports = new Bytes();
  #exportCount = 0;
  readonly #tables = new Bytes();
  #tableCount = 0;
  readonly #segments = new Bytes();
  #segmentCount = 0;

  type(params: readonly Type[], results: readonly Type[]): number {
    const key = `${params.join()}:${results.join()}`;
    const known = this.#types.get(key);
    if (known !== undefined) return known;
    this.#typeBytes.byte(0x60);
    for (const list of [params, results]) {
      this.#typeBytes.u(list.length);
      for (const type of list) this.#typeBytes.byte(VALUE_TYPE[type]);
    }
    this.#types.set(key, this.#types.size);
    return this.#types.size - 1;
  }
  importFunction(module: string, name: string, params: readonly Type[], results: readonly Type[]): number {
    if (this.#functions.length > 0) throw new Error("imports come before functions");
    const type = this.type(params, results);
    this.#import(module, name);
    this.#imports.byte(0);
    this.#imports.u(type);
    return this.#importedFunctions++;
  }
  importMemory(module: string, name: string, limits: MemoryLimits): void {
    this.#import(module, name);
    this.#imports.byte(2);
    this.#imports.byte(limits.wide ? 5 : 1);
    this.#imports.u(limits.minimum);
    this.#imports.u(limits.maximum);
  }
  /** A table of functions of one type, which is table 0. */
  importTable(module: string, name: string, type: number): void {
    this.#import(module, name);
    this.#imports.byte(1);
    reference(this.#imports, type);
    this.#imports.byte(0);
    this.#imports.u(0);
  }
  #import(module: string, name: string): void {
    this.#importCount++;
    this.#imports.name(module);
    this.#imports.name(name);
  }
  /** Reserves a function index; the body follows with {@link define}. */
  declare(params: readonly Type[], results: readonly Type[]): number {
    this.#functions.push({ type: this.type(params, results), code: undefined, hints: [] });
    return this.#importedFunctions + this.#functions.length - 1;
  }
  define(index: number, code: Code): void {
    this.defineEntry(index, code.finish().view(), code.hints());
  }
  /** The same for a finished entry of the code section. */
  defineEntry(index: number, code: Uint8Array, hints: readonly BranchHint[]): void {
    const entry = this.#functions[index - this.#importedFunctions];
    if (entry === undefined) throw new Error(`function ${index} was not declared`);
    entry.code = code;
    entry.hints = hints;
  }
  exportFunction(name: string, index: number): void {
    this.#exportCount++;
    this.#exports.name(name);
    this.#exports.byte(0);
    this.#exports.u(index);
  }
  exportTable(name: string, index: number): void {
    this.#exportCount++;
    this.#exports.name(name);
    this.#exports.byte(1);
    this.#exports.u(index);
  }
  /**
   * A table of the module's own: it has functions of one type only, and no empty places, so that a call through it
   * needs to look at neither.
   *
   * @param filler a function of that type
   * @param size exactly so many; undefined: none, and it can grow
   */
  table(type: number, filler: number, size?: number): void {
    this.#tableCount++;
    this.#tables.byte(0x40);
    this.#tables.byte(0);
    reference(this.#tables, type);
    this.#tables.byte(size === undefined ? 0 : 1);
    this.#tables.u(size ?? 0);
    if (size !== undefined) this.#tables.u(size);
    functionExpression(this.#tables, filler);
  }
  /** Functions of a type that fill a table of the module's own. */
  fill(table: number, type: number, functions: readonly number[]): void {
    this.#segmentCount++;
    this.#segments.byte(6); // active, with a table index, expressions
    this.#segments.u(table);
    this.#segments.byte(Op.i32_const);
    this.#segments.s32(0);
    this.#segments.byte(Op.end);
    this.#list(type, functions);
  }
  /** Functions of a type for `table.init`. */
  segment(type: number, functions: readonly number[]): void {
    this.#segmentCount++;
    this.#segments.byte(5); // passive, expressions
    this.#list(type, functions);
  }
  #list(type: number, functions: readonly number[]): void {
    reference(this.#segments, type);
    this.#segments.u(functions.length);
    for (const index of functions) functionExpression(this.#segments, index);
  }
  finish(): Uint8Array<ArrayBuffer> {
    const out = new Bytes();
    out.bytes(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    const section = (id: number, count: number, body: Bytes) => {
      const header = new Bytes();
      header.u(count);
      out.byte(id);
      out.u(header.length + body.length);
      out.bytes(header.view());
      out.bytes(body.view());
    };
    section(1, this.#types.size, this.#typeBytes);
    section(2, this.#importCount, this.#imports);
    const declarations = new Bytes(), bodies = new Bytes();
    for (const { type, code } of this.#functions) {
      if (code === undefined) throw new Error("a declared function has no body");
      declarations.u(type);
      bodies.u(code.length);
      bodies.bytes(code);
    }
    section(3, this.#functions.length, declarations);
    if (this.#tableCount > 0) section(4, this.#tableCount, this.#tables);
    section(7, this.#exportCount, this.#exports);
    if (this.#segmentCount > 0) section(9, this.#segmentCount, this.#segments);
    this.#branchHints(out);
    section(10, this.#functions.length, bodies);
    return out.view().slice();
  }
  #branchHints(out: Bytes): void {
    const body = new Bytes();
    body.name("metadata.code.branch_hint");
    const hinted = [...this.#functions.entries()].filter(([, { hints }]) => hints.length > 0);
    if (hinted.length === 0) return;
    body.u(hinted.length);
    for (const [index, { hints }] of hinted) {
      body.u(this.#importedFunctions + index);
      body.u(hints.length);
      for (const { at, likely } of hints) {
        body.u(at);
        body.u(1);
        body.byte(likely);
      }
    }
    out.byte(0);
    out.u(body.length);
    out.bytes(body.view());
  }
}
