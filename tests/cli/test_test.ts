/** `elftap test` from the outside: verdicts, reports read back by other programs, exit codes. */
import { deepEqual, equal, match } from "node:assert/strict";
import { Parser } from "tap-parser";
import { XMLParser } from "fast-xml-parser";
import { elftap, FLAGS, install, temporaryFolder } from "../support/elftap.ts";
import { callsUnknown, exits, killsItself, prints, segfaults, spins } from "../support/programs.ts";

/** A program of every kind. */
function installAll(folder: string): void {
  install(`${folder}/passes`, prints("fine\n"));
  install(`${folder}/fails`, prints("not so fine\n", 3));
  install(`${folder}/skips`, prints("no such device\n", 77));
  install(`${folder}/aborts`, killsItself(6));
  install(`${folder}/crashes`, segfaults());
  install(`${folder}/hangs`, spins());
  install(`${folder}/taps`, prints("TAP version 14\n1..2\nok 1 - one\nnot ok 2 - two\n  ---\n  got: 5\n  ...\n"));
  install(`${folder}/unimplemented`, callsUnknown(1000));
}

const ARGS = ["test", "--timeout", "3", "--color", "never"];
const FAILED = ["aborts", "crashes", "fails", "hangs", "taps", "unimplemented"];

Deno.test("test gives each program its verdict in every report, and ends with 100", async () => {
  using folder = temporaryFolder();
  const programs = `${folder.path}/programs`;
  Deno.mkdirSync(programs);
  installAll(programs);
  const { code, stdout } = await elftap(
    [
      ...ARGS,
      "programs",
      "--reporter",
      "pretty",
      "--reporter",
      "tap:run.tap",
      "--reporter",
      "junit",
      "--output",
      "j.xml",
    ],
    { cwd: folder.path, flags: [...FLAGS, `--allow-write=${folder.path}`] },
  );
  equal(code, 100);

  // pretty
  const lines = stdout.split("\n");
  const label = (name: string) => lines.find((line) => line.includes(` programs/${name}`))?.split(" ")[0];
  deepEqual(
    ["passes", "skips", ...FAILED].map((name) => [name, label(name)]),
    [
      ["passes", "PASS"],
      ["skips", "SKIP"],
      ["aborts", "CRASH"],
      ["crashes", "CRASH"],
      ["fails", "FAIL"],
      ["hangs", "TIME"],
      ["taps", "FAIL"],
      ["unimplemented", "FAIL"],
    ],
  );
  match(stdout, /SIGSEGV \(SEGV_MAPERR\) at address 0x10, pc 0x400004/);
  match(stdout, /system calls that are not implemented: syscall_1000/);
  match(lines.at(-2)!, /^8 tests in .*: 1 passed, 1 skipped, 6 failed \(2 crashed, 1 timed out\)$/);

  // TAP
  const results = Parser.parse(Deno.readTextFileSync(`${folder.path}/run.tap`));
  const points = results.filter((event) => event[0] === "assert").map((event) => event[1]);
  const named = (name: string) => points.find((point) => point.name === `programs/${name}`)!;
  deepEqual(
    points.filter((point) => !point.ok).map((point) => point.name).sort(),
    FAILED.map((name) => `programs/${name}`),
  );
  equal(named("skips").skip, "no such device");
  equal(named("crashes").diag.signal, "SIGSEGV");
  equal(named("fails").diag.exitcode, 3);

  // JUnit
  const suites =
    new XMLParser({ ignoreAttributes: false }).parse(Deno.readTextFileSync(`${folder.path}/j.xml`)).testsuites;
  deepEqual([suites["@_tests"], suites["@_failures"], suites["@_errors"], suites["@_skipped"]], ["9", "3", "3", "1"]);
});

/** Loudly: `deno task test` lists what was skipped, and installs prove where it may. */
const hasProve = (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
  try {
    return Deno.statSync(`${folder}/prove`).isFile;
  } catch {
    return false;
  }
});

Deno.test("test's TAP is read by prove", { ignore: !hasProve }, async () => {
  using folder = temporaryFolder();
  const programs = `${folder.path}/programs`;
  Deno.mkdirSync(programs);
  installAll(programs);
  const { stdout } = await elftap([...ARGS, "programs", "--reporter", "tap13"], { cwd: folder.path });
  Deno.writeTextFileSync(`${folder.path}/run.tap`, stdout);
  const read = await new Deno.Command("prove", { args: ["--exec", "cat", `${folder.path}/run.tap`] }).output();
  const text = new TextDecoder().decode(read.stdout);
  match(text, /Tests: 8 Failed: 6\)/);
  equal(/Parse errors/.test(text), false);
});

Deno.test("test ends with 0 when all passed or were skipped", async () => {
  using folder = temporaryFolder();
  install(`${folder.path}/passes`, exits(0));
  install(`${folder.path}/skips`, exits(77));
  equal((await elftap([...ARGS, "."], { cwd: folder.path })).code, 0);
});

Deno.test("test --filter, --shard and --list select", async () => {
  using folder = temporaryFolder();
  for (const name of ["a1", "a2", "a3", "b1"]) install(`${folder.path}/${name}`, exits(0));
  const list = async (...args: string[]) =>
    (await elftap(["test", "--list", "a1", "a2", "a3", "b1", ...args], { cwd: folder.path })).stdout.trim().split("\n");
  deepEqual(await list("--filter", "/^a/"), ["a1", "a2", "a3"]);
  deepEqual(await list("--shard", "2/2"), ["a2", "b1"]);
});

Deno.test("test runs a script in the guest", async () => {
  using folder = temporaryFolder();
  install(`${folder.path}/interpreter`, prints("ran\n"));
  Deno.writeTextFileSync(`${folder.path}/script`, `#!${folder.path}/interpreter\n`, { mode: 0o755 });
  const { code, stdout } = await elftap([...ARGS, "script"], { cwd: folder.path });
  equal(code, 0, stdout);
});

for (
  const [title, args, message] of [
    ["nothing to test", ["test"], /^elftap: no tests given\n/],
    ["a path that does not exist", ["test", "nowhere"], /^elftap: nowhere: no such file or folder\n/],
    ["a folder without tests", ["test", "."], /^elftap: no aarch64 test programs below \.\n/],
    ["an unknown reporter", ["test", "--reporter", "html", "x"], /^elftap: --reporter html: must be one of/],
    ["two reporters on stdout", ["test", "--reporter", "tap", "--reporter", "json", "x"], /would write to stdout/],
    ["a shard that is none", ["test", "--shard", "3/2", Deno.execPath()], /^elftap: --shard 3\/2: must be I\/N/],
  ] as const
) {
  Deno.test(`test answers ${title} with one line and 125`, async () => {
    using folder = temporaryFolder();
    const result = await elftap(args, { cwd: folder.path });
    match(result.stderr, message);
    equal(result.code, 125);
  });
}

Deno.test("test names the flag of the write permission that a report's file needs", async () => {
  using folder = temporaryFolder();
  install(`${folder.path}/passes`, exits(0));
  const { code, stderr } = await elftap([...ARGS, "passes", "--reporter", "junit:out.xml"], { cwd: folder.path });
  equal(code, 125);
  equal(stderr, "elftap: no permission to write out.xml\nelftap: hint: run elftap with --allow-write=out.xml\n");
});
