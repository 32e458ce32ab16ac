import assert from "node:assert/strict";
import { loadInterpreter, readInterpreter } from "./image.ts";

/** The only image in a cache. */
function imageIn(cache: string): string {
  const names = [...Deno.readDirSync(`${cache}/engine`)].map((entry) => entry.name);
  assert.equal(names.length, 1, names.join());
  return `${cache}/engine/${names[0]}`;
}

Deno.test("loadInterpreter keeps what it generates, and generates anew what is damaged", async () => {
  const cache = Deno.makeTempDirSync();
  try {
    await loadInterpreter(cache, "test");
    const path = imageIn(cache), whole = Deno.readFileSync(path);
    assert.ok(await readInterpreter(path));
    const flipped = whole.slice();
    flipped[flipped.length - 1000]! ^= 1;
    for (const damaged of [flipped, whole.slice(0, -1), whole.slice(0, 40), new Uint8Array()]) {
      Deno.writeFileSync(path, damaged);
      assert.equal(await readInterpreter(path), undefined);
    }
    await loadInterpreter(cache, "test");
    assert.deepEqual(Deno.readFileSync(imageIn(cache)), whole);
  } finally {
    Deno.removeSync(cache, { recursive: true });
  }
});

Deno.test("loadInterpreter works with a cache that cannot be written", async () => {
  assert.ok((await loadInterpreter("/proc/no/such/folder", "test")).module instanceof WebAssembly.Module);
});
