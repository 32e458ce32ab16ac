/** The options about traces from the outside, with programs that are built here byte by byte. */
import assert from "node:assert/strict";
import { elftap, FLAGS, install, temporaryFolder } from "../support/elftap.ts";
import { exits, killsItself, prints } from "../support/programs.ts";
import { parseStraceLine } from "./strace_line.ts";

const WRITE = [...FLAGS, "--allow-write"];

/** Runs a program that says hello, with options. */
async function hello(...options: string[]) {
  using folder = temporaryFolder();
  install(`${folder.path}/hello`, prints("hello\n"));
  return await elftap(["run", ...options, "./hello"], { cwd: folder.path, flags: WRITE });
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

Deno.test("-v names the engine, then shows the program's calls on stderr", async () => {
  const { code, stdout, stderr } = await hello("-v");
  assert.equal(code, 0);
  assert.equal(stdout, "hello\n");
  const [engine, exec, write, exit, end] = lines(stderr);
  assert.match(engine!, /^elftap: engine (wasm|kvm|hvf): ./);
  assert.match(exec!, /^execve\("\.\/hello", \["\.\/hello"\], 0x[0-9a-f]+ \/\* \d+ vars \*\/\) = 0$/);
  assert.equal(write, 'write(1, "hello\\n", 6)                  = 6');
  assert.match(exit!, /^exit(_group)?\(0\) +\= \?$/);
  assert.equal(end, "+++ exited with 0 +++");
});

Deno.test("-o writes the trace to a file, each line with its pid", async () => {
  using folder = temporaryFolder();
  install(`${folder.path}/program`, exits(3));
  const options = { cwd: folder.path, flags: WRITE };
  const { code, stderr } = await elftap(["run", "-o", "trace", "./program"], options);
  assert.equal(code, 3);
  assert.equal(stderr, "");
  const trace = lines(Deno.readTextFileSync(`${folder.path}/trace`));
  assert.ok(trace.length >= 3);
  for (const line of trace) assert.equal(parseStraceLine(line).pid, 101, line);
});

Deno.test("-o without write permission is one line that names the flag", async () => {
  using folder = temporaryFolder();
  install(`${folder.path}/program`, exits(3));
  const { code, stderr } = await elftap(["run", "-o", "trace", "./program"], { cwd: folder.path });
  assert.equal(code, 125);
  assert.match(stderr, /^elftap: no write permission for the trace: trace\nelftap: hint: .*--allow-write=trace\n$/);
});

Deno.test("-e trace= picks calls, and options after it shape the lines", async () => {
  assert.match((await hello("-e", "trace=write", "-T")).stderr, /^write\(1, "hello\\n", 6\) += 6 <0\.\d{6}>\n\+\+\+/);
  assert.match((await hello("-ewrite", "-a", "0")).stderr, /^write\(1, "hello\\n", 6\) = 6\n/);
  assert.match((await hello("-ewrite", "-s2")).stderr, /^write\(1, "he"\.\.\., 6\)/);
  assert.match((await hello("-e", "write", "-y")).stderr, /^write\(1<pipe:\[\d+\]>, /);
  assert.match((await hello("-e", "write", "-ttt")).stderr, /^\d{10}\.\d{6} write/);
  assert.match((await hello("-e", "write", "-tt")).stderr, /^\d\d:\d\d:\d\d\.\d{6} write/);
  assert.match((await hello("-e", "write", "-t")).stderr, /^\d\d:\d\d:\d\d write/);
  assert.match((await hello("-e", "write", "-r")).stderr, /^ +0\.000000 write/);
  assert.match((await hello("-e", "write", "-k")).stderr, /= 6\n > \S+\(.*\) \[0x[0-9a-f]+\]\n/);
});

Deno.test("-t with a number is the watchdog's", async () => {
  const { code, stderr } = await hello("-t", "5");
  assert.deepEqual([code, stderr], [0, ""]);
});

Deno.test("-e inject= works without a trace", async () => {
  const { stdout, stderr } = await hello("-e", "inject=write:error=ENOSPC");
  assert.deepEqual([stdout, stderr], ["", ""]);
  assert.match(
    (await hello("-v", "-e", "fault=write:error=5")).stderr,
    /= -1 EIO \(Input\/output error\) \(INJECTED\)\n/,
  );
});

Deno.test("-e signal= picks signals", async () => {
  using folder = temporaryFolder();
  install(`${folder.path}/program`, killsItself(10));
  const run = async (signals: string) =>
    (await elftap(["run", "-e", "trace=none", "-e", `signal=${signals}`, "./program"], { cwd: folder.path })).stderr;
  assert.match(await run("USR1"), /^--- SIGUSR1 \{si_signo=SIGUSR1, .*\} ---\n\+\+\+ killed by SIGUSR1 \+\+\+\n$/);
  assert.equal(await run("!USR1"), "+++ killed by SIGUSR1 +++\n");
});

Deno.test("-c prints a table, and json and perfetto are JSON", async () => {
  const { stderr } = await hello("-c");
  assert.match(stderr, /^% time +seconds +usecs\/call +calls +errors syscall\n/);
  assert.match(stderr, / 1 {11}write\n/);
  const json = lines((await hello("--trace-format", "json")).stderr).map((line) => JSON.parse(line));
  assert.ok(json.some(({ type, name, result }) => type === "call" && name === "write" && result === 6));
  const events = JSON.parse((await hello("--trace-format", "perfetto")).stderr);
  assert.ok(events.some(({ name, ph }: { name: string; ph: string }) => name === "write" && ph === "X"));
});

Deno.test("-vv tells what the kernel mapped", async () => {
  assert.match((await hello("-vv")).stderr, /^\/\* loader: mapped [0-9a-f]+-[0-9a-f]+ rwxp .*hello \*\/$/m);
});

Deno.test("options that contradict or are not understood are one line", async () => {
  for (
    const [options, message] of [
      [["-e", "trace=opne"], /there is no system call opne/],
      [["-e", "inject=write"], /says nothing to do/],
      [["-T"], /there is no trace/],
      [["-c", "--trace-format", "json"], /does not go with/],
    ] as const
  ) {
    const { code, stderr } = await hello(...options);
    assert.equal(code, 125);
    assert.match(stderr, message);
    assert.ok(!stderr.includes("    at "), stderr);
  }
});

Deno.test("elftap test writes a trace per test and attempt", async () => {
  using folder = temporaryFolder();
  Deno.mkdirSync(`${folder.path}/tests`);
  install(`${folder.path}/tests/good`, exits(0));
  install(`${folder.path}/tests/bad`, exits(1));
  const options = { cwd: folder.path, flags: WRITE };
  const { code } = await elftap(["test", "-o", "traces", "--retries", "1", "tests"], options);
  assert.equal(code, 100);
  const files = [...Deno.readDirSync(`${folder.path}/traces/tests`)].map((entry) => entry.name).sort();
  assert.deepEqual(files, ["bad.2.strace", "bad.strace", "good.strace"]);
  for (const line of lines(Deno.readTextFileSync(`${folder.path}/traces/tests/bad.strace`))) parseStraceLine(line);
});

Deno.test("elftap test shows an injected error in its report", async () => {
  using folder = temporaryFolder();
  install(`${folder.path}/good`, prints("1..1\nok 1\n"));
  const { code, stdout } = await elftap(
    ["test", "-v", "-e", "inject=write:error=ENOSPC", "--protocol", "tap", "good"],
    { cwd: folder.path },
  );
  assert.equal(code, 100);
  assert.match(stdout, /ENOSPC \(No space left on device\) \(INJECTED\)/);
});
