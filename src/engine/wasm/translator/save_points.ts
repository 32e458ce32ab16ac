/**
 * Where registers are brought home. An access that may leave the region needs them in the register file. Storing them
 * there, at the way out, keeps a small loop fast: nothing is stored as long as nothing happens. But every way out has
 * then code for all of them. Elsewhere they are stored before the access, once for all ways out that follow.
 */
import type { Stmt } from "../../../isa/ir/builder.ts";
import type { AccessPlan } from "./access_plan.ts";
import type { Instruction, Region } from "./region.ts";
import type { Structure } from "./structure.ts";

/**
 * Instructions of the largest loop that stores at its ways out. Measured, with qemu-user's time divided by ours for
 * SHA-256, whose loop is long, and the size of what is kept of a Python program (1,075 regions, 164,000 instructions):
 * no limit 1.36, 14.2 MB; 600: 1.31, 11.4 MB; 200: 1.31, 10.7 MB; 64: 1.03, 10.0 MB.
 */
const SMALL_LOOP = 200;

/** Whether an instruction may leave to the interpreter, for its access to memory or an SP that is not aligned. */
export function mayLeave(body: readonly Stmt[], plan: AccessPlan): boolean {
  return body.some((stmt) =>
    (stmt.s === "access" && (plan.checks.has(stmt) || (stmt.aligned && stmt.size > 1))) ||
    (stmt.s === "spcheck" && stmt.reg === 31 && !plan.alignedStack.has(stmt)) ||
    (stmt.s === "if" && (mayLeave(stmt.then, plan) || mayLeave(stmt.else, plan))) ||
    (stmt.s === "loop" && mayLeave(stmt.body, plan))
  );
}

/** The instructions before which everything is stored. */
export function savePoints(region: Region, graph: Structure, plan: AccessPlan): ReadonlySet<Instruction> {
  const lengthOf = (node: number): number => region.blocks.get(node)!.instructions.length;
  const inSmallLoop = new Set<number>();
  for (const header of graph.loopHeaders) {
    const body = [...graph.loopBody(header)];
    if (body.reduce((sum, node) => sum + lengthOf(node), 0) > SMALL_LOOP) continue;
    for (const node of body) inSmallLoop.add(node);
  }
  const points = new Set<Instruction>();
  for (const node of graph.order) {
    if (inSmallLoop.has(node)) continue;
    for (const instruction of region.blocks.get(node)!.instructions) {
      if (mayLeave(instruction.body!, plan)) points.add(instruction);
    }
  }
  return points;
}
