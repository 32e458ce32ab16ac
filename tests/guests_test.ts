/**
 * Every guest program of `tests/guests/` under elftap; with ELFTAP_ORACLE=1 under qemu-user instead, to test the
 * programs themselves. ELFTAP_GUESTS=filter runs only those whose name contains it.
 */
import assert from "node:assert/strict";
import { buildGuests } from "./guests/build.ts";
import { ElftapRunner } from "./guests/elftap.ts";
import { runUnderQemu } from "./guests/oracle.ts";
import { judge } from "./guests/verdict.ts";

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

for (const guest of guests) {
  const { unfaithful } = guest.source;
  const ignore = oracle && unfaithful !== undefined;
  if (ignore) console.error(`skipped guest ${guest.title}: ${unfaithful}`);
  Deno.test({
    name: `guest ${guest.title}`,
    ignore,
    // Workers are kept from one program to the next.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const run = runner ? await runner.run(guest) : await runUnderQemu(guest);
      const lines = judge(guest.source, run);
      if (lines.length > 0) assert.fail(lines.join("\n"));
    },
  });
}

Deno.test({ name: "guest Workers end", sanitizeOps: false, sanitizeResources: false, fn: () => runner?.close() });
