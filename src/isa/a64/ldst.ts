/** Loads and stores of general and SIMD&FP registers (Arm ARM C4.1.96), exclusives and atomics apart. */
import type { Builder, LoadOp, StoreOp } from "../ir/builder.ts";
import { cV128, i32, type I64, i64, i64x2, i8x16, type V128 } from "../ir/ops.ts";
import { lowHalf } from "./lanes.ts";
import { extended } from "./dp_reg.ts";
import { type Fields, insn, type Row, signed } from "./row.ts";

const LOAD_U: readonly LoadOp[] = ["i64.load8_u", "i64.load16_u", "i64.load32_u", "i64.load"];
const LOAD_S: readonly LoadOp[] = ["i64.load8_s", "i64.load16_s", "i64.load32_s", "i64.load"];
const STORE: readonly StoreOp[] = ["i64.store8", "i64.store16", "i64.store32", "i64.store"];

/** Loads a register from checked memory. `opc` as in the encoding: 1 zero-extends, 2 sign-extends to X, 3 to W. */
function loadGpr(b: Builder, at: I64, size: number, opc: number, field = "Rt", offset = 0): () => void {
  if (opc === 1) {
    const value = b.load("i64", at, offset, LOAD_U[size]!);
    return () => b.setX(field, value);
  }
  const value = b.load("i64", at, offset, LOAD_S[size]!);
  return () => opc === 2 ? b.setX(field, value) : b.setW(field, i32.wrap(value));
}

/** Loads `1 << scale` bytes into a SIMD&FP register, zeroing the rest. */
function loadVector(b: Builder, at: I64, scale: number, field = "Rt", offset = 0): () => void {
  if (scale === 4) {
    const value = b.load("v128", at, offset, "v128.load");
    return () => b.setV(field, value);
  }
  if (scale === 3) {
    const value = b.load("f64", at, offset, "f64.load");
    return () => b.setD(field, value);
  }
  if (scale === 2) {
    const value = b.load("f32", at, offset, "f32.load");
    return () => b.setS(field, value);
  }
  const value = b.load("i64", at, offset, LOAD_U[scale]!);
  return () => b.setDbits(field, value);
}

function storeVector(b: Builder, at: I64, scale: number, field = "Rt", offset = 0): void {
  if (scale === 4) b.store(at, offset, "v128.store", b.v(field));
  else if (scale === 3) b.store(at, offset, "f64.store", b.d(field));
  else if (scale === 2) b.store(at, offset, "f32.store", b.s(field));
  else b.store(at, offset, STORE[scale]!, b.dbits(field));
}

/** One transfer as `size`, `V` and `opc` describe it, at an address that is not yet checked. */
function transfer(b: Builder, address: I64, size: number, V: number, opc: number): () => void {
  if (V) {
    const scale = size + 4 * (opc >> 1);
    if (opc & 1) return loadVector(b, b.access(address, 1 << scale, "r"), scale);
    storeVector(b, b.access(address, 1 << scale, "w"), scale);
    return () => {};
  }
  if (opc === 0) {
    b.store(b.access(address, 1 << size, "w"), 0, STORE[size]!, b.x("Rt"));
    return () => {};
  }
  return loadGpr(b, b.access(address, 1 << size, "r"), size, opc);
}

const isPrefetch = (f: Fields): boolean => f.size === 3 && f.V === 0 && f.opc === 2;
const transferAllocated = (f: Fields): boolean =>
  f.V ? f.opc! < 2 || f.size === 0 : f.opc! < 2 || f.size! < 2 || (f.size === 2 && f.opc === 2) || isPrefetch(f);
const scaleOf = (f: Fields): number => f.V ? f.size! + 4 * (f.opc! >> 1) : f.size!;
const suffix = (f: Fields): string =>
  f.V ? "" : f.opc! < 2 ? ["B", "H", "", ""][f.size!]! : ["SB", "SH", "SW"][f.size!]!;
const named = (kind: string) => (f: Fields): string =>
  isPrefetch(f)
    ? (kind === "UR" ? "PRFUM" : "PRFM")
    : (f.V ? f.opc! & 1 : f.opc)
    ? `LD${kind}${suffix(f)}`
    : `ST${kind}${suffix(f)}`;

/** Pre- and post-indexed: the base is written last, after a fault can no longer happen. */
function indexed(name: string, mode: string, pre: boolean): Row {
  return insn(name, `size:2 111 V:1 00 opc:2 0 imm9:9 ${mode} Rn:5 Rt:5`, {
    vary: "size V opc",
    allocated: (f) => transferAllocated(f) && !isPrefetch(f),
    small: { offset: (f) => signed(f.imm9!, 9) },
    mnemonic: named("R"),
  }, (b) => {
    const base = b.base("Rn");
    const moved = b.let(i64.add(base, b.imm64("offset")));
    const finish = transfer(b, pre ? moved : base, b.num("size"), b.num("V"), b.num("opc"));
    finish();
    b.setXsp("Rn", moved);
  });
}

function pair(name: string, mode: string, kind: "offset" | "pre" | "post"): Row {
  const scale = (f: Fields): number => f.V ? 2 + f.opc! : 2 + (f.opc! >> 1);
  const temporal = mode !== "000";
  return insn(name, `opc:2 101 V:1 ${mode} L:1 imm7:7 Rt2:5 Rn:5 Rt:5`, {
    vary: "opc V L",
    allocated: (f) => f.opc !== 3 && (f.V === 1 || f.opc !== 1 || (f.L === 1 && temporal)),
    small: { offset: (f) => signed(f.imm7!, 7) << scale(f) },
    mnemonic: (f) => (f.L ? "LD" : "ST") + (temporal ? "P" : "NP") + (!f.V && f.opc === 1 ? "SW" : ""),
  }, (b) => {
    const V = b.num("V"), opc = b.num("opc"), size = scale({ V, opc }), bytes = 1 << size;
    const base = b.base("Rn");
    const moved = b.let(i64.add(base, b.imm64("offset")));
    const at = b.access(kind === "post" ? base : moved, 2 * bytes, b.num("L") ? "r" : "w");
    if (b.num("L")) {
      const one = (field: string, offset: number) =>
        V ? loadVector(b, at, size, field, offset) : loadGpr(b, at, size, opc === 1 ? 2 : 1, field, offset);
      const finish = [one("Rt", 0), one("Rt2", bytes)];
      for (const write of finish) write();
    } else {
      const one = (field: string, offset: number) =>
        V ? storeVector(b, at, size, field, offset) : b.store(at, offset, STORE[size]!, b.x(field));
      one("Rt", 0);
      one("Rt2", bytes);
    }
    if (kind !== "offset") b.setXsp("Rn", moved);
  });
}

/**
 * A vector whose byte i is byte `from[i]` of the given vectors laid end to end, 0 where undefined.
 */
function gather(vectors: readonly V128[], from: readonly (number | undefined)[]): V128 {
  let result: V128 = cV128(0n);
  vectors.forEach((vector, index) => {
    const here = from.map((byte) => byte !== undefined && byte >> 4 === index);
    if (!here.includes(true)) return;
    result = i8x16.shuffle(result, vector, from.map((byte, i) => here[i] ? 16 + (byte! & 15) : i));
  });
  return result;
}

/** Registers transferred and elements interleaved, by the opcode field of LD1–LD4 (multiple structures). */
const STRUCTURES: ReadonlyMap<number, { readonly regs: number; readonly selem: number }> = new Map([
  [0b0000, { regs: 4, selem: 4 }],
  [0b0010, { regs: 4, selem: 1 }],
  [0b0100, { regs: 3, selem: 3 }],
  [0b0110, { regs: 3, selem: 1 }],
  [0b0111, { regs: 1, selem: 1 }],
  [0b1000, { regs: 2, selem: 2 }],
  [0b1010, { regs: 2, selem: 1 }],
]);

/** Bytes of memory in the order of (register, byte): where byte `byte` of register `reg` lies. */
function memoryByte(reg: number, byte: number, selem: number, esize: number, width: number): number {
  if (selem === 1) return reg * width + byte;
  const element = Math.floor(byte / esize);
  return (element * selem + reg) * esize + (byte % esize);
}

function multipleStructures(b: Builder): void {
  const { regs, selem } = STRUCTURES.get(b.num("opcode"))!;
  const width = 8 << b.num("Q"), esize = 1 << b.num("size"), total = regs * width;
  const at = b.access(b.base("Rn"), total, b.num("L") ? "r" : "w");
  if (b.num("L")) {
    const memory: V128[] = [];
    for (let offset = 0; offset < total; offset += 16) {
      memory.push(b.load("v128", at, offset, total - offset >= 16 ? "v128.load" : "v128.load64_zero"));
    }
    for (let reg = 0; reg < regs; reg++) {
      const from = Array.from(
        { length: 16 },
        (_, byte) => byte < width ? memoryByte(reg, byte, selem, esize, width) : undefined,
      );
      b.setV("Rt", selem === 1 && width === 16 ? memory[reg]! : gather(memory, from), reg);
    }
    return;
  }
  const registers = Array.from({ length: regs }, (_, reg) => b.v("Rt", reg));
  const source: number[] = [];
  for (let reg = 0; reg < regs; reg++) {
    for (let byte = 0; byte < width; byte++) source[memoryByte(reg, byte, selem, esize, width)] = reg * 16 + byte;
  }
  for (let offset = 0; offset < total; offset += 16) {
    const from = Array.from({ length: 16 }, (_, byte) => source[offset + byte]);
    const chunk = selem === 1 && width === 16 ? registers[offset / 16]! : gather(registers, from);
    if (total - offset >= 16) b.store(at, offset, "v128.store", chunk);
    else b.store(at, offset, "i64.store", i64x2.extract_lane(chunk, 0));
  }
}

const multipleAllocated = (f: Fields): boolean => {
  const how = STRUCTURES.get(f.opcode!);
  return how !== undefined && (how.selem === 1 || f.size !== 3 || f.Q === 1);
};
const multipleName = (f: Fields): string => `${f.L ? "LD" : "ST"}${STRUCTURES.get(f.opcode!)?.selem ?? 1}`;
const multipleBytes = (f: Fields): number => (STRUCTURES.get(f.opcode!)?.regs ?? 0) * (8 << f.Q!);

/** log2 of the element's bytes for a single structure; -1 where unallocated. */
function laneScale(f: Fields): number {
  const size = f.size ?? 0;
  switch (f.opcode! >> 1) {
    case 0:
      return 0;
    case 1:
      return size & 1 ? -1 : 1;
    default:
      return size & 2 ? -1 : size & 1 ? (f.S ? -1 : 3) : 2;
  }
}
function laneIndex(f: Fields): number {
  const all = (f.Q! << 3) | (f.S! << 2) | f.size!;
  const scale = laneScale(f);
  return scale < 0 ? 0 : all >> scale;
}
const selemOf = (f: Fields): number => (((f.opcode! & 1) << 1) | f.R!) + 1;

function singleStructure(b: Builder): void {
  const f = { opcode: b.num("opcode"), size: b.num("size"), R: b.num("R"), S: b.num("S") };
  const scale = laneScale(f), esize = 1 << scale, selem = selemOf(f);
  const at = b.access(b.base("Rn"), selem * esize, b.num("L") ? "r" : "w");
  const lane = b.imm32("lane"), bits = (8 << scale) as 8 | 16 | 32 | 64;
  for (let reg = 0; reg < selem; reg++) {
    if (b.num("L")) {
      const element = b.load("i64", at, reg * esize, LOAD_U[scale]!);
      b.setLane("Rt", bits, lane, element, reg);
    } else b.store(at, reg * esize, STORE[scale]!, b.lane("Rt", bits, lane, reg));
  }
}
function replicateStructure(b: Builder): void {
  const scale = b.num("size"), esize = 1 << scale, selem = selemOf({ opcode: b.num("o"), R: b.num("R") });
  const at = b.access(b.base("Rn"), selem * esize, "r");
  const op = (["v128.load8_splat", "v128.load16_splat", "v128.load32_splat", "v128.load64_splat"] as const)[scale]!;
  for (let reg = 0; reg < selem; reg++) {
    const all = b.load("v128", at, reg * esize, op);
    b.setV("Rt", b.num("Q") ? all : lowHalf(all), reg);
  }
}

/** The three addressing forms of a structure access: none, post-index by register, post-index by its size. */
function structureForms(
  name: string,
  head: string,
  tail: string,
  options: {
    vary: string;
    allocated: (f: Fields) => boolean;
    mnemonic: (f: Fields) => string;
    bytes: (f: Fields) => number;
    small?: Record<string, (f: Fields) => number>;
  },
  lift: (b: Builder) => void,
): Row[] {
  const { vary, allocated, mnemonic } = options;
  const small = { bytes: options.bytes, ...options.small };
  const form = (post: string, Rm: string, back?: (b: Builder) => I64): Row =>
    insn(
      `${name}${post === "1" ? " (post-index)" : ""}${Rm === "11111" ? " immediate" : ""}`,
      `0 Q:1 0011${head}${post} ${tail.replace("RM", Rm)}`,
      {
        vary,
        allocated,
        mnemonic,
        small,
      },
      (b) => {
        if (back === undefined) return lift(b);
        const moved = b.let(i64.add(b.xsp("Rn"), back(b)));
        lift(b);
        b.setXsp("Rn", moved);
      },
    );
  return [
    form("0", "00000"),
    form("1", "Rm:5", (b) => b.x("Rm")),
    form("1", "11111", (b) => b.imm64("bytes")),
  ];
}

export const rows: readonly Row[] = [
  insn("LDR (literal)", "opc:2 011 V:1 00 imm19:19 Rt:5", {
    vary: "opc V",
    allocated: (f) => !(f.V && f.opc === 3),
    imm: { offset: (f) => signed(f.imm19!, 19) * 4 },
    mnemonic: (f) => f.V ? "LDR" : ["LDR", "LDR", "LDRSW", "PRFM"][f.opc!]!,
  }, (b) => {
    const opc = b.num("opc");
    if (!b.num("V") && opc === 3) return;
    const address = b.let(i64.add(b.pc(), b.imm64("offset")));
    if (b.num("V")) loadVector(b, b.access(address, 4 << opc, "r"), 2 + opc)();
    else loadGpr(b, b.access(address, opc === 1 ? 8 : 4, "r"), opc === 1 ? 3 : 2, opc === 2 ? 2 : 1)();
  }),

  insn("LDR (immediate)", "size:2 111 V:1 01 opc:2 imm12:12 Rn:5 Rt:5", {
    vary: "size V opc",
    allocated: transferAllocated,
    imm: { offset: (f) => f.imm12! << scaleOf(f) },
    mnemonic: named("R"),
  }, (b) => {
    const f = { size: b.num("size"), V: b.num("V"), opc: b.num("opc") };
    if (isPrefetch(f)) return;
    transfer(b, b.let(i64.add(b.base("Rn"), b.imm64("offset"))), f.size, f.V, f.opc)();
  }),
  insn("LDUR", "size:2 111 V:1 00 opc:2 0 imm9:9 00 Rn:5 Rt:5", {
    vary: "size V opc",
    allocated: transferAllocated,
    small: { offset: (f) => signed(f.imm9!, 9) },
    mnemonic: named("UR"),
  }, (b) => {
    const f = { size: b.num("size"), V: b.num("V"), opc: b.num("opc") };
    if (isPrefetch(f)) return;
    transfer(b, b.let(i64.add(b.base("Rn"), b.imm64("offset"))), f.size, f.V, f.opc)();
  }),
  // Unprivileged: at EL0 the same as LDUR.
  insn("LDTR", "size:2 111 0 00 opc:2 0 imm9:9 10 Rn:5 Rt:5", {
    vary: "size opc",
    allocated: (f) => transferAllocated({ ...f, V: 0 }) && !isPrefetch({ ...f, V: 0 }),
    small: { offset: (f) => signed(f.imm9!, 9) },
    mnemonic: (f) => named("TR")({ ...f, V: 0 }),
  }, (b) => {
    transfer(b, b.let(i64.add(b.base("Rn"), b.imm64("offset"))), b.num("size"), 0, b.num("opc"))();
  }),
  indexed("LDR (post-index)", "01", false),
  indexed("LDR (pre-index)", "11", true),
  insn("LDR (register)", "size:2 111 V:1 00 opc:2 1 Rm:5 option:3 S:1 10 Rn:5 Rt:5", {
    vary: "size V opc option",
    allocated: (f) => transferAllocated(f) && (f.option! & 2) !== 0,
    small: { shift: (f) => f.S ? scaleOf(f) : 0 },
    // RPRFM is a hint in PRFM's reserved operations.
    mnemonic: (f) => isPrefetch(f) && f.Rt! >= 24 ? "RPRFM" : named("R")(f),
  }, (b) => {
    const f = { size: b.num("size"), V: b.num("V"), opc: b.num("opc") };
    if (isPrefetch(f)) return;
    const address = b.let(i64.add(b.base("Rn"), extended(b, b.num("option"), b.imm64("shift"))));
    transfer(b, address, f.size, f.V, f.opc)();
  }),

  pair("LDNP", "000", "offset"),
  pair("LDP (post-index)", "001", "post"),
  pair("LDP", "010", "offset"),
  pair("LDP (pre-index)", "011", "pre"),

  ...structureForms("LD1 (multiple)", "00", "L:1 0 RM opcode:4 size:2 Rn:5 Rt:5", {
    vary: "Q L opcode size",
    allocated: multipleAllocated,
    mnemonic: multipleName,
    bytes: multipleBytes,
  }, multipleStructures),
  ...structureForms("LD1 (single)", "01", "L:1 R:1 RM opcode:3 S:1 size:2 Rn:5 Rt:5", {
    vary: "L R opcode S size",
    allocated: (f) => f.opcode! < 6 && laneScale(f) >= 0,
    mnemonic: (f) => f.opcode! < 6 ? `${f.L ? "LD" : "ST"}${selemOf(f)}` : `LD${selemOf(f)}R`,
    bytes: (f) => selemOf(f) << Math.max(laneScale(f), 0),
    small: { lane: laneIndex },
  }, singleStructure),
  ...structureForms("LD1R", "01", "1 R:1 RM 11 o:1 0 size:2 Rn:5 Rt:5", {
    vary: "Q R o size",
    allocated: () => true,
    mnemonic: (f) => `LD${((f.o! << 1) | f.R!) + 1}R`,
    bytes: (f) => (((f.o! << 1) | f.R!) + 1) << f.size!,
  }, (b) => replicateStructure(b)),
];
