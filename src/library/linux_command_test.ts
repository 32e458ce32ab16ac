import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { install, temporaryFolder } from "../../tests/support/elftap.ts";
import { cats, exits, prints, segfaults, spins, waits } from "../../tests/support/programs.ts";
import { Failure } from "../failure.ts";
import { LinuxCommand } from "./linux_command.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("LinuxCommand.output collects what the program writes", async () => {
  using folder = temporaryFolder();
  const path = install(`${folder.path}/program`, prints("hello\n", 3));
  const { code, success, signal, stdout, stderr } = await new LinuxCommand(path).output();
  deepEqual([code, success, signal, text(stdout), text(stderr)], [3, false, null, "hello\n", ""]);
});

Deno.test("LinuxCommand.output names the signal that ended the program", async () => {
  using folder = temporaryFolder();
  const path = install(`${folder.path}/program`, segfaults());
  const { code, signal, outcome } = await new LinuxCommand(path).output();
  deepEqual([code, signal, outcome.crashes[0]?.address], [139, "SIGSEGV", "0x10"]);
});

Deno.test("LinuxCommand.output rejects for a program that does not exist", async () => {
  await rejects(
    new LinuxCommand("./no-such-program").output(),
    (error) => error instanceof Failure && error.exitCode === 127,
  );
});

Deno.test("LinuxCommand.output stops a program at its time limit", async () => {
  using folder = temporaryFolder();
  const path = install(`${folder.path}/program`, spins());
  const { timedOut, success } = await new LinuxCommand(path, { timeout: 500 }).output();
  deepEqual([timedOut, success], [true, false]);
});

Deno.test("LinuxCommand takes a URL", async () => {
  const { stdout } = await new LinuxCommand(new URL("../../tests/fixtures/hello", import.meta.url)).output();
  equal(text(stdout), "hello from aarch64 Linux\n");
});

Deno.test("LinuxChildProcess moves bytes through stdin and stdout", async () => {
  using folder = temporaryFolder();
  const path = install(`${folder.path}/program`, cats());
  const child = new LinuxCommand(path, { stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
  const bytes = new Uint8Array(1_500_000).map((_, at) => at * 7);
  const writer = child.stdin.getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  const { stdout, success } = await child.output();
  await written;
  equal(success, true);
  deepEqual(stdout, bytes);
});

Deno.test("LinuxChildProcess.kill sends a signal by name", async () => {
  using folder = temporaryFolder();
  const path = install(`${folder.path}/program`, waits());
  const child = new LinuxCommand(path, { stdin: "null", stdout: "piped", stderr: "null" }).spawn();
  const reader = child.stdout.getReader();
  equal(text((await reader.read()).value!), "ready\n");
  child.kill("SIGUSR1");
  equal((await child.status).signal, "SIGUSR1");
});

Deno.test("LinuxChildProcess.kill refuses what is no signal", async () => {
  using folder = temporaryFolder();
  const path = install(`${folder.path}/program`, exits(0));
  const child = new LinuxCommand(path, { stdin: "null", stdout: "null", stderr: "null" }).spawn();
  throws(() => child.kill("SIGNOTHING"), TypeError);
  await child.status;
});

Deno.test("LinuxCommand sends SIGTERM when its signal aborts", async () => {
  using folder = temporaryFolder();
  const path = install(`${folder.path}/program`, waits());
  const controller = new AbortController();
  const child = new LinuxCommand(path, {
    stdin: "null",
    stdout: "piped",
    stderr: "null",
    signal: controller.signal,
  }).spawn();
  await child.stdout.getReader().read();
  controller.abort();
  equal((await child.status).signal, "SIGTERM");
});

Deno.test("a program whose reader cancels gets SIGPIPE", async () => {
  using folder = temporaryFolder();
  const path = install(`${folder.path}/program`, cats());
  const child = new LinuxCommand(path, { stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
  await child.stdout.cancel();
  const writer = child.stdin.getWriter();
  const feeding = (async () => {
    for (;;) await writer.write(new Uint8Array(65536));
  })().catch(() => {});
  equal((await child.status).signal, "SIGPIPE");
  await feeding;
});
