/** Handlers: statements lowered with the operands open, registers and immediates found through the record. */
import { Builder, type Place, type Reg } from "../../../isa/ir/builder.ts";
import type { Helper } from "../../../isa/ir/helper.ts";
import type { Fields, Row } from "../../../isa/a64/row.ts";
import type { I64, Type } from "../../../isa/ir/ops.ts";
import { Code as Exit, Cpu, GUEST_LIMIT, PageBits, RECORD, RIGHTS, SYS_OFFSET } from "../layout.ts";
import { Lowering, type TargetStmt } from "../lower.ts";
import { Code, Op, VOID } from "../module.ts";
import type { RecordLayout } from "./record.ts";
import {
  dispatch,
  dispatchAnew,
  ENGINE,
  FUEL,
  GUEST,
  IP,
  NEXT_WORD,
  pcOf,
  RECORD_WORD,
  type Runtime,
} from "./runtime.ts";

/** How a branch to a computed address goes on. */
const WAY = { jump: "jumpComputed", call: "jump", return: "comeBack" } as const;

/** The open fields of a row: numbers for the varying ones, slots for the rest. */
export class OpenBuilder extends Builder {
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

abstract class InterpreterLowering extends Lowering {
  constructor(code: Code, protected readonly runtime: Runtime) {
    super(code, GUEST);
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

export class HelperLowering extends InterpreterLowering {
  protected state(stmt: TargetStmt): void {
    if (!this.sys(stmt)) throw new Error(`a helper cannot do "${stmt.s}"`);
  }
}

export class HandlerLowering extends InterpreterLowering {
  constructor(code: Code, runtime: Runtime, readonly record: RecordLayout, readonly near: boolean) {
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
    if (at !== 6) {
      code.i64(0xffffn);
      code.opcode(0x83); // i64.and
    }
    code.opcode(0xa7); // i32.wrap_i64
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
    dispatch(code, runtime, IP, FUEL, NEXT_WORD);
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
        if (stmt.kind === "jump") pcOf(code, IP);
        // Returns do not count as arrivals: the caller's code is reached by its own loops and calls.
        code.op1(Op.return_call, runtime[WAY[stmt.kind]]);
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
      dispatchAnew(code, runtime, IP, FUEL, NEXT_WORD);
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
