import assert from "node:assert/strict";
import { HypervisorError } from "../engine/hypervisor/shim.ts";
import { fakeEngineHost as host } from "../runner/fake_engine_host.ts";
import { diagnose } from "./doctor.ts";
import { entitlementsPlist, signDeno } from "./signed_deno.ts";

Deno.test("diagnose: a host with KVM is healthy", () => {
  const { text, healthy } = diagnose(host);
  assert.ok(healthy);
  assert.match(text, /\nok {2}kvm gives this process a virtual machine\nok {2}--engine auto is kvm\n$/);
});

Deno.test("diagnose: without the right to /dev/kvm it says what to do", () => {
  const { text, healthy } = diagnose({
    ...host,
    probe() {
      throw new HypervisorError("/dev/kvm: Permission denied", -2, "join the group");
    },
  });
  assert.ok(!healthy);
  assert.match(text, /\nno {2}\/dev\/kvm: Permission denied\n {4}join the group\nok {2}--engine auto is wasm\n$/);
});

Deno.test("diagnose: a host without a hypervisor engine lacks nothing", () => {
  const { text, healthy } = diagnose({ ...host, arch: "x86_64" });
  assert.ok(healthy);
  assert.match(text, /this is linux on x86_64/);
});

Deno.test("entitlementsPlist: Deno's own and the hypervisor's", () => {
  assert.match(entitlementsPlist(), /<key>com\.apple\.security\.hypervisor<\/key>\n {2}<true\/>\n<\/dict>/);
});

Deno.test("signDeno: only on macOS", async () => {
  await assert.rejects(signDeno("linux"), /--sign is for macOS/);
});
