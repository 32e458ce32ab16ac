/**
 * Addresses that only grow in a loop, or only shrink, or stay: who goes through an array is checked once per page.
 *
 * A check that has passed holds for all that lies between the address and the page's last byte (or its first). As long
 * as the loop goes on, the next address lies beyond the one before, so one comparison tells whether it is still there.
 * For that, all changes of a register in the loop must be additions of known numbers of one sign, and what else the
 * address is made of must not change in it. The sum of the additions cannot come round to where it began: control
 * leaves the region before it has executed 2^31 instructions ({@link MAX_STEP}), and then the comparison begins anew.
 */
import type { Stmt } from "../../../isa/ir/builder.ts";
import { DISPATCH } from "./region.ts";
import type { Structure } from "./structure.ts";

/**
 * Longest step of a register, and how many times a register may be in an address: times 2^31 instructions that is far
 * less than half of all addresses.
 */
const MAX_STEP = 2 ** 20, MAX_SCALE = 2 ** 5;

/** An access whose address moves one way. */
export interface Stream {
  /** The head of the innermost loop that it is in. */
  readonly header: number;
  readonly grows: boolean;
}

/** How a version is made of others: a sum of two, or one shifted to the left. */
export type Definition =
  | { readonly kind: "sum"; readonly left: number; readonly right: number }
  | { readonly kind: "shift"; readonly of: number; readonly by: number };

/** A register is written, or lost in a call: by how much it differs then from what it was; undefined if that is unknown. */
export interface Step {
  readonly reg: number;
  readonly by: number | undefined;
}

/** What the plan of accesses has met on its way. */
export interface Course {
  /** By block. */
  readonly steps: ReadonlyMap<number, readonly Step[]>;
  /** By head of a loop: the versions of registers there, and the first version that is newer than the loop. */
  readonly heads: ReadonlyMap<number, { readonly registers: readonly number[]; readonly first: number }>;
  readonly definitions: ReadonlyMap<number, Definition>;
  /** Accesses with a check, by block: the version of their address. */
  readonly checked: ReadonlyMap<number, readonly { readonly stmt: Stmt; readonly version: number }[]>;
}

/** How a value moves: by a multiple of a register's step, up or down; 0 if it stays; undefined if none of this. */
type Movement = number | undefined;

export function findStreams(graph: Structure, course: Course): ReadonlyMap<Stmt, Stream> {
  const found = new Map<Stmt, Stream>(), placed = new Set<number>();
  // Heads of inner loops come behind those of the loops that they are in.
  for (const header of [...graph.order].reverse().filter((node) => graph.loopHeaders.has(node))) {
    const body = [...graph.loopBody(header)].filter((node) => !placed.has(node));
    for (const node of body) placed.add(node);
    if (body.every((node) => course.checked.get(node) === undefined)) continue;
    // Registers come from the register file where computed branches are distributed.
    if (graph.loopBody(header).has(DISPATCH)) continue;
    const moves = movesOf(header, graph, course);
    for (const node of body) {
      for (const { stmt, version } of course.checked.get(node) ?? []) {
        const scale = version === 0 ? undefined : moves(version);
        if (scale !== undefined && Math.abs(scale) <= MAX_SCALE) found.set(stmt, { header, grows: scale >= 0 });
      }
    }
  }
  return found;
}

/** How versions move from pass to pass of a loop. */
function movesOf(
  header: number,
  graph: Structure,
  { steps, heads, definitions }: Course,
): (version: number) => Movement {
  const written = new Map<number, Movement>();
  for (const node of graph.loopBody(header)) {
    for (const { reg, by } of steps.get(node) ?? []) {
      const sign = by === undefined || Math.abs(by) > MAX_STEP ? undefined : Math.sign(by), before = written.get(reg);
      written.set(reg, !written.has(reg) || sameWay(before, sign) ? before || sign : undefined);
    }
  }
  const { registers, first } = heads.get(header)!, known = new Map<number, Movement>();
  for (const [reg, version] of registers.entries()) known.set(version, written.has(reg) ? written.get(reg) : 0);
  const move = (version: number): Movement => {
    if (version < first) return 0;
    if (known.has(version)) return known.get(version);
    const definition = definitions.get(version);
    if (definition === undefined) return undefined;
    if (definition.kind === "shift") return scaled(move(definition.of), 2 ** definition.by);
    const left = move(definition.left), right = move(definition.right);
    return sameWay(left, right) ? left! + right! : undefined;
  };
  return move;
}

const sameWay = (a: Movement, b: Movement): boolean => a !== undefined && b !== undefined && a * b >= 0;
const scaled = (movement: Movement, by: number): Movement => movement === undefined ? undefined : movement * by;
