/** Flags that translated code leaves as an operation with its operands: settled into N, Z, C, V, and tested. */
import { Cpu, FlagKinds } from "../layout.ts";
import { Code, Module, Op, VOID } from "../module.ts";
import { ENGINE, type Runtime } from "./runtime.ts";

/** settleFlags(): turns flags kept as an operation into N, Z, C, V. */
export function defineSettleFlags(module: Module, runtime: Runtime): void {
  const settle = new Code(0);
  {
    const kind = settle.local("i32"), a = settle.local("i64"), b = settle.local("i64"), r = settle.local("i64");
    const store = (op: string, offset: number, value: () => void) => {
      settle.i32(0);
      value();
      settle.memory(op, ENGINE, offset);
    };
    const isKind = (...kinds: number[]) => {
      kinds.forEach((each, index) => {
        settle.get(kind);
        settle.i32(each);
        settle.opcode(0x46);
        if (index > 0) settle.opcode(0x72);
      });
      settle.byte(Op.if);
      settle.byte(VOID);
    };
    settle.i32(0);
    settle.memory("i32.load", ENGINE, Cpu.lazyKind);
    settle.tee(kind);
    settle.opcode(0x45);
    settle.byte(Op.if);
    settle.byte(VOID);
    settle.byte(Op.return);
    settle.byte(Op.end);
    store("i32.store", Cpu.lazyKind, () => settle.i32(0));
    settle.i32(0);
    settle.memory("i64.load", ENGINE, Cpu.lazyA);
    settle.set(a);
    settle.i32(0);
    settle.memory("i64.load", ENGINE, Cpu.lazyB);
    settle.set(b);
    isKind(FlagKinds.nzcv);
    store("i64.store", Cpu.nf, () => {
      settle.get(a);
      settle.i64(60n);
      settle.opcode(0x86);
    });
    store("i64.store", Cpu.zf, () => {
      settle.get(a);
      settle.i64(4n);
      settle.opcode(0x83);
      settle.opcode(0x50);
      settle.opcode(0xad);
    });
    store("i32.store", Cpu.cf, () => {
      settle.get(a);
      settle.opcode(0xa7);
      settle.i32(1);
      settle.opcode(0x76);
      settle.i32(1);
      settle.opcode(0x71);
    });
    store("i64.store", Cpu.vf, () => {
      settle.get(a);
      settle.i64(63n);
      settle.opcode(0x86);
    });
    settle.byte(Op.return);
    settle.byte(Op.end);
    // 32-bit operands sit in the high half, where carries and signs fall as for 64 bits.
    isKind(FlagKinds.sub32, FlagKinds.add32, FlagKinds.logic32);
    for (const operand of [a, b]) {
      settle.get(operand);
      settle.i64(32n);
      settle.opcode(0x86);
      settle.set(operand);
    }
    settle.byte(Op.end);
    const finish = (result: () => void, carry: () => void, overflow: () => void) => {
      result();
      settle.set(r);
      store("i64.store", Cpu.nf, () => settle.get(r));
      store("i64.store", Cpu.zf, () => settle.get(r));
      store("i32.store", Cpu.cf, carry);
      store("i64.store", Cpu.vf, overflow);
      settle.byte(Op.return);
      settle.byte(Op.end);
    };
    const binary = (op: number, x: number, y: number) => () => {
      settle.get(x);
      settle.get(y);
      settle.opcode(op);
    };
    const both = (x1: number, y1: number, x2: number, y2: number) => () => {
      binary(0x85, x1, y1)();
      binary(0x85, x2, y2)();
      settle.opcode(0x83);
    };
    isKind(FlagKinds.sub32, FlagKinds.sub64);
    finish(binary(0x7d, a, b), binary(0x5a, a, b), both(a, b, a, r));
    isKind(FlagKinds.add32, FlagKinds.add64);
    finish(binary(0x7c, a, b), binary(0x54, r, a), both(a, r, b, r));
    isKind(FlagKinds.logic32, FlagKinds.logic64);
    finish(() => settle.get(a), () => settle.i32(0), () => settle.i64(0n));
  }
  module.define(runtime.settleFlags, settle);
}

/** condition(kind, a, b, cond): evaluates a condition on flags kept as an operation (kind 0: on N, Z, C, V). */
export function defineCondition(module: Module, runtime: Runtime): void {
  const condition = module.declare(["i32", "i64", "i64", "i32"], ["i32"]);
  const test = new Code(4);
  {
    test.get(0);
    test.byte(Op.if);
    test.byte(VOID);
    for (
      const [op, offset, local] of [["i32", Cpu.lazyKind, 0], ["i64", Cpu.lazyA, 1], ["i64", Cpu.lazyB, 2]] as const
    ) {
      test.i32(0);
      test.get(local);
      test.memory(`${op}.store`, ENGINE, offset);
    }
    test.byte(Op.end);
    test.op1(Op.call, runtime.settleFlags);
    const load = (op: string, offset: number) => {
      test.i32(0);
      test.memory(op, ENGINE, offset);
    };
    const negative = (offset: number) => {
      load("i64.load", offset);
      test.i64(0n);
      test.opcode(0x53); // i64.lt_s
    };
    const nonZero = () => {
      load("i64.load", Cpu.zf);
      test.i64(0n);
      test.opcode(0x52);
    };
    const sameSigns = () => {
      negative(Cpu.nf);
      negative(Cpu.vf);
      test.opcode(0x46);
    };
    const tests = [
      () => {
        load("i64.load", Cpu.zf);
        test.opcode(0x50);
      },
      () => load("i32.load", Cpu.cf),
      () => negative(Cpu.nf),
      () => negative(Cpu.vf),
      () => {
        load("i32.load", Cpu.cf);
        nonZero();
        test.opcode(0x71);
      },
      sameSigns,
      () => {
        sameSigns();
        nonZero();
        test.opcode(0x71);
      },
    ];
    tests.forEach((holds, index) => {
      test.get(3);
      test.i32(1);
      test.opcode(0x76);
      test.i32(index);
      test.opcode(0x46);
      test.byte(Op.if);
      test.byte(VOID);
      holds();
      test.get(3);
      test.i32(1);
      test.opcode(0x71);
      test.opcode(0x73); // the odd condition is the opposite
      test.byte(Op.return);
      test.byte(Op.end);
    });
    test.i32(1); // AL, NV
  }
  module.define(condition, test);
  module.exportFunction("condition", condition);
}
