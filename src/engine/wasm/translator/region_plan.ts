/** What is found out about a region before the first byte of it is made. */
import type { Stmt } from "../../../isa/ir/builder.ts";
import { type AccessPlan, planAccesses } from "./access_plan.ts";
import { type FlagFlow, flagFlow } from "./flag_flow.ts";
import { loopConstants } from "./loop_constants.ts";
import { peel } from "./peel.ts";
import { DISPATCH, dispatchesHome, type Instruction, type Region, successors } from "./region.ts";
import { type RegisterFlow, registerFlow } from "./register_flow.ts";
import { type ScalarRegisters, scalarRegisters } from "./scalar_registers.ts";
import { savePoints } from "./save_points.ts";
import { type Structure, structure } from "./structure.ts";

export interface RegionPlan {
  /** As it is translated: with the copies that it begins with. */
  readonly region: Region;
  /** Whether registers are at home where computed branches are distributed. */
  readonly dispatchesHome: boolean;
  readonly graph: Structure;
  readonly accesses: AccessPlan;
  /** Whether it looks for far addresses itself, instead of leaving: see {@link ../far_windows.ts}. */
  readonly reachesFar: boolean;
  /** Instructions before which everything is stored. */
  readonly saved: ReadonlySet<Instruction>;
  readonly registers: RegisterFlow;
  readonly scalars: ScalarRegisters;
  readonly flags: FlagFlow;
  /** Whether fpFast is looked at. */
  readonly readsFast: boolean;
  /** Vector constants that have locals. */
  readonly constants: ReadonlySet<bigint>;
}

export function planRegion(found: Region, reachesFar = false): RegionPlan {
  const region = peel(found), isHome = dispatchesHome(region);
  const graph = structure({
    root: region.entry,
    successors: (node) => successors(region, region.blocks.get(node)!),
    isSwitch: (node) => node === DISPATCH && !isHome,
  });
  const accesses = planAccesses(region, graph, reachesFar);
  const saved = savePoints(region, graph, accesses);
  return {
    region,
    dispatchesHome: isHome,
    graph,
    accesses,
    reachesFar,
    saved,
    registers: registerFlow(region, graph, saved, accesses.kept),
    scalars: scalarRegisters(region),
    flags: flagFlow(region, graph, saved, accesses),
    readsFast: readsFast(region),
    constants: loopConstants(region, graph),
  };
}

function readsFast(region: Region): boolean {
  const reads = (body: readonly Stmt[]): boolean =>
    body.some((stmt) =>
      (stmt.s === "get" && stmt.place.file === "sys" && stmt.place.name === "fpFast") ||
      (stmt.s === "if" && (reads(stmt.then) || reads(stmt.else))) || (stmt.s === "loop" && reads(stmt.body))
    );
  return [...region.blocks.values()].some(({ instructions }) => instructions.some(({ body }) => reads(body!)));
}
