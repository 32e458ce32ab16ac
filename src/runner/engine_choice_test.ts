import assert from "node:assert/strict";
import { HypervisorError } from "../engine/hypervisor/shim.ts";
import { Failure } from "../failure.ts";
import { checkHypervisor, chooseEngine, type EngineHost } from "./engine_choice.ts";
import { fakeEngineHost as good } from "./fake_engine_host.ts";

Deno.test("chooseEngine: auto takes the hypervisor of the host", () => {
  assert.deepEqual(chooseEngine("auto", good), {
    name: "kvm",
    shim: "/shim.so",
    why: "kvm gives this process a virtual machine",
  });
  assert.equal(chooseEngine("auto", { ...good, os: "darwin" }).name, "hvf");
});

Deno.test("chooseEngine: wasm needs nothing", () => {
  assert.equal(chooseEngine("wasm", { ...good, findShim: () => assert.fail() }).name, "wasm");
});

const lacking: [what: string, host: Partial<EngineHost>, line: RegExp][] = [
  ["another processor", { arch: "x86_64" }, /this is linux on x86_64$/],
  ["no shim", { findShim: () => undefined }, /^the native shim is not there$/],
  ["a changed shim", { hash: () => "def" }, /is not the one whose hash was recorded$/],
  ["no permission", { mayLoad: () => false }, /^no permission to load the native shim$/],
  ["no right to /dev/kvm", {
    probe() {
      throw new HypervisorError("/dev/kvm: Permission denied", -2, "elftap doctor");
    },
  }, /^\/dev\/kvm: Permission denied$/],
];

for (const [what, change, line] of lacking) {
  Deno.test(`chooseEngine: with ${what} auto is wasm and says why, kvm fails with the reason`, () => {
    const host = { ...good, ...change };
    const { name, why } = chooseEngine("auto", host);
    assert.equal(name, "wasm");
    assert.match(why, line);
    assert.throws(() => chooseEngine("kvm", host), (error) => error instanceof Failure && error.hint !== undefined);
    assert.equal(checkHypervisor(host).shim, undefined);
  });
}
