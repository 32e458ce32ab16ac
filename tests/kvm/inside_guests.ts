/**
 * Inside the emulated machine: runs the guest programs on a hypervisor engine, and writes what came of them.
 *
 *     deno run -A tests/kvm/inside_guests.ts kvm|hvf SHIM RESULTS
 */
import type { Guest } from "../guests/build.ts";
import { ElftapRunner } from "../guests/elftap.ts";
import { judge } from "../guests/verdict.ts";

const [name, shim, results] = Deno.args as ["kvm" | "hvf", string, string];
const guests = JSON.parse(Deno.readTextFileSync("/payload/guests.json")) as Guest[];
// JSON has no undefined: what is not there must be absent again.
for (const guest of guests) {
  for (const [key, value] of Object.entries(guest)) {
    if (value === null) delete (guest as unknown as Record<string, unknown>)[key];
  }
}

const runner = new ElftapRunner({ name, shim, why: "the test's" });
// Programs of a variant share a Worker: it has their permissions.
const queue = guests.toSorted((a, b) => a.variant.localeCompare(b.variant));
let right = 0;
await Promise.all([0, 1].map(async () => {
  for (let guest = queue.shift(); guest; guest = queue.shift()) {
    const start = performance.now();
    const run = await runner.run(guest);
    const lines = judge(guest.source, run);
    const seconds = (performance.now() - start) / 1000;
    if (lines.length === 0) right++;
    else console.log(`wrong ${guest.title}\n  ${lines.join("\n  ")}`);
    if (seconds > 10) console.log(`slow ${guest.title}: ${seconds.toFixed(1)} s`);
    const row = { title: guest.title, seconds, lines, exit: run.exit, stdout: run.stdout };
    Deno.writeTextFileSync(results, JSON.stringify(row) + "\n", { append: true });
  }
}));
runner.close();
console.log(`${right} of ${guests.length} right`);
