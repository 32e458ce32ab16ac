import assert from "node:assert/strict";
import {
  CLONE_CLEAR_SIGHAND,
  CLONE_FS,
  CLONE_NEWIPC,
  CLONE_NEWNS,
  CLONE_PIDFD,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VM,
} from "../abi/clone.ts";
import { EEXIST, EINVAL, EPERM, ERESTARTNOINTR } from "../abi/errno.ts";
import { SIGCHLD, SIGUSR1 } from "../abi/signal.ts";
import { cloneTask } from "./clone_task.ts";
import { scripted } from "./scripted_kernel.ts";
import { sendToTask } from "./send_signal.ts";
import type { Task } from "./task.ts";

/** What clone answers to these flags. */
function clone(flags: number, { uid = 1000, exitSignal = SIGCHLD, setTid = 0, before = (_: Task) => {} } = {}) {
  const { task } = scripted([], { uid });
  before(task);
  return cloneTask(task, { flags, exitSignal, stack: 0, tls: 0n, parentTid: 0, childTid: 0, pidfd: 0, setTid });
}

for (
  const [title, flags] of [
    ["CLONE_THREAD without CLONE_SIGHAND", CLONE_THREAD | CLONE_VM],
    ["CLONE_SIGHAND without CLONE_VM", CLONE_SIGHAND],
    ["CLONE_FS with CLONE_NEWNS", CLONE_FS | CLONE_NEWNS],
    ["CLONE_PIDFD with CLONE_THREAD", CLONE_PIDFD | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM],
    ["CLONE_CLEAR_SIGHAND with CLONE_SIGHAND", CLONE_CLEAR_SIGHAND + CLONE_SIGHAND + CLONE_VM],
  ] as const
) {
  Deno.test(`cloneTask refuses ${title}`, () => assert.equal(clone(flags), -EINVAL));
}

Deno.test("cloneTask refuses namespaces that there is one of: without the right to ask, with EPERM", () => {
  assert.equal(clone(CLONE_NEWNS), -EPERM);
  assert.equal(clone(CLONE_NEWIPC), -EPERM);
  assert.equal(clone(CLONE_NEWIPC, { uid: 0 }), -EINVAL);
});

Deno.test("cloneTask lets pending signals be taken first", () => {
  const before = (task: Task) => void sendToTask(task, { signo: SIGUSR1, code: 0, pid: 0, uid: 0 });
  assert.equal(clone(0, { before }), -ERESTARTNOINTR);
});

Deno.test("cloneTask takes a chosen pid only if it is free", () => {
  assert.equal(clone(0, { uid: 0, setTid: 101 }), -EEXIST);
  assert.equal(clone(0, { uid: 0, setTid: 500 }), 500);
});

Deno.test("cloneTask counts pids up", () => {
  const { task } = scripted([]);
  const request = { flags: 0, exitSignal: SIGCHLD, stack: 0, tls: 0n, parentTid: 0, childTid: 0, pidfd: 0, setTid: 0 };
  // No file system: the copy of its context needs none either.
  const first = cloneTask(task, request), second = cloneTask(task, request);
  assert.deepEqual([first, second], [102, 103]);
});
