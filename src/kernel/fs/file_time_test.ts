import assert from "node:assert/strict";
import { fileTime } from "./file_time.ts";

Deno.test("fileTime is now, in whole milliseconds", () => {
  const time = fileTime(), age = Date.now() - Number(time / 1_000_000n);
  assert.equal(time % 1_000_000n, 0n);
  assert.ok(Math.abs(age) < 60_000, `${age} ms ago`);
});
