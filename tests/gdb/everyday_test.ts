/** gdb as people use it: what is asked of a program in a day's work, and starting it over and over. */
import { equal, match, ok } from "node:assert/strict";
import { temporaryFolder } from "../support/elftap.ts";
import { Debugged, debuggerTest, Gdb, gdb, inOrder } from "./debugged.ts";

const GDB = "gdb-multiarch";

for (const variant of ["", " [dynamic]", " [musl-dynamic]"]) {
  const title = `debug/everyday${variant}`;

  debuggerTest(`gdb: tbreak, until, advance, watch of a local, return in ${title}`, GDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await gdb(await debugged.target, [
      "tbreak factorial if n == 2",
      "continue",
      "backtrace",
      "finish",
      "delete",
      "break sum",
      "continue",
      "watch s if s > 10",
      "continue",
      "info watchpoints",
      "delete",
      "until 31",
      "print i",
      "advance 33",
      "return 99",
      "next",
      "tbreak make",
      "continue",
      "finish",
      "tbreak half",
      "continue",
      "finish",
      "continue",
    ]);
    inOrder(text, [
      /Temporary breakpoint 1, factorial \(n=2\)/,
      /#0 +factorial \(n=2\)[^]*#3 .*factorial \(n=5\)[^]*#4 .*main/,
      /Value returned is \$1 = 2\n/,
      /Breakpoint 2, sum \(n=10\)/,
      /Hardware watchpoint 3: s\n\nOld value = 10\nNew value = 15\n/,
      /stop only if s > 10/,
      /sum \(n=10\) at .*:31/,
      /\$2 = 6/,
      /sum \(n=10\) at .*:33/,
      /Temporary breakpoint 4, make \(x=3\)/,
      /Value returned is \$3 = \{x = 3, y = 4\.5, name = "pair[^"]*"\}/,
      /Temporary breakpoint 5, half \(d=4\.5\)/,
      /Value returned is \$4 = 2\.25/,
      /exited normally/,
    ]);
    equal((await debugged.end()).stdout, "120\n99\npair 3 2.25\n-1 1\n3\n");
  });

  debuggerTest(`gdb: calls, errno, storage of threads, dumps and cores in ${title}`, GDB, title, async (guest) => {
    using folder = temporaryFolder();
    const core = `${folder.path}/core`, dump = `${folder.path}/dump`;
    await using debugged = new Debugged(guest);
    const text = await gdb(await debugged.target, [
      "break failing",
      "continue",
      "print factorial(4)",
      "print make(7)",
      "print half(3.0)",
      "next",
      "print last_error()",
      "print mine",
      "set var mine = 0x55aa",
      `dump memory ${dump} &mine &mine+1`,
      "info proc cmdline",
      "info proc cwd",
      "info proc exe",
      "info proc status",
      "info signals SIGINT",
      `generate-core-file ${core}`,
      "thread apply all backtrace",
      "break factorial",
      "print factorial(2)",
      "backtrace 2",
      "delete",
      "finish",
      "continue",
    ]);
    inOrder(text, [
      /\$1 = 24\n/,
      /\$2 = \{x = 7, y = 10\.5, /,
      /\$3 = 1\.5\n/,
      /\$4 = 2\n/,
      /\$5 = 5\n/,
      /cmdline = '.*everyday'/,
      /cwd = '\//,
      /exe = '.*everyday'/,
      /Name:\teveryday/,
      /SIGINT +Yes\tYes\tNo/,
      /Saved corefile/,
      /#0 +failing \(\)[^]*#1 .*main/,
      /factorial \(n=2\)/,
      /#1 +<function called from gdb>/,
      /exited normally/,
    ]);
    equal(new DataView(Deno.readFileSync(dump).buffer).getInt32(0, true), 0x55aa);
    const args = ["-nx", "-batch", "-ex", "backtrace", "-ex", "info proc mappings", "-ex", "print/x mine"];
    const { stdout } = await new Deno.Command(GDB, { args: [...args, guest.path, core], stderr: "null" }).output();
    inOrder(new TextDecoder().decode(stdout), [/#0 +failing \(\)[^]*#1 .*main/, /everyday/]);
    equal((await debugged.end()).code, 0);
  });

  debuggerTest(`gdb: catch syscall and signal, reverse steps in ${title}`, GDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await gdb(await debugged.target, [
      "break failing",
      "continue",
      "catch syscall openat",
      "continue",
      "print $x8",
      "continue",
      "print (long)$x0",
      "delete",
      "tbreak main",
      "catch signal SIGCHLD",
      "continue",
      "print $_siginfo.si_signo",
      "info breakpoints",
      "delete",
      "record full",
      "stepi 5",
      "reverse-stepi 5",
      "record stop",
      "continue",
    ]);
    inOrder(text, [
      /call to syscall openat/,
      /\$1 = 56\n/,
      /returned from syscall openat/,
      /\$2 = -2\n/,
      /signal SIGCHLD/,
      /\$3 = 17\n/,
      /catchpoint +keep y +SIGCHLD|signal "SIGCHLD"|SIGCHLD/,
      /exited normally/,
    ]);
    equal((await debugged.end()).code, 0);
  });

  debuggerTest(`gdb: start, run, starti over and over in ${title}`, GDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const target = await debugged.target;
    const text = await gdb(target, [
      "disconnect",
      `target extended-remote ${target}`,
      `set remote exec-file ${guest.path}`,
      "start",
      "run",
      "starti",
      "tbreak main",
      "continue",
      "kill",
      "start",
      "print factorial(3)",
      "continue",
    ]);
    inOrder(text, [
      /Temporary breakpoint \d, main \(\)/,
      /exited normally/,
      /Program stopped/,
      /breakpoint \d, main \(\)/,
      /killed/,
      /breakpoint \d, main \(\)/,
      /\$1 = 6\n/,
      /exited normally/,
    ]);
    const { stdout } = await debugged.end();
    equal(stdout, "120\n45\npair 3 2.25\n-1 1\n3\n".repeat(2));
  });
}

debuggerTest("gdb: non-stop mode starts a program again", GDB, "debug/everyday [dynamic]", async (guest) => {
  await using debugged = new Debugged(guest);
  await using gdb = new Gdb();
  await gdb.ask("set non-stop on");
  await gdb.ask(`target extended-remote ${await debugged.target}`);
  match(await gdb.ask("kill"), /killed/);
  await gdb.ask(`set remote exec-file ${guest.path}`);
  await gdb.ask("break sum");
  await gdb.send("run");
  await gdb.until("Breakpoint 1, sum (n=10)");
  ok(!/SIGTRAP/.test(await gdb.ask("info threads")));
  await gdb.ask("delete");
  await gdb.send("continue");
  await gdb.until("exited normally");
});
