import assert from "node:assert/strict";
import { CAP_KILL, CAP_SYS_ADMIN } from "../abi/capability.ts";
import { EINVAL, EPERM } from "../abi/errno.ts";
import { initialCapabilities, namespaceCapabilities, plainCredentials } from "./credentials.ts";
import { type CapabilityHolder, INITIAL_USER_NAMESPACE, isCapable, UserNamespace } from "./user_namespace.ts";

/** A thread of user 1000 outside, and one in a namespace that it made. */
function pair(): { outside: CapabilityHolder; inside: CapabilityHolder; namespace: UserNamespace } {
  const credentials = plainCredentials(1000, 1000);
  const namespace = new UserNamespace(INITIAL_USER_NAMESPACE, { uid: 1000, gid: 1000 });
  return {
    outside: { credentials, capabilities: initialCapabilities(1000) },
    inside: { credentials: { ...credentials, userNamespace: namespace }, capabilities: namespaceCapabilities() },
    namespace,
  };
}

Deno.test("isCapable: capabilities count in the own namespace and not outside", () => {
  const { inside, namespace } = pair();
  assert.equal(isCapable(inside, namespace, CAP_KILL), true);
  assert.equal(isCapable(inside, INITIAL_USER_NAMESPACE, CAP_KILL), false);
});

Deno.test("isCapable: who made a namespace has all capabilities there, another user of the parent has none", () => {
  const { outside, namespace } = pair();
  const other = { credentials: plainCredentials(1001, 1001), capabilities: initialCapabilities(1001) };
  assert.equal(isCapable(outside, namespace, CAP_SYS_ADMIN), true);
  assert.equal(isCapable(other, namespace, CAP_SYS_ADMIN), false);
});

Deno.test("writeMap lets the maker map its own id, once", () => {
  const { inside, namespace } = pair();
  assert.equal(namespace.writeMap("uids", "0 1000 1\n", inside), 0);
  assert.equal(namespace.uids.toKernel(0), 1000);
  assert.equal(namespace.writeMap("uids", "0 1000 1\n", inside), -EPERM);
});

Deno.test("writeMap refuses ids of others without the right outside", () => {
  const { inside, namespace } = pair();
  assert.equal(namespace.writeMap("uids", "0 0 1\n", inside), -EPERM);
  assert.equal(namespace.writeMap("uids", "0 1000 2\n", inside), -EPERM);
  assert.equal(namespace.writeMap("uids", "0 1000\n", inside), -EINVAL);
  const root = { credentials: plainCredentials(0, 0), capabilities: initialCapabilities(0) };
  assert.equal(namespace.writeMap("uids", "0 100000 65536\n", root), 0);
});

Deno.test("writeMap maps the own group only after setgroups was denied", () => {
  const { inside, namespace } = pair();
  assert.equal(namespace.writeMap("gids", "0 1000 1\n", inside), -EPERM);
  assert.equal(namespace.writeSetgroups("deny", inside), 0);
  assert.equal(namespace.writeMap("gids", "0 1000 1\n", inside), 0);
  assert.equal(namespace.writeSetgroups("allow", inside), -EPERM);
});

Deno.test("the initial namespace's maps cannot be written", () => {
  const root = { credentials: plainCredentials(0, 0), capabilities: initialCapabilities(0) };
  assert.equal(INITIAL_USER_NAMESPACE.writeMap("uids", "0 0 1\n", root), -EPERM);
});

Deno.test("mapText shows the parent's ids to who looks from inside", () => {
  const { inside, namespace } = pair();
  namespace.writeMap("uids", "0 1000 1\n", inside);
  assert.equal(namespace.mapText("uids", namespace), "         0       1000          1\n");
  const inner = new UserNamespace(namespace, { uid: 1000, gid: 1000 });
  const innermost = { ...inside, credentials: { ...inside.credentials, userNamespace: inner } };
  assert.equal(inner.writeMap("uids", "7 0 1\n", innermost), 0);
  assert.equal(inner.mapText("uids", inner), "         7          0          1\n");
  assert.equal(inner.mapText("uids", INITIAL_USER_NAMESPACE), "         7       1000          1\n");
});
