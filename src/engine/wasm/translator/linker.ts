/** Puts translated regions together to a module that can be instantiated on any guest memory. */
import type { Helper } from "../../../isa/ir/helper.ts";
import type { Type } from "../../../isa/ir/ops.ts";
import { REGION } from "../interpreter/runtime.ts";
import { GUEST_MEMORY_MAX, GUEST_MEMORY_MIN, WASM_PAGE } from "../layout.ts";
import { Code, Module, resolveSymbol } from "../module.ts";
import type { RegionObject } from "./region_object.ts";

/** Memories of a module: the guest's first, because V8 keeps the base of the first at hand. */
export const GUEST = 0, ENGINE = 1;
/** The same in every module: type of a region, and the first imported functions. */
export const REGION_TYPE = 0, CONDITION = 0, CALL_TO = 1;

/** The region's own function, and the map of the targets of its computed branches. */
export const SELF = "self", TARGETS = "targets";
const SLOT = "slot ";

/** Table slot of the region rooted at an address. */
export const slotSymbol = (root: number): string => SLOT + root;

/** A helper of the interpreter, with its type: it is imported by whoever knows no more than this. */
export const helperSymbol = ({ name, params, results }: Helper): string => `${params}:${results}:helper ${name}`;

/** `slow` of the interpreter: where in the window what is at an address is, or -1. See {@link ../interpreter/runtime.ts}. */
export const SLOW = "i64,i32,i32:i64:slow";

/** What differs from one engine to the next. */
export interface Links {
  /** Table slot of the region rooted at an address. */
  slotOf(root: number): number;
  /** Address of the map of the targets of a region. */
  mapOf(object: RegionObject): number;
}

/**
 * The module of these regions. It exports `place(slot, index)`, which puts region number `index` into the table.
 */
export function link(objects: readonly RegionObject[], links: Links): Uint8Array<ArrayBuffer> {
  const module = new Module();
  if (module.type(...REGION) !== REGION_TYPE) throw new Error("regions have another type");
  module.importTable("host", "regions", REGION_TYPE);
  module.importMemory("host", "guest", {
    minimum: GUEST_MEMORY_MIN / WASM_PAGE,
    maximum: GUEST_MEMORY_MAX / WASM_PAGE,
    wide: true,
  });
  module.importMemory("host", "engine", { minimum: 1, maximum: 65536, wide: false });
  module.importFunction("interpreter", "condition", ["i32", "i64", "i64", "i32"], ["i32"]);
  module.importFunction("interpreter", "callTo", ...REGION);
  const helpers = importHelpers(module, objects);
  const indices = objects.map(() => module.declare(...REGION));
  for (const [i, object] of objects.entries()) {
    const { body, hints, symbols } = object;
    const resolved = body.slice();
    for (const { at, name } of symbols) {
      const value = name === SELF
        ? indices[i]!
        : name === TARGETS
        ? links.mapOf(object)
        : name.startsWith(SLOT)
        ? links.slotOf(Number(name.slice(SLOT.length)))
        : helpers.get(name)!;
      resolveSymbol(resolved, at, value);
    }
    module.defineEntry(indices[i]!, resolved, hints);
  }
  const place = module.declare(["i32", "i32"], []), code = new Code(2);
  code.get(0);
  code.get(1);
  code.i32(1);
  code.opcode(0xfc0c); // table.init
  code.u(0); // segment
  code.u(0); // table
  module.define(place, code);
  module.exportFunction("place", place);
  module.segment(REGION_TYPE, indices);
  return module.finish();
}

function importHelpers(module: Module, objects: readonly RegionObject[]): Map<string, number> {
  const helpers = new Map<string, number>();
  for (const { symbols } of objects) {
    for (const { name } of symbols) {
      if (name === SELF || name === TARGETS || name.startsWith(SLOT) || helpers.has(name)) continue;
      const [params = "", results = "", ...helper] = name.split(":");
      const types = (list: string) => (list === "" ? [] : list.split(",")) as Type[];
      helpers.set(name, module.importFunction("interpreter", helper.join(":"), types(params), types(results)));
    }
  }
  return helpers;
}
