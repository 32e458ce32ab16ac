import assert from "node:assert/strict";
import { fromBytes, fromHost, toBytes, toHost } from "./byte_string.ts";

Deno.test("toBytes and fromBytes keep every byte", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.deepEqual(toBytes(fromBytes(bytes)), bytes);
});

Deno.test("fromHost gives one character per byte of UTF-8", () => assert.equal(fromHost("é"), "\xc3\xa9"));
Deno.test("toHost decodes UTF-8", () => assert.equal(toHost("\xc3\xa9"), "é"));
Deno.test("toHost has no name for what is not UTF-8", () => assert.equal(toHost("\xff"), undefined));
