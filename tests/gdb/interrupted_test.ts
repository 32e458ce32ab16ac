/** Signals for elftap itself while a debugger, or the lack of one, has the guest stopped: the run ends at once. */
import { equal } from "node:assert/strict";
import { Debugged, debuggerTest, Gdb } from "./debugged.ts";

const GDB = "gdb-multiarch";

for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130], ["SIGHUP", 129]] as const) {
  debuggerTest(`${signal} ends a run that waits for a debugger`, GDB, "debug/basic", async (guest) => {
    await using debugged = new Debugged(guest);
    await debugged.target;
    debugged.kill(signal);
    const ended = await debugged.end();
    equal(ended.code, code);
    equal(ended.stdout, "");
  });
}

debuggerTest("SIGTERM ends a run that a debugger has stopped", GDB, "debug/basic [dynamic]", async (guest) => {
  await using debugged = new Debugged(guest);
  await using gdb = new Gdb();
  await gdb.ask(`target remote ${await debugged.target}`);
  await gdb.ask("break main");
  await gdb.send("continue");
  await gdb.until("Breakpoint 1, ");
  await gdb.ask("print $pc");
  debugged.kill("SIGTERM");
  equal((await debugged.end()).code, 143);
});

debuggerTest("SIGTERM for a guest that runs is the debugger's to see", GDB, "debug/waits", async (guest) => {
  await using debugged = new Debugged(guest, { args: ["run"] });
  await using gdb = new Gdb();
  await gdb.ask(`target remote ${await debugged.target}`);
  await gdb.send("continue");
  await debugged.printed(/ready/);
  debugged.kill("SIGTERM");
  await gdb.until("received signal SIGTERM");
  await gdb.send("continue");
  await gdb.until("terminated with signal SIGTERM");
  equal((await debugged.end()).code, 143);
});

debuggerTest("SIGTERM ends elftap test --gdb-on-failure that holds a crash", GDB, "debug/crash", async (guest) => {
  await using debugged = new Debugged(guest, { command: ["test", "--gdb-on-failure", guest.path] });
  await debugged.said(/is about to end by SIGSEGV/);
  debugged.kill("SIGTERM");
  equal((await debugged.end()).code, 130);
});

debuggerTest("SIGTERM ends a run whose debugger is gone and has left it stopped", GDB, "debug/basic", async (guest) => {
  await using debugged = new Debugged(guest);
  {
    await using gdb = new Gdb();
    await gdb.ask(`target remote ${await debugged.target}`);
    gdb.vanish();
  }
  await debugged.said(/the debugger is gone/);
  debugged.kill("SIGTERM");
  equal((await debugged.end()).code, 143);
});

debuggerTest("SIGTERM ends a session of extended-remote without a program", GDB, "debug/basic", async (guest) => {
  await using debugged = new Debugged(guest);
  await using gdb = new Gdb();
  await gdb.ask(`target extended-remote ${await debugged.target}`);
  await gdb.send("continue");
  await gdb.until("exited normally");
  debugged.kill("SIGTERM");
  // The program ended by itself: its status stands.
  equal((await debugged.end()).code, 0);
});
