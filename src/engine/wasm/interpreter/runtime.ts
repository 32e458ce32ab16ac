/** What all handlers share: their signature, the way to the next one, and the functions that they end in. */
import type { Type } from "../../../isa/ir/ops.ts";
import {
  BLOCKS,
  Code as Exit,
  Cpu,
  FAR_LIMIT,
  FAR_RIGHTS,
  FAR_SLOTS,
  FAR_WINDOW,
  FAR_ZONE,
  GUEST_LIMIT,
  HEAT,
  Heat,
  HEAT_COUNTERS,
  HOT,
  PLAIN_BLOCKS,
  RECORD,
  RIGHTS,
} from "../layout.ts";
import { Code, Module, Op, VOID } from "../module.ts";

/** Memories. */
export const ENGINE = 0, GUEST = 1;
/** Tables: handlers, whose address the instance has at hand as theirs is the first; translated regions. */
export const HANDLERS = 0, REGIONS = 1;
/** Parameters of a handler: its record's address, the fuel left, and the first eight bytes of it and of the next one. */
export const IP = 0, FUEL = 1, RECORD_WORD = 2, NEXT_WORD = 3;
export const HANDLER: readonly [Type[], Type[]] = [["i32", "i32", "i64", "i64"], ["i32"]];

/** A translated region: (root, fuel, depth of region calls) to (address to go on at with Resume bits, fuel left). */
export const REGION: readonly [Type[], Type[]] = [["i64", "i32", "i32"], ["i64", "i32"]];

/** Function indices that handlers refer to. */
export interface Runtime {
  readonly jump: number;
  readonly jumpComputed: number;
  readonly jumpPlain: number;
  readonly comeBack: number;
  readonly heat: number;
  readonly settleFlags: number;
  readonly regionType: number;
  readonly exchange: number;
  readonly stop: number;
  readonly exit: number;
  readonly slow: number;
  readonly now: number;
  readonly mayAccess: number;
  readonly handlerType: number;
  readonly helpers: ReadonlyMap<string, number>;
}

/** Puts pc of the record in local `ip` on the stack: the block's address plus four bytes per record. */
export function pcOf(code: Code, ip: number): void {
  code.i32(0);
  code.memory("i64.load", ENGINE, Cpu.blockVa);
  code.get(ip);
  code.i32(0);
  code.memory("i32.load", ENGINE, Cpu.blockBase);
  code.opcode(0x6b); // i32.sub
  code.i32(2);
  code.opcode(0x76); // i32.shr_u: RECORD / 4
  code.opcode(0xad); // i64.extend_i32_u
  code.opcode(0x7c); // i64.add
}

/**
 * Dispatches to the record whose address is in local `ip` and whose first bytes are in `word`, and loads those of the
 * one behind; fuel is in `fuel`. Records change only while no handler runs, so what was loaded stays true.
 *
 * V8 takes the addresses of memory and table from the instance, and the instance from the entry of the table. Were the
 * record loaded only here, its address, the record, the entry and the instance would wait for each other in every
 * instruction: 17 cycles, whatever else it does. So the way to the next handler is known one instruction ahead.
 * Measured on one core, interpreting alone, in seconds: a loop of 700 million instructions 5.9 and 3.7, unxz 4.3 and
 * 3.4, a start of Python 4.0 and 3.3.
 */
export function dispatch(code: Code, runtime: Runtime, ip: number, fuel: number, word: number): void {
  code.get(ip);
  code.get(fuel);
  code.get(word);
  code.get(ip);
  code.memory("i64.load", ENGINE, RECORD);
  code.get(word);
  code.opcode(0xa7); // i32.wrap_i64
  code.i32(0xffff);
  code.opcode(0x71); // i32.and
  code.op1(Op.return_call_indirect, runtime.handlerType);
  code.u(HANDLERS);
}

/** The same where nothing of the record has been loaded: control has come from elsewhere. */
export function dispatchAnew(code: Code, runtime: Runtime, ip: number, fuel: number, word: number): void {
  code.get(ip);
  code.memory("i64.load", ENGINE, 0);
  code.set(word);
  dispatch(code, runtime, ip, fuel, word);
}

/** jump and jumpPlain: find the decoded block of the target's page, and dispatch. */
function defineJump(
  module: Module,
  runtime: Runtime,
  index: number,
  table: number,
  miss: number,
  countsHeat: boolean,
): void {
  const jump = new Code(2);
  const target = 0, fuel = 1;
  const block = jump.local("i32"), word = jump.local("i64");
  /** Leaves with this code if the condition on the stack holds. */
  const when = (exit: number) => {
    jump.byte(Op.if);
    jump.byte(VOID);
    jump.i32(0);
    jump.get(target);
    jump.memory("i64.store", ENGINE, Cpu.pc);
    jump.i32(0);
    jump.get(fuel);
    jump.memory("i32.store", ENGINE, Cpu.fuel);
    jump.i32(exit);
    jump.byte(Op.return);
    jump.byte(Op.end);
  };
  jump.get(fuel);
  jump.i32(0);
  jump.opcode(0x4c); // i32.le_s: translated code may have overdrawn
  when(Exit.fuel);
  jump.get(target);
  jump.opcode(0xa7);
  jump.i32(3);
  jump.opcode(0x71);
  when(Exit.pcAlignment);
  jump.get(target);
  jump.i64(BigInt(GUEST_LIMIT));
  jump.opcode(0x5a);
  when(miss);
  jump.get(target);
  jump.i64(12n);
  jump.opcode(0x88);
  jump.i64(2n);
  jump.opcode(0x86);
  jump.memory("i32.load", GUEST, table);
  jump.tee(block);
  jump.opcode(0x45);
  when(miss);
  if (countsHeat) {
    jump.get(target);
    jump.op1(Op.call, runtime.heat);
    when(Exit.hot);
  }
  jump.i32(0);
  jump.get(block);
  jump.memory("i32.store", ENGINE, Cpu.blockBase);
  jump.i32(0);
  jump.get(target);
  jump.i64(-4096n);
  jump.opcode(0x83);
  jump.memory("i64.store", ENGINE, Cpu.blockVa);
  jump.get(block);
  jump.get(target);
  jump.opcode(0xa7);
  jump.i32(0xffc);
  jump.opcode(0x71);
  jump.i32(2);
  jump.opcode(0x74);
  jump.opcode(0x6a);
  jump.set(block);
  dispatchAnew(jump, runtime, block, fuel, word);
  module.define(index, jump);
}

/** Leaves the distance from {@link HEAT} of the counter of the address in parameter 0. */
function counterOf(code: Code): void {
  code.get(0);
  code.opcode(0xa7);
  code.i32(1);
  code.opcode(0x76); // i32.shr_u: two bytes a counter, four bytes an instruction
  code.i32(2 * HEAT_COUNTERS - 2);
  code.opcode(0x71);
}

/** Functions shared by all handlers. */
export function defineRuntime(module: Module, runtime: Runtime, run: number): void {
  // heat(pc): counts an arrival; 1 when the place has just become hot.
  const heat = new Code(1);
  {
    const at = heat.local("i32"), word = heat.local("i32"), count = heat.local("i32");
    counterOf(heat);
    heat.tee(at);
    heat.get(at);
    heat.memory("i32.load16_u", ENGINE, HEAT);
    heat.tee(word);
    heat.i32(1);
    heat.opcode(0x6a);
    heat.i32(Heat.count);
    heat.opcode(0x71);
    heat.tee(count);
    heat.get(word);
    heat.i32(~Heat.count);
    heat.opcode(0x71);
    heat.opcode(0x72);
    heat.memory("i32.store16", ENGINE, HEAT);
    heat.get(count);
    heat.i32(HOT);
    heat.opcode(0x46); // i32.eq
  }
  module.define(runtime.heat, heat);

  // jumpComputed(target, fuel, source): jump, by a BR there.
  const jumpComputed = new Code(3), counter = jumpComputed.local("i32");
  counterOf(jumpComputed);
  jumpComputed.tee(counter);
  jumpComputed.get(counter);
  jumpComputed.memory("i32.load16_u", ENGINE, HEAT);
  jumpComputed.i32(Heat.count);
  jumpComputed.opcode(0x71);
  jumpComputed.get(2);
  jumpComputed.opcode(0xa7);
  jumpComputed.i32(Heat.sourceShift - 2); // as sourceOf has it
  jumpComputed.opcode(0x74);
  jumpComputed.i32(Heat.source);
  jumpComputed.opcode(0x71);
  jumpComputed.opcode(0x72);
  jumpComputed.i32(Heat.computed);
  jumpComputed.opcode(0x72);
  jumpComputed.memory("i32.store16", ENGINE, HEAT);
  jumpComputed.get(0);
  jumpComputed.get(1);
  jumpComputed.op1(Op.return_call, runtime.jump);
  module.define(runtime.jumpComputed, jumpComputed);

  // jump(target, fuel): goes to a guest address.
  defineJump(module, runtime, runtime.jump, BLOCKS, Exit.miss, true);
  // comeBack(target, fuel): the same, without counting.
  defineJump(module, runtime, runtime.comeBack, BLOCKS, Exit.miss, false);
  // jumpPlain(target, fuel): the same, without entering translated code there.
  defineJump(module, runtime, runtime.jumpPlain, PLAIN_BLOCKS, Exit.missPlain, false);

  // exit(ip, fuel, value, mode, code): stores the state of the exit.
  const exit = new Code(5);
  exit.i32(0);
  pcOf(exit, IP);
  exit.memory("i64.store", ENGINE, Cpu.pc);
  exit.i32(0);
  exit.get(FUEL);
  exit.memory("i32.store", ENGINE, Cpu.fuel);
  exit.i32(0);
  exit.get(2);
  exit.memory("i64.store", ENGINE, Cpu.exitValue);
  exit.i32(0);
  exit.get(3);
  exit.memory("i32.store", ENGINE, Cpu.exitMode);
  exit.get(4);
  module.define(runtime.exit, exit);

  const stop = new Code(2);
  stop.get(IP);
  stop.get(FUEL);
  stop.i64(0n);
  stop.i32(0);
  stop.i32(Exit.fuel);
  stop.op1(Op.return_call, runtime.exit);
  module.define(runtime.stop, stop);

  // slow(address, size, need): where it is in the window if every byte may be accessed, without a tag and for far
  // addresses in their slot; else -1 with the first address that may not in exitValue. A page may lack the right only
  // because some of it is watched: the host knows.
  const slow = new Code(3);
  {
    const last = slow.local("i64"), place = slow.local("i64"), lastPlace = slow.local("i64");
    const rights = slow.local("i64");
    const fail = (address: number) => {
      slow.byte(Op.if);
      slow.byte(VOID);
      slow.get(0);
      slow.get(1);
      slow.get(2);
      slow.op1(Op.call, runtime.mayAccess);
      slow.byte(Op.if);
      slow.byte(VOID);
      slow.get(place);
      slow.byte(Op.return);
      slow.byte(Op.end);
      slow.i32(0);
      slow.get(address);
      slow.memory("i64.store", ENGINE, Cpu.exitValue);
      slow.i64(-1n);
      slow.byte(Op.return);
      slow.byte(Op.end);
    };
    /** Where the rights of the page of the distance on the stack are, in a table. */
    const setRights = (table: number) => {
      slow.i64(12n);
      slow.opcode(0x88);
      slow.i64(BigInt(table));
      slow.opcode(0x7c);
      slow.set(rights);
    };
    const check = (address: number, place: number) => {
      // Far addresses: the table says which slot they are in. See FarWindows.
      slow.get(address);
      slow.set(place);
      slow.get(address);
      slow.i64(BigInt(GUEST_LIMIT));
      slow.opcode(0x5a);
      slow.byte(Op.if);
      slow.byte(VOID);
      slow.get(address);
      slow.i64(BigInt(FAR_LIMIT));
      slow.opcode(0x5a);
      fail(address);
      slow.get(address);
      slow.i64(BigInt(Math.log2(FAR_WINDOW)));
      slow.opcode(0x88);
      slow.memory("i64.load8_u", GUEST, FAR_SLOTS);
      slow.tee(place);
      slow.opcode(0x50); // i64.eqz
      fail(address);
      slow.get(place);
      slow.i64(BigInt(Math.log2(FAR_WINDOW)));
      slow.opcode(0x86);
      slow.get(address);
      slow.i64(BigInt(FAR_WINDOW - 1));
      slow.opcode(0x83);
      slow.opcode(0x7c);
      slow.i64(BigInt(FAR_ZONE - FAR_WINDOW));
      slow.opcode(0x7c);
      slow.tee(place);
      // Its rights are not among those of the near pages.
      slow.i64(BigInt(FAR_ZONE));
      slow.opcode(0x7d);
      setRights(FAR_RIGHTS);
      slow.byte(Op.else);
      slow.get(address);
      setRights(RIGHTS);
      slow.byte(Op.end);
      slow.get(rights);
      slow.memory("i32.load8_u", GUEST, 0);
      slow.get(2);
      slow.opcode(0x71);
      slow.opcode(0x45);
      fail(address);
    };
    // The top byte of an address in the lower half, bit 55 clear, is ignored (Arm ARM D8.8: Linux sets TCR_EL1.TBI0 and
    // not TBI1).
    slow.get(0);
    slow.i64(8n);
    slow.opcode(0x86); // i64.shl
    slow.i64(8n);
    slow.opcode(0x88); // i64.shr_u
    slow.get(0);
    slow.get(0);
    slow.i64(1n << 55n);
    slow.opcode(0x83); // i64.and
    slow.opcode(0x50); // i64.eqz
    slow.opcode(0x1b); // select
    slow.set(0);
    check(0, place);
    slow.get(0);
    slow.get(1);
    slow.i32(1);
    slow.opcode(0x6b);
    slow.opcode(0xad);
    slow.opcode(0x7c);
    slow.set(last);
    // Same page: done. Else the second page is checked from its first byte.
    slow.get(last);
    slow.i64(-4096n);
    slow.opcode(0x83);
    slow.tee(last);
    slow.get(0);
    slow.opcode(0x56); // i64.gt_u
    slow.byte(Op.if);
    slow.byte(VOID);
    check(last, lastPlace);
    // Far windows side by side need not be in slots side by side: the host knows.
    slow.get(lastPlace);
    slow.get(place);
    slow.opcode(0x7d); // i64.sub
    slow.get(last);
    slow.get(0);
    slow.opcode(0x7d);
    slow.opcode(0x52); // i64.ne
    fail(last);
    slow.byte(Op.end);
    slow.get(place);
  }
  module.define(runtime.slow, slow);

  // exchange(old, home): puts the registers at address 0 aside, and brings others there.
  const exchange = new Code(2);
  const copy = (to: () => void, from: () => void) => {
    to();
    from();
    exchange.i32(Cpu.size);
    exchange.opcode(0xfc0a); // memory.copy
    exchange.byte(ENGINE);
    exchange.byte(ENGINE);
  };
  copy(() => exchange.get(0), () => exchange.i32(0));
  copy(() => exchange.i32(0), () => exchange.get(1));
  module.define(runtime.exchange, exchange);

  const start = new Code(1);
  start.i32(0);
  start.memory("i64.load", ENGINE, Cpu.pc);
  start.get(0);
  start.op1(Op.call, runtime.jump);
  module.define(run, start);
}
