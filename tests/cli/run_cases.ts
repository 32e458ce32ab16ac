/** What `elftap run` does as its users see it: streams, statuses, options; the same wherever its guest runs. */
import { deepEqual, equal, match } from "node:assert/strict";
import { install, temporaryFolder } from "../support/elftap.ts";
import type { elftap, elftapCommand } from "../support/elftap.ts";
import {
  callsUnknown,
  cats,
  exits,
  killsItself,
  prints,
  printsArgument,
  seeks,
  segfaults,
  spins,
  waits,
} from "../support/programs.ts";

/** How elftap is run. */
interface Ways {
  readonly elftap: typeof elftap;
  readonly elftapCommand: typeof elftapCommand;
}

/** Registers the tests. @param where the guests run, for their names */
export function testRun(where: string, { elftap, elftapCommand }: Ways): void {
  const test = (name: string, run: () => Promise<void>) => Deno.test(`${where}: ${name}`, run);

  test("run passes output and a status of zero on", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, prints("hello\n"));
    deepEqual(await elftap(["run", "./program"], { cwd: folder.path }), { code: 0, stdout: "hello\n", stderr: "" });
  });

  test("run passes the guest's status on", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, exits(42));
    equal((await elftap(["run", `${folder.path}/program`])).code, 42);
  });

  test("run keeps stdout and stderr apart", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, prints("oops\n", 0, 2));
    deepEqual(await elftap(["run", "./program"], { cwd: folder.path }), { code: 0, stdout: "", stderr: "oops\n" });
  });

  test("run ends with 128 + N after signal N", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/segfaults`, segfaults());
    install(`${folder.path}/aborts`, killsItself(6));
    equal((await elftap(["run", "./segfaults"], { cwd: folder.path })).code, 139);
    equal((await elftap(["run", "./aborts"], { cwd: folder.path })).code, 134);
  });

  test("run gives everything behind the program's path to the guest", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, printsArgument());
    for (const argument of ["--help", "--", "-v", "", "größe", "a b\n"]) {
      equal((await elftap(["run", "./program", argument], { cwd: folder.path })).stdout, argument);
    }
  });

  test("run passes binary input and output through, unchanged", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, cats());
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const big = new Uint8Array(600_000);
    for (let at = 0; at < big.length; at += bytes.length) big.set(bytes, at);
    const child = elftapCommand(["run", "./program"], { cwd: folder.path, stdin: big }).spawn();
    const writer = child.stdin.getWriter();
    void writer.write(big).then(() => writer.close());
    const { stdout, code } = await child.output();
    equal(code, 0);
    deepEqual(stdout, big);
  });

  test("run gives the guest /dev/null as a device and a pipe as a pipe", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, seeks(0));
    equal((await elftap(["run", "./program"], { cwd: folder.path })).code, 0);
    equal((await elftap(["run", "./program"], { cwd: folder.path, stdin: "" })).code, 29);
  });

  test("run ends a guest whose reader is gone with SIGPIPE", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, cats());
    const child = elftapCommand(["run", "./program"], { cwd: folder.path, stdin: "" }).spawn();
    await child.stdout.cancel();
    const writer = child.stdin.getWriter();
    const chunk = new Uint8Array(65536);
    // Writing goes on until the guest, and with it elftap, is gone.
    await (async () => {
      for (;;) await writer.write(chunk);
    })().catch(() => {});
    await child.stderr.cancel();
    equal((await child.status).code, 128 + 13);
  });

  test("run passes SIGTERM on to the guest", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, waits());
    const child = elftapCommand(["run", "./program"], { cwd: folder.path }).spawn();
    const reader = child.stdout.getReader();
    equal(new TextDecoder().decode((await reader.read()).value), "ready\n");
    child.kill("SIGTERM");
    await reader.cancel();
    await child.stderr.cancel();
    equal((await child.status).code, 128 + 15);
  });

  test("run passes Ctrl-C on to the guest", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, waits());
    const child = elftapCommand(["run", "./program"], { cwd: folder.path }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    child.kill("SIGINT");
    await reader.cancel();
    await child.stderr.cancel();
    equal((await child.status).code, 128 + 2);
  });

  test("run ends at the third Ctrl-C, although nobody reads what the guest has written", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, cats());
    const child = elftapCommand(["run", "./program"], { cwd: folder.path, stdin: "" }).spawn();
    const writer = child.stdin.getWriter(), chunk = new Uint8Array(1 << 20);
    let written = 0;
    const writing = (async () => {
      for (;; written++) await writer.write(chunk);
    })().catch(() => {});
    // All is full when nothing more is taken.
    for (let before = -1; before !== written;) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    for (let time = 0; time < 3; time++) {
      child.kill("SIGINT");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    match(await new Response(child.stderr).text(), /^elftap: given up: interrupted three times\n$/);
    equal((await child.status).code, 125);
    await child.stdout.cancel();
    await writing;
  });

  test("run gives up a guest that does not stop, after --timeout", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, spins());
    const { code, stderr } = await elftap(["run", "-t", "1", "./program"], { cwd: folder.path });
    equal(code, 125);
    match(stderr, /^elftap: given up: the guest ran 1 seconds without a stop/);
  });

  test("run -v shows system calls on stderr", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, prints("hello\n"));
    const { stdout, stderr } = await elftap(["run", "-v", "./program"], { cwd: folder.path });
    equal(stdout, "hello\n");
    match(stderr, /^write\(1, "hello\\n", 6\) += 6$/m);
    match(stderr, /^exit_group\(0\) += \?$/m);
  });

  test("run names a system call that is not implemented", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, callsUnknown(1000));
    match((await elftap(["run", "./program"], { cwd: folder.path })).stderr, /syscall_1000 is not implemented/);
  });

  test("run --no-host still sees its program", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, prints("alone\n"));
    equal((await elftap(["run", "--no-host", "./program"], { cwd: folder.path })).stdout, "alone\n");
  });

  test("run takes a program from the sysroot before one of the host", async () => {
    using folder = temporaryFolder();
    const root = `${folder.path}/root`;
    Deno.mkdirSync(`${root}/bin`, { recursive: true });
    install(`${root}/bin/sh`, prints("the sysroot's\n"));
    equal((await elftap(["run", "--sysroot", root, "/bin/sh"])).stdout, "the sysroot's\n");
  });

  test("run answers an engine that is not here with one line and 125", async () => {
    using folder = temporaryFolder();
    install(`${folder.path}/program`, exits(0));
    const { code, stderr } = await elftap(["run", "--engine", "hvf", "./program"], { cwd: folder.path });
    equal(code, 125);
    match(stderr, /^elftap: (the server: )?--engine hvf: hvf needs macOS/);
  });

  test("run -V shows the version", async () => {
    match((await elftap(["run", "-V"])).stdout, /^elftap \d+\.\d+\.\d+\n$/);
  });

  test("run --help goes to stdout", async () => {
    match((await elftap(["run", "--help"])).stdout, /^Usage: elftap run \[options\] ELF \[args\.\.\.\]\n/);
  });

  for (
    const [title, args, code, message] of [
      ["no program", ["run"], 125, /^elftap: no program given\n/],
      ["a program that does not exist", ["run", "./nothing"], 127, /^elftap: \.\/nothing: no such file\n/],
      ["an unknown option", ["run", "--frobnicate", "x"], 125, /^elftap: unknown option --frobnicate\n/],
      ["a bad --gdb", ["run", "--gdb", "12:34:56", "x"], 125, /^elftap: --gdb 12:34:56: must be PORT, ADDRESS:PORT or/],
      ["half of --gdb", ["run", "--gdb-stop-on-entry", "x"], 125, /^elftap: --gdb-stop-on-entry needs --gdb PORT\n/],
      ["a bad user", ["run", "--user", "root", "x"], 125, /^elftap: --user root: must be UID or UID:GID\n/],
      ["a bad bind", ["run", "--bind", "/etc", "x"], 125, /^elftap: --bind \/etc: must be HOST:GUEST/],
      ["a bad time", ["run", "--timeout", "soon", "x"], 125, /^elftap: --timeout soon: must be a number/],
      [
        "a sysroot that is not there",
        ["run", "--sysroot", "/no/where", "x"],
        125,
        /^elftap: --sysroot \/no\/where: no such folder\n/,
      ],
      ["an unknown command", ["walk"], 125, /^elftap: unknown command walk\n/],
    ] as const
  ) {
    test(`elftap answers ${title} with one line and ${code}`, async () => {
      using folder = temporaryFolder();
      const result = await elftap(args, { cwd: folder.path });
      equal(result.code, code);
      equal(result.stdout, "");
      match(result.stderr, message);
      // A hint may follow, a stack may not.
      equal(/\n\s+at /.test(result.stderr), false);
      equal(result.stderr.trimEnd().split("\n").length <= 2, true);
    });
  }

  test("elftap answers a program that does not exist without a stack, also with -v", async () => {
    const { stderr, code } = await elftap(["run", "-v", "./nothing"]);
    equal(code, 127);
    match(stderr, /\nelftap: \.\/nothing: no such file\n/);
    equal(/\n\s+at /.test(stderr), false);
  });

  const text = (content: string) => new TextEncoder().encode(content);
  for (
    const [title, bytes, code, message] of [
      ["a text file", text("hello\n"), 126, /not an ELF|neither an ELF/],
      ["an empty file", text(""), 126, /empty|not an ELF|neither an ELF/],
      ["a truncated ELF file", prints("x").subarray(0, 70), 126, /truncated|beyond|out of|end of/],
      [
        "a script whose interpreter is missing",
        text("#!/no/such/interpreter\n"),
        127,
        /interpreter \/no\/such\/interpreter/,
      ],
    ] as const
  ) {
    test(`run answers ${title} with one line and ${code}`, async () => {
      using folder = temporaryFolder();
      install(`${folder.path}/program`, bytes);
      const result = await elftap(["run", "./program"], { cwd: folder.path });
      match(result.stderr, message);
      equal(result.code, code);
      equal(result.stderr.trimEnd().split("\n").length <= 2, true);
    });
  }

  test("run names the machine of a program for another one", async () => {
    const { code, stderr } = await elftap(["run", Deno.execPath()]);
    equal(code, 126);
    match(
      stderr,
      Deno.build.os === "linux" && Deno.build.arch === "x86_64" ? /x86-64/i : /Mach-O|not an ELF|neither an/,
    );
  });
}
