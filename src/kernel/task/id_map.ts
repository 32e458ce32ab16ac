/** How user or group ids inside a user namespace relate to those outside (user_namespaces(7)). */

/** What an id without a mapping is shown as (proc(5), overflowuid). */
export const OVERFLOW_ID = 65534;

/** Lines a map may have, and the first id that is none. */
const MAX_EXTENTS = 340, NO_ID = 2 ** 32 - 1;

/** A line of /proc/PID/uid_map: `count` ids from `inside`, which are those from `outside` in the parent. */
export interface IdExtent {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** A map from the ids of a namespace to the kernel's own, which are those of the initial namespace. */
export class IdMap {
  /** @param extents `outside` are the kernel's ids */
  constructor(readonly extents: readonly IdExtent[]) {}

  /** The kernel's id; undefined where the namespace has no such id. */
  toKernel(id: number): number | undefined {
    const extent = this.extents.find(({ inside, count }) => id >= inside && id < inside + count);
    return extent && id - extent.inside + extent.outside;
  }

  /** The id as it is known inside; undefined where it has no name there. */
  fromKernel(id: number): number | undefined {
    const extent = this.extents.find(({ outside, count }) => id >= outside && id < outside + count);
    return extent && id - extent.outside + extent.inside;
  }

  /** As {@link fromKernel}; {@link OVERFLOW_ID} stands for ids without a name. */
  show(id: number): number {
    return this.fromKernel(id) ?? OVERFLOW_ID;
  }
}

/** Every id is itself. */
export const IDENTITY: IdMap = new IdMap([{ inside: 0, outside: 0, count: NO_ID }]);

/** Reads what is written to a map file; undefined for what the kernel calls EINVAL. */
export function parseIdMap(text: string): IdExtent[] | undefined {
  const lines = text.replace(/\n$/, "").split("\n");
  if (lines.length > MAX_EXTENTS) return undefined;
  const extents: IdExtent[] = [];
  for (const line of lines) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line);
    if (!match) return undefined;
    const [inside, outside, count] = match.slice(1).map(Number) as [number, number, number];
    if (count === 0 || inside + count > NO_ID || outside + count > NO_ID) return undefined;
    const meets = (a: number, b: number, length: number) => a < b + length && b < a + count;
    if (extents.some((e) => meets(inside, e.inside, e.count) || meets(outside, e.outside, e.count))) return undefined;
    extents.push({ inside, outside, count });
  }
  return extents;
}
