import assert from "node:assert/strict";
import { INITIAL_USER_NAMESPACE, UserNamespace } from "../task/user_namespace.ts";
import { IdMap } from "../task/id_map.ts";
import { encodeUcred, ucredSeenFrom } from "./message.ts";

Deno.test("ucredSeenFrom names ids as the user namespace does; -1 stays", () => {
  const namespace = new UserNamespace(INITIAL_USER_NAMESPACE, { uid: 1000, gid: 1000 });
  namespace.uids = new IdMap([{ inside: 0, outside: 1000, count: 1 }]);
  const ucred = encodeUcred({ pid: 9, uid: 1000, gid: 1000 });
  assert.deepEqual(ucredSeenFrom(namespace, ucred), encodeUcred({ pid: 9, uid: 0, gid: 65534 }));
  assert.deepEqual(ucredSeenFrom(INITIAL_USER_NAMESPACE, ucred), ucred);
  const nobody = encodeUcred({ pid: 0, uid: -1, gid: -1 });
  assert.deepEqual(ucredSeenFrom(namespace, nobody), nobody);
});
