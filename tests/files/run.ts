/**
 * Many random runs of file operations, each held against Linux's own:
 *
 *     deno run -A tests/files/run.ts [--count OPERATIONS] [--from SEED] [--seeds NUMBER] [--log] [bind|layered|tmpfs…]
 *
 * The first difference of every seed is printed; `--log` prints all lines of one seed under Linux and elftap.
 */
import { Exerciser, PLACES, whyNot } from "./places.ts";
import { readOptions } from "../support/options.ts";

const { values, positionals } = readOptions("deno run -A tests/files/run.ts [options] [PLACE…]", {
  allowPositionals: true,
  options: {
    count: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    seeds: { type: "string", default: "20" },
    log: { type: "boolean", default: false },
  },
});
const why = whyNot();
if (why !== undefined) {
  console.error(`cannot run: ${why}`);
  Deno.exit(2);
}
const count = Number(values.count), first = Number(values.from);
using exerciser = new Exerciser();
let wrong = 0, right = 0;
for (const place of PLACES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  if (values.log) {
    const [truth, ours] = [await exerciser.truth(place, first, count), await exerciser.guest(place, first, count)];
    truth.lines.forEach((line, at) => console.log(line === ours.lines[at] ? line : `- ${line}\n+ ${ours.lines[at]}`));
    continue;
  }
  for (let seed = first; seed < first + Number(values.seeds); seed++) {
    const difference = await exerciser.difference(place, seed, count);
    if (difference === undefined) right++;
    else {
      wrong++;
      console.log(difference);
    }
  }
}
console.log(`${right} runs the same, ${wrong} different`);
Deno.exitCode = wrong > 0 ? 1 : 0;
