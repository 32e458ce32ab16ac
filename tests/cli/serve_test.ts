/** `elftap serve` from the outside: what it does for a command, and what `elftap run` on it says. */
import { deepEqual, equal, match } from "node:assert/strict";
import { elftap, elftapCommand, FLAGS, install, temporaryFolder } from "../support/elftap.ts";
import { exits, prints, printsArgument, readsFile, waits } from "../support/programs.ts";
import { startServer } from "../support/server.ts";
import { testRun } from "./run_cases.ts";

const SERVING = [...FLAGS, "--allow-write", "--allow-net", "--allow-run"];
const CLI = new URL("../../cli.ts", import.meta.url).pathname;

Deno.test("serve runs a command with ELFTAP_SERVER set, and leaves no socket", async () => {
  using folder = temporaryFolder();
  const result = await elftap(["serve", "sh", "-c", `path=\${ELFTAP_SERVER%#*}; test -S $path && echo $path; exit 3`], {
    flags: SERVING,
    cwd: folder.path,
  });
  equal(result.stderr, "");
  match(result.stdout, /^\/.*\/socket\n$/);
  equal(result.code, 3);
  equal(await Deno.lstat(result.stdout.trim()).then(() => true, () => false), false);
});

Deno.test("serve runs the guests of elftap run below its command", async () => {
  using folder = temporaryFolder();
  const program = install(`${folder.path}/program`, printsArgument());
  const run = `"${Deno.execPath()}" run -A --no-prompt "${CLI}" run "${program}"`;
  const result = await elftap(["serve", "--", "sh", "-c", `for each in a b c; do ${run} $each; done`], {
    flags: SERVING,
  });
  deepEqual(result, { code: 0, stdout: "abc", stderr: "" });
});

Deno.test("serve runs several guests at a time", async () => {
  await using server = await startServer();
  using folder = temporaryFolder();
  const program = install(`${folder.path}/program`, waits());
  const children = [1, 2, 3].map(() => server.elftapCommand(["run", program]).spawn());
  // All of them are ready before one is told to end.
  const readers = children.map((child) => child.stdout.getReader());
  for (const reader of readers) equal(new TextDecoder().decode((await reader.read()).value), "ready\n");
  for (const [at, child] of children.entries()) {
    child.kill("SIGTERM");
    await readers[at]!.cancel();
    await child.stderr.cancel();
    equal((await child.status).code, 128 + 15);
  }
});

Deno.test("run says so when the server of its guest is killed", async () => {
  using folder = temporaryFolder();
  await using server = await startServer(["--listen", `${folder.path}/socket`]);
  const program = install(`${folder.path}/program`, waits());
  const child = server.elftapCommand(["run", program]).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  server.kill("SIGKILL");
  await reader.cancel();
  const stderr = await new Response(child.stderr).text(), { code } = await child.status;
  match(stderr, /^elftap: the server is gone, and the guest with it\n$/);
  equal(code, 125);
});

Deno.test("run answers a server that is not there with one line and 125", async () => {
  using folder = temporaryFolder();
  const program = install(`${folder.path}/program`, exits(0));
  const env = { ELFTAP_SERVER: `${folder.path}/nothing` };
  const { code, stderr } = await elftap(["run", program], { env, flags: SERVING });
  equal(code, 125);
  equal(
    stderr,
    `elftap: no server at ${folder.path}/nothing: nobody listens there\n` +
      "elftap: hint: start elftap serve, or unset ELFTAP_SERVER\n",
  );
});

Deno.test("run names the flags that it needs to reach a server", async () => {
  using folder = temporaryFolder();
  const program = install(`${folder.path}/program`, exits(0));
  const { code, stderr } = await elftap(["run", program], { env: { ELFTAP_SERVER: `${folder.path}/s` } });
  equal(code, 125);
  match(stderr, /hint: run elftap with .*--allow-net=unix:/);
});

Deno.test("run does without a server where a debugger may come", async () => {
  using folder = temporaryFolder();
  const program = install(`${folder.path}/program`, exits(5));
  const env = { ELFTAP_SERVER: `${folder.path}/nothing` };
  equal((await elftap(["run", "--gdb", "0", program], { env, flags: SERVING })).code, 5);
});

Deno.test("a served guest does not see where it runs", async () => {
  await using server = await startServer();
  using folder = temporaryFolder();
  const program = install(`${folder.path}/program`, readsFile("/proc/self/environ"));
  const { stdout } = await server.elftap(["run", program], { env: { MARK: "1" }, clearEnv: true });
  match(stdout, /\bMARK=1\0/);
  equal(stdout.includes("ELFTAP_SERVER"), false);
});

Deno.test("serve's socket is found from any folder", async () => {
  using folder = temporaryFolder();
  const program = install(`${folder.path}/program`, prints("hello"));
  const run = `cd / && "${Deno.execPath()}" run -A --no-prompt "${CLI}" run "${program}"`;
  const args = ["serve", "--listen", "socket", "sh", "-c", run];
  deepEqual(await elftap(args, { flags: SERVING, cwd: folder.path }), { code: 0, stdout: "hello", stderr: "" });
});

for (const signal of ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const) {
  Deno.test(`serve removes its socket on ${signal}, however early it comes`, async () => {
    const child = elftapCommand(["serve"], { flags: SERVING }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const path = (await reader.read()).value!.trim().replace(/^ELFTAP_SERVER=|#\d+$/g, "");
    child.kill(signal);
    await reader.cancel();
    await child.stderr.cancel();
    equal((await child.status).code, 0);
    equal(await Deno.lstat(path).then(() => true, () => false), false);
  });
}

for (
  const [title, args, code, message] of [
    ["a command that does not exist", ["no-such-command"], 127, /^elftap: no-such-command: no such command\n$/],
    ["a command that cannot be run", ["/"], 126, /^elftap: \/: /],
    [
      "a socket that cannot be",
      ["--listen", "/no/where/socket"],
      125,
      /^elftap: cannot listen on \/no\/where\/socket: /,
    ],
    ["an empty socket", ["--listen", "", "true"], 125, /^elftap: --listen is empty\n$/],
    ["a bad number", ["--workers", "none"], 125, /^elftap: --workers none: must be a number/],
  ] as const
) {
  Deno.test(`serve answers ${title} with one line and ${code}`, async () => {
    const result = await elftap(["serve", ...args], { flags: SERVING });
    match(result.stderr, message);
    deepEqual([result.code, result.stdout], [code, ""]);
  });
}

Deno.test("serve names the flag of the right to run its command", async () => {
  const { code, stderr } = await elftap(["serve", "true"]);
  equal(code, 125);
  equal(stderr, "elftap: no permission to run true\nelftap: hint: run elftap with --allow-run=true\n");
});

Deno.test("serve passes SIGTERM on to its command and waits for it", async () => {
  const script = `trap 'echo told; exit 9' TERM; echo ready; for each in $(seq 200); do sleep 0.05; done`;
  const child = elftapCommand(["serve", "sh", "-c", script], { flags: SERVING }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  equal((await reader.read()).value, "ready\n");
  child.kill("SIGTERM");
  equal((await reader.read()).value, "told\n");
  await reader.cancel();
  await child.stderr.cancel();
  equal((await child.status).code, 9);
});

const shared = await startServer();
addEventListener("unload", () => shared.kill("SIGTERM"));
testRun("on a server", shared);
