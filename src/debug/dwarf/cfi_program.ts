/** The instructions of call frame information: where a frame's caller keeps its registers, at one address (DWARF 5, 6.4). */
import { ByteReader, DwarfError } from "./byte_reader.ts";

/** x0…x30 and sp, by the numbers of aadwarf64. */
export const DWARF_FP = 29, DWARF_LR = 30, DWARF_SP = 31;

/** Where the caller's value of a register is. Registers without a rule keep their value. */
export type RegisterRule =
  | { readonly kind: "undefined" }
  | { readonly kind: "same" }
  /** At CFA + offset. */
  | { readonly kind: "offset"; readonly offset: number }
  /** CFA + offset itself. */
  | { readonly kind: "valueOffset"; readonly offset: number }
  | { readonly kind: "register"; readonly register: number }
  /** At the address that the expression gives. */
  | { readonly kind: "expression"; readonly bytes: Uint8Array }
  | { readonly kind: "valueExpression"; readonly bytes: Uint8Array };

/** How to find the canonical frame address: the caller's sp. */
export type CfaRule =
  | { readonly kind: "register"; readonly register: number; readonly offset: number }
  | { readonly kind: "expression"; readonly bytes: Uint8Array };

/** The rules that hold at one address. */
export interface FrameRow {
  readonly cfa: CfaRule;
  readonly registers: ReadonlyMap<number, RegisterRule>;
  /** The return address is signed (aadwarf64, DW_CFA_AARCH64_negate_ra_state). */
  readonly signed: boolean;
}

/** What a CIE says about its FDEs' instructions. */
export interface CfiConstants {
  readonly codeAlign: number;
  readonly dataAlign: number;
  /** Reads DW_CFA_set_loc's operand. */
  readonly address: (reader: ByteReader) => number;
}

/** Instructions executed and rows remembered at most, and registers told apart: far more than compilers emit. */
const MAX_STEPS = 100_000, MAX_REMEMBERED = 64, MAX_REGISTER = 1024;

interface State {
  cfa: CfaRule;
  registers: Map<number, RegisterRule>;
  signed: boolean;
}

const same: RegisterRule = { kind: "same" }, unknown: RegisterRule = { kind: "undefined" };

/** Executes a CIE's initial instructions and an FDE's up to an address. */
export class CfiMachine {
  readonly #constants: CfiConstants;
  #state: State = { cfa: { kind: "register", register: DWARF_SP, offset: 0 }, registers: new Map(), signed: false };
  #initial: State | undefined;
  readonly #remembered: State[] = [];
  #steps = 0;

  constructor(constants: CfiConstants) {
    this.#constants = constants;
  }

  /** The row at `pc`. @throws {DwarfError} */
  row(initial: ByteReader, code: ByteReader, start: number, pc: number): FrameRow {
    this.#run(initial, start, Infinity);
    this.#initial = copy(this.#state);
    this.#run(code, start, pc);
    return this.#state;
  }

  #run(code: ByteReader, start: number, pc: number): void {
    const { codeAlign, dataAlign } = this.#constants;
    let location = start;
    while (!code.done) {
      if (++this.#steps > MAX_STEPS) throw new DwarfError("call frame instructions do not end");
      const byte = code.u8(), operand = byte & 0x3f;
      switch (byte >> 6) {
        case 1: // DW_CFA_advance_loc
          location += operand * codeAlign;
          if (location > pc) return;
          continue;
        case 2: // DW_CFA_offset
          this.#set(operand, { kind: "offset", offset: code.uleb() * dataAlign });
          continue;
        case 3: // DW_CFA_restore
          this.#restore(operand);
          continue;
      }
      const state = this.#state;
      switch (byte) {
        case 0x00: // DW_CFA_nop
          break;
        case 0x01: // DW_CFA_set_loc
          location = this.#constants.address(code);
          if (location > pc) return;
          break;
        case 0x02: // DW_CFA_advance_loc1, 2, 4
          location += code.u8() * codeAlign;
          if (location > pc) return;
          break;
        case 0x03:
          location += code.u16() * codeAlign;
          if (location > pc) return;
          break;
        case 0x04:
          location += code.u32() * codeAlign;
          if (location > pc) return;
          break;
        case 0x05: // DW_CFA_offset_extended
          this.#set(code.uleb(), { kind: "offset", offset: code.uleb() * dataAlign });
          break;
        case 0x06: // DW_CFA_restore_extended
          this.#restore(code.uleb());
          break;
        case 0x07: // DW_CFA_undefined
          this.#set(code.uleb(), unknown);
          break;
        case 0x08: // DW_CFA_same_value
          this.#set(code.uleb(), same);
          break;
        case 0x09: // DW_CFA_register
          this.#set(code.uleb(), { kind: "register", register: code.uleb() });
          break;
        case 0x0a: // DW_CFA_remember_state
          if (this.#remembered.length >= MAX_REMEMBERED) throw new DwarfError("too many states are remembered");
          this.#remembered.push(copy(state));
          break;
        case 0x0b: { // DW_CFA_restore_state
          const saved = this.#remembered.pop();
          if (!saved) throw new DwarfError("no state is remembered");
          this.#state = saved;
          break;
        }
        case 0x0c: // DW_CFA_def_cfa
          state.cfa = { kind: "register", register: code.uleb(), offset: code.uleb() };
          break;
        case 0x0d: // DW_CFA_def_cfa_register
          state.cfa = { kind: "register", register: code.uleb(), offset: this.#cfaOffset() };
          break;
        case 0x0e: // DW_CFA_def_cfa_offset
          state.cfa = { kind: "register", register: this.#cfaRegister(), offset: code.uleb() };
          break;
        case 0x0f: // DW_CFA_def_cfa_expression
          state.cfa = { kind: "expression", bytes: code.block(code.uleb()) };
          break;
        case 0x10: // DW_CFA_expression
          this.#set(code.uleb(), { kind: "expression", bytes: code.block(code.uleb()) });
          break;
        case 0x11: // DW_CFA_offset_extended_sf
          this.#set(code.uleb(), { kind: "offset", offset: code.sleb() * dataAlign });
          break;
        case 0x12: // DW_CFA_def_cfa_sf
          state.cfa = { kind: "register", register: code.uleb(), offset: code.sleb() * dataAlign };
          break;
        case 0x13: // DW_CFA_def_cfa_offset_sf
          state.cfa = { kind: "register", register: this.#cfaRegister(), offset: code.sleb() * dataAlign };
          break;
        case 0x14: // DW_CFA_val_offset
          this.#set(code.uleb(), { kind: "valueOffset", offset: code.uleb() * dataAlign });
          break;
        case 0x15: // DW_CFA_val_offset_sf
          this.#set(code.uleb(), { kind: "valueOffset", offset: code.sleb() * dataAlign });
          break;
        case 0x16: // DW_CFA_val_expression
          this.#set(code.uleb(), { kind: "valueExpression", bytes: code.block(code.uleb()) });
          break;
        case 0x2c: // DW_CFA_AARCH64_negate_ra_state_with_pc
        case 0x2d: // DW_CFA_AARCH64_negate_ra_state
          state.signed = !state.signed;
          break;
        case 0x2e: // DW_CFA_GNU_args_size
          code.uleb();
          break;
        case 0x2f: // DW_CFA_GNU_negative_offset_extended
          this.#set(code.uleb(), { kind: "offset", offset: -code.uleb() * dataAlign });
          break;
        default:
          throw new DwarfError(`call frame instruction 0x${byte.toString(16)}`);
      }
    }
  }

  #set(register: number, rule: RegisterRule): void {
    // What is beyond sp, vector registers above all, no backtrace needs.
    if (register <= MAX_REGISTER) this.#state.registers.set(register, rule);
  }

  #restore(register: number): void {
    const rule = this.#initial?.registers.get(register);
    if (rule) this.#state.registers.set(register, rule);
    else this.#state.registers.delete(register);
  }

  #cfaRegister(): number {
    const { cfa } = this.#state;
    if (cfa.kind !== "register") throw new DwarfError("the CFA is an expression");
    return cfa.register;
  }

  #cfaOffset(): number {
    const { cfa } = this.#state;
    if (cfa.kind !== "register") throw new DwarfError("the CFA is an expression");
    return cfa.offset;
  }
}

const copy = ({ cfa, registers, signed }: State): State => ({ cfa, registers: new Map(registers), signed });
