import assert from "node:assert/strict";
import { EINTR, ENOSYS, ERESTARTNOHAND, ERESTARTSYS } from "./abi/errno.ts";
import { SA_RESTART, SIGALRM, SIGCHLD, SIGKILL, SIGSEGV, SIGUSR1 } from "./abi/signal.ts";
import type { GuestOutcome } from "../runner/guest_spec.ts";
import { row } from "./syscalls/row.ts";
import { branchIf, result, spin, type Step, svc, TEXT } from "./task/scripted_engine.ts";
import { DATA, hook, scripted } from "./task/scripted_kernel.ts";
import { sendToProcess } from "./task/send_signal.ts";
import type { Task } from "./task/task.ts";
import type { Tracer } from "./tracer.ts";
import { type Blocking, WaitQueue } from "./wait.ts";

const NR = {
  exit: 93,
  exitGroup: 94,
  nanosleep: 101,
  setitimer: 103,
  kill: 129,
  sigsuspend: 133,
  sigaction: 134,
  sigprocmask: 135,
  sigtimedwait: 137,
  sigreturn: 139,
  getpid: 172,
  clone: 220,
  wait4: 260,
};
const code = (ending: GuestOutcome["ending"]) => ending.kind === "exit" ? ending.code : ending;

/** Writes words into guest memory. */
const poke = (va: number, ...words: (number | bigint)[]): Step => ({ space, regs }) => {
  void regs;
  words.forEach((word, index) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, BigInt(word)), true);
    space.view(va + 8 * index, 8, "write", true)!.set(bytes);
  });
};
/** Makes the data page present, as a first touch would. */
const touch = hook(900, (task) => {
  task.mm.writeU64(DATA, 0n);
  return 0;
});

Deno.test("Kernel.run ends with the status of exit_group", async () => {
  const { kernel } = scripted([svc(NR.exitGroup, 42)]);
  assert.equal(code(await kernel.run()), 42);
});

Deno.test("Kernel counts a call without a handler by name and answers ENOSYS", async () => {
  let answer = 0;
  const { kernel } = scripted([svc(18, 0), result((x0) => answer = x0), svc(NR.exitGroup, 0)]);
  await kernel.run();
  assert.equal(answer, -ENOSYS);
  assert.deepEqual(kernel.unimplemented, { lookup_dcookie: 1 });
});

Deno.test("Kernel ends a process that runs into nothing with SIGSEGV and records the crash", async () => {
  const { kernel } = scripted([({ regs }) => {
    regs.pc = 0x1000n - 4n;
  }]);
  assert.deepEqual(await kernel.run(), { kind: "signal", signal: SIGSEGV, signalName: "SIGSEGV" });
  assert.equal(kernel.crashes[0]?.code, "SEGV_MAPERR");
  assert.equal(kernel.crashes[0]?.address, "0x1000");
});

Deno.test("Kernel gives a runaway program up after the watchdog's time", async () => {
  const { kernel } = scripted([spin], { watchdog: 0.02 });
  assert.deepEqual(await kernel.run(), { kind: "timeout", which: "watchdog" });
});

Deno.test("Kernel lets a program go on that comes to new code again and again", async () => {
  const { kernel } = scripted([({ exit }) => exit({ kind: "fuel", newCode: true })], { watchdog: 0.02 });
  setTimeout(() => kernel.end({ kind: "timeout", which: "timeout" }), 100);
  assert.deepEqual(await kernel.run(), { kind: "timeout", which: "timeout" });
});

Deno.test("Kernel.end stops a program that only computes", async () => {
  const { kernel } = scripted([spin]);
  setTimeout(() => kernel.end({ kind: "timeout", which: "timeout" }), 5);
  assert.deepEqual(await kernel.run(), { kind: "timeout", which: "timeout" });
});

Deno.test("Kernel.interrupt reaches a program that waits", async () => {
  const { kernel } = scripted([svc(900), svc(NR.sigsuspend, DATA, 8)], { extra: [touch] });
  setTimeout(() => kernel.interrupt(2), 5);
  assert.deepEqual(await kernel.run(), { kind: "signal", signal: 2, signalName: "SIGINT" });
});

Deno.test("fork gives the child 0 and the parent the pid, and wait4 the child's status", async () => {
  let pid = 0, waited = 0, status = 0;
  const { kernel } = scripted([
    svc(NR.clone, SIGCHLD, 0, 0, 0, 0),
    branchIf((regs) => regs.x(0) === 0n, () => 7),
    result((x0) => pid = x0),
    svc(NR.wait4, -1n, DATA, 0, 0),
    result((x0) => waited = x0),
    ({ space }) => status = space.view(DATA, 4, "read", true)![1]!,
    svc(NR.exitGroup, 0),
    svc(NR.exitGroup, 9), // 7: the child
  ]);
  assert.equal(code(await kernel.run()), 0);
  assert.ok(pid > 0);
  assert.equal(waited, pid);
  assert.equal(status, 9);
});

Deno.test("nanosleep ends at its deadline", async () => {
  const { kernel } = scripted([
    svc(900),
    poke(DATA, 0, 3_000_000),
    svc(NR.nanosleep, DATA, 0),
    result((x0) => assert.equal(x0, 0)),
    svc(NR.exitGroup, 0),
  ], { extra: [touch] });
  const start = performance.now();
  await kernel.run();
  assert.ok(performance.now() - start >= 3);
});

/** sigaction at DATA: handler is the step `step`. */
const catchSignal = (signal: number, step: number, flags: number): Step[] => [
  poke(DATA, TEXT + 4 * step, flags, 0, 0),
  svc(NR.sigaction, signal, DATA, 0, 8),
];
/** A call that waits until a signal comes and then answers with an error of the restart family. */
const waiting = (nr: number, error: number) => {
  const state = { calls: 0 };
  const call = row(nr, "waiting", "", (): number | Blocking => {
    if (++state.calls > 1) return 77;
    return (function* (): Blocking {
      while ((yield { queues: [new WaitQueue()] }) !== "signal");
      return -error;
    })();
  });
  return { call, state };
};

for (
  const [title, error, flags, expected, calls] of [
    ["ERESTARTSYS fails with EINTR when a handler without SA_RESTART ran", ERESTARTSYS, 0, -EINTR, 1],
    ["ERESTARTSYS is restarted when a handler with SA_RESTART ran", ERESTARTSYS, SA_RESTART, 77, 2],
    ["ERESTARTNOHAND fails with EINTR whatever the handler's flags", ERESTARTNOHAND, SA_RESTART, -EINTR, 1],
  ] as const
) {
  Deno.test(title, async () => {
    let answer = 0, handled = 0;
    const { call, state } = waiting(901, error);
    const { kernel, task } = scripted([
      svc(900),
      ...catchSignal(SIGUSR1, 7, flags),
      svc(901),
      result((x0) => answer = x0),
      svc(NR.exitGroup, 0),
      svc(NR.exitGroup, 1),
      () => handled++, // 7: the handler
      svc(NR.sigreturn),
    ], { extra: [touch, call] });
    kernel.timers.add(0, () => {
      // Sent once the program waits.
      const send = () => {
        if (task.state === "blocked") sendToProcess(task.process, { signo: SIGUSR1, code: 0, pid: 0, uid: 0 });
        else kernel.timers.add(kernel.clock.monotonic() + 1e5, send);
      };
      send();
    });
    await kernel.run();
    assert.deepEqual([answer, handled, state.calls], [expected, 1, calls]);
  });
}

Deno.test("A signal without a handler that does nothing restarts the call it interrupted", async () => {
  let answer = 0;
  const { call, state } = waiting(901, ERESTARTNOHAND);
  const { kernel, task } = scripted([svc(901), result((x0) => answer = x0), svc(NR.exitGroup, 0)], { extra: [call] });
  kernel.timers.add(0, () => {
    const disturb = () => {
      if (task.state === "blocked") kernel.scheduler.interrupt(task);
      else kernel.timers.add(kernel.clock.monotonic() + 1e5, disturb);
    };
    disturb();
  });
  await kernel.run();
  assert.deepEqual([answer, state.calls], [77, 2]);
});

Deno.test("setitimer interrupts a program that only computes", async () => {
  const { kernel } = scripted([
    svc(900),
    poke(DATA, 0, 0, 0, 2000),
    svc(NR.setitimer, 0, DATA, 0),
    spin,
  ], { extra: [touch] });
  assert.deepEqual(await kernel.run(), { kind: "signal", signal: SIGALRM, signalName: "SIGALRM" });
});

Deno.test("SIGKILL ends a process that waits without taking signals", async () => {
  const uninterruptible = row(902, "uninterruptible", "", function* (): Blocking {
    yield { queues: [new WaitQueue()], interruptible: false };
    return 0;
  });
  const { kernel, task } = scripted([svc(902)], { extra: [uninterruptible] });
  setTimeout(() => sendToProcess(task.process, { signo: SIGKILL, code: 0, pid: 0, uid: 0 }), 5);
  assert.deepEqual(await kernel.run(), { kind: "signal", signal: SIGKILL, signalName: "SIGKILL" });
});

Deno.test("Kernel: what passes between the turns of threads is nobody's CPU time", async () => {
  const LONG = 5e9;
  /** What takes long, by name: each is started by a call of the thread. */
  const between: Record<string, (task: Task, pass: () => void) => void> = {
    "a timer": (task, pass) => task.kernel.timers.add(0, pass),
    "what holds the guest": (task, pass) => task.kernel.hold(Promise.resolve().then(pass)),
    "a tracer": (task, pass) => {
      let isFirst = true;
      task.kernel.tracer = {
        enter: () => undefined,
        leave() {},
        blocked() {},
        signal() {},
        stopped() {},
        execed() {},
        exited() {},
        slice: () => {
          if (isFirst) pass();
          isFirst = false;
        },
      } satisfies Tracer;
    },
  };
  for (const [what, begin] of Object.entries(between)) {
    let now = 1e12, cpuTime = 0;
    const clock = { monotonic: () => now += 1000, realtimeOffset: 0n };
    const start = hook(900, (task) => {
      begin(task, () => now += LONG);
      task.kernel.endSlice();
      return 0;
    });
    const look = hook(901, (task) => {
      task.kernel.accountNow();
      cpuTime = task.process.cpuTime;
      return 0;
    });
    const { kernel } = scripted([svc(900), svc(901), svc(NR.exitGroup, 0)], {
      clock,
      extra: [start, look],
      watchdog: 1,
    });
    assert.equal(code(await kernel.run()), 0);
    assert.ok(now > 1e12 + LONG, `${what} was not there`);
    assert.ok(cpuTime < LONG, `${what}: ${cpuTime / 1e6} ms`);
  }
});
