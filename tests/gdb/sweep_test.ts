/** The single-step sweep over small programs; `sweep.ts` runs it over any other. ELFTAP_SWEEP=N steps further. */
import { deepEqual, ok } from "node:assert/strict";
import { buildGuests } from "../guests/build.ts";
import { sweep } from "./sweep.ts";

const STEPS = Number(Deno.env.get("ELFTAP_SWEEP") ?? 15_000);

// Forks, executions and signal handlers; exclusives and atomics; loops and calls; a dynamic linker.
const wanted = ["debug/processes", "debug/basic", "signal/altstack", "atomic/int128"];
const { guests, skipped } = await buildGuests(wanted);

for (const { title, why } of skipped) {
  Deno.test({ name: `sweep ${title}`, ignore: true, fn() {} });
  console.error(`skipped sweep ${title}: ${why}`);
}

for (const { title, path, sysroot } of guests) {
  Deno.test(`sweep ${title}: stepping executes what running executes`, async () => {
    const world = { env: {}, ...(sysroot === undefined ? {} : { sysroot }) };
    const { steps, difference } = await sweep(path, [], world, STEPS);
    deepEqual(difference, undefined);
    ok(steps > 100);
  });
}
