/** GNU gdb, unmodified and without scripts, against guests of every kind. */
import { equal, match } from "node:assert/strict";
import { Debugged, debuggerTest, Gdb, gdb, inOrder } from "./debugged.ts";

const GDB = "gdb-multiarch";

for (const variant of ["", " [dynamic]", " [musl-static]", " [musl-dynamic]"]) {
  const title = `debug/basic${variant}`;

  debuggerTest(`gdb: break, step, conditions, watch and finish in ${title}`, GDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await gdb(await debugged.target, [
      "break main",
      "continue",
      "next",
      "next",
      "step",
      "backtrace",
      "info args",
      "finish",
      "break add if b == 3",
      "continue",
      "info breakpoints",
      "print b",
      "delete",
      "watch global",
      "continue",
      "continue",
      "delete",
      "set var total = 40",
      "print origin",
      "set var origin.x = 7",
      "print origin.x + origin.y",
      "continue",
    ]);
    inOrder(text, [
      /Breakpoint 1, main \(\)/,
      /add \(a=0, b=0\)/,
      /#0 +add \(a=0, b=0\)[^]*#1 .*main \(\)/,
      /a = 0\nb = 0/,
      /Value returned is \$1 = 0/,
      /Breakpoint 2, add \(a=3, b=3\)/,
      /stop only if b == 3 \(target evals\)/,
      /\$2 = 3/,
      /Old value = 3\nNew value = 6\n/,
      /Old value = 6\nNew value = 10\n/,
      /\$3 = \{x = 3, y = 4\}/,
      /\$4 = 11/,
      /exited normally/,
    ]);
    const { code, stdout } = await debugged.end();
    equal(code, 0);
    match(stdout, /^hello \d+\n$/);
  });

  debuggerTest(`gdb: calls of guest functions, registers, memory in ${title}`, GDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await gdb(await debugged.target, [
      "break add if a == 1",
      "continue",
      "print add(40, 2)",
      "print $x0",
      "print $pc == add",
      'print (int)strlen("four")',
      "print/x $v0.b.u[0] = 0x5a",
      "print/x $v0.d.u[0] & 0xff",
      "print (long)$sp % 16",
      "find &origin, +sizeof(origin), (int)4",
      "info auxv",
      "info proc mappings",
      "info signals SIGSEGV",
      "info threads",
      "delete",
      "continue",
    ]);
    inOrder(text, [
      /\$1 = 42/,
      /\$2 = 1\n/,
      /= 4\n/,
      /= 0x5a\n/,
      /= 0x5a\n/,
      /= 0\n/,
      /1 pattern found/,
      /AT_PHDR/,
      /\[stack\]/,
      /SIGSEGV/,
      /\* 1 +Thread \d+\.\d+ "basic"/,
      /exited normally/,
    ]);
    equal((await debugged.end()).code, 0);
  });
}

for (const variant of [" [dynamic]", " [musl-dynamic]"]) {
  const title = `debug/basic${variant}`;
  debuggerTest(`gdb: a breakpoint in a library before it is loaded, in ${title}`, GDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await gdb(await debugged.target, [
      "set breakpoint pending on",
      "break strdup",
      "continue",
      "backtrace",
      "info sharedlibrary",
      "finish",
    ]);
    inOrder(text, [/Breakpoint 1, .*strdup/, /#1 .*main \(\)/, /target:.*(libc|ld-musl)/, /main \(\) at /]);
  });
}

for (const variant of ["", " [dynamic]", " [musl-static]"]) {
  const title = `debug/processes${variant}`;

  debuggerTest(`gdb: follow-fork-mode child and exec in ${title}`, GDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await gdb(await debugged.target, [
      "handle SIGUSR1 nostop noprint",
      "set follow-fork-mode child",
      "break child_work",
      "continue",
      "backtrace",
      "catch exec",
      "continue",
      "delete",
      "break main",
      "continue",
      "print argc",
      "continue",
    ]);
    inOrder(text, [
      /fork to child/,
      /hit Breakpoint 1, child_work \(x=21\)/,
      /#1 .*main \(/,
      /hit Catchpoint 2 \(exec'd .*processes\)/,
      /main \(argc=2/,
      /\$1 = 2/,
      /exited with code 03/,
    ]);
    const { code, stdout } = await debugged.end();
    equal(code, 0);
    equal(stdout, "execed again\nchild 3\nvchild 4\n");
  });

  debuggerTest(`gdb: detach-on-fork off, catch fork and vfork in ${title}`, GDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await gdb(await debugged.target, [
      "handle SIGUSR1 nostop noprint",
      "set detach-on-fork off",
      "catch fork",
      "continue",
      "delete",
      "break child_work",
      "set schedule-multiple on",
      "continue",
      "backtrace 2",
      "info inferiors",
      "delete",
      "continue",
    ]);
    inOrder(text, [
      /Catchpoint 1 \(forked process \d+\)/,
      /hit Breakpoint 2(\.\d)?, child_work \(x=21\)/,
      /#1 .*main \(/,
      /1 +process \d+[^]*2 +process \d+/,
      /exited with code 03/,
    ]);
  });

  debuggerTest(`gdb: signals and system calls are caught in ${title}`, GDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await gdb(await debugged.target, [
      "continue",
      "print $_siginfo.si_signo",
      "break on_usr1",
      "continue",
      "finish",
      "delete",
      "catch syscall wait4",
      "continue",
      "continue",
      "delete",
      "continue",
    ]);
    inOrder(text, [
      /received signal SIGUSR1/,
      /\$1 = 10/,
      /Breakpoint 1, on_usr1 \(signal=10\)/,
      /signal handler called|raise|kill/,
      /call to syscall wait4/,
      /returned from syscall wait4/,
      /exited normally/,
    ]);
    equal((await debugged.end()).stdout, "execed again\nchild 3\nvchild 4\n");
  });
}

for (const variant of ["", " [dynamic]", " [musl-dynamic]"]) {
  const title = `debug/threads${variant}`;
  debuggerTest(`gdb: threads in ${title}`, GDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await gdb(await debugged.target, [
      "break work if number == 2",
      "continue",
      "info threads",
      "thread apply all backtrace 1",
      "next",
      "next",
      "print mine",
      "set $here = $_thread",
      "thread 1",
      "print mine",
      "thread $here",
      "set scheduler-locking on",
      "next",
      "next",
      "print sum",
      "set scheduler-locking off",
      "finish",
      "delete",
      "continue",
    ]);
    inOrder(text, [
      /hit Breakpoint 1, work \(number=2\)/,
      /\* \d +Thread \d+\.\d+ "threads"[^\n]* work \(number=2\)/,
      /#0 /,
      /\$1 = 12\n/,
      /\$2 = 10\n/,
      /\$3 = \d/,
      /Value returned is \$4 = 210/,
      /exited normally/,
    ]);
    equal((text.match(/^[* ] +\d +Thread /gm) ?? []).length, 4);
    equal((await debugged.end()).stdout, "55 210 465\n");
  });

  const crash = `debug/crash${variant}`;
  debuggerTest(`gdb: SIGSEGV at the line that causes it, in ${crash}`, GDB, crash, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await gdb(await debugged.target, [
      "continue",
      "backtrace",
      "print $_siginfo._sifields._sigfault",
      "continue",
    ]);
    inOrder(text, [
      /received signal SIGSEGV/,
      /set \(where=0x0\) at .*crash\.c:8/,
      /#1 .*middle \(where=0x0\)[^]*#2 .*main \(\)/,
      /si_addr = 0x0/,
      /Program terminated with signal SIGSEGV/,
    ]);
    equal((await debugged.end()).code, 139);
  });
}

for (const variant of ["", " [dynamic]"]) {
  const title = `debug/classes${variant}`;
  debuggerTest(`gdb: C++ methods and exceptions in ${title}`, GDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await gdb(await debugged.target, [
      "break Counter::bump(int)",
      "continue",
      "print *this",
      "print by",
      "backtrace",
      "delete",
      "catch throw",
      "continue",
      "backtrace",
      "delete",
      "continue",
    ]);
    inOrder(text, [
      /Breakpoint 1, Counter::bump \(this=0x[0-9a-f]+, by=3\)/,
      /\$1 = \{value = 1\}/,
      /\$2 = 3/,
      /#1 .*Counter::bump/,
      /Catchpoint 2 \(exception thrown\)/,
      /Counter::bump \(this=0x[0-9a-f]+, by=9\)/,
      /exited normally/,
    ]);
    equal((await debugged.end()).stdout, "4\n9\ncaught too much\n");
  });
}

debuggerTest("gdb: hardware watchpoints of reads and accesses", GDB, "debug/basic", async (guest) => {
  await using debugged = new Debugged(guest);
  const text = await gdb(await debugged.target, [
    "break add if a == 3",
    "continue",
    "rwatch global",
    "awatch origin.y",
    "hbreak printf",
    "continue",
    "print origin.y",
    "continue",
  ]);
  inOrder(text, [
    /Breakpoint 1, /,
    /Hardware read watchpoint 2: global/,
    /Hardware access \(read\/write\) watchpoint 3/,
  ]);
});

debuggerTest("gdb: Ctrl-C, change of a variable, going on", GDB, "debug/waits", async (guest) => {
  await using debugged = new Debugged(guest, { args: ["run"] });
  await using gdb = new Gdb();
  await gdb.ask(`target remote ${await debugged.target}`);
  await gdb.ask("break puts");
  await gdb.send("continue");
  await gdb.until("Breakpoint 1, ");
  await gdb.ask("delete");
  await gdb.ask("watch spins if spins == 1000");
  await gdb.send("continue");
  await gdb.until("New value = 1000");
  await gdb.ask("delete");
  await gdb.send("continue");
  await gdb.until("Continuing.");
  gdb.interrupt();
  await gdb.until("Program received signal SIGINT");
  // With the address where that is inside a line.
  match(await gdb.ask("backtrace"), /#0 +(0x[0-9a-f]+ in )?main \(argc=2/);
  await gdb.ask("set var done = 1");
  await gdb.send("continue");
  await gdb.until("exited normally");
  equal((await debugged.end()).stdout, "ready\ndone\n");
});

debuggerTest("gdb: detach, attach again, vanish, attach again", GDB, "debug/waits", async (guest) => {
  await using debugged = new Debugged(guest, { args: ["run"] });
  const target = await debugged.target;
  match(await gdb(target, ["break main", "continue", "detach"]), /Breakpoint 1, main [^]*detached/);
  {
    await using second = new Gdb();
    await second.ask(`target remote ${target}`);
    match(await second.ask("backtrace"), /main|_start|puts/);
    second.vanish();
  }
  await debugged.said(/the debugger is gone/);
  const text = await gdb(target, ["tbreak main.c:0", "set var done = 1", "continue"]);
  match(text, /exited normally/);
  equal((await debugged.end()).code, 0);
});

debuggerTest("gdb: extended-remote runs the program again", GDB, "debug/basic [dynamic]", async (guest) => {
  await using debugged = new Debugged(guest);
  const target = await debugged.target;
  const text = await gdb(target, [
    "disconnect",
    `target extended-remote ${target}`,
    "break main",
    "continue",
    "kill",
    "set remote exec-file " + guest.path,
    "run",
    "info breakpoints",
    "delete",
    "continue",
  ]);
  inOrder(text, [/Breakpoint 1, main/, /killed/, /Breakpoint 1, main/, /already hit \d time/, /exited normally/]);
  equal((await debugged.end()).stdout, "hello 10\n");
});

debuggerTest(
  "gdb: extended-remote runs with other arguments and environment",
  GDB,
  "debug/processes",
  async (guest) => {
    await using debugged = new Debugged(guest);
    const target = await debugged.target;
    const text = await gdb(target, [
      "disconnect",
      `target extended-remote ${target}`,
      "kill",
      "set remote exec-file " + guest.path,
      "set args again and again",
      "set environment ELFTAP_MARK=here",
      "break main",
      "run",
      "print argc",
      'print (char *)getenv("ELFTAP_MARK")',
      "continue",
    ]);
    inOrder(text, [
      /killed/,
      /Breakpoint 1, main \(argc=4/,
      /\$1 = 4/,
      /"here"|no symbol "getenv"/i,
      /exited with code 03/,
    ]);
    equal((await debugged.end()).stdout, "execed again\n");
  },
);

debuggerTest("gdb: extended-remote attaches to any process of the guest", GDB, "debug/waits", async (guest) => {
  await using debugged = new Debugged(guest, { args: ["run"] });
  const target = await debugged.target;
  await using gdb = new Gdb();
  await gdb.ask(`target extended-remote ${target}`);
  const pid = /process (\d+)/.exec(await gdb.ask("info inferiors"))![1];
  await gdb.ask("break main");
  await gdb.send("continue");
  await gdb.until("Breakpoint 1, ");
  await gdb.ask("detach");
  await gdb.ask(`attach ${pid}`);
  match(await gdb.ask("backtrace"), /main \(argc=2/);
  await gdb.ask("set var done = 1");
  await gdb.send("continue");
  await gdb.until("exited normally");
});

debuggerTest("gdb: monitor commands", GDB, "debug/basic", async (guest) => {
  await using debugged = new Debugged(guest);
  const text = await gdb(await debugged.target, [
    "monitor help",
    "monitor ps",
    "monitor maps",
    "monitor fds",
    "monitor stats",
    "monitor trace on",
    "monitor nonsense",
    "info os processes",
    "continue",
  ]);
  inOrder(text, [
    /maps +memory/,
    /\* +\d+ .* t basic/,
    /\[stack\]/,
    /0 r/,
    /instructions +\d/,
    /calls are shown/,
    /no command/,
  ]);
  match((await debugged.end()).stderr, /write\(1, "hello 10\\n", 9\)/);
});

debuggerTest("gdb: non-stop mode", GDB, "debug/threads", async (guest) => {
  await using debugged = new Debugged(guest);
  await using gdb = new Gdb();
  await gdb.ask("set non-stop on");
  await gdb.ask(`target remote ${await debugged.target}`);
  await gdb.ask("break work");
  await gdb.send("continue -a");
  for (let thread = 0; thread < 3; thread++) await gdb.until("hit Breakpoint 1, ");
  match(await gdb.ask("info threads"), /\(running\)/);
  await gdb.ask("delete");
  await gdb.send("continue -a");
  await gdb.until("exited normally");
  equal((await debugged.end()).stdout, "55 210 465\n");
});

debuggerTest(
  "elftap test --gdb-on-failure holds a crash until the debugger has detached",
  GDB,
  "debug/crash",
  async (guest) => {
    await using debugged = new Debugged(guest, { command: ["test", "--gdb-on-failure", guest.path] });
    await debugged.said(/crash \(pid \d+\) is about to end by SIGSEGV/);
    const text = await gdb(await debugged.target, ["backtrace", "info locals", "detach"]);
    inOrder(text, [/set \(where=0x0\) at /, /#2 .*main/, /detached/]);
    const { code, stdout } = await debugged.end();
    equal(code, 100);
    match(stdout, /killed by SIGSEGV/);
  },
);

debuggerTest("elftap test --gdb-on-failure holds a test whose time is over", GDB, "debug/waits", async (guest) => {
  const command = ["test", "--gdb-on-failure", "-t", "1", "--arg", "run", guest.path];
  await using debugged = new Debugged(guest, { command });
  await debugged.said(/its time is over/);
  inOrder(await gdb(await debugged.target, ["backtrace", "detach"]), [
    /#0 +(0x[0-9a-f]+ in )?main \(argc=2/,
    /detached/,
  ]);
  const { code, stdout } = await debugged.end();
  equal(code, 100);
  match(stdout, /TIMEOUT|time/i);
});
