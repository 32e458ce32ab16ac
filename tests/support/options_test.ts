import { equal, match } from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

async function run(command: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", command, ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

for (
  const command of [
    "tests/corpus/run.ts",
    "bench/run.ts",
    "tests/kvm/run.ts",
    "tests/files/run.ts",
    "tests/gdb/sweep.ts",
  ]
) {
  Deno.test(`${command} says in a line what it does not know, and lists its options`, async () => {
    const bad = await run(command, "--bogus");
    equal(bad.code, 2);
    equal(bad.stdout, "");
    match(bad.stderr, /^Unknown option '--bogus'\nusage: deno .*\n$/);
    const help = await run(command, "--help");
    equal(help.code, 0);
    match(help.stdout, /^usage: deno .*\n\noptions:\n( {2}--.*\n)+$/);
  });
}
