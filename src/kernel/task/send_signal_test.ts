import assert from "node:assert/strict";
import { SI_USER, SIGUSR1 } from "../abi/signal.ts";
import { OVERFLOW_ID } from "./id_map.ts";
import { scripted } from "./scripted_kernel.ts";
import { sendToTask } from "./send_signal.ts";
import type { Task } from "./task.ts";
import { INITIAL_USER_NAMESPACE, UserNamespace } from "./user_namespace.ts";

/** The sender that a thread in a user namespace of its own is told. */
function senderSeen(prepare: (namespace: UserNamespace, task: Task) => void): number | undefined {
  const { task } = scripted([], { uid: 1000 });
  const userNamespace = new UserNamespace(INITIAL_USER_NAMESPACE, { uid: 1000, gid: 1000 });
  task.credentials = { ...task.credentials, userNamespace };
  task.capabilities = { ...task.capabilities, effective: ~0n };
  prepare(userNamespace, task);
  sendToTask(task, { signo: SIGUSR1, code: SI_USER, pid: 5, uid: 1000 });
  return task.pending.take(1n << 9n)?.uid;
}

Deno.test("sendToTask names the sender as the receiver's user namespace does", () => {
  assert.equal(senderSeen((namespace, task) => assert.equal(namespace.writeMap("uids", "7 1000 1", task), 0)), 7);
});

Deno.test("sendToTask names a sender without a mapping by the overflow id", () => {
  assert.equal(senderSeen(() => {}), OVERFLOW_ID);
});
