/**
 * Structured control flow from a control-flow graph: dominators, loops, and the translation of the dominator tree
 * (N. Ramsey, "Beyond Relooper", ICFP 2022). Edges that make the graph irreducible are reported, and become exits.
 */

/** A graph of blocks known by their addresses. */
export interface Graph {
  readonly root: number;
  readonly successors: (node: number) => readonly number[];
  /** Whether a node goes on by br_table: its successors need labels. */
  readonly isSwitch: (node: number) => boolean;
}

export interface Structure {
  /** Nodes in reverse postorder. */
  readonly order: readonly number[];
  readonly position: ReadonlyMap<number, number>;
  readonly successors: (node: number) => readonly number[];
  readonly predecessors: ReadonlyMap<number, readonly number[]>;
  /** Nodes of the natural loop of a header, the header included. */
  readonly loopBody: (header: number) => ReadonlySet<number>;
  /** Children in the dominator tree, in reverse postorder. */
  readonly children: ReadonlyMap<number, readonly number[]>;
  /** Targets of back edges. */
  readonly loopHeaders: ReadonlySet<number>;
  /** Nodes with several forward edges into them, or one from a switch. */
  readonly merges: ReadonlySet<number>;
  /** Whether the edge goes back to a node that does not dominate its source. */
  readonly isIrreducible: (from: number, to: number) => boolean;
  readonly isBackward: (from: number, to: number) => boolean;
  /** Whether control that goes from a node to a place stays: the place is a node, and the edge no exit. */
  readonly hasEdge: (from: number, to: number) => boolean;
}

export function structure(given: Graph): Structure {
  const known = new Map<number, readonly number[]>();
  const graph: Graph = {
    ...given,
    successors: (node) => {
      let next = known.get(node);
      if (next === undefined) known.set(node, next = given.successors(node));
      return next;
    },
  };
  const order = reversePostorder(graph);
  const position = new Map(order.map((node, index) => [node, index]));
  const predecessors = new Map<number, number[]>(order.map((node) => [node, []]));
  for (const node of order) for (const next of graph.successors(node)) predecessors.get(next)!.push(node);

  // Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm". Indices into `order`.
  const idom = new Int32Array(order.length).fill(-1);
  idom[0] = 0;
  const intersect = (a: number, b: number): number => {
    while (a !== b) {
      while (a > b) a = idom[a]!;
      while (b > a) b = idom[b]!;
    }
    return a;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (let at = 1; at < order.length; at++) {
      let dominator = -1;
      for (const from of predecessors.get(order[at]!)!) {
        const p = position.get(from)!;
        if (idom[p] === -1) continue;
        dominator = dominator === -1 ? p : intersect(p, dominator);
      }
      if (idom[at] !== dominator) {
        idom[at] = dominator;
        changed = true;
      }
    }
  }
  const dominates = (a: number, b: number): boolean => {
    while (b > a) b = idom[b]!;
    return a === b;
  };
  const isBackward = (from: number, to: number): boolean => position.get(to)! <= position.get(from)!;
  const isIrreducible = (from: number, to: number): boolean =>
    isBackward(from, to) && !dominates(position.get(to)!, position.get(from)!);

  const children = new Map<number, number[]>(order.map((node) => [node, []]));
  for (let at = 1; at < order.length; at++) children.get(order[idom[at]!]!)!.push(order[at]!);
  const loopHeaders = new Set<number>(), merges = new Set<number>();
  for (const node of order) {
    let forward = 0;
    for (const from of predecessors.get(node)!) {
      if (!isBackward(from, node)) forward += graph.isSwitch(from) ? 2 : 1;
      else if (!isIrreducible(from, node)) loopHeaders.add(node);
    }
    if (forward > 1) merges.add(node);
  }
  const bodies = new Map<number, ReadonlySet<number>>();
  const loopBody = (header: number): ReadonlySet<number> => {
    const known = bodies.get(header);
    if (known) return known;
    const body = new Set([header]);
    bodies.set(header, body);
    const work = predecessors.get(header)!.filter((from) => isBackward(from, header) && !isIrreducible(from, header));
    for (let node = work.pop(); node !== undefined; node = work.pop()) {
      if (body.has(node)) continue;
      body.add(node);
      work.push(...predecessors.get(node)!);
    }
    return body;
  };
  return {
    order,
    position,
    successors: graph.successors,
    predecessors,
    loopBody,
    children,
    loopHeaders,
    merges,
    isIrreducible,
    isBackward,
    hasEdge: (from, to) => position.has(to) && !isIrreducible(from, to),
  };
}

function reversePostorder(graph: Graph): number[] {
  const seen = new Set<number>([graph.root]);
  const order: number[] = [];
  const stack: { node: number; next: number }[] = [{ node: graph.root, next: 0 }];
  while (stack.length > 0) {
    const top = stack.at(-1)!;
    const successor = graph.successors(top.node)[top.next++];
    if (successor === undefined) {
      order.push(top.node);
      stack.pop();
    } else if (!seen.has(successor)) {
      seen.add(successor);
      stack.push({ node: successor, next: 0 });
    }
  }
  return order.reverse();
}
