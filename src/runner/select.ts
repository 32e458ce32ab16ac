/**
 * Which of the discovered tests run: filters by name, and shards for several machines.
 */
import { Failure } from "../failure.ts";
import type { TestCase } from "./discover.ts";

/** What to select. */
export interface Selection {
  /** Text that names contain, or `/regular expression/`; a test that fits any of them is selected. */
  readonly filters?: readonly string[];
  /** `I/N`: every N-th of the tests that fit, from the I-th. */
  readonly shard?: string;
}

/**
 * Selects tests, keeping their order.
 *
 * @throws {Failure} for a filter or shard that cannot be read
 */
export function selectTests(tests: readonly TestCase[], { filters = [], shard }: Selection): TestCase[] {
  const matchers = filters.map(matcher);
  const fitting = tests.filter(({ name }) => matchers.length === 0 || matchers.some((fits) => fits(name)));
  if (shard === undefined) return fitting;
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(shard);
  const index = Number(match?.[1]), count = Number(match?.[2]);
  if (!match || index < 1 || index > count) throw new Failure(`--shard ${shard}: must be I/N with I from 1 to N`);
  // Every N-th instead of a block: neighbours are alike, so the parts take about the same time.
  return fitting.filter((_, at) => at % count === index - 1);
}

function matcher(filter: string): (name: string) => boolean {
  if (filter.length < 2 || !filter.startsWith("/") || !filter.endsWith("/")) return (name) => name.includes(filter);
  try {
    const pattern = new RegExp(filter.slice(1, -1));
    return (name) => pattern.test(name);
  } catch (error) {
    throw new Failure(`--filter ${filter}: ${(error as Error).message}`);
  }
}
