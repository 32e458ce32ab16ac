/**
 * Generates the interpreter: one WebAssembly function per variant of a row, each of which executes one predecoded
 * instruction and tail-calls the handler of the next.
 *
 * A handler's parameters are the address of its record, the fuel left and the first half of the record; it returns
 * only to leave the interpreter. Registers are at fixed addresses: the operand fields of a record are their
 * addresses. Threading by `return_call_indirect` keeps the three in machine registers and lets V8
 * compile handlers lazily and optimise the hot ones one by one. (One function with a `br_table` instead is compiled
 * as a whole, several hundred milliseconds, before the first instruction.)
 */
import { Builder, type Place, type Reg, type Stmt } from "../../isa/ir/builder.ts";
import { type Helper, HelperBuilder } from "../../isa/ir/helper.ts";
import type { Fields, Row } from "../../isa/a64/row.ts";
import type { I64, Local, Type } from "../../isa/ir/ops.ts";
import { BLOCKS, Code as Exit, Cpu, FixedHandler, FlagKinds, GUEST_LIMIT, GUEST_MEMORY_MAX, HEAT } from "./layout.ts";
import { HEAT_COUNTERS, HOT, PageBits, PLAIN_BLOCKS, RECORD, RegionRecord, Resume, RIGHTS } from "./layout.ts";
import { SYS_OFFSET, WASM_PAGE, WINDOW } from "./layout.ts";
import { Lowering, type TargetStmt } from "./lower.ts";
import { Code, Module, Op, VOID } from "./module.ts";

const ENGINE = 0, GUEST = 1;
/** Tables: translated regions (shared with their modules), handlers. */
const REGIONS = 0, HANDLERS = 1;
/** Parameters of a handler: its record's address, the fuel left, and the record's first eight bytes. */
const IP = 0, FUEL = 1, RECORD_WORD = 2;
const HANDLER: readonly [Type[], Type[]] = [["i32", "i32", "i64"], ["i32"]];

/** A translated region: (root, fuel, depth of region calls) to (address to go on at with Resume bits, fuel left). */
export const REGION: readonly [Type[], Type[]] = [["i64", "i32", "i32"], ["i64", "i32"]];

/** Where a handler expects an operand in its record. */
export interface Slot {
  readonly at: number;
  readonly kind: "zr" | "sink" | "sp" | "v" | "imm";
  /** Field name, or name of an immediate. */
  readonly name: string;
  /** Added to a register number, modulo 32. */
  readonly plus: number;
  /** Bytes of an immediate. */
  readonly bytes: number;
}

/** The handlers of a row, by combination of its varying fields (mixed radix, first field most significant). */
export interface RowHandlers {
  /** Handler number, or 0 where the combination is unallocated. */
  readonly numbers: readonly number[];
  /** The twin that stays within the decoded page, for rows that branch by an immediate; else as `numbers`. */
  readonly near: readonly number[];
  /** The operand layouts that occur, and which of them each combination has. */
  readonly layouts: readonly (readonly Slot[])[];
  readonly layoutOf: readonly number[];
}

export interface Interpreter {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** By row, in the order given. */
  readonly handlers: readonly RowHandlers[];
}

/** Allots operand slots as the lift names its operands. */
class Record {
  readonly slots: Slot[] = [];
  readonly #used = new Uint8Array(RECORD);

  constructor(readonly row: Row) {
    this.#used.fill(1, 0, 2); // the handler number
  }

  find(kind: Slot["kind"], name: string, plus: number, bytes: number): Slot {
    const known = this.slots.find((s) => s.kind === kind && s.name === name && s.plus === plus);
    if (known) return known;
    for (let at = 0; at + bytes <= RECORD; at += bytes) {
      if (this.#used.subarray(at, at + bytes).some((taken) => taken !== 0)) continue;
      this.#used.fill(1, at, at + bytes);
      const slot: Slot = { at, kind, name, plus, bytes };
      this.slots.push(slot);
      return slot;
    }
    throw new Error(`row ${this.row.name}: its operands do not fit a record`);
  }
}

/** The open fields of a row: numbers for the varying ones, slots for the rest. */
class OpenBuilder extends Builder {
  constructor(readonly row: Row, readonly variant: Fields) {
    super();
  }
  num(field: string): number {
    const value = this.variant[field];
    if (value === undefined) throw new Error(`row ${this.row.name}: ${field} is not in vary`);
    return value;
  }
  protected reg(field: string, plus: number): Reg {
    return { field, plus };
  }
}

/** Function indices that handlers refer to. */
interface Runtime {
  readonly jump: number;
  readonly jumpPlain: number;
  readonly comeBack: number;
  readonly heat: number;
  readonly settleFlags: number;
  readonly regionType: number;
  readonly stop: number;
  readonly exit: number;
  readonly slow: number;
  readonly now: number;
  readonly handlerType: number;
  readonly helpers: ReadonlyMap<string, number>;
}

/** Puts pc of the record in local `ip` on the stack: the block's address plus four bytes per record. */
function pcOf(code: Code, ip: number): void {
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

/** Dispatches to the record whose address is in local `ip`; fuel is in local `fuel`. */
function dispatch(code: Code, runtime: Runtime, ip: number, fuel: number, word: number): void {
  code.get(ip);
  code.get(fuel);
  code.get(ip);
  code.memory("i64.load", ENGINE, 0);
  code.tee(word);
  code.get(word);
  code.opcode(0xa7); // i32.wrap_i64
  code.i32(0xffff);
  code.opcode(0x71); // i32.and
  code.op1(Op.return_call_indirect, runtime.handlerType);
  code.u(HANDLERS);
}

abstract class InterpreterLowering extends Lowering {
  constructor(code: Code, protected readonly runtime: Runtime) {
    super(code);
  }
  protected callHelper(helper: Helper, args: () => void): void {
    const index = this.runtime.helpers.get(helper.name);
    if (index === undefined) throw new Error(`helper ${helper.name} was not collected`);
    args();
    this.code.op1(Op.call, index);
  }
  protected sys(stmt: TargetStmt): boolean {
    const { code } = this;
    if (stmt.s === "get" && stmt.place.file === "sys") {
      code.i32(0);
      code.memory(stmt.load, ENGINE, SYS_OFFSET[stmt.place.name]);
      code.set(this.localOf(stmt.local));
      return true;
    }
    if (stmt.s === "put" && stmt.place.file === "sys") {
      code.i32(0);
      this.value(stmt.value);
      code.memory(stmt.store, ENGINE, SYS_OFFSET[stmt.place.name]);
      return true;
    }
    return false;
  }
}

class HelperLowering extends InterpreterLowering {
  protected state(stmt: TargetStmt): void {
    if (!this.sys(stmt)) throw new Error(`a helper cannot do "${stmt.s}"`);
  }
}

class HandlerLowering extends InterpreterLowering {
  constructor(code: Code, runtime: Runtime, readonly record: Record, readonly near: boolean) {
    super(code, runtime);
  }

  /** Leaves the address of a register on the stack; returns the constant offset still to add. */
  #register(place: Exclude<Place, { file: "sys" }>, write: boolean): number {
    const { code } = this;
    const byte = place.file === "v" ? place.byte : 0;
    if (typeof place.reg === "number") {
      code.i32(0);
      if (place.file === "x") {
        return place.reg === 31 && place.r31 === "zr" ? (write ? Cpu.sink : Cpu.zero) : place.reg * 8;
      }
      return Cpu.v + place.reg * 16 + byte;
    }
    const kind = place.file !== "x" ? "v" : place.r31 === "sp" ? "sp" : write || place.r31 === "any" ? "sink" : "zr";
    const slot = this.record.find(kind, place.reg.field, place.reg.plus, 2);
    this.#slot16(slot.at);
    if (place.file === "vdyn") {
      this.value(place.byte);
      code.opcode(0x6a);
    }
    return byte;
  }

  /** An unsigned 16-bit operand of the record: from the word that the dispatch has loaded, if it is in there. */
  #slot16(at: number): void {
    const { code } = this;
    if (at >= 8) {
      code.get(IP);
      code.memory("i32.load16_u", ENGINE, at);
      return;
    }
    code.get(RECORD_WORD);
    code.i64(BigInt(at * 8));
    code.opcode(0x88); // i64.shr_u
    code.opcode(0xa7); // i32.wrap_i64
    if (at === 6) return;
    code.i32(0xffff);
    code.opcode(0x71); // i32.and
  }

  #immediate(name: string, type: Type): void {
    const { code } = this;
    const immediate = this.record.row.immediates[name];
    if (immediate === undefined) throw new Error(`row ${this.record.row.name}: no immediate ${name}`);
    const slot = this.record.find("imm", name, 0, immediate.bytes);
    code.get(IP);
    // The low word of an 8-byte immediate serves an i32 operand.
    const from = { 2: "load16_s", 4: type === "i64" ? "load32_s" : "load", 8: "load" };
    code.memory(`${type}.${from[immediate.bytes]}`, ENGINE, slot.at);
  }

  /** fuel - 1, then on to the record at ip + RECORD. */
  next(): void {
    const { code, runtime } = this;
    code.get(IP);
    code.i32(RECORD);
    code.opcode(0x6a);
    code.set(IP);
    this.#spend();
    dispatch(code, runtime, IP, FUEL, RECORD_WORD);
  }
  /** Takes one unit of fuel and stops before the record at ip when it was the last. */
  #spend(): void {
    const { code, runtime } = this;
    code.get(FUEL);
    code.i32(1);
    code.opcode(0x6b);
    code.tee(FUEL);
    code.opcode(0x45); // i32.eqz
    code.byte(Op.if);
    code.byte(VOID);
    code.get(IP);
    code.get(FUEL);
    code.op1(Op.return_call, runtime.stop);
    code.byte(Op.end);
  }

  /** Leaves with an exit code; value (i64) and mode were decided by the caller. */
  #leave(exit: number, value: () => void, mode: number, completed = false): void {
    const { code, runtime } = this;
    code.get(IP);
    if (completed) {
      code.i32(RECORD);
      code.opcode(0x6a);
    }
    code.get(FUEL);
    if (completed) {
      code.i32(1);
      code.opcode(0x6b);
    }
    value();
    code.i32(mode);
    code.i32(exit);
    code.op1(Op.return_call, runtime.exit);
  }

  #access(local: number, address: I64, size: number, mode: "r" | "w", aligned: boolean): void {
    const { code, runtime } = this;
    const need = mode === "r" ? PageBits.read : PageBits.write;
    this.value(address);
    code.set(local);
    if (aligned && size > 1) {
      code.get(local);
      code.opcode(0xa7); // i32.wrap_i64
      code.i32(size - 1);
      code.opcode(0x71); // i32.and
      code.byte(Op.if);
      code.byte(VOID);
      this.#leave(Exit.alignment, () => code.get(local), need);
      code.byte(Op.end);
    }
    code.byte(Op.block);
    code.byte(VOID);
    code.byte(Op.block);
    code.byte(VOID);
    code.get(local);
    code.i64(BigInt(GUEST_LIMIT));
    code.opcode(0x5a); // i64.ge_u
    code.op1(Op.br_if, 0);
    if (size > 1 && !aligned) {
      code.get(local);
      code.opcode(0xa7);
      code.i32(4095);
      code.opcode(0x71);
      code.i32(4096 - size);
      code.opcode(0x4b); // i32.gt_u
      code.op1(Op.br_if, 0);
    }
    code.get(local);
    code.i64(12n);
    code.opcode(0x88); // i64.shr_u
    code.memory("i32.load8_u", GUEST, RIGHTS);
    code.i32(need);
    code.opcode(0x71);
    code.op1(Op.br_if, 1);
    code.byte(Op.end);
    // Slow: both ends on accessible pages is fine too; else the first byte without the right is the fault address.
    code.get(local);
    code.i32(size);
    code.i32(need);
    code.op1(Op.call, runtime.slow);
    code.tee(local);
    code.i64(-1n);
    code.opcode(0x51); // i64.eq
    code.byte(Op.if);
    code.byte(VOID);
    this.#leave(Exit.fault, () => {
      code.i32(0);
      code.memory("i64.load", ENGINE, Cpu.exitValue);
    }, need);
    code.byte(Op.end);
    code.byte(Op.end);
  }

  #spCheck(reg: Reg, value: I64): void {
    const { code } = this;
    this.value(value);
    code.opcode(0xa7);
    code.i32(15);
    code.opcode(0x71);
    if (typeof reg === "number") {
      if (reg !== 31) throw new Error("only SP is checked");
    } else {
      const slot = this.record.find("sp", reg.field, reg.plus, 2);
      code.i32(0);
      this.#slot16(slot.at);
      code.i32(Cpu.sp);
      code.opcode(0x46); // i32.eq
      code.opcode(0x1b); // select
    }
    code.byte(Op.if);
    code.byte(VOID);
    this.#leave(Exit.alignment, () => this.value(value), PageBits.read);
    code.byte(Op.end);
  }

  protected state(stmt: TargetStmt): void {
    const { code, runtime } = this;
    if (this.sys(stmt)) return;
    switch (stmt.s) {
      case "get": {
        const offset = this.#register(stmt.place as Exclude<Place, { file: "sys" }>, false);
        code.memory(stmt.load, ENGINE, offset);
        code.set(this.localOf(stmt.local));
        break;
      }
      case "put": {
        const offset = this.#register(stmt.place as Exclude<Place, { file: "sys" }>, true);
        this.value(stmt.value);
        code.memory(stmt.store, ENGINE, offset);
        break;
      }
      case "imm":
        this.#immediate(stmt.name, stmt.local.type);
        code.set(this.localOf(stmt.local));
        break;
      case "pc":
        pcOf(code, IP);
        code.set(this.localOf(stmt.local));
        break;
      case "access":
        this.scoped(0, () => this.#access(this.localOf(stmt.local), stmt.address, stmt.size, stmt.mode, stmt.aligned));
        break;
      case "spcheck":
        this.#spCheck(stmt.reg, stmt.value);
        break;
      case "load":
        this.value(stmt.address);
        code.memory(stmt.load, GUEST, WINDOW + stmt.offset);
        code.set(this.localOf(stmt.local));
        break;
      case "store":
        this.value(stmt.address);
        this.value(stmt.value);
        code.memory(stmt.store, GUEST, WINDOW + stmt.offset);
        break;
      case "fill":
        this.value(stmt.address);
        code.i64(BigInt(WINDOW));
        code.opcode(0x7c);
        code.i32(0);
        code.i64(BigInt(stmt.size));
        code.opcode(0xfc0b); // memory.fill
        code.u(GUEST);
        break;
      case "now":
        code.op1(Op.call, runtime.now);
        code.set(this.localOf(stmt.local));
        break;
      case "exit":
        switch (stmt.reason) {
          case "svc":
            this.#leave(Exit.svc, () => this.value(stmt.value), 0, true);
            break;
          case "ic":
            this.#leave(Exit.invalidate, () => this.value(stmt.value), 0, true);
            break;
          case "brk":
            this.#leave(Exit.brk, () => this.value(stmt.value), 0);
            break;
          default:
            this.#leave(Exit.undefined, () => this.value(stmt.value), 0);
        }
        break;
      case "jump":
        this.value(stmt.target);
        code.get(FUEL);
        code.i32(1);
        code.opcode(0x6b);
        // Returns do not count as arrivals: the caller's code is reached by its own loops and calls.
        code.op1(Op.return_call, stmt.kind === "return" ? runtime.comeBack : runtime.jump);
        break;
      case "branch":
        this.#branch(stmt.name);
        break;
      default:
        throw new Error(`the interpreter has no "${stmt.s}"`);
    }
  }

  #branch(name: string): void {
    const { code, runtime } = this;
    if (this.near) {
      code.get(IP);
      this.#immediate(name, "i32");
      const offset = code.local("i32");
      code.tee(offset);
      code.i32(2);
      code.opcode(0x74); // i32.shl: RECORD / 4 bytes of record per byte of code
      code.opcode(0x6a);
      code.set(IP);
      this.#spend();
      // Backwards: a loop that may be hot.
      code.get(offset);
      code.i32(0);
      code.opcode(0x48); // i32.lt_s
      code.byte(Op.if);
      code.byte(VOID);
      pcOf(code, IP);
      code.op1(Op.call, runtime.heat);
      code.byte(Op.if);
      code.byte(VOID);
      code.get(IP);
      code.get(FUEL);
      code.i64(0n);
      code.i32(0);
      code.i32(Exit.hot);
      code.op1(Op.return_call, runtime.exit);
      code.byte(Op.end);
      code.byte(Op.end);
      dispatch(code, runtime, IP, FUEL, RECORD_WORD);
      return;
    }
    pcOf(code, IP);
    this.#immediate(name, "i64");
    code.opcode(0x7c);
    code.get(FUEL);
    code.i32(1);
    code.opcode(0x6b);
    code.op1(Op.return_call, runtime.jump);
  }
}

/** All combinations of a row's varying fields, in mixed-radix order. */
function variants(row: Row): Fields[] {
  let all: globalThis.Record<string, number>[] = [{}];
  for (const name of row.vary) {
    const field = row.fields.find((f) => f.name === name);
    if (field === undefined) throw new Error(`row ${row.name}: no field ${name}`);
    all = all.flatMap((so) => Array.from({ length: 1 << field.width }, (_, value) => ({ ...so, [name]: value })));
  }
  return all;
}

function hasBranch(body: readonly Stmt[]): boolean {
  return body.some((s) => s.s === "branch" || (s.s === "if" && (hasBranch(s.then) || hasBranch(s.else))));
}

/** A helper with its body built. */
interface BuiltHelper {
  readonly helper: Helper;
  readonly params: readonly Local[];
  readonly body: readonly Stmt[];
}

function collectHelpers(body: readonly Stmt[], into: Map<string, BuiltHelper>): void {
  for (const stmt of body) {
    if (stmt.s === "if") {
      collectHelpers(stmt.then, into);
      collectHelpers(stmt.else, into);
    } else if (stmt.s === "loop") collectHelpers(stmt.body, into);
    else if (stmt.s === "call" && !into.has(stmt.helper.name)) {
      const builder = new HelperBuilder();
      const params = stmt.helper.params.map((type) => builder.local(type));
      into.set(stmt.helper.name, { helper: stmt.helper, params, body: builder.body });
      stmt.helper.build(builder, ...params);
      collectHelpers(builder.body, into);
    }
  }
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
  dispatch(jump, runtime, block, fuel, word);
  module.define(index, jump);
}

/** Functions shared by all handlers. */
function defineRuntime(module: Module, runtime: Runtime, run: number): void {
  // heat(pc): counts an arrival; 1 when the place has just become hot.
  const heat = new Code(1);
  {
    const at = heat.local("i32"), count = heat.local("i32");
    heat.get(0);
    heat.opcode(0xa7);
    heat.i32(1);
    heat.opcode(0x76); // i32.shr_u: two bytes a counter, four bytes an instruction
    heat.i32(2 * HEAT_COUNTERS - 2);
    heat.opcode(0x71);
    heat.tee(at);
    heat.get(at);
    heat.memory("i32.load16_u", ENGINE, HEAT);
    heat.i32(1);
    heat.opcode(0x6a);
    heat.tee(count);
    heat.memory("i32.store16", ENGINE, HEAT);
    heat.get(count);
    heat.i32(HOT);
    heat.opcode(0x46); // i32.eq
  }
  module.define(runtime.heat, heat);

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

  // slow(address, size, need): the address without its tag if every byte may be accessed, else -1 with the first
  // address that may not in exitValue.
  const slow = new Code(3);
  {
    const last = slow.local("i64");
    const fail = (address: number) => {
      slow.byte(Op.if);
      slow.byte(VOID);
      slow.i32(0);
      slow.get(address);
      slow.memory("i64.store", ENGINE, Cpu.exitValue);
      slow.i64(-1n);
      slow.byte(Op.return);
      slow.byte(Op.end);
    };
    const check = (address: number) => {
      slow.get(address);
      slow.i64(BigInt(GUEST_LIMIT));
      slow.opcode(0x5a);
      fail(address);
      slow.get(address);
      slow.i64(12n);
      slow.opcode(0x88);
      slow.memory("i32.load8_u", GUEST, RIGHTS);
      slow.get(2);
      slow.opcode(0x71);
      slow.opcode(0x45);
      fail(address);
    };
    // The top byte of an address is ignored (TCR_EL1.TBI0, set by Linux): bit 55 extended (Arm ARM D8.8).
    slow.get(0);
    slow.i64(8n);
    slow.opcode(0x86); // i64.shl
    slow.i64(8n);
    slow.opcode(0x87); // i64.shr_s
    slow.set(0);
    check(0);
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
    check(last);
    slow.byte(Op.end);
    slow.get(0);
  }
  module.define(runtime.slow, slow);

  const start = new Code(1);
  start.i32(0);
  start.memory("i64.load", ENGINE, Cpu.pc);
  start.get(0);
  start.op1(Op.call, runtime.jump);
  module.define(run, start);
}

/** Handlers that no row describes. */
function fixedHandlers(module: Module, runtime: Runtime): number[] {
  const leaving = (exit: number) => {
    const code = new Code(3);
    code.get(IP);
    code.get(FUEL);
    code.i64(0n);
    code.i32(0);
    code.i32(exit);
    code.op1(Op.return_call, runtime.exit);
    return code;
  };
  const pageEnd = new Code(3);
  pcOf(pageEnd, IP);
  pageEnd.get(FUEL);
  pageEnd.op1(Op.return_call, runtime.jump);
  const bodies: Code[] = [];
  bodies[FixedHandler.undecoded] = leaving(Exit.undecoded);
  bodies[FixedHandler.pageEnd] = pageEnd;
  bodies[FixedHandler.breakpoint] = leaving(Exit.breakpoint);
  bodies[FixedHandler.undefined] = leaving(Exit.undefined);
  bodies[FixedHandler.region] = regionHandler(runtime);
  return bodies.map((code) => {
    const index = module.declare(...HANDLER);
    module.define(index, code);
    return index;
  });
}

/** Enters translated code, and goes on where it ended. */
function regionHandler(runtime: Runtime): Code {
  const code = new Code(3);
  const pc = code.local("i64"), to = code.local("i64"), fuel = code.local("i32");
  pcOf(code, IP);
  code.set(pc);
  // Not wanted, or a block shared with a process that has this page elsewhere: interpret.
  code.i32(0);
  code.memory("i32.load", ENGINE, Cpu.interpretOnly);
  code.get(IP);
  code.memory("i32.load", ENGINE, RegionRecord.root);
  code.get(pc);
  code.i64(2n);
  code.opcode(0x88);
  code.opcode(0xa7);
  code.opcode(0x47); // i32.ne
  code.opcode(0x72); // i32.or
  code.byte(Op.if);
  code.byte(VOID);
  code.get(pc);
  code.get(FUEL);
  code.op1(Op.return_call, runtime.jumpPlain);
  code.byte(Op.end);
  code.get(pc);
  code.get(FUEL);
  code.i32(0);
  code.get(IP);
  code.memory("i32.load", ENGINE, RegionRecord.slot);
  code.op1(Op.call_indirect, runtime.regionType);
  code.u(REGIONS);
  code.set(fuel);
  code.set(to);
  code.op1(Op.call, runtime.settleFlags);
  code.get(to);
  code.opcode(0xa7);
  code.i32(Resume.interpret);
  code.opcode(0x71);
  code.byte(Op.if);
  code.byte(VOID);
  code.get(to);
  code.i64(-4n);
  code.opcode(0x83);
  code.get(fuel);
  code.op1(Op.return_call, runtime.jumpPlain);
  code.byte(Op.end);
  code.get(to);
  code.get(pc);
  code.i64(BigInt(Resume.absent));
  code.opcode(0x84); // i64.or
  code.opcode(0x51); // i64.eq
  code.byte(Op.if);
  code.byte(VOID);
  code.get(IP);
  code.get(FUEL);
  code.i64(0n);
  code.i32(0);
  code.i32(Exit.absent);
  code.op1(Op.return_call, runtime.exit);
  code.byte(Op.end);
  code.get(to);
  code.i64(-4n);
  code.opcode(0x83);
  code.get(fuel);
  code.op1(Op.return_call, runtime.jump);
  return code;
}

/** What translated code and its entries need: flags, the stub of absent regions, calls to computed addresses. */
function defineRegionRuntime(module: Module, runtime: Runtime): void {
  // settleFlags(): turns flags kept as an operation into N, Z, C, V.
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
  module.exportFunction("settleFlags", runtime.settleFlags);

  // condition(kind, a, b, cond): evaluates a condition on flags kept as an operation (kind 0: on N, Z, C, V).
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

  // absent(root, fuel, depth): stands for regions that are not there.
  const absent = module.declare(...REGION);
  const stub = new Code(3);
  stub.get(0);
  stub.i64(BigInt(Resume.absent));
  stub.opcode(0x84);
  stub.get(1);
  module.define(absent, stub);
  module.exportFunction("absent", absent);

  // callTo(target, fuel, depth): into the region at a computed address, if there is one.
  const callTo = module.declare(...REGION);
  const code = new Code(3);
  const block = code.local("i32");
  const giveUp = () => {
    code.byte(Op.if);
    code.byte(VOID);
    code.get(0);
    code.get(1);
    code.byte(Op.return);
    code.byte(Op.end);
  };
  code.get(0);
  code.i64(BigInt(GUEST_LIMIT));
  code.opcode(0x5a);
  giveUp();
  code.get(0);
  code.opcode(0xa7);
  code.i32(3);
  code.opcode(0x71);
  giveUp();
  code.get(0);
  code.i64(12n);
  code.opcode(0x88);
  code.i64(2n);
  code.opcode(0x86);
  code.memory("i32.load", GUEST, BLOCKS);
  code.tee(block);
  code.opcode(0x45);
  giveUp();
  code.get(block);
  code.get(0);
  code.opcode(0xa7);
  code.i32(0xffc);
  code.opcode(0x71);
  code.i32(2);
  code.opcode(0x74);
  code.opcode(0x6a);
  code.tee(block);
  code.memory("i32.load16_u", ENGINE, 0);
  code.i32(FixedHandler.region);
  code.opcode(0x47);
  code.get(block);
  code.memory("i32.load", ENGINE, RegionRecord.root);
  code.get(0);
  code.i64(2n);
  code.opcode(0x88);
  code.opcode(0xa7);
  code.opcode(0x47);
  code.opcode(0x72);
  giveUp();
  code.get(0);
  code.get(1);
  code.get(2);
  code.get(block);
  code.memory("i32.load", ENGINE, RegionRecord.slot);
  code.op1(Op.return_call_indirect, runtime.regionType);
  code.u(REGIONS);
  module.define(callTo, code);
  module.exportFunction("callTo", callTo);
}

/** Generates the interpreter module for these rows. */
export function generateInterpreter(rows: readonly Row[]): Interpreter {
  const module = new Module();
  const now = module.importFunction("host", "now", [], ["i64"]);
  module.importTable("host", "regions");
  module.importMemory("host", "engine", { minimum: 1, maximum: 65536, wide: false });
  module.importMemory("host", "guest", {
    minimum: WINDOW / WASM_PAGE,
    maximum: GUEST_MEMORY_MAX / WASM_PAGE,
    wide: true,
  });

  // Build everything first: only then is it known which helpers there are.
  const built = rows.map((row) =>
    row.lift === undefined ? [] : variants(row).map((variant) => {
      if (!row.allocated(variant)) return undefined;
      const builder = new OpenBuilder(row, variant);
      row.lift!(builder);
      return builder;
    })
  );
  const helpers = new Map<string, BuiltHelper>();
  for (const builders of built) for (const builder of builders) if (builder) collectHelpers(builder.body, helpers);

  const helperIndex = new Map<string, number>();
  for (const [name, { helper }] of helpers) {
    helperIndex.set(name, module.declare(helper.params, helper.results));
  }
  const runtime: Runtime = {
    jump: module.declare(["i64", "i32"], ["i32"]),
    jumpPlain: module.declare(["i64", "i32"], ["i32"]),
    comeBack: module.declare(["i64", "i32"], ["i32"]),
    heat: module.declare(["i64"], ["i32"]),
    settleFlags: module.declare([], []),
    regionType: module.type(...REGION),
    stop: module.declare(["i32", "i32"], ["i32"]),
    exit: module.declare(["i32", "i32", "i64", "i32", "i32"], ["i32"]),
    slow: module.declare(["i64", "i32", "i32"], ["i64"]),
    now,
    handlerType: module.type(...HANDLER),
    helpers: helperIndex,
  };
  const run = module.declare(["i32"], ["i32"]);
  defineRuntime(module, runtime, run);
  module.exportFunction("run", run);
  defineRegionRuntime(module, runtime);
  for (const [name, { params, body }] of helpers) {
    const code = new Code(params.length);
    const lowering = new HelperLowering(code, runtime);
    params.forEach((param, index) => lowering.bind(param, index));
    lowering.lower(body);
    code.byte(Op.unreachable); // every path has returned
    module.define(helperIndex.get(name)!, code);
    module.exportFunction(`helper ${name}`, helperIndex.get(name)!);
  }

  const table = fixedHandlers(module, runtime);
  const handlers = built.map((builders, at): RowHandlers => {
    const row = rows[at]!;
    const numbers: number[] = [], near: number[] = [], layoutOf: number[] = [];
    const layouts = new Map<string, readonly Slot[]>();
    for (const builder of builders) {
      if (builder === undefined) {
        numbers.push(0);
        near.push(0);
        layoutOf.push(0);
        continue;
      }
      const record = new Record(row);
      const emit = (isNear: boolean): number => {
        const code = new Code(3);
        const lowering = new HandlerLowering(code, runtime, record, isNear);
        lowering.lower(builder.body);
        lowering.next();
        const index = module.declare(...HANDLER);
        module.define(index, code);
        table.push(index);
        return table.length - 1;
      };
      const number = emit(false);
      numbers.push(number);
      near.push(hasBranch(builder.body) ? emit(true) : number);
      const key = JSON.stringify(record.slots);
      if (!layouts.has(key)) layouts.set(key, record.slots);
      layoutOf.push([...layouts.keys()].indexOf(key));
    }
    return { numbers, near, layouts: [...layouts.values()], layoutOf };
  });
  module.table(table);
  return { bytes: module.finish(), handlers };
}
