/**
 * `deno task exact [CHECK…] [--count N] [--seed N] [--tier TIER]`: what shows that a guest cannot tell this from arm64 hardware under
 * Linux. Without a check named, all of them at full size; `--count` is for one check, `--tier` says who executes in those that run `elftap`. Prints counts on stdout, one
 * line a check and one for each difference; the exit code is 1 if there is any, 125 if a check cannot run here.
 */
import { compareFile } from "../isa/disasm_files.ts";
import { DECODER_CHECKS } from "../isa/decoder_checks.ts";
import { objdumpVersion } from "../isa/objdump.ts";
import { runVectors, vectorFiles, VECTORS } from "../isa/vectors_checks.ts";
import { differential, type Source } from "./differential.ts";
import { type Tier, TIERS } from "../../src/runner/guest_spec.ts";
import { hostile, type HostileKind } from "./hostile.ts";
import { Machines, missingOracle } from "./machines.ts";
import { QEMU_DEFECTS } from "./qemu_defects.ts";
import { compareTiers } from "./tiers.ts";
import { sequences } from "./sequences.ts";
import { singles } from "./singles.ts";

/** A check cannot run here. */
class Missing extends Error {}

interface Check {
  readonly what: string;
  /** Cases at full size; 0 where there is nothing to choose. */
  readonly count: number;
  /** Prints its counts; returns the number of differences. */
  readonly run: (count: number, seed: number, tier: Tier) => Promise<number>;
}

/** Programs whose text is disassembled, below the root that `deno task corpus` makes. */
const PROGRAMS = [
  "usr/lib/aarch64-linux-gnu/libc.so.6",
  "usr/lib/aarch64-linux-gnu/libstdc++.so.6",
  "usr/bin/busybox",
  "usr/bin/python3.11",
  "usr/bin/openssl",
];

const list = (counts: ReadonlyMap<string, number>): string =>
  [...counts].sort().map(([name, count]) => `${name} ${count}`).join(", ") || "none";

function show(differences: readonly string[]): void {
  for (const each of differences.slice(0, 40)) console.log(`  ${each}`);
}

async function decoder(count: number, seed: number): Promise<number> {
  let failed = 0;
  for (const { name, missing, run } of DECODER_CHECKS) {
    if (missing !== undefined) throw new Missing(missing);
    const { counts, differences } = await run(seed, count);
    console.log(`decoder: ${name}: ${counts}`);
    show(differences);
    failed += differences.length;
  }
  return failed;
}

function vectors(): Promise<number> {
  const files = vectorFiles(), failures: string[] = [];
  if (files.length === 0) {
    throw new Missing(`no test vectors in ${VECTORS} (ELFTAP_SHARED or ELFTAP_VECTORS says where)`);
  }
  let forms = 0, records = 0;
  for (const name of files) {
    const result = runVectors(name);
    forms += result.forms;
    records += result.records;
    failures.push(...result.failures);
    for (const group of result.notRun) console.log(`vectors: not announced, not run: ${group}`);
  }
  console.log(
    `vectors: ${records} records of ${forms} forms in ${files.length} families, ${failures.length} differences`,
  );
  show(failures);
  return Promise.resolve(failures.length);
}

async function against(source: Source, count: number, seed: number, tier: Tier): Promise<number> {
  const missing = missingOracle();
  if (missing !== undefined) throw new Missing(missing);
  using machines = new Machines();
  const { cases, instructions, endings, defects, failures, failed } = await differential(
    machines,
    source,
    count,
    seed,
    tier,
  );
  console.log(
    `${source.name}: ${cases} cases, ${instructions} instructions, tier ${tier}, seed ${seed}: ${failed} differ`,
  );
  console.log(`${source.name}: endings: ${list(endings)}`);
  for (const { section, what } of QEMU_DEFECTS) {
    const times = defects.get(section);
    if (times !== undefined) console.log(`${source.name}: the oracle errs ${times} times: ${section}: ${what}`);
  }
  show(failures);
  return failed;
}

async function tiers(count: number, seed: number, reachesFar: boolean): Promise<number> {
  const missing = missingOracle();
  if (missing !== undefined) throw new Missing(missing);
  using machines = new Machines();
  const { cases, instructions, failures, failed, ...rest } = await compareTiers(machines, count, seed, reachesFar);
  const name = reachesFar ? "far" : "tiers";
  console.log(`${name}: ${cases} programs, ${instructions} instructions, seed ${seed}: ${failed} differ`);
  console.log(`${name}: ${Object.entries(rest).map(([name, number]) => `${name} ${number}`).join(", ")}`);
  show(failures);
  return failed;
}

async function disasm(): Promise<number> {
  if (objdumpVersion() === undefined) throw new Missing("no aarch64-linux-gnu-objdump (binutils-aarch64-linux-gnu)");
  const root = Deno.env.get("ELFTAP_CORPUS_ROOT") ?? new URL("../corpus/build/root", import.meta.url).pathname;
  let failed = 0;
  for (const program of PROGRAMS) {
    const path = `${root}/${program}`;
    try {
      Deno.statSync(path);
    } catch {
      throw new Missing(`no ${path} (deno task corpus makes it, or ELFTAP_CORPUS_ROOT says where)`);
    }
    const { instructions, different, kinds } = await compareFile(path);
    const share = (100 * (instructions - different) / instructions).toFixed(different === 0 ? 0 : 4);
    console.log(`disasm: ${program}: ${instructions} instructions, ${different} differ: ${share} % agree`);
    show([...kinds.values()].map(({ count, first }) => `${count}x ${first}`));
    failed += instructions === 0 ? 1 : different;
  }
  return failed;
}

/**
 * Guests after whose first half every cache is full, and what resident memory may gain in the second: V8 collects
 * garbage late. Seen, in MiB after every quarter: pages 522, 512, 520, 479; files 566, 596, 549, 600.
 */
const FILLS_CACHES = 20_000, MAX_GROWTH = 1.15;

async function robust(kind: HostileKind, count: number, seed: number): Promise<number> {
  const missing = missingOracle();
  if (missing !== undefined) throw new Missing(missing);
  const { runs, endings, slowest, late, rss, failures } = await hostile(kind, count, seed);
  console.log(`${kind}: ${runs} guests, seed ${seed}: ${failures.length} ended badly, ${late.length} late`);
  console.log(`${kind}: endings: ${list(endings)}; the slowest took ${Math.round(slowest)} ms`);
  console.log(`${kind}: resident memory: ${rss.join(" → ")} MiB (early, then after every quarter)`);
  const [, , half, , end] = rss;
  const grows = runs >= FILLS_CACHES && end! > half! * MAX_GROWTH;
  if (grows) console.log(`${kind}: memory grows: ${end} MiB at the end, ${half} MiB at half`);
  show([...failures, ...late]);
  return failures.length + late.length + (grows ? 1 : 0);
}

const CHECKS: Readonly<Record<string, Check>> = {
  decoder: { what: "random words against Arm's table, and against objdump", count: 10_000_000, run: decoder },
  vectors: { what: "recorded results of real hardware", count: 0, run: vectors },
  singles: {
    what: "single instructions on difficult states, under elftap and under qemu-aarch64",
    count: 2_000_000,
    run: (count, seed, tier) => against(singles(), count, seed, tier),
  },
  sequences: {
    what: "sequences of 20 to 200 instructions, likewise",
    count: 100_000,
    run: (count, seed, tier) => against(sequences(), count, seed, tier),
  },
  tiers: {
    what: "small programs under interpreter, translator and qemu-aarch64, in step",
    count: 1_000_000,
    run: (count, seed) => tiers(count, seed, false),
  },
  far: {
    what: "the same, translated as programs with far addresses are",
    count: 100_000,
    run: (count, seed) => tiers(count, seed, true),
  },
  disasm: { what: "disassembly of five programs beside objdump's", count: 0, run: disasm },
  files: { what: "mutated programs, interpreters and libraries", count: 20_000, run: (c, s) => robust("files", c, s) },
  pages: { what: "pages of random code", count: 20_000, run: (c, s) => robust("pages", c, s) },
};

function usage(): never {
  console.error("usage: deno task exact [CHECK…] [--count N] [--seed N] [--tier TIER]");
  for (const [name, { what, count }] of Object.entries(CHECKS)) {
    console.error(`  ${name.padEnd(10)} ${what}${count ? ` (${count})` : ""}`);
  }
  Deno.exit(125);
}

if (import.meta.main) {
  const wanted: string[] = [];
  let count: number | undefined, seed = 1, tier: Tier = "auto";
  const number = (text: string | undefined): number => /^\d+$/.test(text ?? "") ? Number(text) : usage();
  for (let i = 0; i < Deno.args.length; i++) {
    const arg = Deno.args[i]!;
    if (arg === "--count") count = number(Deno.args[++i]);
    else if (arg === "--seed") seed = number(Deno.args[++i]);
    else if (arg === "--tier") {
      const name = Deno.args[++i];
      tier = TIERS.find((each) => each === name) ?? usage();
    } else if (arg in CHECKS) wanted.push(arg);
    else usage();
  }
  if (count !== undefined && wanted.length !== 1) usage();
  let worst = 0;
  for (const name of wanted.length > 0 ? wanted : Object.keys(CHECKS)) {
    const check = CHECKS[name]!;
    try {
      if (await check.run(count ?? check.count, seed, tier) > 0) worst = Math.max(worst, 1);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      console.error(`${name}: cannot run here: ${error.message}`);
      worst = 125;
    }
  }
  Deno.exit(worst);
}
