import { deepEqual, equal, rejects } from "node:assert/strict";
import { join } from "node:path";
import { RegionCache } from "./region_cache.ts";

const NAME = "0123456789abcdef", ARCHIVE = Uint8Array.of(1, 2, 3);

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    await test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("RegionCache finds what was saved, by any number of caches at once", () =>
  withFolder(async (folder) => {
    const caches = Array.from({ length: 4 }, () => new RegionCache(join(folder, "regions")));
    equal(await caches[0]!.load(NAME), null);
    await Promise.all(caches.map((cache) => cache.save(NAME, ARCHIVE)));
    for (const cache of caches) deepEqual(await cache.load(NAME), ARCHIVE);
    deepEqual([...Deno.readDirSync(join(folder, "regions"))].map(({ name }) => name), [NAME]);
  }));

Deno.test("RegionCache ignores a damaged file, and replaces it", () =>
  withFolder(async (folder) => {
    const cache = new RegionCache(folder), path = join(folder, NAME);
    await cache.save(NAME, ARCHIVE);
    const file = Deno.readFileSync(path);
    for (
      const damaged of [
        file.subarray(0, 10),
        file.map((byte, i) => i === 33 ? byte ^ 1 : byte),
        new Uint8Array(0),
      ]
    ) {
      Deno.writeFileSync(path, damaged);
      equal(await cache.load(NAME), null);
    }
    await cache.save(NAME, ARCHIVE);
    deepEqual(await cache.load(NAME), ARCHIVE);
  }));

Deno.test("RegionCache takes no name that is a path", async () => {
  const cache = new RegionCache("/nowhere");
  await rejects(cache.load("../../etc/passwd"), RangeError);
  await rejects(cache.save("/etc/passwd", ARCHIVE), RangeError);
});

Deno.test("RegionCache saves nothing where it may not, and says nothing of it", async () => {
  await new RegionCache("/proc/nowhere").save(NAME, ARCHIVE);
});
