/**
 * Agent expressions (GDB manual, "The GDB Agent Expression Mechanism"): the bytecode in which gdb hands over the
 * conditions of breakpoints. A stack machine on 64-bit integers; constants are big-endian.
 */

/** What an expression may look at. */
export interface AgentContext {
  /** A register by its number in the target description; undefined where there is none. */
  register(number: number): bigint | undefined;
  /** Bytes of memory; undefined where they cannot be read. */
  memory(address: bigint, length: number): Uint8Array | undefined;
}

/** An expression that cannot be evaluated. */
export class AgentError extends Error {
  override readonly name = "AgentError";
}

/** Longest run of an expression: loops are allowed. */
const MAX_STEPS = 10_000;
const MAX_STACK = 256;

const signed = (value: bigint) => BigInt.asIntN(64, value);
const truth = (value: boolean) => value ? 1n : 0n;

/** Operators on the two topmost values, by opcode. */
const BINARY: Readonly<Record<number, (a: bigint, b: bigint) => bigint>> = {
  0x02: (a, b) => a + b,
  0x03: (a, b) => a - b,
  0x04: (a, b) => a * b,
  0x05: (a, b) => signed(a) / nonZero(signed(b)),
  0x06: (a, b) => a / nonZero(b),
  0x07: (a, b) => signed(a) % nonZero(signed(b)),
  0x08: (a, b) => a % nonZero(b),
  0x09: (a, b) => b > 63n ? 0n : a << b,
  0x0a: (a, b) => signed(a) >> (b > 63n ? 63n : b),
  0x0b: (a, b) => b > 63n ? 0n : a >> b,
  0x0f: (a, b) => a & b,
  0x10: (a, b) => a | b,
  0x11: (a, b) => a ^ b,
  0x13: (a, b) => truth(a === b),
  0x14: (a, b) => truth(signed(a) < signed(b)),
  0x15: (a, b) => truth(a < b),
};

function nonZero(divisor: bigint): bigint {
  if (divisor === 0n) throw new AgentError("division by zero");
  return divisor;
}

/**
 * Evaluates an expression.
 *
 * @returns the topmost value at its end, unsigned
 * @throws {AgentError} where it is malformed, goes on for too long or reads what is not there
 */
export function evaluate(code: Uint8Array, context: AgentContext): bigint {
  const stack: bigint[] = [];
  let at = 0;
  const push = (value: bigint) => {
    if (stack.length >= MAX_STACK) throw new AgentError("stack overflow");
    stack.push(BigInt.asUintN(64, value));
  };
  const pop = (): bigint => {
    const value = stack.pop();
    if (value === undefined) throw new AgentError("stack underflow");
    return value;
  };
  const constant = (bytes: number): bigint => {
    if (at + bytes > code.length) throw new AgentError("the expression is cut off");
    let value = 0n;
    for (let i = 0; i < bytes; i++) value = value << 8n | BigInt(code[at++]!);
    return value;
  };
  const load = (bytes: number) => {
    const found = context.memory(pop(), bytes);
    if (found?.length !== bytes) throw new AgentError("unreadable memory");
    let value = 0n;
    for (let i = bytes - 1; i >= 0; i--) value = value << 8n | BigInt(found[i]!);
    push(value);
  };

  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const opcode = code[at++];
    if (opcode === undefined) throw new AgentError("the expression has no end");
    const binary = BINARY[opcode];
    if (binary) {
      const b = pop(), a = pop();
      push(binary(a, b));
      continue;
    }
    switch (opcode) {
      case 0x0e: // log_not
        push(truth(pop() === 0n));
        break;
      case 0x12: // bit_not
        push(~pop());
        break;
      case 0x16: // ext: sign-extends from this many bits
        push(BigInt.asIntN(Number(constant(1)), pop()));
        break;
      case 0x17: // ref8
      case 0x18: // ref16
      case 0x19: // ref32
      case 0x1a: // ref64
        load(1 << (opcode - 0x17));
        break;
      case 0x20: { // if_goto
        const target = Number(constant(2));
        if (pop() !== 0n) at = target;
        break;
      }
      case 0x21: // goto
        at = Number(constant(2));
        break;
      case 0x22: // const8
      case 0x23: // const16
      case 0x24: // const32
      case 0x25: // const64
        push(constant(1 << (opcode - 0x22)));
        break;
      case 0x26: { // reg
        const value = context.register(Number(constant(2)));
        if (value === undefined) throw new AgentError("no such register");
        push(value);
        break;
      }
      case 0x27: // end
        return pop();
      case 0x28: { // dup
        const value = pop();
        push(value);
        push(value);
        break;
      }
      case 0x29: // pop
        pop();
        break;
      case 0x2a: // zero_ext
        push(BigInt.asUintN(Number(constant(1)), pop()));
        break;
      case 0x2b: { // swap
        const b = pop(), a = pop();
        push(b);
        push(a);
        break;
      }
      case 0x32: { // pick
        const value = stack[stack.length - 1 - Number(constant(1))];
        if (value === undefined) throw new AgentError("stack underflow");
        push(value);
        break;
      }
      case 0x33: { // rot: a b c becomes c a b
        const c = pop(), b = pop(), a = pop();
        push(c);
        push(a);
        push(b);
        break;
      }
      default:
        // Floating point and tracepoints (trace, getv, printf…).
        throw new AgentError(`no bytecode 0x${opcode.toString(16)}`);
    }
  }
  throw new AgentError("the expression does not end");
}
