import assert from "node:assert/strict";
import { guestPermissions } from "./permissions.ts";

const reach = { hostFallback: false, binds: [] };

Deno.test("guestPermissions: native code only for a hypervisor engine, and only its one library", () => {
  assert.equal(guestPermissions(reach).ffi, false);
  assert.deepEqual(guestPermissions(reach, "/elftap/shim.so").ffi, ["/elftap/shim.so"]);
  assert.equal(guestPermissions(reach, "/elftap/shim.so").run, false);
});
