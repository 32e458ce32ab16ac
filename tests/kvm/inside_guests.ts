/**
 * Inside the emulated machine: runs guest programs on a hypervisor engine, and writes what came of them.
 *
 *     deno run -A tests/kvm/inside_guests.ts kvm|hvf SHIM RESULTS PROGRAMS
 */
import type { Guest } from "../guests/build.ts";
import { ElftapRunner } from "../guests/elftap.ts";
import { judge } from "../guests/verdict.ts";
import { addRow } from "./rows.ts";

const HAS_DEADLINES = /^time\/|timer|poll|sigwait/;

const [name, shim, results, list] = Deno.args as ["kvm" | "hvf", string, string, string];
const guests = JSON.parse(Deno.readTextFileSync(list)) as Guest[];
const runner = new ElftapRunner({ name, shim, why: "the test's" });
// Programs of a variant share a Worker: it has their permissions.
const queue = guests.toSorted((a, b) => a.variant.localeCompare(b.variant));
let right = 0, done = 0;
await Promise.all([0, 1].map(async () => {
  for (let guest = queue.shift(); guest; guest = queue.shift()) {
    const start = performance.now();
    let run = await runner.run(guest), lines = judge(guest.source, run);
    // The machine is slow, its host may be busy: programs with deadlines of their own get a second chance.
    if (lines.length > 0 && HAS_DEADLINES.test(guest.source.name)) {
      run = await runner.run(guest);
      lines = judge(guest.source, run);
    }
    done++;
    if (lines.length === 0) right++;
    else console.log(`  wrong: ${guest.title}: ${lines[0]}`);
    if (done % 25 === 0) console.log(`${name} programs: ${done} of ${guests.length} done`);
    const seconds = (performance.now() - start) / 1000;
    addRow(results, { title: `${name} program: ${guest.title}`, lines, exit: run.exit, stdout: run.stdout, seconds });
  }
}));
runner.close();
console.log(`${name} programs: ${right} of ${guests.length} right`);
