import assert from "node:assert/strict";
import { SIGCHLD, SIGUSR1 } from "../abi/signal.ts";
import { kernelSiginfo } from "../abi/siginfo.ts";
import { companionsOf } from "./companions.ts";
import { branchIf, result, spin, type Step, svc } from "./scripted_engine.ts";
import { hook, scripted } from "./scripted_kernel.ts";
import { sendToProcess } from "./send_signal.ts";
import type { Task } from "./task.ts";

const NR = { hook: 900, exitGroup: 94, wait4: 260, clone: 220 };

/** A program whose child does other steps than its parent. */
function forked(parent: readonly Step[], child: readonly Step[]): Step[] {
  let answer = 0;
  const head = [
    svc(NR.clone, SIGCHLD, 0, 0, 0, 0),
    result((x0) => answer = x0),
    branchIf(() => answer === 0, () => 3 + parent.length),
  ];
  return [...head, ...parent, ...child];
}

Deno.test("Threads that compute run beside each other, and what they left for is served in their turns", async () => {
  let isSet = false;
  const seen: string[] = [];
  const note = hook(NR.hook, (task) => {
    seen.push(`${task.pid} ${task.cpu.hasExit ?? false}`);
    return 0;
  });
  // The parent computes until the child, which computes for a while too, has set the flag.
  const waits: Step = (context) => {
    if (!isSet) spin(context);
  };
  let left = 2500;
  const counts: Step = (context) => {
    if (left-- > 0) return spin(context);
    isSet = true;
  };
  const program = forked(
    [waits, svc(NR.hook), svc(NR.exitGroup, 3)],
    [counts, svc(NR.hook), svc(NR.exitGroup, 0)],
  );
  const { kernel, task } = scripted(program, { processors: 2, extra: [note] });
  assert.deepEqual(await kernel.run(), { kind: "exit", code: 3 });
  assert.equal(seen.length, 2);
  assert.ok(seen.every((each) => each.endsWith("false")));
  assert.equal(task.process.exitStatus, 3 << 8);
});

Deno.test("A signal comes behind the call with which a companion has left", async () => {
  const order: string[] = [];
  let child: Task | undefined;
  const note = hook(NR.hook, (task) => {
    order.push(child?.signalPending ? "call with the signal pending" : "call");
    child = task;
    return 0;
  });
  // The parent goes on when the child has left beside it, and sends it a signal that kills.
  const waits: Step = (context) => {
    if (!child?.cpu.hasExit) spin(context);
  };
  const kill = hook(NR.hook + 1, () => {
    assert.equal(child!.cpu.hasExit, true);
    sendToProcess(child!.process, kernelSiginfo(SIGUSR1));
    return 0;
  });
  // More than a slice of the scripted engine, less than two.
  let left = 1500;
  const counts: Step = (context) => {
    if (left-- > 0) spin(context);
  };
  const program = forked(
    [waits, svc(NR.hook + 1), svc(NR.wait4, -1, 0, 0, 0), svc(NR.exitGroup, 0)],
    [svc(NR.hook), counts, svc(NR.hook), spin],
  );
  const { kernel } = scripted(program, { processors: 2, extra: [note, kill] });
  await kernel.run();
  assert.deepEqual(order, ["call", "call with the signal pending"]);
});

Deno.test("companionsOf takes nobody along who makes calls, is bound to a CPU, or for a thread that does not compute", () => {
  const { kernel, task } = scripted([spin], { processors: 2 });
  const other = scripted([spin]).task;
  kernel.scheduler.next();
  kernel.scheduler.enqueue(other);
  assert.deepEqual(companionsOf(task), []);
  task.computing = true;
  assert.deepEqual(companionsOf(task), []);
  other.computing = true;
  assert.deepEqual(companionsOf(task), [other]);
  other.signalPending = true;
  assert.deepEqual(companionsOf(task), []);
  other.signalPending = false;
  other.sched = { ...other.sched, affinity: 1 };
  assert.deepEqual(companionsOf(task), []);
});
