import { equal, notEqual, ok } from "node:assert/strict";
import { EngineMemory } from "./memory.ts";

Deno.test("EngineMemory.mapTargets numbers targets by instruction, once for the same ones", () => {
  const memory = new EngineMemory();
  const at = memory.mapTargets([0x400008, 0x400000, 0x400010])!;
  equal(memory.u8.subarray(at, at + 5).join(), "2,0,1,0,3");
  equal(memory.mapTargets([0x400008, 0x400000, 0x400010]), at);
  notEqual(memory.mapTargets([0x400000, 0x400008, 0x400010]), at);
});

Deno.test("EngineMemory.mapTargets says when there is no room, and still has what it had", () => {
  const memory = new EngineMemory(), far = 4 * 2 ** 20;
  const first = memory.mapTargets([0, 4]);
  ok(first !== undefined);
  let maps = 0;
  while (memory.mapTargets([4 * maps, far + 4 * maps]) !== undefined) ok(++maps < 100);
  ok(maps > 0);
  equal(memory.mapTargets([0, 2 ** 40]), undefined);
  equal(memory.mapTargets([0, 4]), first);
  ok(memory.mapTargets([8, 12]) !== undefined, "a short one fits what is left");
});
