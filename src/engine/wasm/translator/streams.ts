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
  /** The head of the outermost loop throughout which it does. */
  readonly header: number;
  readonly grows: boolean;
}

/**
 * Where a version comes from: what a register held when the version was met last; or it is a sum of two others, or one
 * that is shifted to the left.
 */
export type Origin =
  | { readonly kind: "register"; readonly reg: number }
  | { readonly kind: "sum"; readonly left: number; readonly right: number }
  | { readonly kind: "shift"; readonly of: number; readonly by: number };

/** A register is written, or lost in a call: by how much it differs then from what it was; undefined if unknown. */
export interface Step {
  readonly reg: number;
  readonly by: number | undefined;
}

/** What the plan of accesses has met on its way. */
export interface Course {
  /** By block. */
  readonly steps: ReadonlyMap<number, readonly Step[]>;
  /** By head of a loop: the first version that is newer than the loop. */
  readonly newest: ReadonlyMap<number, number>;
  readonly origins: ReadonlyMap<number, Origin>;
  /** Accesses with a check, by block: the version of their address. */
  readonly checked: ReadonlyMap<number, readonly { readonly stmt: Stmt; readonly version: number }[]>;
}

/** How a value moves: by a multiple of a register's step, up or down; 0 if it stays; undefined if none of this. */
type Movement = number | undefined;

export function findStreams(graph: Structure, course: Course): ReadonlyMap<Stmt, Stream> {
  const found = new Map<Stmt, Stream>();
  // Heads of inner loops come behind those of the loops that they are in.
  for (const header of graph.order) {
    if (!graph.loopHeaders.has(header)) continue;
    const body = graph.loopBody(header);
    // Registers come from the register file where computed branches are distributed.
    if (body.has(DISPATCH)) continue;
    const moves = movesOf(header, body, course);
    for (const node of body) {
      for (const { stmt, version } of course.checked.get(node) ?? []) {
        if (found.has(stmt) || version === 0) continue;
        const scale = moves(version);
        if (scale !== undefined && Math.abs(scale) <= MAX_SCALE) found.set(stmt, { header, grows: scale >= 0 });
      }
    }
  }
  return found;
}

/**
 * How versions move in the course of a loop. One that comes from a register moves as the register does, whenever it was
 * met: later is further.
 */
function movesOf(
  header: number,
  body: ReadonlySet<number>,
  { steps, newest, origins }: Course,
): (version: number) => Movement {
  const written = new Map<number, Movement>();
  for (const node of body) {
    for (const { reg, by } of steps.get(node) ?? []) {
      const sign = by === undefined || Math.abs(by) > MAX_STEP ? undefined : Math.sign(by), before = written.get(reg);
      written.set(reg, !written.has(reg) || sameWay(before, sign) ? before || sign : undefined);
    }
  }
  const first = newest.get(header)!, known = new Map<number, Movement>();
  const find = (version: number): Movement => {
    const origin = origins.get(version);
    switch (origin?.kind) {
      case "register":
        return written.has(origin.reg) ? written.get(origin.reg) : 0;
      case "sum": {
        const left = move(origin.left), right = move(origin.right);
        return sameWay(left, right) ? left! + right! : undefined;
      }
      case "shift":
        return scaled(move(origin.of), 2 ** origin.by);
      default:
        return undefined;
    }
  };
  const move = (version: number): Movement => {
    if (version < first) return 0;
    // A value that is doubled and doubled again leads to the same one along very many ways.
    if (!known.has(version)) known.set(version, find(version));
    return known.get(version);
  };
  return move;
}

const sameWay = (a: Movement, b: Movement): boolean => a !== undefined && b !== undefined && a * b >= 0;
const scaled = (movement: Movement, by: number): Movement => movement === undefined ? undefined : movement * by;
