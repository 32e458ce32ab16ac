/**
 * Vector constants of loops. V8 makes one with three instructions wherever it is used, and moves nothing out of loops:
 * so those get locals, set where the region begins.
 */
import type { Stmt } from "../../../isa/ir/builder.ts";
import type { Value } from "../../../isa/ir/ops.ts";
import type { Region } from "./region.ts";
import type { Structure } from "./structure.ts";

/** Made by one instruction, which needs no register before. */
const CHEAP: ReadonlySet<bigint> = new Set([0n, -1n, (1n << 128n) - 1n]);

/** The constants of results and conditions in loops, as bit patterns. */
export function loopConstants(region: Region, graph: Structure): ReadonlySet<bigint> {
  const found = new Set<bigint>(), looked = new Set<number>();
  for (const header of graph.loopHeaders) {
    for (const node of graph.loopBody(header)) {
      if (looked.has(node)) continue;
      looked.add(node);
      for (const { body } of region.blocks.get(node)!.instructions) {
        if (body!.some(touchesVector)) body!.forEach((stmt) => inStmt(stmt, found));
      }
    }
  }
  return found;
}

const touchesVector = (stmt: Stmt): boolean => (stmt.s === "get" || stmt.s === "put") && stmt.place.file === "v";

function inStmt(stmt: Stmt, found: Set<bigint>): void {
  if (stmt.s === "set" || stmt.s === "put") inValue(stmt.value, found);
  else if (stmt.s === "if") {
    inValue(stmt.cond, found);
    // What is done now and then may take its time.
    if (stmt.likely !== false) { for (const each of stmt.then) inStmt(each, found); }
    if (stmt.likely !== true) { for (const each of stmt.else) inStmt(each, found); }
  }
}

function inValue(value: Value, found: Set<bigint>): void {
  if (value.kind === "op") { for (const arg of value.args) inValue(arg, found); }
  else if (value.kind === "const" && value.type === "v128" && !CHEAP.has(value.value as bigint)) {
    found.add(value.value as bigint);
  }
}
