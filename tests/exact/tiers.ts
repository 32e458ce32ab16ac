/**
 * Programs under both tiers of the wasm engine in step, and under the oracle: whenever translated code comes back, at
 * the end of a time slice or at a fault, the interpreter is brought to the same count of instructions and must have the
 * same state. Then again with signals in the middle, that change registers and rights. What runs long enough to be hot
 * is also run by the tier `auto`, and some by all of elftap, with signals that its kernel makes.
 */
import { buildInterpreter } from "../../src/engine/wasm/build_image.ts";
import type { InterpreterImage } from "../../src/engine/wasm/image_file.ts";
import { COUNTER } from "./code_writer.ts";
import { compare, type Difference } from "./compare.ts";
import { describe, killer } from "./differential.ts";
import { EngineMachine, RESULT_WORDS } from "./in_process.ts";
import { Batch, MachineDied, type Machines } from "./machines.ts";
import { programs } from "./programs.ts";
import { Progress } from "./progress.ts";
import { randomWords } from "../isa/encodings.ts";

/** Instructions of a slice, at least: shorter ones are interpreted (cpu.ts). */
const SLICE = 4096;
/** Instructions after which a program is taken to be endless; of those that are to become hot. */
const LIMIT = 200_000, LONG_LIMIT = 2_000_000;
/** Programs after which the engines are made anew, as compiled modules pile up. */
const ENGINE_LIFE = 8000;
/** Every so many batches are also run by all of elftap. */
const WHOLE = 8;
const SHOWN = 20;
/** Milliseconds that a batch has with another process; and once more, as the computer may be busy with other things. */
const LIMITS = [20_000, 200_000] as const;

export interface TierTally {
  cases: number;
  /** Of these, not run to their end. */
  endless: number;
  instructions: number;
  /** Of these, by translated code. */
  translated: number;
  regions: number;
  slices: number;
  /** Signals behind which a program went on, and those in the middle. */
  signals: number;
  disturbed: number;
  hot: number;
  /** Programs that all of elftap has run. */
  whole: number;
  /** Times that another process has run a batch at the second attempt only, as its time had run out at the first. */
  late: number;
  failed: number;
  readonly failures: string[];
}

/** Two machines in step. */
class Pair {
  readonly #interpreter: EngineMachine;
  readonly #translator: EngineMachine;
  readonly #auto: EngineMachine;
  readonly #state = [new Uint32Array(RESULT_WORDS), new Uint32Array(RESULT_WORDS)] as const;

  constructor(image: InterpreterImage, readonly tally: TierTally, reachesFar: boolean) {
    this.#interpreter = new EngineMachine(image, "interpreter");
    this.#translator = new EngineMachine(image, "translator", reachesFar);
    this.#auto = new EngineMachine(image, "auto", reachesFar);
  }

  get #machines(): readonly EngineMachine[] {
    return [this.#interpreter, this.#translator, this.#auto];
  }

  load(batch: Batch): void {
    for (const machine of this.#machines) machine.load(batch);
  }

  /**
   * Runs one case.
   *
   * @param into where the interpreter's result goes, at word `at`
   * @returns what differs; undefined if the program does not end
   */
  run(batch: Batch, job: number, seed: number, into: Uint32Array, at: number): readonly string[] | undefined {
    const next = randomWords(seed), translator = this.#translator;
    const ran = this.#inStep(batch, job, next, translator, false);
    if (ran === undefined) return undefined;
    into.set(this.#state[0], at);
    if (ran.lines.length > 0) return ran.lines;
    if (ran.slices > 0 && next() % 4 === 0) {
      const disturbed = this.#inStep(batch, job, next, translator, true);
      for (const machine of this.#machines) machine.calm();
      if (disturbed && disturbed.lines.length > 0) return ["with signals in the middle:", ...disturbed.lines];
    }
    if (!isHot(batch, job)) return [];
    this.tally.hot++;
    const hot = this.#inStep(batch, job, next, this.#auto, next() % 2 === 0);
    for (const machine of this.#machines) machine.calm();
    return hot && hot.lines.length > 0 ? ["tier auto:", ...hot.lines] : [];
  }

  /**
   * @param translator what is compared with the interpreter
   * @param disturbs whether there are signals in the middle
   */
  #inStep(
    batch: Batch,
    job: number,
    next: () => number,
    translator: EngineMachine,
    disturbs: boolean,
  ): { lines: readonly string[]; retired: number; slices: number } | undefined {
    const { tally } = this, interpreter = this.#interpreter;
    interpreter.start(job);
    translator.start(job);
    let retired = 0, slices = 0;
    for (;;) {
      const got = translator.run(SLICE + next() % (next() % 16 === 0 ? 50_000 : 512));
      retired += got.retired;
      const wanted = interpreter.run(got.kind === "fuel" ? got.retired : got.retired + 1);
      const where = `after ${retired} instructions`;
      if (got.kind !== wanted.kind || got.retired !== wanted.retired) {
        const of = ({ kind, retired }: typeof got) => `${kind} after ${retired}`;
        return { lines: [`${where}: got ${of(got)}, want ${of(wanted)}`], retired, slices };
      }
      const isEnd = got.kind !== "fuel";
      const signals = isEnd ? [translator.signalOf(got), interpreter.signalOf(wanted)] as const : undefined;
      if (signals && signals[0].address !== signals[1].address) {
        return { lines: [`${where}: address: got ${signals[0].address}, want ${signals[1].address}`], retired, slices };
      }
      const survived = signals && translator.survive(signals[0]),
        survivedToo = signals && interpreter.survive(signals[1]);
      const isLast = isEnd && !survived && !survivedToo;
      translator.result(this.#state[1], 0, isLast ? signals![0] : undefined);
      interpreter.result(this.#state[0], 0, isLast ? signals![1] : undefined);
      const lines = this.#differences(batch, this.#state[1], this.#state[0]);
      if (lines.length > 0) return { lines: [`${where}, ${got.kind}:`, ...lines], retired, slices };
      if (isLast) {
        tally.instructions += retired;
        return { lines, retired, slices };
      }
      if (isEnd) tally.signals++;
      else {
        tally.slices++;
        slices++;
        if (disturbs) {
          tally.disturbed++;
          const kind = next();
          translator.disturb(kind);
          interpreter.disturb(kind);
        }
      }
      if (retired > LONG_LIMIT || (retired > LIMIT && !isHot(batch, job))) return undefined;
    }
  }

  #differences(batch: Batch, got: Uint32Array, wanted: Uint32Array): readonly string[] {
    return compare(batch, got, wanted, () => 0, 1)[0]?.lines ?? [];
  }

  free(): void {
    const stats = this.#translator.engine.statistics();
    this.tally.translated += stats["instructions.translated"]!;
    this.tally.regions += stats["regions.translated"]!;
    for (const machine of this.#machines) machine.free();
  }
}

/** Whether the case's outermost loop has so many passes that it becomes hot. */
const isHot = (batch: Batch, job: number): boolean => batch.words[batch.state(job) + 2 * COUNTER]! >= 3000;

/**
 * Runs `count` programs.
 *
 * @param reachesFar they are translated as programs are that have far addresses in use: every access by itself
 */
export async function compareTiers(
  machines: Machines,
  count: number,
  seed: number,
  reachesFar = false,
): Promise<TierTally> {
  const tally: TierTally = {
    cases: 0,
    endless: 0,
    instructions: 0,
    translated: 0,
    regions: 0,
    slices: 0,
    signals: 0,
    disturbed: 0,
    hot: 0,
    whole: 0,
    late: 0,
    failed: 0,
    failures: [],
  };
  const source = programs(), progress = new Progress(source.name, count);
  const fail = (batch: Batch, difference: Difference, length: number, own: number): void => {
    tally.failed++;
    if (tally.failures.length < SHOWN) tally.failures.push(describe(batch, difference, length, own));
  };
  const image = buildInterpreter();
  let pair = new Pair(image, tally, reachesFar), life = 0;
  /** Processes: another implementation; and all of elftap with the translator, whose kernel makes the signals. */
  const starts = { oracle: () => machines.oracle(), elftap: () => machines.elftap("translator") };
  const processes = { oracle: starts.oracle(), elftap: starts.elftap() };
  const ask = async (who: "oracle" | "elftap", batch: Batch, own: number): Promise<Uint32Array | undefined> => {
    for (const [attempt, limit] of LIMITS.entries()) {
      try {
        const results = await processes[who].run(batch, limit);
        tally.late += attempt;
        return results;
      } catch (error) {
        if (!(error instanceof MachineDied)) throw error;
        processes[who] = starts[who]();
        if (!error.late) break;
      }
    }
    const which = await killer(starts[who], batch, LIMITS[0]);
    tally.failed++;
    tally.failures.push(`batch ${own}: job ${which} of those that end does not end under ${who}, or ends it`);
    return undefined;
  };
  /** Has other processes run the cases that have ended, while the next batch runs here. */
  const judge = async (asked: Batch, lengths: readonly number[], own: number, mine: Uint32Array, wholly: boolean) => {
    if (asked.jobs === 0) return;
    const [theirs, ours] = await Promise.all([
      ask("oracle", asked, own),
      wholly ? ask("elftap", asked, own) : undefined,
    ]);
    if (theirs === undefined) return;
    for (const [who, got] of [["the interpreter alone", mine], ["all of elftap", ours]] as const) {
      if (got === undefined) continue;
      for (const difference of compare(asked, got, theirs, (job) => lengths[job]!)) {
        const lines = [`${who}, beside the oracle:`, ...difference.lines];
        if (!difference.defect) fail(asked, { ...difference, lines }, lengths[difference.job]!, own);
      }
    }
    if (ours) tally.whole += asked.jobs;
  };
  let judging = Promise.resolve();
  const batch = new Batch();
  for (let made = 0, number = 0; made < count; number++) {
    const own = (seed + number * 1_000_003) >>> 0;
    batch.clear();
    const lengths = source.fill(batch, own, count - made);
    made += batch.jobs;
    const mine = new Uint32Array(batch.jobs * RESULT_WORDS), ended: boolean[] = [];
    pair.load(batch);
    for (let job = 0; job < batch.jobs; job++) {
      const lines = pair.run(batch, job, own + job, mine, job * RESULT_WORDS);
      ended.push(lines !== undefined && lines.length === 0);
      if (lines === undefined) tally.endless++;
      else if (lines.length > 0) fail(batch, { job, lines, defect: undefined, row: undefined }, lengths[job]!, own);
    }
    tally.cases += batch.jobs;
    progress.at(tally.cases, tally.failed);
    await judging;
    judging = judge(
      batch.only((job) => ended[job]!),
      lengths.filter((_, job) => ended[job]),
      own,
      mine.filter((_, i) => ended[Math.floor(i / RESULT_WORDS)]),
      number % WHOLE === 0,
    );
    judging.catch(() => {});
    life += batch.jobs;
    if (life >= ENGINE_LIFE) {
      pair.free();
      pair = new Pair(image, tally, reachesFar);
      life = 0;
    }
  }
  await judging;
  pair.free();
  progress.end();
  await Promise.all([processes.oracle.end(), processes.elftap.end()]);
  return tally;
}
