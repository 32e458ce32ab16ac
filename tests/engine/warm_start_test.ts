/** Translated code is kept from run to run: in the user's cache, unless it is not wanted. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { elftap, FLAGS, install, temporaryFolder } from "../support/elftap.ts";
import { counts } from "../support/programs.ts";

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stats: ReadonlyMap<string, number>;
}

/** Runs a program with a cache, and reads the figures of the engine. */
async function run(program: string, cache: string, ...options: string[]): Promise<Run> {
  const { code, stdout, stderr } = await elftap(["run", "--engine", "wasm", ...options, program], {
    env: { ELFTAP_CACHE: cache, ELFTAP_STATS: "1" },
    flags: [...FLAGS, `--allow-write=${cache}`],
  });
  const stats = [...stderr.matchAll(/^elftap: stats: (\S+) (\d+)$/gm)].map(([, name, value]) => [name!, Number(value)]);
  return { code, stdout, stats: new Map(stats as [string, number][]) };
}

const archives = (cache: string): string[] => {
  try {
    return [...Deno.readDirSync(`${cache}/regions`)].flatMap(({ name: version }) =>
      [...Deno.readDirSync(`${cache}/regions/${version}`)].map(({ name }) => `${cache}/regions/${version}/${name}`)
    );
  } catch {
    return [];
  }
};

Deno.test("translated code of one run serves the next, and is made again where it is damaged", async () => {
  using folder = temporaryFolder();
  const program = install(`${folder.path}/program`, counts(30_000_000)), cache = `${folder.path}/cache`;
  Deno.mkdirSync(cache);
  const first = await run(program, cache);
  equal(first.code, 7);
  ok(first.stats.get("regions.translated")! > 0, "nothing was translated");
  equal(first.stats.get("regions.archived"), 0);
  const [archive, ...others] = archives(cache);
  ok(archive !== undefined);
  deepEqual(others, []);

  const second = await run(program, cache);
  equal(second.code, 7);
  equal(second.stats.get("regions.translated"), 0);
  ok(second.stats.get("regions.archived.placed")! > 0, "nothing was put in place");

  const file = Deno.readFileSync(archive);
  file[40]! ^= 1;
  Deno.writeFileSync(archive, file);
  const third = await run(program, cache);
  equal(third.code, 7);
  ok(third.stats.get("regions.translated")! > 0);
  file[40]! ^= 1;
  deepEqual(Deno.readFileSync(archive), file, "the damaged file was not replaced");
});

Deno.test("an archive of other code under the same name changes nothing but the time", async () => {
  using folder = temporaryFolder();
  const program = `${folder.path}/program`, cache = `${folder.path}/cache`;
  Deno.mkdirSync(cache);
  // Same size, and the same first page but for one immediate, which is not in what the name is made of.
  install(program, counts(30_000_000, 7));
  equal((await run(program, cache)).code, 7);
  const made = archives(cache);
  equal(made.length, 1);
  install(program, counts(30_000_000, 9));
  for (let i = 0; i < 2; i++) equal((await run(program, cache)).code, 9);
  deepEqual(archives(cache), made, "the programs are not called the same");
});

Deno.test("--no-cache neither reads nor writes", async () => {
  using folder = temporaryFolder();
  const program = install(`${folder.path}/program`, counts(30_000_000)), cache = `${folder.path}/cache`;
  Deno.mkdirSync(cache);
  equal((await run(program, cache, "--no-cache")).code, 7);
  deepEqual(archives(cache), []);
});

Deno.test("--tier chooses who executes", async () => {
  using folder = temporaryFolder();
  const program = install(`${folder.path}/program`, counts(30_000_000)), cache = `${folder.path}/cache`;
  Deno.mkdirSync(cache);
  const share = async (tier: string): Promise<number> => {
    const { code, stats } = await run(program, cache, "--no-cache", "--tier", tier);
    equal(code, 7);
    return stats.get("instructions.translated")! / stats.get("instructions")!;
  };
  equal(await share("interpreter"), 0);
  ok(await share("auto") > 0.5);
  ok(await share("translator") > 0.999);
});
