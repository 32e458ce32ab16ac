/** Branches and exceptions (Arm ARM C4.1.94). */
import { c64, i32, i64 } from "../ir/ops.ts";
import { insn, type Row, signed } from "./row.ts";

export const rows: readonly Row[] = [
  insn("B.cond", "0101010 0 imm19:19 0 cond:4", {
    vary: "cond",
    imm: { offset: (f) => signed(f.imm19!, 19) * 4 },
    mnemonic: () => "B",
  }, (b) => b.if(b.condition(b.num("cond")), () => b.branch("offset"))),
  insn("B", "op:1 00101 imm26:26", {
    vary: "op",
    imm: { offset: (f) => signed(f.imm26!, 26) * 4 },
    mnemonic: (f) => f.op ? "BL" : "B",
  }, (b) => {
    if (b.num("op")) {
      b.setLink(i64.add(b.pc(), c64(4)));
      b.branch("offset", "call");
    } else b.branch("offset");
  }),
  insn("CBZ", "sf:1 011010 op:1 imm19:19 Rt:5", {
    vary: "sf op",
    imm: { offset: (f) => signed(f.imm19!, 19) * 4 },
    mnemonic: (f) => f.op ? "CBNZ" : "CBZ",
  }, (b) => {
    const zero = b.num("sf") ? i64.eqz(b.x("Rt")) : i32.eqz(b.w("Rt"));
    b.if(b.num("op") ? i32.eqz(zero) : zero, () => b.branch("offset"));
  }),
  insn("TBZ", "b5:1 011011 op:1 b40:5 imm14:14 Rt:5", {
    vary: "op",
    small: { bit: (f) => (f.b5! << 5) | f.b40! },
    imm: { offset: (f) => signed(f.imm14!, 14) * 4 },
    mnemonic: (f) => f.op ? "TBNZ" : "TBZ",
  }, (b) => {
    const set = i32.wrap(i64.and(i64.shr_u(b.x("Rt"), b.imm64("bit")), c64(1)));
    b.if(b.num("op") ? set : i32.eqz(set), () => b.branch("offset"));
  }),
  insn("BR", "1101011 0 0 opc:2 11111 0000 0 0 Rn:5 00000", {
    vary: "opc",
    allocated: (f) => f.opc !== 3,
    mnemonic: (f) => ["BR", "BLR", "RET"][f.opc!]!,
  }, (b) => {
    const target = b.x("Rn");
    if (b.num("opc") === 1) b.setLink(i64.add(b.pc(), c64(4)));
    b.jump(target, (["jump", "call", "return"] as const)[b.num("opc")]!);
  }),
  insn("SVC", "11010100 000 imm16:16 000 01", {}, (b) => b.exit("svc", b.imm64("imm16"))),
  insn("BRK", "11010100 001 imm16:16 000 00", {}, (b) => b.exit("brk", b.imm64("imm16"))),
  // Permanently undefined; HVC, SMC, HLT and DCPS are undefined at EL0 under Linux too.
  insn("UDF", "00000000 00000000 imm16:16", {}),
];
