/** lldb, unmodified and without scripts, against guests of every kind. */
import { equal, match } from "node:assert/strict";
import { Debugged, debuggerTest, inOrder, Lldb, lldb } from "./debugged.ts";

const LLDB = "lldb";

for (const variant of ["", " [dynamic]", " [musl-static]", " [musl-dynamic]"]) {
  const title = `debug/basic${variant}`;
  debuggerTest(`lldb: break, step, conditions, watch, calls and finish in ${title}`, LLDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await lldb(guest, await debugged.target, [
      "breakpoint set -n main",
      "continue",
      "next",
      "next",
      "step",
      "bt",
      "frame variable",
      "finish",
      "breakpoint delete -f",
      "breakpoint set -n add -c b==3",
      "continue",
      "expression b",
      "breakpoint delete -f",
      "watchpoint set variable global",
      "continue",
      "continue",
      "watchpoint delete -f",
      "expression add(40, 2)",
      "expression origin.x = 7",
      "expression origin.x + origin.y",
      "register write x28 0x1234",
      "register read x28",
      "memory region $pc",
      "continue",
    ]);
    inOrder(text, [
      /stop reason = breakpoint 1\.1/,
      /stop reason = step over/,
      /stop reason = step in/,
      /frame #0: .*`add\(a=0, b=0\)[^]*frame #1: .*`main/,
      /\(int\) a = 0\n\(int\) b = 0/,
      /stop reason = step out/,
      /stop reason = breakpoint 2\.1/,
      /\(int\) \$\d = 3/,
      /new value: 6/,
      /new value: 10/,
      /\(int\) \$\d = 42/,
      /\(int\) \$\d = 11/,
      /x28 = 0x0000000000001234/,
      /r-x/,
      /exited with status = 0/,
    ]);
    equal((await debugged.end()).stdout, "hello 10\n");
  });
}

for (const variant of [" [dynamic]", " [musl-dynamic]"]) {
  const title = `debug/basic${variant}`;
  debuggerTest(`lldb: a breakpoint in a library before it is loaded, in ${title}`, LLDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await lldb(guest, await debugged.target, [
      "breakpoint set -n strdup",
      "continue",
      "image list",
      "finish",
      "process kill",
    ]);
    inOrder(text, [
      /stop reason = breakpoint 1\.1/,
      /libc\.so|ld-musl/,
      /stop reason = step out/,
      /exited with status = 9/,
    ]);
  });
}

for (const variant of ["", " [dynamic]", " [musl-dynamic]"]) {
  const title = `debug/threads${variant}`;
  debuggerTest(`lldb: threads in ${title}`, LLDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await lldb(guest, await debugged.target, [
      "breakpoint set -n work -c number==2",
      "continue",
      "thread list",
      "next",
      "finish",
      "breakpoint delete -f",
      "continue",
    ]);
    inOrder(text, [
      /stop reason = breakpoint 1\.1/,
      /thread #1: [^]*thread #2: [^]*thread #3: [^]*thread #4: /,
      /stop reason = step over/,
      /Return value: \(int\) \$\d = 210/,
      /exited with status = 0/,
    ]);
    equal((await debugged.end()).stdout, "55 210 465\n");
  });

  const crash = `debug/crash${variant}`;
  debuggerTest(`lldb: SIGSEGV at the line that causes it, in ${crash}`, LLDB, crash, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await lldb(guest, await debugged.target, ["continue", "bt", "up", "frame variable", "continue"]);
    inOrder(text, [
      /stop reason = signal SIGSEGV/,
      /frame #0: .*`set\(where=0x0+\) at crash\.c:8[^]*frame #1: .*`middle[^]*frame #2: .*`main/,
      /\(int \*\) where = (0x0+|NULL)/,
      /exited with status = /,
    ]);
    equal((await debugged.end()).code, 139);
  });
}

debuggerTest("lldb: C++ methods in debug/classes", LLDB, "debug/classes", async (guest) => {
  await using debugged = new Debugged(guest);
  const text = await lldb(guest, await debugged.target, [
    "breakpoint set -M bump",
    "continue",
    "bt 2",
    "continue",
    "frame variable by",
    "breakpoint delete -f",
    "continue",
  ]);
  inOrder(text, [/stop reason = breakpoint/, /Counter::bump/, /\(int\) by = 3/, /exited with status = 0/]);
  match((await debugged.end()).stdout, /caught too much/);
});

debuggerTest("lldb: Ctrl-C, change of a variable, going on", LLDB, "debug/waits", async (guest) => {
  await using debugged = new Debugged(guest, { args: ["run"] });
  await using lldb = new Lldb(guest, await debugged.target);
  await lldb.send("continue");
  await debugged.printed(/ready/);
  await lldb.send("process interrupt");
  await lldb.until("stop reason = signal SIGINT");
  await lldb.send("bt");
  await lldb.until("frame #0: ");
  await lldb.send("expression done = 1");
  await lldb.send("continue");
  await lldb.until("exited with status = 0");
  equal((await debugged.end()).stdout, "ready\ndone\n");
});

for (const variant of ["", " [dynamic]"]) {
  const title = `debug/processes${variant}`;
  debuggerTest(`lldb: follow-fork-mode child, breakpoints there, exec in ${title}`, LLDB, title, async (guest) => {
    await using debugged = new Debugged(guest);
    const text = await lldb(guest, await debugged.target, [
      "settings set target.process.follow-fork-mode child",
      "process handle SIGUSR1 --stop false --notify false --pass true",
      "breakpoint set -n child_work",
      "continue",
      "bt",
      "continue",
      "continue",
    ]);
    inOrder(text, [
      /stop reason = breakpoint 1\.1/,
      /frame #0: .*`child_work\(x=21\)[^]*frame #1: .*`main/,
      /stop reason = exec/,
      /exited with status = 3/,
    ]);
    equal((await debugged.end()).stdout, "execed again\nchild 3\nvchild 4\n");
  });
}

debuggerTest("lldb: leaves a program stopped, comes back, lets it go", LLDB, "debug/everyday", async (guest) => {
  await using debugged = new Debugged(guest);
  const target = await debugged.target;
  const text = await lldb(guest, target, [
    "breakpoint set -n half",
    "continue",
    "process detach --keep-stopped true",
    `gdb-remote ${target}`,
    "bt",
    "process detach",
  ]);
  // lldb tells of a detachment when it gets round to it, or not any more: how the guest ends is what counts.
  inOrder(text, [/stop reason = breakpoint 1\.1/, /\(lldb\) gdb-remote/, /frame #0: .*`half\(d=4\.5\)/]);
  equal((await debugged.end()).stdout, "120\n45\npair 3 2.25\n-1 1\n3\n");
});
