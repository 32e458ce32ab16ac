/** Exclusive, ordered and atomic accesses (Arm ARM C4.1.96, B2.9): LDXR … STLR, CAS, the LSE operations. */
import type { Builder, LoadOp, StoreOp } from "../ir/builder.ts";
import { c32, c64, type I32, i32, type I64, i64, select } from "../ir/ops.ts";
import { type Fields, insn, type Row, signed } from "./row.ts";

const LOAD: readonly LoadOp[] = ["i64.load8_u", "i64.load16_u", "i64.load32_u", "i64.load"];
const STORE: readonly StoreOp[] = ["i64.store8", "i64.store16", "i64.store32", "i64.store"];
const SUFFIX = ["B", "H", "", ""];

/*
 * One thread runs at a time and is only switched between instructions, so an instruction is atomic by itself and
 * ordering is program order. The exclusive monitor is an address and a size, cleared when another thread may have
 * run. All these accesses must be aligned: FEAT_LSE2 is not announced.
 */

function acquireName(f: Fields): string {
  return (f.A ? "A" : "") + (f.R ? "L" : "");
}

/** Truncates to the access size, zero-extended. */
const narrow = (value: I64, size: number): I64 =>
  size === 3 ? value : i64.and(value, c64((1n << BigInt(8 << size)) - 1n));
/** Sign-extends from the access size. */
const widen = (value: I64, size: number): I64 =>
  size === 3 ? value : [i64.extend8_s, i64.extend16_s, i64.extend32_s][size]!(value);

const OPERATIONS: readonly [name: string, apply: (old: I64, operand: I64, size: number) => I64][] = [
  ["LDADD", (old, operand) => i64.add(old, operand)],
  ["LDCLR", (old, operand) => i64.and(old, i64.xor(operand, c64(-1)))],
  ["LDEOR", (old, operand) => i64.xor(old, operand)],
  ["LDSET", (old, operand) => i64.or(old, operand)],
  ["LDSMAX", (old, operand, size) => select(i64.gt_s(widen(old, size), widen(operand, size)), old, operand)],
  ["LDSMIN", (old, operand, size) => select(i64.lt_s(widen(old, size), widen(operand, size)), old, operand)],
  ["LDUMAX", (old, operand, size) => select(i64.gt_u(old, narrow(operand, size)), old, operand)],
  ["LDUMIN", (old, operand, size) => select(i64.lt_u(old, narrow(operand, size)), old, operand)],
];

/** Whether the monitor still covers exactly this access. */
function monitorHolds(b: Builder, address: I64, bytes: number): I32 {
  return i32.and(i64.eq(b.sys64("exclAddr"), address), i32.eq(b.sys("exclSize"), c32(bytes)));
}

export const rows: readonly Row[] = [
  insn("LDXR", "size:2 0010000 1 0 xxxxx o0:1 xxxxx Rn:5 Rt:5", {
    vary: "size o0",
    mnemonic: (f) => (f.o0 ? "LDAXR" : "LDXR") + SUFFIX[f.size!],
  }, (b) => {
    const size = b.num("size");
    const address = b.base("Rn");
    const value = b.load("i64", b.access(address, 1 << size, "r", true), 0, LOAD[size]!);
    b.setSys("exclAddr", address);
    b.setSys("exclSize", c32(1 << size));
    b.setX("Rt", value);
  }),
  insn("STXR", "size:2 0010000 0 0 Rs:5 o0:1 xxxxx Rn:5 Rt:5", {
    vary: "size o0",
    mnemonic: (f) => (f.o0 ? "STLXR" : "STXR") + SUFFIX[f.size!],
  }, (b) => {
    const size = b.num("size");
    const address = b.base("Rn");
    const failed = b.shortcut(
      monitorHolds(b, address, 1 << size),
      "i32",
      () => {
        b.store(b.access(address, 1 << size, "w", true), 0, STORE[size]!, b.x("Rt"));
        return c32(0);
      },
      () => c32(1),
    );
    b.setSys("exclSize", c32(0));
    b.setW("Rs", failed);
  }),
  insn("LDXP", "1 sz:1 0010000 1 1 xxxxx o0:1 Rt2:5 Rn:5 Rt:5", {
    vary: "sz o0",
    mnemonic: (f) => f.o0 ? "LDAXP" : "LDXP",
  }, (b) => {
    const size = 2 + b.num("sz"), bytes = 1 << size;
    const address = b.base("Rn"), at = b.access(address, 2 * bytes, "r", true);
    const first = b.load("i64", at, 0, LOAD[size]!), second = b.load("i64", at, bytes, LOAD[size]!);
    b.setSys("exclAddr", address);
    b.setSys("exclSize", c32(2 * bytes));
    b.setX("Rt", first);
    b.setX("Rt2", second);
  }),
  insn("STXP", "1 sz:1 0010000 0 1 Rs:5 o0:1 Rt2:5 Rn:5 Rt:5", {
    vary: "sz o0",
    mnemonic: (f) => f.o0 ? "STLXP" : "STXP",
  }, (b) => {
    const size = 2 + b.num("sz"), bytes = 1 << size;
    const address = b.base("Rn");
    const failed = b.shortcut(
      monitorHolds(b, address, 2 * bytes),
      "i32",
      () => {
        const at = b.access(address, 2 * bytes, "w", true);
        b.store(at, 0, STORE[size]!, b.x("Rt"));
        b.store(at, bytes, STORE[size]!, b.x("Rt2"));
        return c32(0);
      },
      () => c32(1),
    );
    b.setSys("exclSize", c32(0));
    b.setW("Rs", failed);
  }),

  // LDAR, STLR and the limited-ordering LDLAR, STLLR (o0 = 0).
  insn("LDAR", "size:2 0010001 1 0 xxxxx o0:1 xxxxx Rn:5 Rt:5", {
    vary: "size o0",
    mnemonic: (f) => (f.o0 ? "LDAR" : "LDLAR") + SUFFIX[f.size!],
  }, (b) => {
    const size = b.num("size");
    b.setX("Rt", b.load("i64", b.access(b.base("Rn"), 1 << size, "r", true), 0, LOAD[size]!));
  }),
  insn("STLR", "size:2 0010001 0 0 xxxxx o0:1 xxxxx Rn:5 Rt:5", {
    vary: "size o0",
    mnemonic: (f) => (f.o0 ? "STLR" : "STLLR") + SUFFIX[f.size!],
  }, (b) => {
    const size = b.num("size");
    b.store(b.access(b.base("Rn"), 1 << size, "w", true), 0, STORE[size]!, b.x("Rt"));
  }),

  insn("CAS", "size:2 0010001 A:1 1 Rs:5 R:1 11111 Rn:5 Rt:5", {
    vary: "size A R",
    feature: "LSE",
    mnemonic: (f) => "CAS" + acquireName(f) + SUFFIX[f.size!],
  }, (b) => {
    const size = b.num("size");
    const at = b.access(b.base("Rn"), 1 << size, "w", true);
    const old = b.load("i64", at, 0, LOAD[size]!);
    b.if(i64.eq(old, narrow(b.x("Rs"), size)), () => b.store(at, 0, STORE[size]!, b.x("Rt")));
    b.setX("Rs", old);
  }),
  insn("CASP", "0 sz:1 0010000 A:1 1 Rs:5 R:1 11111 Rn:5 Rt:5", {
    vary: "sz A R",
    valid: (f) => ((f.Rs! | f.Rt!) & 1) === 0,
    feature: "LSE",
    mnemonic: (f) => "CASP" + acquireName(f),
  }, (b) => {
    const size = 2 + b.num("sz"), bytes = 1 << size;
    const at = b.access(b.base("Rn"), 2 * bytes, "w", true);
    const first = b.load("i64", at, 0, LOAD[size]!), second = b.load("i64", at, bytes, LOAD[size]!);
    const same = i32.and(i64.eq(first, narrow(b.x("Rs"), size)), i64.eq(second, narrow(b.x("Rs", 1), size)));
    b.if(same, () => {
      b.store(at, 0, STORE[size]!, b.x("Rt"));
      b.store(at, bytes, STORE[size]!, b.x("Rt", 1));
    });
    b.setX("Rs", first);
    b.setX("Rs", second, 1);
  }),

  insn("LDADD", "size:2 111000 A:1 R:1 1 Rs:5 0 opc:3 00 Rn:5 Rt:5", {
    vary: "size A R opc",
    feature: "LSE",
    mnemonic: (f) => OPERATIONS[f.opc!]![0] + acquireName(f) + SUFFIX[f.size!],
  }, (b) => {
    const size = b.num("size");
    const operand = b.x("Rs");
    const at = b.access(b.base("Rn"), 1 << size, "w", true);
    const old = b.load("i64", at, 0, LOAD[size]!);
    b.store(at, 0, STORE[size]!, OPERATIONS[b.num("opc")]![1](old, operand, size));
    b.setX("Rt", old);
  }),
  insn("SWP", "size:2 111000 A:1 R:1 1 Rs:5 1 000 00 Rn:5 Rt:5", {
    vary: "size A R",
    feature: "LSE",
    mnemonic: (f) => "SWP" + acquireName(f) + SUFFIX[f.size!],
  }, (b) => {
    const size = b.num("size");
    const operand = b.x("Rs");
    const at = b.access(b.base("Rn"), 1 << size, "w", true);
    const old = b.load("i64", at, 0, LOAD[size]!);
    b.store(at, 0, STORE[size]!, operand);
    b.setX("Rt", old);
  }),

  insn("LDAPR", "size:2 111000 1 0 1 xxxxx 1 100 00 Rn:5 Rt:5", {
    vary: "size",
    feature: "LRCPC",
    mnemonic: (f) => "LDAPR" + SUFFIX[f.size!],
  }, (b) => {
    const size = b.num("size");
    b.setX("Rt", b.load("i64", b.access(b.base("Rn"), 1 << size, "r", true), 0, LOAD[size]!));
  }),
  insn("LDAPUR", "size:2 011001 opc:2 0 imm9:9 00 Rn:5 Rt:5", {
    vary: "size opc",
    allocated: (f) => f.opc! < 2 || f.size! < 2 || (f.size === 2 && f.opc === 2),
    small: { offset: (f) => signed(f.imm9!, 9) },
    feature: "LRCPC2",
    mnemonic: (f) =>
      f.opc === 0
        ? `STLUR${SUFFIX[f.size!]}`
        : `LDAPUR${f.opc === 1 ? "" : "S"}${["B", "H", f.opc! > 1 ? "W" : "", ""][f.size!]}`,
  }, (b) => {
    const size = b.num("size"), opc = b.num("opc");
    const address = b.let(i64.add(b.base("Rn"), b.imm64("offset")));
    if (opc === 0) return b.store(b.access(address, 1 << size, "w", true), 0, STORE[size]!, b.x("Rt"));
    const value = b.load("i64", b.access(address, 1 << size, "r", true), 0, LOAD[size]!);
    if (opc === 1) b.setX("Rt", value);
    else if (opc === 2) b.setX("Rt", widen(value, size));
    else b.setW("Rt", i32.wrap(widen(value, size)));
  }),
];
