/**
 * Which accesses of a region need a check, and of how much.
 *
 * Rights can change only while the guest is not in translated code, so what was checked stays checked, also behind a
 * call: if something other than translated code ran in it, control does not come back here. The plan follows addresses
 * as a version plus a constant, where a version is the content of a register at some time, or what is computed of
 * others: accesses through the same version (a stack frame, the fields of a structure, a register that a loop leaves
 * alone, an element that is read and written) share one check of the whole stretch, and those dominated by it have none.
 * A stretch is shorter than a page, so its two ends tell about all of it.
 *
 * Calls leave the registers alone that the procedure call standard saves (AAPCS64 6.1.1: X19 to X29, SP), or nearly
 * always do: where the plan relies on it, the call is followed by a comparison ({@link AccessPlan.kept}).
 */
import type { Place, Stmt } from "../../../isa/ir/builder.ts";
import type { Local, Value } from "../../../isa/ir/ops.ts";
import { PageBits } from "../layout.ts";
import { type Block, callsOut, DISPATCH, dispatchesHome, type Instruction, type Region } from "./region.ts";
import { type Course, findStreams, type Origin, type Step, type Stream } from "./streams.ts";
import type { Structure } from "./structure.ts";

/** Longest stretch checked at once: frames and structures are seldom larger, and a longer one may end on another page. */
const MAX_STRETCH = 1024;
/**
 * Longest stretch that an earlier check is made wider for, though control may not come to the later access. Where the
 * object ends, and memory with it, the check fails for nothing, and the interpreter executes the earlier access.
 */
const MAX_WIDER = 256;

/** Registers that a call leaves alone, as bits. */
const PRESERVED = 0xbff80000;

/** An address: a value that is not known, apart from a distance that is. Version 0 is the constant zero. */
interface Symbol {
  readonly version: number;
  readonly offset: number;
}

interface Stretch {
  readonly low: number;
  readonly high: number;
  readonly need: number;
}

/** A stretch that has been checked; by one check, unless paths have met behind several. */
interface Fact extends Stretch {
  low: number;
  high: number;
  readonly check: Check | undefined;
  /** The address of the access that is checked. */
  readonly offset: number;
}

/** The check due before an access. */
export interface Check {
  /** First byte and end of the stretch, relative to the address of the access. */
  from: number;
  to: number;
  /** The right that both ends must have: who may write may read, see {@link PageBits}. */
  readonly need: number;
  /** The address, where it is known now. */
  readonly address: number | undefined;
}

/** The checks by access statement; an access without one is covered by an earlier check. */
export interface AccessPlan {
  readonly checks: ReadonlyMap<Stmt, Check>;
  /** Stack pointer checks that an earlier one makes superfluous. */
  readonly alignedStack: ReadonlySet<Stmt>;
  /** Of the accesses with a check, those that go through memory in a loop. */
  readonly streams: ReadonlyMap<Stmt, Stream>;
  /** General registers, as bits, that must be behind a call what they were before. */
  readonly kept: ReadonlyMap<Instruction, number>;
}

/** A register becomes another, by register. */
const LOST: readonly Step[] = Array.from({ length: 32 }, (_, reg) => ({ reg, by: undefined }));

const ZERO: Symbol = { version: 0, offset: 0 };

type AccessStmt = Stmt & { readonly s: "access" };

/** An access met on the way through a block, until a call. */
interface Met {
  readonly stmt: AccessStmt;
  readonly symbol: Symbol;
  readonly need: number;
  /** Executed whenever the block is. */
  readonly certain: boolean;
}

const ADD64 = 0x7c, SUB64 = 0x7d, SHL64 = 0x86, WRAP = 0xa7;
/** What indices go through on their way into an address. */
const COMPUTED = [SHL64, WRAP, 0xac, 0xad, 0xc4]; // i64.extend_i32_s, i64.extend_i32_u, i64.extend32_s
/** More than there are versions in a region. */
const VERSIONS = 2 ** 22;

class State {
  constructor(
    readonly registers: Symbol[],
    readonly facts: Map<number, readonly Fact[]>,
    /** Versions known to be multiples of 16. */
    readonly aligned: Set<number>,
  ) {}
  copy(): State {
    return new State([...this.registers], new Map(this.facts), new Set(this.aligned));
  }
}

class Planner implements Course {
  readonly checks = new Map<Stmt, Check>();
  readonly alignedStack = new Set<Stmt>();
  readonly kept = new Map<Instruction, number>();
  readonly steps = new Map<number, Step[]>();
  readonly newest = new Map<number, number>();
  readonly origins = new Map<number, Origin>();
  readonly checked = new Map<number, { stmt: Stmt; version: number }[]>();
  #block = 0;
  #versions = 0;
  readonly #locals = new Map<Local, Symbol>();
  /** Versions that are computed of others, by how. */
  readonly #computed = new Map<number, number>();
  #met: Met[] = [];

  /** @param separate every access is checked for itself */
  constructor(readonly separate: boolean) {}

  fresh(): Symbol {
    return { version: ++this.#versions, offset: 0 };
  }
  /** What a register holds, of which nothing is known. */
  #content(reg: number): Symbol {
    const symbol = this.fresh();
    this.origins.set(symbol.version, { kind: "register", reg });
    return symbol;
  }
  entry(): State {
    return new State(Array.from({ length: 32 }, (_, reg) => this.#content(reg)), new Map(), new Set());
  }

  /** The state with registers of which nothing is known. */
  renamed(state: State): State {
    return new State(this.entry().registers, state.facts, state.aligned);
  }

  block(block: Block, state: State): void {
    this.#block = block.start;
    for (const instruction of block.instructions) {
      const { body } = instruction;
      this.#body(body!, state, true);
      this.#locals.clear();
      if (!callsOut(body!)) continue;
      this.#settle(state);
      const kept = this.#forgetBehindCall(state);
      this.kept.set(instruction, kept);
      for (let n = 0; n < 32; n++) if (!(kept & (1 << n))) this.#note(LOST[n]!);
    }
    this.#settle(state);
  }

  /** Registers are others behind a call, apart from those preserved ones that something is known about: these, as bits. */
  #forgetBehindCall(state: State): number {
    let kept = 0;
    for (let n = 0; n < 32; n++) {
      const { version } = state.registers[n]!;
      if (PRESERVED & (1 << n) && (state.facts.has(version) || state.aligned.has(version))) kept |= 1 << n;
      else state.registers[n] = this.#content(n);
    }
    return kept;
  }

  #symbol(value: Value): Symbol | undefined {
    if (value.kind === "local") return this.#locals.get(value);
    if (value.kind === "const") {
      const offset = value.type === "i64" || value.type === "i32" ? Number(value.value) : NaN;
      return Number.isSafeInteger(offset) ? { version: 0, offset } : undefined;
    }
    const { code, args } = value, isComputed = COMPUTED.includes(code);
    if (code !== ADD64 && code !== SUB64 && !isComputed) return undefined;
    const left = this.#symbol(args[0]!);
    if (left === undefined) return undefined;
    const right = args.length > 1 ? this.#symbol(args[1]!) : ZERO;
    if (right === undefined) return undefined;
    if (code === ADD64) return this.#sum(left, right);
    if (right.version !== 0) return undefined;
    return isComputed ? this.#compute(code, left, right.offset) : moved(left, -right.offset);
  }
  #sum(left: Symbol, right: Symbol): Symbol | undefined {
    if (right.version === 0) return moved(left, right.offset);
    if (left.version === 0) return moved(right, left.offset);
    const first = Math.min(left.version, right.version), second = Math.max(left.version, right.version);
    const version = this.#versionOf(first * VERSIONS + second, () => ({ kind: "sum", left: first, right: second }));
    return moved({ version, offset: 0 }, left.offset + right.offset);
  }
  /** @param by how far a shift goes */
  #compute(code: number, { version, offset }: Symbol, by: number): Symbol | undefined {
    if (offset !== 0 || by < 0 || by > 63) return undefined;
    const key = -(version * 2 ** 14 + code * 2 ** 6 + by) - 1;
    return {
      version: this.#versionOf(key, () => code === SHL64 ? { kind: "shift", of: version, by } : undefined),
      offset: 0,
    };
  }
  #versionOf(key: number, origin: () => Origin | undefined): number {
    let version = this.#computed.get(key);
    if (version === undefined) {
      this.#computed.set(key, version = ++this.#versions);
      const known = origin();
      if (known) this.origins.set(version, known);
    }
    return version;
  }

  /** A register has another content from here on. */
  #write(state: State, reg: number, symbol: Symbol): void {
    const { version, offset } = state.registers[reg]!;
    this.#note(symbol.version === version ? { reg, by: symbol.offset - offset } : LOST[reg]!);
    state.registers[reg] = symbol;
  }
  #note(step: Step): void {
    append(this.steps, this.#block, step);
  }

  #body(body: readonly Stmt[], state: State, certain: boolean): void {
    for (const stmt of body) {
      switch (stmt.s) {
        case "get":
          if (stmt.place.file === "x" && (stmt.load === "i64.load" || stmt.load === "i32.load")) {
            const n = stmt.place.reg as number;
            const whole = n === 31 && stmt.place.r31 !== "sp" ? ZERO : state.registers[n]!;
            const symbol = stmt.load === "i64.load" ? whole : this.#compute(WRAP, whole, 0);
            if (symbol) this.#locals.set(stmt.local, symbol);
          }
          break;
        case "set": {
          const symbol = this.#symbol(stmt.value);
          if (symbol) this.#locals.set(stmt.local, symbol);
          else this.#locals.delete(stmt.local);
          break;
        }
        case "put":
          if (isWrite(stmt.place)) {
            const n = stmt.place.reg as number;
            this.#write(state, n, this.#symbol(stmt.value) ?? this.#content(n));
          }
          break;
        case "spcheck": {
          if (stmt.reg !== 31) break;
          const { version, offset } = state.registers[31]!;
          if (offset % 16 === 0 && state.aligned.has(version)) this.alignedStack.add(stmt);
          else if (offset % 16 === 0 && certain) state.aligned.add(version);
          break;
        }
        case "access": {
          const symbol = this.#symbol(stmt.address) ?? this.fresh();
          this.#locals.set(stmt.local, symbol);
          const need = stmt.mode === "r" ? PageBits.read : PageBits.write;
          this.#met.push({ stmt, symbol, need, certain });
          break;
        }
        case "if": {
          const before = [...state.registers];
          this.#body(stmt.then, state, false);
          const after = [...state.registers];
          state.registers.splice(0, 32, ...before);
          this.#forgetLocals(stmt.then);
          this.#body(stmt.else, state, false);
          this.#forgetLocals(stmt.else);
          this.#join(state.registers, [after]);
          break;
        }
        case "loop":
          this.#forget(stmt.body, state);
          this.#body(stmt.body, state, false);
          this.#forget(stmt.body, state);
          break;
        default:
          break;
      }
    }
  }
  /** Locals that an arm sets are unknown elsewhere: in the other arm, and behind both. */
  #forgetLocals(body: readonly Stmt[]): void {
    for (const stmt of body) {
      if (stmt.s === "set") this.#locals.delete(stmt.local);
      else if (stmt.s === "if") {
        this.#forgetLocals(stmt.then);
        this.#forgetLocals(stmt.else);
      } else if (stmt.s === "loop") this.#forgetLocals(stmt.body);
    }
  }
  /** Locals and registers that a loop inside an instruction writes are unknown in it and behind it. */
  #forget(body: readonly Stmt[], state: State): void {
    this.#forgetLocals(body);
    const written = new Set<number>();
    writtenBy(body, written);
    for (const n of written) this.#write(state, n, this.#content(n));
  }

  /** Decides about the accesses met since the last call or the start of the block. */
  #settle(state: State): void {
    const met = this.#met;
    this.#met = [];
    for (const [index, { stmt, symbol, need, certain }] of met.entries()) {
      const { version, offset } = symbol;
      const own: Stretch = { low: offset, high: offset + stmt.size, need };
      if (this.separate) {
        this.checks.set(stmt, { from: 0, to: stmt.size, need, address: version === 0 ? offset : undefined });
        continue;
      }
      const known = state.facts.get(version) ?? [];
      if (known.some((fact) => covers(fact, own))) continue;
      if (known.some((fact) => widen(fact, own))) continue;
      let stretch = own;
      for (let at = index + 1; certain && at < met.length; at++) {
        const later = met[at]!;
        if (later.symbol.version !== version || !later.certain) continue;
        const low = Math.min(stretch.low, later.symbol.offset);
        const high = Math.max(stretch.high, later.symbol.offset + later.stmt.size);
        if (high - low <= MAX_STRETCH) stretch = { low, high, need: Math.max(stretch.need, later.need) };
      }
      const check: Check = {
        from: stretch.low - offset,
        to: stretch.high - offset,
        need: stretch.need,
        address: version === 0 ? offset : undefined,
      };
      this.checks.set(stmt, check);
      append(this.checked, this.#block, { stmt, version });
      if (certain) state.facts.set(version, [...known, { ...stretch, check, offset }]);
    }
  }

  #join(registers: Symbol[], others: readonly (readonly Symbol[])[]): void {
    for (let n = 0; n < 32; n++) {
      const own = registers[n]!;
      for (const other of others) {
        const { version, offset } = other[n]!;
        if (version !== own.version || offset !== own.offset) {
          registers[n] = this.#content(n);
          break;
        }
      }
    }
  }

  /** What holds where several paths meet. */
  merge(states: readonly State[]): State {
    const merged = states[0]!.copy(), others = states.slice(1);
    if (others.length === 0) return merged;
    this.#join(merged.registers, others.map(({ registers }) => registers));
    for (const [version, facts] of merged.facts) {
      const lists = others.map((state) => state.facts.get(version) ?? []);
      // Mostly what was found before the paths parted.
      if (lists.every((list) => list === facts)) continue;
      const common = facts.flatMap((fact): Fact[] => {
        if (lists.every((list) => list.includes(fact))) return [fact];
        // Several checks: none of them may grow.
        return lists.every((list) => list.some((other) => covers(other, fact))) ? [{ ...fact, check: undefined }] : [];
      });
      if (common.length > 0) merged.facts.set(version, common);
      else merged.facts.delete(version);
    }
    for (const version of merged.aligned) {
      if (!others.every((state) => state.aligned.has(version))) merged.aligned.delete(version);
    }
    return merged;
  }
  /** What a loop changes does not hold at its head. */
  enterLoop(header: number, state: State, written: ReadonlySet<number>, calls: boolean): void {
    this.newest.set(header, this.#versions + 1);
    for (const n of written) state.registers[n] = this.#content(n);
    if (calls) this.#forgetBehindCall(state);
  }
}

function append<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}

const moved = ({ version, offset }: Symbol, by: number): Symbol | undefined =>
  Math.abs(by) < 2 ** 40 && Math.abs(offset + by) < 2 ** 40 ? { version, offset: offset + by } : undefined;

const covers = (fact: Stretch, want: Stretch): boolean =>
  fact.low <= want.low && fact.high >= want.high && suffices(fact, want);

/** Whether the right that has been found is enough: writing is the greater one. */
const suffices = (fact: Stretch, want: Stretch): boolean => fact.need >= want.need;

/** Makes the check behind a fact cover another access to the same object, if it can. */
function widen(fact: Fact, want: Stretch): boolean {
  const low = Math.min(fact.low, want.low), high = Math.max(fact.high, want.high);
  if (fact.check === undefined || !suffices(fact, want) || high - low > MAX_WIDER) return false;
  fact.low = low;
  fact.high = high;
  fact.check.from = low - fact.offset;
  fact.check.to = high - fact.offset;
  return true;
}

type General = Place & { readonly file: "x" };
/** A general register or SP, and not ZR. */
const isWrite = (place: Place): place is General => place.file === "x" && (place.reg !== 31 || place.r31 === "sp");

/** General registers that statements write. */
function writtenBy(body: readonly Stmt[], into: Set<number>): void {
  for (const stmt of body) {
    if (stmt.s === "put" && isWrite(stmt.place)) into.add(stmt.place.reg as number);
    else if (stmt.s === "if") {
      writtenBy(stmt.then, into);
      writtenBy(stmt.else, into);
    } else if (stmt.s === "loop") writtenBy(stmt.body, into);
  }
}

/** @param separate every access has a check of its own: one of far addresses is good for one access */
export function planAccesses(region: Region, graph: Structure, separate = false): AccessPlan {
  const planner = new Planner(separate);
  const out = new Map<number, State>();
  const predecessors = graph.predecessors, isHome = dispatchesHome(region);
  for (const node of graph.order) {
    const incoming = predecessors.get(node)!.filter((from) => !graph.isBackward(from, node));
    const states = incoming.map((from) => out.get(from)!);
    let state = states.length === 0 ? planner.entry() : planner.merge(states);
    if (graph.loopHeaders.has(node)) {
      const written = new Set<number>();
      let calls = false;
      for (const member of graph.loopBody(node)) {
        for (const { body } of region.blocks.get(member)!.instructions) {
          writtenBy(body!, written);
          calls ||= callsOut(body!);
        }
      }
      planner.enterLoop(node, state, written, calls);
    }
    // Registers come from the register file there, and what nobody has read since a call may be another in it.
    if (node === DISPATCH && isHome) state = planner.renamed(state);
    planner.block(region.blocks.get(node)!, state);
    out.set(node, state);
  }
  const { checks, alignedStack, kept } = planner;
  return { checks, alignedStack, kept, streams: findStreams(graph, planner) };
}
