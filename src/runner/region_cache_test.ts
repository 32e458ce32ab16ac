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

Deno.test("RegionCache drops what other versions have not touched for a month when a version is new", () =>
  withFolder(async (folder) => {
    const [old, recent, own] = ["1", "2", "3"].map((digit) => join(folder, "regions", digit.repeat(16)));
    const beside = join(folder, "regions", "something-else"), month = 31 * 86_400_000;
    for (const path of [old!, recent!]) await new RegionCache(path).save(NAME, ARCHIVE);
    Deno.mkdirSync(beside);
    for (const path of [old!, beside]) Deno.utimeSync(path, new Date(Date.now() - month), new Date(Date.now() - month));
    const names = () => [...Deno.readDirSync(join(folder, "regions"))].map(({ name }) => name).sort();

    await new RegionCache(recent!).save("f".repeat(16), ARCHIVE);
    equal(names().length, 3, "a version that was there already drops none");
    await new RegionCache(own!).save(NAME, ARCHIVE);
    deepEqual(names(), ["2".repeat(16), "3".repeat(16), "something-else"]);
  }));

Deno.test("RegionCache touches nothing beside a folder that is not one of the versions", () =>
  withFolder(async (folder) => {
    const neighbour = join(folder, "1".repeat(16)), long = new Date(2000, 1);
    Deno.mkdirSync(neighbour);
    Deno.utimeSync(neighbour, long, long);
    await new RegionCache(join(folder, "2".repeat(16))).save(NAME, ARCHIVE);
    equal(Deno.statSync(neighbour).isDirectory, true);
  }));
