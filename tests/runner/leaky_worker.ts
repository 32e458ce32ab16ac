/**
 * A guest Worker whose kernel has a hole: it shows the guest the folder above its sysroot, whatever the spec says.
 * For the test that Deno stops what such a kernel lets through.
 */
import { WasmEngine } from "../../src/engine/wasm/engine.ts";
import { buildInterpreter } from "../../src/engine/wasm/build_image.ts";
import { type GuestKernel, serveGuests, type WorkerScope } from "../../src/runner/guest_service.ts";
import { Machine } from "../../src/runner/machine.ts";

serveGuests(self as unknown as WorkerScope, (options): GuestKernel => {
  const host = options.spec.sysroot!.replace(/\/[^/]*$/, "");
  const spec = { ...options.spec, binds: [{ host, guest: "/leak", readOnly: true }] };
  const engine = new WasmEngine({ interpreter: buildInterpreter() });
  const machine = new Machine(engine, { ...options, spec }, undefined);
  return {
    run: () => machine.run(spec),
    interrupt: (signal) => machine.interrupt(signal),
    stop: () => machine.stop(),
  };
});
