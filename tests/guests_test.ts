/**
 * Every guest program of `tests/guests/` under elftap; with ELFTAP_ORACLE=1 under qemu-user instead, to test the
 * programs themselves. ELFTAP_GUESTS=filter runs only those whose name contains it.
 */
import assert from "node:assert/strict";
import { buildGuests, type Guest } from "./guests/build.ts";
import { ElftapRunner } from "./guests/elftap.ts";
import { runUnderQemu } from "./guests/oracle.ts";
import { type GuestRun, judge } from "./guests/verdict.ts";

const filter = Deno.env.get("ELFTAP_GUESTS");
const oracle = Deno.env.get("ELFTAP_ORACLE") === "1";
const { guests, skipped, failed } = await buildGuests(filter === undefined ? [] : [filter]);
const runner = oracle ? undefined : new ElftapRunner();

for (const { title, why } of skipped) {
  Deno.test({ name: `guest ${title}`, ignore: true, fn() {} });
  console.error(`skipped guest ${title}: ${why}`);
}

for (const { title, output } of failed) {
  Deno.test(`guest ${title} builds`, () => assert.fail(output));
}

/**
 * Runs ahead of the tests that look at the results, on as many processors as there are. Deno runs tests one after
 * another, and a guest leaves most of them idle.
 */
class RunAhead {
  readonly #results = new Map<Guest, PromiseWithResolvers<GuestRun>>();
  #started = false;

  constructor(private readonly queue: Guest[]) {
    for (const guest of queue) {
      const result = Promise.withResolvers<GuestRun>();
      result.promise.catch(() => {}); // its own test reports it
      this.#results.set(guest, result);
    }
  }

  result(guest: Guest): Promise<GuestRun> {
    if (!this.#started) { for (let i = 0; i < navigator.hardwareConcurrency; i++) void this.#work(); }
    this.#started = true;
    return this.#results.get(guest)!.promise;
  }

  async #work(): Promise<void> {
    for (let guest = this.queue.shift(); guest; guest = this.queue.shift()) {
      const { resolve, reject } = this.#results.get(guest)!;
      await (runner ? runner.run(guest) : runUnderQemu(guest)).then(resolve, reject);
    }
  }
}

const isIgnored = (guest: Guest): boolean => oracle && guest.source.unfaithful !== undefined;
const ahead = new RunAhead(guests.filter((guest) => !isIgnored(guest)));

for (const guest of guests) {
  const { unfaithful } = guest.source;
  const ignore = isIgnored(guest);
  if (ignore) console.error(`skipped guest ${guest.title}: ${unfaithful}`);
  Deno.test({
    name: `guest ${guest.title}`,
    ignore,
    // Workers are kept from one program to the next.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const lines = judge(guest.source, await ahead.result(guest));
      if (lines.length > 0) assert.fail(lines.join("\n"));
    },
  });
}

Deno.test({ name: "guest Workers end", sanitizeOps: false, sanitizeResources: false, fn: () => runner?.close() });
