/** Runs cases on both machines, batch by batch, and collects what differs. */
import type { Tier } from "../../src/runner/guest_spec.ts";
import { disassemble } from "../../src/isa/a64/disasm/disassemble.ts";
import { compare, type Difference, sequenceOf } from "./compare.ts";
import { Batch, type Machine, MachineDied, type Machines } from "./machines.ts";
import { Progress } from "./progress.ts";

/** What makes cases: fills a batch with cases that only its seed determines. */
export interface Source {
  readonly name: string;
  /** Fills the batch with at most `most` cases; returns the number of instructions of each. */
  fill(batch: Batch, seed: number, most: number): number[];
}

export interface Tally {
  cases: number;
  instructions: number;
  /** How the cases ended: by BRK behind the sequence, or by the signal. */
  readonly endings: Map<string, number>;
  /** Differences that the oracle's known mistakes explain, by section. */
  readonly defects: Map<string, number>;
  /** Others, up to a limit. */
  readonly failures: string[];
  failed: number;
}

const SHOWN = 40, SHOWN_PER_ROW = 2;

/** Runs `count` cases; `tier` says who executes under elftap. */
export async function differential(
  machines: Machines,
  source: Source,
  count: number,
  seed: number,
  tier: Tier = "auto",
): Promise<Tally> {
  const tally: Tally = {
    cases: 0,
    instructions: 0,
    endings: new Map(),
    defects: new Map(),
    failures: [],
    failed: 0,
  };
  const perRow = new Map<string, number>();
  const progress = new Progress(source.name, count);
  const elftap = machines.elftap(tier), oracle = machines.oracle();
  // Two batches: one is made and compared while the other runs.
  const spare = [new Batch(), new Batch()];
  let running:
    | Promise<{ batch: Batch; lengths: number[]; seed: number; got: Uint32Array; want: Uint32Array }>
    | undefined;

  const settle = async (): Promise<void> => {
    if (running === undefined) return;
    const { batch, lengths, seed, got, want } = await running;
    tally.cases += batch.jobs;
    for (let job = 0; job < batch.jobs; job++) {
      tally.instructions += lengths[job]!;
      const ending = endingOf(batch, want, job, lengths[job]!);
      tally.endings.set(ending, (tally.endings.get(ending) ?? 0) + 1);
    }
    for (const difference of compare(batch, got, want, (job) => lengths[job]!)) {
      if (difference.defect) {
        const { section } = difference.defect;
        tally.defects.set(section, (tally.defects.get(section) ?? 0) + 1);
        continue;
      }
      tally.failed++;
      const name = difference.row?.name ?? "none";
      perRow.set(name, (perRow.get(name) ?? 0) + 1);
      if (perRow.get(name)! > SHOWN_PER_ROW || tally.failures.length >= SHOWN) continue;
      tally.failures.push(describe(batch, difference, lengths[difference.job]!, seed));
    }
    progress.at(tally.cases, tally.failed);
    spare.push(batch);
  };

  for (let made = 0, number = 0; made < count; number++) {
    const batch = spare.pop()!, own = (seed + number * 1_000_003) >>> 0;
    batch.clear();
    const lengths = source.fill(batch, own, count - made);
    made += batch.jobs;
    await settle();
    const run = async () => {
      try {
        const [got, want] = await Promise.all([elftap.run(batch), oracle.run(batch)]);
        return { batch, lengths, seed: own, got, want };
      } catch (error) {
        elftap.kill();
        oracle.kill();
        if (!(error instanceof MachineDied)) throw error;
        const dead = error.message;
        const which = await killer(() => dead === "elftap" ? machines.elftap(tier) : machines.oracle(), batch);
        const words = sequenceOf(batch, which, lengths[which]!);
        throw new Error(
          `batch ${own}, job ${which} ends the process of ${dead}, or does not end:\n       ${
            listing(batch, which, words)
          }`,
        );
      }
    };
    running = run();
    running.catch(() => {});
  }
  await settle();
  progress.end();
  await Promise.all([elftap.end(), oracle.end()]);
  return tally;
}

function endingOf(batch: Batch, results: Uint32Array, job: number, length: number): string {
  const words = results.length / batch.jobs, at = job * words;
  const signal = results[at]!, pc = results[at + 6 + 64]!;
  if (signal === 5 && pc === batch.entry(job) + 4 * length) return "completed";
  return { 4: "SIGILL", 5: "SIGTRAP", 7: "SIGBUS", 11: "SIGSEGV" }[signal] ?? `signal ${signal}`;
}

/** The job that ends a machine's process, found by halving. @param limit milliseconds that a half has */
export async function killer(start: () => Machine, batch: Batch, limit = 2000): Promise<number> {
  let from = 0, to = batch.jobs;
  while (to - from > 1) {
    const middle = (from + to) >> 1, machine = start();
    try {
      await machine.run(batch, limit, from, middle);
      from = middle;
    } catch {
      to = middle;
    }
    await machine.end();
  }
  return from;
}

function listing(batch: Batch, job: number, words: Uint32Array): string {
  const entry = batch.entry(job);
  return [...words].map((word, i) => {
    const text = disassemble(word, entry + 4 * i).replaceAll("\t", " ");
    return `${(entry + 4 * i).toString(16)} ${word.toString(16).padStart(8, "0")} ${text}`;
  }).join(words.length > 1 ? "\n      " : "; ");
}

export function describe(batch: Batch, { job, lines }: Difference, length: number, seed: number): string {
  const words = sequenceOf(batch, job, length), state = batch.words.subarray(batch.state(job));
  const value = (at: number, count: number): string =>
    [...state.subarray(at, at + count)].reverse().map((w) => w.toString(16).padStart(8, "0")).join("");
  let operands = "";
  if (length === 1) {
    // The registers of the one instruction, wherever they are named.
    const named = new Set([0, 5, 10, 16].map((lsb) => (words[0]! >>> lsb) & 31));
    operands = [...named].map((n) => `\n      x${n}=${value(2 * n, 2)} v${n}=${value(70 + 4 * n, 4)}`).join("");
    operands += `\n      pstate=${value(66, 1)} fpsr=${value(68, 1)} fpcr=${value(69, 1)}`;
  }
  return `batch ${seed} job ${job}: ${listing(batch, job, words)}${operands}\n    ${lines.slice(0, 12).join("\n    ")}`;
}
