/**
 * `deno task test [FILE…]`: sets up what the tests need, runs all tests (examples in the documentation included), names
 * the skipped ones, and ends with a line of counts.
 */
import { setup } from "./setup.ts";

await setup();

const junit = Deno.makeTempFileSync({ suffix: ".xml" });
const root = new URL("..", import.meta.url).pathname;
const { code } = await new Deno.Command(Deno.execPath(), {
  // Types are `deno task check`'s business; checking the Worker's modules again takes half a minute.
  args: ["test", "--allow-all", "--no-prompt", "--no-check", "--doc", `--junit-path=${junit}`, ...Deno.args],
  cwd: decodeURIComponent(root),
  stdin: "null",
}).spawn().status;

const cases = Deno.readTextFileSync(junit).split("<testcase ").slice(1);
Deno.removeSync(junit);
const unescape = (text: string) =>
  text.replace(
    /&(quot|apos|lt|gt|amp);/g,
    (_, name) => ({ quot: '"', apos: "'", lt: "<", gt: ">", amp: "&" })[name as "amp"],
  );
const nameOf = (testcase: string) => unescape(/name="([^"]*)"/.exec(testcase)?.[1] ?? "?");
const skipped = cases.filter((each) => each.includes("<skipped"));
const failed = cases.filter((each) => /<(failure|error)\b/.test(each));
if (skipped.length > 0) {
  console.log("\nSKIPPED:");
  for (const testcase of skipped) console.log(`  ${nameOf(testcase)}`);
}
if (failed.length > 0) {
  console.log("\nFAILED:");
  for (const testcase of failed) console.log(`  ${nameOf(testcase)}`);
}
// A test file that cannot be loaded fails the run without being a test that failed.
const failures = Math.max(failed.length, code === 0 ? 0 : 1);
const passed = cases.length - skipped.length - failed.length;
console.log(`\n${passed} passed, ${failures} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`);
Deno.exit(code);
