/** DWARF expressions (DWARF 5, 2.5), as far as call frame information uses them: registers, memory and arithmetic. */
import { ByteReader, DwarfError } from "./byte_reader.ts";

/** What an expression may look at. */
export interface ExpressionContext {
  /** A register by its DWARF number; undefined where it is not known. */
  register(number: number): bigint | undefined;
  /** A little-endian value of memory; undefined where nothing is mapped. */
  memory(address: bigint, size: number): bigint | undefined;
}

/** Operations executed and values on the stack at most: real expressions have a dozen. */
const MAX_STEPS = 1000, MAX_STACK = 64;

const u64 = (value: bigint) => BigInt.asUintN(64, value);
const i64 = (value: bigint) => BigInt.asIntN(64, value);

/**
 * Evaluates an expression to the value on top of its stack.
 *
 * @param initial pushed first: the CFA for register rules
 * @returns undefined where a register or memory is not known, or the expression is malformed or not for this use
 */
export function evaluate(bytes: Uint8Array, context: ExpressionContext, initial?: bigint): bigint | undefined {
  try {
    return run(new ByteReader(bytes), context, initial);
  } catch (error) {
    if (error instanceof DwarfError) return undefined;
    throw error;
  }
}

function run(code: ByteReader, context: ExpressionContext, initial: bigint | undefined): bigint | undefined {
  const stack: bigint[] = initial === undefined ? [] : [initial];
  const pop = (): bigint => {
    const value = stack.pop();
    if (value === undefined) throw new DwarfError("an expression's stack is empty");
    return value;
  };
  const push = (value: bigint | number | undefined): void => {
    if (value === undefined) throw new DwarfError("an expression needs what is not known");
    if (stack.length >= MAX_STACK) throw new DwarfError("an expression's stack is full");
    stack.push(u64(typeof value === "bigint" ? value : BigInt(value)));
  };
  const binary = (operation: (a: bigint, b: bigint) => bigint) => {
    const b = pop(), a = pop();
    push(operation(a, b));
  };
  const compare = (holds: (a: bigint, b: bigint) => boolean) => binary((a, b) => holds(i64(a), i64(b)) ? 1n : 0n);
  for (let steps = 0; !code.done; steps++) {
    if (steps >= MAX_STEPS) throw new DwarfError("an expression does not end");
    const op = code.u8();
    if (op >= 0x30 && op <= 0x4f) push(op - 0x30); // DW_OP_lit0…31
    else if (op >= 0x50 && op <= 0x6f) push(context.register(op - 0x50)); // DW_OP_reg0…31
    else if (op >= 0x70 && op <= 0x8f) pushRegister(op - 0x70); // DW_OP_breg0…31
    else {
      switch (op) {
        case 0x03: // DW_OP_addr
        case 0x0e: // DW_OP_const8u
        case 0x0f: // DW_OP_const8s
          push(code.b64());
          break;
        case 0x06: // DW_OP_deref
          push(context.memory(pop(), 8));
          break;
        case 0x94: { // DW_OP_deref_size
          const size = code.u8();
          if (size < 1 || size > 8) throw new DwarfError("a value of such a size");
          push(context.memory(pop(), size));
          break;
        }
        case 0x08:
          push(code.u8());
          break;
        case 0x09:
          push(code.i8());
          break;
        case 0x0a:
          push(code.u16());
          break;
        case 0x0b:
          push(code.u16() << 16 >> 16);
          break;
        case 0x0c:
          push(code.u32());
          break;
        case 0x0d:
          push(code.i32());
          break;
        case 0x10:
          push(code.uleb());
          break;
        case 0x11:
          push(code.sleb());
          break;
        case 0x12: { // DW_OP_dup
          const top = pop();
          push(top);
          push(top);
          break;
        }
        case 0x13:
          pop();
          break;
        case 0x14: // DW_OP_over
          push(stack.at(-2));
          break;
        case 0x15: // DW_OP_pick
          push(stack.at(-1 - code.u8()));
          break;
        case 0x16: { // DW_OP_swap
          const a = pop(), b = pop();
          push(a);
          push(b);
          break;
        }
        case 0x17: { // DW_OP_rot
          const a = pop(), b = pop(), c = pop();
          push(a);
          push(c);
          push(b);
          break;
        }
        case 0x19: {
          const value = i64(pop());
          push(value < 0n ? -value : value);
          break;
        }
        case 0x1a:
          binary((a, b) => a & b);
          break;
        case 0x1b:
          binary((a, b) => b === 0n ? fail() : i64(a) / i64(b));
          break;
        case 0x1c:
          binary((a, b) => a - b);
          break;
        case 0x1d:
          binary((a, b) => b === 0n ? fail() : a % b);
          break;
        case 0x1e:
          binary((a, b) => a * b);
          break;
        case 0x1f:
          push(-pop());
          break;
        case 0x20:
          push(~pop());
          break;
        case 0x21:
          binary((a, b) => a | b);
          break;
        case 0x22:
          binary((a, b) => a + b);
          break;
        case 0x23: // DW_OP_plus_uconst
          push(pop() + BigInt(code.uleb()));
          break;
        case 0x24:
          binary((a, b) => b > 63n ? 0n : a << b);
          break;
        case 0x25:
          binary((a, b) => b > 63n ? 0n : a >> b);
          break;
        case 0x26:
          binary((a, b) => i64(a) >> (b > 63n ? 63n : b));
          break;
        case 0x27:
          binary((a, b) => a ^ b);
          break;
        case 0x28: { // DW_OP_bra
          const distance = code.u16() << 16 >> 16;
          if (pop() !== 0n) jump(distance);
          break;
        }
        case 0x2f: // DW_OP_skip
          jump(code.u16() << 16 >> 16);
          break;
        case 0x29:
          compare((a, b) => a === b);
          break;
        case 0x2a:
          compare((a, b) => a >= b);
          break;
        case 0x2b:
          compare((a, b) => a > b);
          break;
        case 0x2c:
          compare((a, b) => a <= b);
          break;
        case 0x2d:
          compare((a, b) => a < b);
          break;
        case 0x2e:
          compare((a, b) => a !== b);
          break;
        case 0x92: // DW_OP_bregx
          pushRegister(code.uleb());
          break;
        case 0x90: // DW_OP_regx
          push(context.register(code.uleb()));
          break;
        case 0x96: // DW_OP_nop
          break;
        default:
          throw new DwarfError(`operation 0x${op.toString(16)} has no place in call frame information`);
      }
    }
  }
  return pop();

  function pushRegister(number: number): void {
    const offset = code.sleb(), value = context.register(number);
    if (value === undefined || !Number.isSafeInteger(offset)) fail();
    push(value + BigInt(offset));
  }
  function jump(distance: number): void {
    const target = code.at + distance;
    if (target < 0 || target > code.end) fail();
    code.at = target;
  }
  function fail(): never {
    throw new DwarfError("an expression needs what is not known");
  }
}
