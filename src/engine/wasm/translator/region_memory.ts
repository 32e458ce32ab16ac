/**
 * What a region looks at before it accesses guest memory. Nothing in here faults: an access that is not plainly fine
 * (rights, page crossing, alignment) leaves the function before it had an effect, and the interpreter executes that
 * instruction with all its consequences.
 */
import type { Stmt } from "../../../isa/ir/builder.ts";
import { GUEST_LIMIT, GUEST_PAGES, RIGHTS } from "../layout.ts";
import { Op, VOID } from "../module.ts";
import type { AccessPlan, Check } from "./access_plan.ts";
import { GUEST, SLOW } from "./linker.ts";
import { RegionExits } from "./region_exits.ts";
import type { RegionPlan } from "./region_plan.ts";
import type { Stream } from "./streams.ts";

/** A stretch up to this size is checked by its first page, and whether it crosses into the next. */
const SHORT = 16;

type AccessStmt = Stmt & { readonly s: "access" };

/** Whether a stretch cannot cross into the next page. */
const isInPage = ({ from, to }: Check, { aligned, size }: AccessStmt): boolean => aligned && to - from === size;

export abstract class RegionMemory extends RegionExits {
  readonly #accesses: AccessPlan;
  readonly #reachesFar: boolean;
  readonly #bounds = new Map<Stmt, number>();

  constructor(plan: RegionPlan) {
    super(plan);
    this.#accesses = plan.accesses;
    this.#reachesFar = plan.reachesFar;
  }

  override get frameSize(): number {
    return super.frameSize + 8 * this.#accesses.streams.size;
  }

  protected guard(stmt: AccessStmt | (Stmt & { readonly s: "spcheck" })): void {
    const { code } = this;
    switch (stmt.s) {
      case "access":
        this.#access(stmt);
        break;
      case "spcheck":
        if (stmt.reg !== 31 || this.#accesses.alignedStack.has(stmt)) break;
        this.value(stmt.value);
        code.opcode(0xa7);
        code.i32(15);
        code.opcode(0x71);
        this.interpretIf();
        break;
    }
  }

  #access(stmt: AccessStmt): void {
    const { code } = this;
    const local = this.localOf(stmt.local);
    this.value(stmt.address);
    code.set(local);
    if (stmt.aligned && stmt.size > 1) {
      code.get(local);
      code.opcode(0xa7);
      code.i32(stmt.size - 1);
      code.opcode(0x71);
      this.interpretIf();
    }
    const check = this.#accesses.checks.get(stmt);
    if (check === undefined) return;
    const stream = this.#accesses.streams.get(stmt);
    if (check.address !== undefined) this.#checkKnown(check, check.address);
    else if (stream !== undefined) this.#checkStream(check, local, stmt, stream);
    else this.#check(check, local, isInPage(check, stmt));
  }

  /** Where a loop begins: nothing of its streams has been checked. */
  protected enterStreams(header: number): void {
    const { code } = this;
    for (const [stmt, stream] of this.#accesses.streams) {
      if (stream.header !== header) continue;
      code.i64(stream.grows ? 0n : 2n ** 63n - 1n);
      code.set(this.#boundOf(stmt));
    }
  }
  /**
   * The local that bounds the addresses which need no check: of a stream that grows those below it, of one that shrinks
   * those above.
   */
  #boundOf(stmt: Stmt): number {
    let bound = this.#bounds.get(stmt);
    if (bound === undefined) this.#bounds.set(stmt, bound = this.code.local("i64"));
    return bound;
  }
  #checkStream(check: Check, local: number, stmt: AccessStmt, { grows }: Stream): void {
    const { code } = this, bound = this.#boundOf(stmt);
    code.byte(Op.block);
    code.byte(VOID);
    this.scoped(1, () => {
      code.get(local);
      code.get(bound);
      code.opcode(grows ? 0x54 : 0x55); // i64.lt_u; i64.gt_s, as what shrinks may come below zero
      code.hint(true);
      code.op1(Op.br_if, 0);
      this.#check(check, local, isInPage(check, stmt));
      // From here on to where the stretch would begin to leave its last page, or its first one.
      code.get(local);
      code.i64(BigInt(grows ? check.to - 1 : check.from));
      code.opcode(0x7c);
      code.i64(grows ? 4095n : -4096n);
      code.opcode(grows ? 0x84 : 0x83); // i64.or, i64.and
      code.i64(BigInt(grows ? 2 - check.to : -check.from - 1));
      code.opcode(0x7c);
      code.set(bound);
    });
    code.byte(Op.end);
  }

  /** Leaves unless both ends of a stretch around the address in a local have the rights. */
  #check({ from, to, need }: Check, local: number, inPage: boolean): void {
    const { code } = this;
    const size = to - from, isShort = size <= SHORT;
    let low = local;
    if (from !== 0) {
      low = this.scratch("i64");
      code.get(local);
      code.i64(BigInt(from));
      code.opcode(0x7c);
      code.set(low);
    }
    code.byte(Op.block);
    code.byte(VOID);
    this.scoped(1, () => {
      code.byte(Op.block);
      code.byte(VOID);
      this.scoped(1, () => {
        const page = this.scratch("i64");
        code.get(low);
        code.i64(12n);
        code.opcode(0x88);
        code.tee(page);
        // What follows reads rights up to a page behind the limit, where there are none.
        code.i64(BigInt(GUEST_PAGES));
        code.opcode(0x5a);
        code.hint(false);
        code.op1(Op.br_if, 0);
        if (isShort && size > 1 && !inPage) {
          code.get(low);
          code.opcode(0xa7);
          code.i32(4095);
          code.opcode(0x71);
          code.i32(4096 - size);
          code.opcode(0x4b); // i32.gt_u
          code.hint(false);
          code.op1(Op.br_if, 0);
        }
        code.get(page);
        code.memory("i32.load8_u", GUEST, RIGHTS);
        if (!isShort) {
          code.get(low);
          code.i64(BigInt(size - 1));
          code.opcode(0x7c);
          code.i64(12n);
          code.opcode(0x88);
          code.memory("i32.load8_u", GUEST, RIGHTS);
          code.opcode(0x71);
        }
        code.i32(need);
        code.opcode(0x71);
        code.hint(true);
        code.op1(Op.br_if, 1);
      });
      code.byte(Op.end);
      if (this.#reachesFar) this.#find(local, size, need);
      else this.interpret();
    });
    code.byte(Op.end);
  }
  /** What the plain check refuses may be far, or cross into a page that is fine too: the address becomes its place then. */
  #find(local: number, size: number, need: number): void {
    const { code } = this;
    code.get(local);
    code.i32(size);
    code.i32(need);
    code.byte(Op.call);
    code.symbol(SLOW);
    code.tee(local);
    code.i64(-1n);
    code.opcode(0x51); // i64.eq
    this.interpretIf();
  }
  /** The same for an address known now, as of literals and static data. */
  #checkKnown({ from, to, need }: Check, address: number): void {
    const { code } = this;
    const low = address + from, last = address + to - 1;
    if (low < 0 || last >= GUEST_LIMIT) {
      code.i32(1);
      return this.interpretIf();
    }
    const pages = [...new Set([Math.floor(low / 4096), Math.floor(last / 4096)])];
    for (const page of pages) {
      code.i64(0n);
      code.memory("i32.load8_u", GUEST, RIGHTS + page);
    }
    if (pages.length > 1) code.opcode(0x71);
    code.i32(need);
    code.opcode(0x71);
    code.opcode(0x45);
    this.interpretIf();
  }
}
