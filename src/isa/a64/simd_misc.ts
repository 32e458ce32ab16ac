/** AdvSIMD two-register miscellaneous, across lanes, copy, permute, table, modified immediate: integer forms (C4.1.97). */
import type { Builder } from "../ir/builder.ts";
import {
  c32,
  c64,
  cV128,
  i16x8,
  i32,
  i32x4,
  type I64,
  i64,
  i64x2,
  i8x16,
  intLanes,
  splat,
  type V128,
  v128,
} from "../ir/ops.ts";
import {
  broadcast,
  type ESize,
  esizeOf,
  extract,
  greater,
  greaterEqual,
  mapLanes,
  narrowElements,
  reverseBitsOfBytes,
  saturate,
  setNarrow,
  setQC,
  setVector,
  shuffleElements,
  unzip,
} from "./lanes.ts";
import { type Fields, insn, type Row } from "./row.ts";
import { minMax } from "./simd_same.ts";

/** Rows that exist as vector and as scalar (on the low element) with the same element function. */
function misc(
  names: [string, string],
  opcode: string,
  sizes: readonly number[],
  scalar: readonly number[],
  apply: (b: Builder, esize: ESize, U: number, x: V128) => V128,
): Row[] {
  const mnemonic = (f: Fields): string => names[f.U!]!;
  const rows = [
    insn(`${names[0] || names[1]} (misc)`, `0 Q:1 U:1 01110 size:2 10000 ${opcode} 10 Rn:5 Rd:5`, {
      vary: "Q U size",
      allocated: (f) => names[f.U!] !== "" && sizes.includes(f.size!) && (f.size !== 3 || f.Q === 1),
      mnemonic,
    }, (b) => {
      const Q = b.num("Q");
      setVector(b, "Rd", b.let(apply(b, esizeOf(b.num("size")), b.num("U"), Q ? b.v("Rn") : b.vlow("Rn"))), Q);
    }),
  ];
  if (scalar.length > 0) {
    rows.push(insn(`${names[0] || names[1]} (misc, scalar)`, `01 U:1 11110 size:2 10000 ${opcode} 10 Rn:5 Rd:5`, {
      vary: "U size",
      allocated: (f) => names[f.U!] !== "" && scalar.includes(f.size!),
      mnemonic,
    }, (b) => {
      const esize = esizeOf(b.num("size"));
      const mask = cV128((1n << BigInt(esize)) - 1n);
      const result = b.let(apply(b, esize, b.num("U"), v128.and(b.vlow("Rn"), mask)));
      b.setDbits("Rd", extract(result, esize, 0, false));
    }));
  }
  return rows;
}

/** Bytes reversed within containers of `container` bytes, by elements of `esize` bits. */
const reverse = (esize: ESize, container: 2 | 4 | 8, x: V128): V128 => {
  const per = (container * 8) / esize;
  return shuffleElements(esize, x, x, (lane) => lane - (lane % per) + (per - 1 - (lane % per)));
};

/** Sum of neighbouring elements, twice as wide. */
function addPairsLong(esize: 8 | 16 | 32, unsigned: boolean, x: V128): V128 {
  if (esize === 8) return (unsigned ? i16x8.extadd_pairwise_i8x16_u : i16x8.extadd_pairwise_i8x16_s)(x);
  if (esize === 16) return (unsigned ? i32x4.extadd_pairwise_i16x8_u : i32x4.extadd_pairwise_i16x8_s)(x);
  const even = i64x2.shr_s(i64x2.shl(x, c32(32)), c32(32)), odd = i64x2.shr_s(x, c32(32));
  if (!unsigned) return i64x2.add(even, odd);
  return i64x2.add(v128.and(x, splat(64, 0xffffffffn)), i64x2.shr_u(x, c32(32)));
}

/** SUQADD (U = 0: signed accumulator plus unsigned operand) and USQADD (the reverse), on one element below 64 bits. */
function addMixed(b: Builder, esize: ESize, U: number, acc: V128, x: V128, count: number): V128 {
  const operands = b.let(x), accumulators = b.let(acc);
  let lane = 0;
  return mapLanes(b, esize, count, false, [operands], () => {
    const at = lane++;
    const a = b.let(extract(accumulators, esize, at, U === 0));
    const y = b.let(extract(operands, esize, at, U === 1));
    const sum = b.let(i64.add(a, y));
    if (esize !== 64) return saturate(b, sum, esize, U === 0);
    if (U === 0) {
      // Signed + unsigned overflows upwards only: the sum, seen signed, falls below the accumulator.
      const over = b.let(i64.lt_s(sum, a));
      setQC(b, over);
      return b.choose(over, "i64", () => c64((1n << 63n) - 1n), () => sum);
    }
    // Unsigned + signed: a carry for positive operands, a borrow for negative ones.
    const negative = b.let(i64.lt_s(y, c64(0)));
    const over = b.let(b.choose(negative, "i32", () => i64.gt_u(sum, a), () => i64.lt_u(sum, a)));
    setQC(b, over);
    return b.choose(over, "i64", () => b.choose(negative, "i64", () => c64(0), () => c64(-1)), () => sum);
  });
}

/** Leading zeros, or leading sign bits, of an element. */
function countLeading(esize: 8 | 16 | 32, sign: boolean, x: I64): I64 {
  if (!sign) return i64.sub(i64.clz(x), c64(64 - esize));
  return i64.sub(i64.clz(i64.xor(x, i64.shr_s(x, c64(1)))), c64(64 - esize + 1));
}

/** Narrowing with saturation: signed or unsigned source and destination. */
function saturateNarrow(b: Builder, esize: 8 | 16 | 32, from: "s" | "u", to: "s" | "u", x: V128, count: number): V128 {
  const wide = (esize * 2) as ESize;
  const source = b.let(x);
  let lane = 0;
  const zero: V128 = cV128(0n);
  return mapLanes(b, esize, count, false, [zero], () => {
    const element = b.let(extract(source, wide, lane++, from === "s"));
    if (wide === 64 && from === "u") {
      // A source above 2^63 would look negative to the signed clamp.
      const over = b.let(i64.gt_u(element, c64(0xffffffffn)));
      setQC(b, over);
      return b.choose(over, "i64", () => c64(0xffffffffn), () => element);
    }
    return saturate(b, element, esize, to === "s");
  });
}

function narrowRow(
  names: [string, string],
  opcode: string,
  kinds: readonly (readonly ["s" | "u", "s" | "u"] | null)[],
): Row[] {
  const narrow = (b: Builder, esize: 8 | 16 | 32, U: number, x: V128, count: number): V128 => {
    const kind = kinds[U];
    return kind ? saturateNarrow(b, esize, kind[0], kind[1], x, count) : narrowElements(esize, x);
  };
  const rows = [
    insn(`${names[0]} (narrow misc)`, `0 Q:1 U:1 01110 size:2 10000 ${opcode} 10 Rn:5 Rd:5`, {
      vary: "Q U size",
      allocated: (f) => f.size !== 3,
      mnemonic: (f) => names[f.U!]! + (f.Q ? "2" : ""),
    }, (b) => {
      const esize = esizeOf(b.num("size")) as 8 | 16 | 32;
      setNarrow(b, "Rd", b.let(narrow(b, esize, b.num("U"), b.v("Rn"), 64 / esize)), b.num("Q"));
    }),
    insn(`${names[0]} (narrow misc, scalar)`, `01 U:1 11110 size:2 10000 ${opcode} 10 Rn:5 Rd:5`, {
      vary: "U size",
      allocated: (f) => f.size !== 3 && kinds[f.U!] != null,
      mnemonic: (f) => names[f.U!]!,
    }, (b) => {
      const esize = esizeOf(b.num("size")) as 8 | 16 | 32;
      b.setDbits("Rd", extract(b.let(narrow(b, esize, b.num("U"), b.v("Rn"), 1)), esize, 0, false));
    }),
  ];
  return rows;
}

/** A copy row for each element size: the size is in the pattern, so that only the index is open. */
function copyRows(
  name: string,
  head: string,
  tail: string,
  sizes: readonly number[],
  vary: string,
  lift: (b: Builder, esize: ESize) => void,
  allocated: (f: Fields, size: number) => boolean = () => true,
): Row[] {
  return sizes.map((size) => {
    return insn(`${name} (${8 << size})`, `${head} index:${4 - size} 1${"0".repeat(size)} ${tail}`, {
      vary,
      allocated: (f) => allocated(f, size),
      small: { lane: (f) => f.index! },
    }, (b) => lift(b, (8 << size) as ESize));
  });
}

/** AdvSIMDExpandImm() (Arm ARM J1, aarch64/functions/vector). */
export function expandImmediate(op: number, cmode: number, imm8: number): bigint {
  const n = BigInt(imm8);
  const repeat = (value: bigint, bits: number): bigint => {
    let all = 0n;
    for (let at = 0; at < 64; at += bits) all |= value << BigInt(at);
    return all;
  };
  switch (cmode >> 1) {
    case 0:
    case 1:
    case 2:
    case 3:
      return repeat(n << BigInt(8 * (cmode >> 1)), 32);
    case 4:
    case 5:
      return repeat(n << BigInt(8 * ((cmode >> 1) & 1)), 16);
    case 6:
      return repeat(cmode & 1 ? (n << 16n) | 0xffffn : (n << 8n) | 0xffn, 32);
    default: {
      if (!(cmode & 1)) {
        if (!op) return repeat(n, 8);
        let all = 0n;
        for (let bit = 0; bit < 8; bit++) if (imm8 & (1 << bit)) all |= 0xffn << BigInt(8 * bit);
        return all;
      }
      const sign = BigInt(imm8 >> 7), b6 = (imm8 >> 6) & 1, rest = BigInt(imm8 & 0x3f);
      if (!op) return repeat((sign << 31n) | ((b6 ? 0x1fn : 0x20n) << 25n) | (rest << 19n), 32);
      return (sign << 63n) | ((b6 ? 0xffn : 0x100n) << 54n) | (rest << 48n);
    }
  }
}

const imm8 = (f: Fields): number => (f.abc! << 5) | f.defgh!;
const immediateName = (f: Fields): string => {
  const orr = f.cmode! < 12 && f.cmode! & 1;
  if (f.cmode === 15) return "FMOV";
  if (orr) return f.op ? "BIC" : "ORR";
  return f.op && f.cmode !== 14 ? "MVNI" : "MOVI";
};

/** Index vectors beyond a table of `regs` registers give 0 (TBL) or leave the destination (TBX). */
function tableLookup(b: Builder): void {
  const regs = b.num("len") + 1, Q = b.num("Q");
  const indices = b.v("Rm");
  let found: V128 = cV128(0n);
  for (let reg = 0; reg < regs; reg++) {
    const at = reg === 0 ? indices : i8x16.sub(indices, splat(8, 16 * reg));
    found = v128.or(found, i8x16.swizzle(b.v("Rn", reg), at));
  }
  if (b.num("op")) {
    const inside = i8x16.lt_u(indices, splat(8, 16 * regs));
    found = v128.bitselect(found, b.v("Rd"), inside);
  }
  setVector(b, "Rd", found, Q);
}

/** All elements combined: pairwise halving with the vector operation, or a widening sum. */
function across(b: Builder, esize: 8 | 16 | 32, Q: number, apply: (x: V128, y: V128) => V128): I64 {
  let x = b.v("Rn");
  let count = (Q ? 128 : 64) / esize;
  while (count > 1) {
    const upper = (count / 2) * (esize / 8);
    const current = x;
    const moved = i8x16.shuffle(current, current, Array.from({ length: 16 }, (_, i) => (i + upper) & 15));
    x = b.let(apply(current, moved));
    count /= 2;
  }
  return extract(x, esize, 0, false);
}

const ALL = [0, 1, 2, 3];

export const rows: readonly Row[] = [
  insn("REV64", "0 Q:1 U:1 01110 size:2 10000 00000 10 Rn:5 Rd:5", {
    vary: "Q U size",
    allocated: (f) => f.U ? f.size! < 2 : f.size! < 3,
    mnemonic: (f) => f.U ? "REV32" : "REV64",
  }, (b) => setVector(b, "Rd", reverse(esizeOf(b.num("size")), b.num("U") ? 4 : 8, b.v("Rn")), b.num("Q"))),
  insn("REV16", "0 Q:1 0 01110 00 10000 00001 10 Rn:5 Rd:5", { vary: "Q" }, (b) => {
    setVector(b, "Rd", reverse(8, 2, b.v("Rn")), b.num("Q"));
  }),
  insn("SADDLP", "0 Q:1 U:1 01110 size:2 10000 00 acc:1 10 10 Rn:5 Rd:5", {
    vary: "Q U size acc",
    allocated: (f) => f.size !== 3,
    mnemonic: (f) => (f.U ? "U" : "S") + (f.acc ? "ADALP" : "ADDLP"),
  }, (b) => {
    const esize = esizeOf(b.num("size")) as 8 | 16 | 32;
    const pairs = addPairsLong(esize, b.num("U") === 1, b.v("Rn"));
    const wide = intLanes[(esize * 2) as 16 | 32 | 64];
    setVector(b, "Rd", b.num("acc") ? wide.add(b.v("Rd"), pairs) : pairs, b.num("Q"));
  }),
  insn("SUQADD", "0 Q:1 U:1 01110 size:2 10000 00011 10 Rn:5 Rd:5", {
    vary: "Q U size",
    allocated: (f) => f.size !== 3 || f.Q === 1,
    mnemonic: (f) => f.U ? "USQADD" : "SUQADD",
  }, (b) => {
    const esize = esizeOf(b.num("size")), Q = b.num("Q");
    setVector(b, "Rd", addMixed(b, esize, b.num("U"), b.v("Rd"), b.v("Rn"), (Q ? 128 : 64) / esize), Q);
  }),
  insn("SUQADD (scalar)", "01 U:1 11110 size:2 10000 00011 10 Rn:5 Rd:5", {
    vary: "U size",
    mnemonic: (f) => f.U ? "USQADD" : "SUQADD",
  }, (b) => {
    const esize = esizeOf(b.num("size"));
    b.setDbits("Rd", extract(addMixed(b, esize, b.num("U"), b.v("Rd"), b.v("Rn"), 1), esize, 0, false));
  }),
  ...misc(
    ["CLS", "CLZ"],
    "00100",
    [0, 1, 2],
    [],
    (b, esize, U, x) => mapLanes(b, esize, 128 / esize, U === 0, [x], (e) => countLeading(esize as 8, U === 0, e!)),
  ),
  insn("CNT", "0 Q:1 0 01110 00 10000 00101 10 Rn:5 Rd:5", { vary: "Q" }, (b) => {
    setVector(b, "Rd", i8x16.popcnt(b.v("Rn")), b.num("Q"));
  }),
  insn("NOT", "0 Q:1 1 01110 0 size:1 10000 00101 10 Rn:5 Rd:5", {
    vary: "Q size",
    mnemonic: (f) => f.size ? "RBIT" : "NOT",
  }, (b) => {
    setVector(b, "Rd", b.num("size") ? reverseBitsOfBytes(b.v("Rn")) : v128.not(b.v("Rn")), b.num("Q"));
  }),
  ...misc(["SQABS", "SQNEG"], "00111", ALL, ALL, (b, esize, U, x) => {
    const lanes = intLanes[esize];
    const minimum = lanes.eq(x, splat(esize, 1n << BigInt(esize - 1)));
    setQC(b, v128.any_true(minimum));
    // Negating the minimum gives itself; saturated it is the maximum, all bits but the sign: one less.
    return lanes.add(U ? lanes.neg(x) : lanes.abs(x), minimum);
  }),
  ...misc(
    ["CMGT", "CMGE"],
    "01000",
    ALL,
    [3],
    (_, esize, U, x) => (U ? greaterEqual : greater)(esize, x, splat(8, 0), false),
  ),
  ...misc(
    ["CMEQ", "CMLE"],
    "01001",
    ALL,
    [3],
    (_, esize, U, x) => U ? greaterEqual(esize, splat(8, 0), x, false) : intLanes[esize].eq(x, splat(8, 0)),
  ),
  ...misc(["CMLT", ""], "01010", ALL, [3], (_, esize, _U, x) => greater(esize, splat(8, 0), x, false)),
  ...misc(["ABS", "NEG"], "01011", ALL, [3], (_, esize, U, x) => U ? intLanes[esize].neg(x) : intLanes[esize].abs(x)),
  ...narrowRow(["XTN", "SQXTUN"], "10010", [null, ["s", "u"]]),
  ...narrowRow(["SQXTN", "UQXTN"], "10100", [["s", "s"], ["u", "u"]]),
  insn("SHLL", "0 Q:1 1 01110 size:2 10000 10011 10 Rn:5 Rd:5", {
    vary: "Q size",
    allocated: (f) => f.size !== 3,
    mnemonic: (f) => f.Q ? "SHLL2" : "SHLL",
  }, (b) => {
    const esize = esizeOf(b.num("size")) as 8 | 16 | 32;
    // Widening and shifting by the element size puts each element above zeros: interleave with zeros.
    const n = b.v("Rn"), zero = splat(8, 0), per = 64 / esize, from = b.num("Q") * per;
    b.setV("Rd", shuffleElements(esize, zero, n, (lane) => lane & 1 ? 128 / esize + from + (lane >> 1) : 0));
  }),

  insn("SADDLV", "0 Q:1 U:1 01110 size:2 11000 00011 10 Rn:5 Rd:5", {
    vary: "Q U size",
    allocated: (f) => f.size! < 2 || (f.size === 2 && f.Q === 1),
    mnemonic: (f) => f.U ? "UADDLV" : "SADDLV",
  }, (b) => {
    const esize = esizeOf(b.num("size")) as 8 | 16 | 32, n = b.v("Rn");
    let sum: I64 = c64(0);
    for (let lane = 0; lane < (b.num("Q") ? 128 : 64) / esize; lane++) {
      sum = i64.add(sum, extract(n, esize, lane, b.num("U") === 0));
    }
    b.setDbits("Rd", esize === 32 ? sum : i64.and(sum, c64((1n << BigInt(2 * esize)) - 1n)));
  }),
  ...([["SMAXV", "UMAXV", "01010", true], ["SMINV", "UMINV", "11010", false]] as const).map(([s, u, opcode, isMax]) =>
    insn(s, `0 Q:1 U:1 01110 size:2 11000 ${opcode} 10 Rn:5 Rd:5`, {
      vary: "Q U size",
      allocated: (f) => f.size! < 2 || (f.size === 2 && f.Q === 1),
      mnemonic: (f) => f.U ? u : s,
    }, (b) => {
      const esize = esizeOf(b.num("size")) as 8 | 16 | 32;
      b.setDbits("Rd", across(b, esize, b.num("Q"), (x, y) => minMax(esize, b.num("U") === 1, isMax, x, y)));
    })
  ),
  insn("ADDV", "0 Q:1 0 01110 size:2 11000 11011 10 Rn:5 Rd:5", {
    vary: "Q size",
    allocated: (f) => f.size! < 2 || (f.size === 2 && f.Q === 1),
  }, (b) => {
    const esize = esizeOf(b.num("size")) as 8 | 16 | 32;
    b.setDbits("Rd", across(b, esize, b.num("Q"), (x, y) => intLanes[esize].add(x, y)));
  }),
  insn("ADDP (scalar)", "01 0 11110 11 11000 11011 10 Rn:5 Rd:5", {}, (b) => {
    b.setDbits("Rd", i64.add(b.dbits("Rn"), b.dbits("Rn", 8)));
  }),

  ...copyRows("DUP (element)", "0 Q:1 0 01110000", "0 0000 1 Rn:5 Rd:5", [0, 1, 2, 3], "Q", (b, esize) => {
    setVector(b, "Rd", broadcast(esize, b.lane("Rn", esize, b.imm32("lane"))), b.num("Q"));
  }, (f, size) => size !== 3 || f.Q === 1),
  ...copyRows("DUP (scalar)", "01 0 11110000", "0 0000 1 Rn:5 Rd:5", [0, 1, 2, 3], "", (b, esize) => {
    b.setDbits("Rd", b.lane("Rn", esize, b.imm32("lane")));
  }),
  ...[0, 1, 2, 3].map((size) =>
    insn(
      `DUP (general, ${8 << size})`,
      `0 Q:1 0 01110000 ${"x".repeat(4 - size)}1${"0".repeat(size)} 0 0001 1 Rn:5 Rd:5`,
      {
        vary: "Q",
        allocated: (f) => size !== 3 || f.Q === 1,
      },
      (b) => setVector(b, "Rd", broadcast((8 << size) as ESize, b.x("Rn")), b.num("Q")),
    )
  ),
  ...copyRows("SMOV", "0 Q:1 0 01110000", "0 0101 1 Rn:5 Rd:5", [0, 1, 2], "Q", (b, esize) => {
    const element = b.laneSigned("Rn", esize, b.imm32("lane"));
    if (b.num("Q")) b.setX("Rd", element);
    else b.setW("Rd", i32.wrap(element));
  }, (f, size) => size < 2 || f.Q === 1),
  ...copyRows("UMOV", "0 Q:1 0 01110000", "0 0111 1 Rn:5 Rd:5", [0, 1, 2, 3], "Q", (b, esize) => {
    b.setX("Rd", b.lane("Rn", esize, b.imm32("lane")));
  }, (f, size) => (size === 3) === (f.Q === 1)),
  ...copyRows("INS (general)", "0 1 0 01110000", "0 0011 1 Rn:5 Rd:5", [0, 1, 2, 3], "", (b, esize) => {
    b.setLane("Rd", esize, b.imm32("lane"), b.x("Rn"));
  }),
  ...[0, 1, 2, 3].map((size) =>
    insn(`INS (element, ${8 << size})`, `0 1 1 01110000 index:${4 - size} 1${"0".repeat(size)} 0 imm4:4 1 Rn:5 Rd:5`, {
      small: { to: (f) => f.index!, from: (f) => f.imm4! >> size },
    }, (b) => {
      const esize = (8 << size) as ESize;
      b.setLane("Rd", esize, b.imm32("to"), b.lane("Rn", esize, b.imm32("from")));
    })
  ),

  insn("UZP1", "0 Q:1 001110 size:2 0 Rm:5 0 part:1 op:2 10 Rn:5 Rd:5", {
    vary: "Q size part op",
    allocated: (f) => f.op !== 0 && (f.size !== 3 || f.Q === 1),
    mnemonic: (f) => ["", "UZP", "TRN", "ZIP"][f.op!]! + (f.part! + 1),
  }, (b) => {
    const esize = esizeOf(b.num("size")), Q = b.num("Q"), part = b.num("part");
    const n = b.v("Rn"), m = b.v("Rm"), all = 128 / esize, per = (Q ? 128 : 64) / esize;
    let result: V128;
    switch (b.num("op")) {
      case 1:
        result = unzip(esize, n, m, part, Q);
        break;
      case 2:
        result = shuffleElements(esize, n, m, (lane) => (lane & 1 ? all : 0) + (lane & ~1) + part);
        break;
      default:
        result = shuffleElements(esize, n, m, (lane) => (lane & 1 ? all : 0) + part * (per / 2) + (lane >> 1));
    }
    setVector(b, "Rd", result, Q);
  }),
  ...Array.from(
    { length: 16 },
    (_, position) =>
      insn(`EXT #${position}`, `0 Q:1 101110 00 0 Rm:5 0 ${position.toString(2).padStart(4, "0")} 0 Rn:5 Rd:5`, {
        vary: "Q",
        allocated: (f) => f.Q === 1 || position < 8,
        mnemonic: () => "EXT",
      }, (b) => {
        const n = b.v("Rn"), m = b.v("Rm");
        const width = b.num("Q") ? 16 : 8;
        const lanes = Array.from({ length: 16 }, (_, i) => {
          const at = i + position;
          return at < width ? at : (at - width) % width + 16;
        });
        setVector(b, "Rd", i8x16.shuffle(n, m, lanes), b.num("Q"));
      }),
  ),
  insn("TBL", "0 Q:1 001110 00 0 Rm:5 0 len:2 op:1 00 Rn:5 Rd:5", {
    vary: "Q len op",
    mnemonic: (f) => f.op ? "TBX" : "TBL",
  }, tableLookup),

  insn("MOVI", "0 Q:1 op:1 0111100000 abc:3 cmode:4 0 1 defgh:5 Rd:5", {
    vary: "Q op cmode",
    allocated: (f) => f.cmode !== 15 || f.op === 0 || f.Q === 1,
    wide: {
      value: (f) => {
        const value = expandImmediate(f.op!, f.cmode!, imm8(f));
        // MVNI and BIC use the complement; op = 1 with cmode 111x selects another expansion instead.
        return BigInt.asIntN(64, f.op && f.cmode! < 14 ? ~value : value);
      },
    },
    mnemonic: immediateName,
  }, (b) => {
    const cmode = b.num("cmode");
    const all = i64x2.splat(b.imm64("value"));
    const result = cmode < 12 && cmode & 1 ? (b.num("op") ? v128.and : v128.or)(b.v("Rd"), all) : all;
    if (!b.num("Q") && !(cmode < 12 && cmode & 1)) b.setDbits("Rd", b.imm64("value"));
    else setVector(b, "Rd", result, b.num("Q"));
  }),
];
