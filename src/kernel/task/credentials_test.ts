import assert from "node:assert/strict";
import { CAP_FULL_SET } from "../abi/capability.ts";
import {
  capabilitiesAfterExec,
  capabilitiesAfterUidChange,
  initialCapabilities,
  plainCredentials,
  SECBIT_KEEP_CAPS,
  SECBIT_NO_SETUID_FIXUP,
} from "./credentials.ts";

const root = plainCredentials(0, 0), user = plainCredentials(1000, 1000);

Deno.test("capabilitiesAfterUidChange drops everything when no id is root's any more", () => {
  const after = capabilitiesAfterUidChange(initialCapabilities(0), root, user);
  assert.deepEqual([after.permitted, after.effective], [0n, 0n]);
});

Deno.test("capabilitiesAfterUidChange keeps permitted ones with SECBIT_KEEP_CAPS", () => {
  const before = { ...initialCapabilities(0), securebits: SECBIT_KEEP_CAPS };
  const after = capabilitiesAfterUidChange(before, root, user);
  assert.deepEqual([after.permitted, after.effective], [CAP_FULL_SET, 0n]);
});

Deno.test("capabilitiesAfterUidChange gives effective ones back when the effective id is root's again", () => {
  const mixed = { ...root, euid: 1000 };
  const dropped = capabilitiesAfterUidChange(initialCapabilities(0), root, mixed);
  assert.equal(dropped.effective, 0n);
  assert.equal(capabilitiesAfterUidChange(dropped, mixed, root).effective, CAP_FULL_SET);
});

Deno.test("capabilitiesAfterUidChange does nothing with SECBIT_NO_SETUID_FIXUP", () => {
  const before = { ...initialCapabilities(0), securebits: SECBIT_NO_SETUID_FIXUP };
  assert.equal(capabilitiesAfterUidChange(before, root, user), before);
});

Deno.test("capabilitiesAfterExec gives root everything in its bounding set", () => {
  const bounded = { ...initialCapabilities(0), bounding: 0b11n };
  assert.equal(capabilitiesAfterExec(bounded, root).permitted, 0b11n);
});

Deno.test("capabilitiesAfterExec leaves a user only the ambient ones", () => {
  const before = { ...initialCapabilities(0), ambient: 0b100n };
  const after = capabilitiesAfterExec(before, user);
  assert.deepEqual([after.permitted, after.effective], [0b100n, 0b100n]);
});
