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
import type { Stmt } from "../../../isa/ir/builder.ts";
import { type Helper, HelperBuilder } from "../../../isa/ir/helper.ts";
import type { Fields, Row } from "../../../isa/a64/row.ts";
import type { Local } from "../../../isa/ir/ops.ts";
import type { DecodeTables } from "../decode_tables.ts";
import { Code as Exit, FixedHandler, GUEST_MEMORY_MAX, GUEST_MEMORY_MIN, WASM_PAGE } from "../layout.ts";
import { Code, Module, Op } from "../module.ts";
import { defineCondition, defineSettleFlags } from "./flags.ts";
import { HandlerLowering, HelperLowering, OpenBuilder } from "./lower_handler.ts";
import { RecordLayout, type RowHandlers, type Slot } from "./record.ts";
import { defineRegionCalls, regionHandler } from "./regions.ts";
import { defineRuntime, FUEL, HANDLER, HANDLERS, IP, pcOf, REGION, REGIONS, type Runtime } from "./runtime.ts";
import { tabulate } from "./tabulate.ts";

/** The interpreter and what leads instructions to its handlers. */
export interface Interpreter {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly tables: DecodeTables;
}

/** All combinations of a row's varying fields, in mixed-radix order. */
export function variants(row: Row): Fields[] {
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

/** Handlers that no row describes. */
function fixedHandlers(module: Module, runtime: Runtime): number[] {
  const leaving = (exit: number) => {
    const code = new Code(HANDLER[0].length);
    code.get(IP);
    code.get(FUEL);
    code.i64(0n);
    code.i32(0);
    code.i32(exit);
    code.op1(Op.return_call, runtime.exit);
    return code;
  };
  const pageEnd = new Code(HANDLER[0].length);
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

/** Generates the interpreter module for these rows. */
export function generateInterpreter(rows: readonly Row[]): Interpreter {
  const module = new Module();
  const now = module.importFunction("host", "now", [], ["i64"]);
  const mayAccess = module.importFunction("host", "mayAccess", ["i64", "i32", "i32"], ["i32"]);
  module.importMemory("host", "engine", { minimum: 1, maximum: 65536, wide: false });
  module.importMemory("host", "guest", {
    minimum: GUEST_MEMORY_MIN / WASM_PAGE,
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
    jumpComputed: module.declare(["i64", "i32", "i64"], ["i32"]),
    jumpPlain: module.declare(["i64", "i32"], ["i32"]),
    comeBack: module.declare(["i64", "i32"], ["i32"]),
    heat: module.declare(["i64"], ["i32"]),
    settleFlags: module.declare([], []),
    regionType: module.type(...REGION),
    exchange: module.declare(["i32", "i32"], []),
    stop: module.declare(["i32", "i32"], ["i32"]),
    exit: module.declare(["i32", "i32", "i64", "i32", "i32"], ["i32"]),
    slow: module.declare(["i64", "i32", "i32"], ["i64"]),
    now,
    mayAccess,
    handlerType: module.type(...HANDLER),
    helpers: helperIndex,
  };
  const run = module.declare(["i32"], ["i32"]);
  defineRuntime(module, runtime, run);
  module.exportFunction("run", run);
  module.exportFunction("exchange", runtime.exchange);
  module.exportFunction("slow", runtime.slow);
  defineSettleFlags(module, runtime);
  defineCondition(module, runtime);
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
      const record = new RecordLayout(row);
      const emit = (isNear: boolean): number => {
        const code = new Code(HANDLER[0].length);
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
  module.table(runtime.handlerType, table[0]!, table.length);
  module.fill(HANDLERS, runtime.handlerType, table);
  module.table(runtime.regionType, defineRegionCalls(module, runtime));
  module.exportTable("regions", REGIONS);
  return { bytes: module.finish(), tables: tabulate(rows, handlers) };
}
