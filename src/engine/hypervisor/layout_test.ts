import assert from "node:assert/strict";
import { ABI, Control, Flag, Frame, Op, OP_MAX, Place, Reason, Status, STUB_START } from "./layout.ts";

/** `#define NAME number` of the shim's header. */
function defines(): Map<string, number> {
  const header = Deno.readTextFileSync(new URL("../../../ffi/elftap_shim.h", import.meta.url));
  return new Map(
    [...header.matchAll(/^#define (\w+) \(?(-?(?:0x)?[0-9a-f]+)\)?/gm)].map((
      [, name, value],
    ) => [name!, Number(value)]),
  );
}

/** `tlbiVa` → `TLBI_VA`. */
const upper = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

Deno.test("layout: the numbers are those of the shim's header", () => {
  const known = defines();
  const groups: [prefix: string, numbers: Record<string, number>][] = [
    ["FRAME_", Frame],
    ["CTL_", Control],
    ["CTL_FLAG_", Flag],
    ["REASON_", Reason],
    ["OP_", Op],
    ["ELFTAP_E_", Status],
    ["ELFTAP_", { abi: ABI }],
    ["CTL_", { opMax: OP_MAX }],
    ["STUB_", { start: STUB_START, max: Place.stubSize }],
  ];
  const expected = new Map(
    groups.flatMap(([prefix, numbers]) =>
      Object.entries(numbers).map(([name, value]) => [prefix + upper(name), value] as const)
    ),
  );
  const actual = new Map([...expected.keys()].map((name) => [name, known.get(name)]));
  assert.deepEqual(actual, expected);
});
