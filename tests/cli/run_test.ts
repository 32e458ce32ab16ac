/** `elftap run` from the outside. */
import { deepEqual, equal, match } from "node:assert/strict";
import { elftap, elftapCommand, FLAGS, install, temporaryFolder } from "../support/elftap.ts";
import { exits, prints } from "../support/programs.ts";
import { testRun } from "./run_cases.ts";

testRun("alone", { elftap, elftapCommand });

Deno.test("run names the flag of the right to listen for a debugger", async () => {
  const { code, stderr } = await elftap(["run", "--gdb", "1234", "x"]);
  equal(code, 125);
  match(stderr, /hint: .*--allow-net=127.0.0.1:1234 /);
});

Deno.test("run names the flag of the read permission it lacks", async () => {
  const flags = FLAGS.filter((flag) => flag !== "--allow-read");
  const { code, stderr } = await elftap(["run", "/bin/true"], { flags });
  equal(code, 125);
  match(stderr, /--allow-read/);
});

Deno.test("run names the flag of the write permission that a read-write bind needs", async () => {
  using folder = temporaryFolder();
  install(`${folder.path}/program`, exits(0));
  const { code, stderr } = await elftap(["run", "--bind", `${folder.path}:/data`, `${folder.path}/program`]);
  equal(code, 125);
  equal(
    stderr,
    `elftap: no write permission for the read-write bind of /data: ${folder.path}\n` +
      `elftap: hint: run elftap with --allow-write=${folder.path}\n`,
  );
});

Deno.test("run needs no permission for the environment with --clear-env", async () => {
  using folder = temporaryFolder();
  install(`${folder.path}/program`, prints("fine\n"));
  const flags = ["--no-prompt", "--allow-read"];
  deepEqual(await elftap(["run", "--clear-env", `${folder.path}/program`], { flags }), {
    code: 0,
    stdout: "fine\n",
    stderr: "",
  });
});
