/** Conditions on flags that are kept as the operation which set them. */
import type { FlagKind } from "../../../isa/ir/builder.ts";
import type { Code } from "../module.ts";

/** Whether the operands of an operation are i32; else they are i64. */
export const isNarrow = (kind: FlagKind): boolean => kind.endsWith("32") || kind === "nzcv";

/**
 * Leaves 1 or 0 on the stack: whether a condition holds after an operation on two values.
 *
 * @param test bits 3..1 of the condition (Arm ARM C1.2.4): EQ, CS, MI, VS, HI, GE, GT
 * @param a leaves the first operand on the stack
 * @param b leaves the second
 */
export function emitHolds(code: Code, kind: FlagKind, test: number, a: () => void, b: () => void): void {
  const narrow = isNarrow(kind);
  const zero = () => narrow ? code.i32(0) : code.i64(0n);
  /** An integer instruction at the width of the operation, by its 32-bit opcode. */
  const op = (opcode32: number) => code.opcode(narrow ? opcode32 : opcode32 < 0x67 ? opcode32 + 0xb : opcode32 + 0x12);
  if (kind === "nzcv") {
    const bit = (n: number) => {
      a();
      code.i32(n);
      code.opcode(0x76);
      code.i32(1);
      code.opcode(0x71);
    };
    const sameSigns = () => {
      bit(3);
      bit(0);
      code.opcode(0x46);
    };
    const notZero = () => {
      bit(2);
      code.opcode(0x45);
    };
    switch (test) {
      case 0:
        return bit(2);
      case 1:
        return bit(1);
      case 2:
        return bit(3);
      case 3:
        return bit(0);
      case 4:
        bit(1);
        notZero();
        return code.opcode(0x71);
      case 5:
        return sameSigns();
      default:
        sameSigns();
        notZero();
        return code.opcode(0x71);
    }
  }
  const isSub = kind.startsWith("sub"), isLogic = kind.startsWith("logic");
  const result = () => {
    a();
    if (isLogic) return;
    b();
    op(isSub ? 0x6b : 0x6a);
  };
  /** Sign bit of V: both operands' signs differ from the result's (or, subtracting, a's from b's and r's). */
  const overflow = () => {
    a();
    if (isSub) b();
    else result();
    op(0x73);
    if (isSub) a();
    else b();
    result();
    op(0x73);
    op(0x71);
    zero();
    op(0x48);
  };
  const carry = () => {
    if (isSub) {
      a();
      b();
      op(0x4f);
    } else {
      result();
      a();
      op(0x49);
    }
  };
  const negative = () => {
    result();
    zero();
    op(0x48);
  };
  const greaterEqual = () => {
    if (isSub) {
      a();
      b();
      op(0x4e);
    } else if (isLogic) {
      a();
      zero();
      op(0x4e);
    } else {
      negative();
      overflow();
      code.opcode(0x46);
    }
  };
  const nonZero = () => {
    result();
    zero();
    op(0x47);
  };
  switch (test) {
    case 0:
      if (isSub) {
        a();
        b();
        return op(0x46);
      }
      result();
      return code.opcode(narrow ? 0x45 : 0x50);
    case 1:
      return isLogic ? code.i32(0) : carry();
    case 2:
      return negative();
    case 3:
      return isLogic ? code.i32(0) : overflow();
    case 4:
      if (isLogic) return code.i32(0);
      if (isSub) {
        a();
        b();
        return op(0x4b);
      }
      carry();
      nonZero();
      return code.opcode(0x71);
    case 5:
      return greaterEqual();
    default:
      if (isSub) {
        a();
        b();
        return op(0x4a);
      }
      if (isLogic) {
        a();
        zero();
        return op(0x4a);
      }
      greaterEqual();
      nonZero();
      return code.opcode(0x71);
  }
}
