import { equal, notEqual } from "node:assert/strict";
import { WasmFrame } from "./frame.ts";
import { FrameBlocks } from "./frame_blocks.ts";
import { EngineMemory } from "./memory.ts";

Deno.test("FrameBlocks keeps the blocks that were used last, and all that are mapped", () => {
  const blocks = new FrameBlocks(new EngineMemory(), 8);
  const frames = Array.from({ length: 8 }, () => new WasmFrame());
  const mapped = new WasmFrame();
  mapped.links.add({} as never);
  for (const frame of [mapped, ...frames]) blocks.of(frame);
  blocks.unlinked(frames[0]!); // used again
  for (let i = 0; i < 4; i++) notEqual(blocks.of(new WasmFrame()), 0);
  notEqual(mapped.block, 0);
  notEqual(frames[0]!.block, 0);
  equal(frames[1]!.block, 0);
});

Deno.test("FrameBlocks gives a dropped block to another frame", () => {
  const blocks = new FrameBlocks(new EngineMemory());
  const frame = new WasmFrame(), block = blocks.of(frame);
  equal(blocks.of(frame), block);
  blocks.drop(frame);
  equal(frame.block, 0);
  equal(blocks.of(new WasmFrame()), block);
});
