import { equal } from "node:assert/strict";
import { GithubReporter } from "./github.ts";
import { JsonReporter } from "./json.ts";
import { JunitReporter } from "./junit.ts";
import { PrettyReporter } from "./pretty.ts";
import type { Reporter } from "./reporter.ts";
import { sampleRun } from "./sample_run.ts";
import { TapReporter } from "./tap.ts";

const reporters: readonly [string, Reporter][] = [
  ["pretty.txt", new PrettyReporter({ color: false })],
  ["pretty-color.txt", new PrettyReporter({ color: true })],
  ["run.tap", new TapReporter()],
  ["run-13.tap", new TapReporter(13)],
  ["junit.xml", new JunitReporter()],
  ["events.jsonl", new JsonReporter()],
  ["github.txt", new GithubReporter()],
];

/** `UPDATE_GOLDEN=1 deno test …` writes the files anew; the difference is then reviewed by eye. */
const update = Deno.env.get("UPDATE_GOLDEN") === "1";

for (const [name, reporter] of reporters) {
  Deno.test(`${reporter.constructor.name} writes ${name}`, () => {
    const file = new URL(`testdata/${name}`, import.meta.url);
    const text = sampleRun().map((event) => reporter.event(event)).join("");
    if (update) Deno.writeTextFileSync(file, text);
    equal(text, Deno.readTextFileSync(file));
  });
}
