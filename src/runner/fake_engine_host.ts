/** A host for tests, with all that the kvm engine wants. */
import type { EngineHost } from "./engine_choice.ts";

export const fakeEngineHost: EngineHost = {
  os: "linux",
  arch: "aarch64",
  findShim: () => ({ path: "/shim.so", recorded: "abc" }),
  hash: () => "abc",
  mayLoad: () => true,
  probe: () => {},
};
