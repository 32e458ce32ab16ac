/**
 * The Worker that guests run in: the real kernel on the real engine.
 */
import { WasmEngine } from "../engine/wasm/engine.ts";
import { Failure } from "../failure.ts";
import { type GuestKernelOptions, serveGuests, type WorkerScope } from "./guest_service.ts";
import { Machine } from "./machine.ts";

/** One engine serves guest after guest: its memories, decoded pages and translated code stay warm. */
let engine: WasmEngine | undefined;

serveGuests(self as unknown as WorkerScope, async (options: GuestKernelOptions) => {
  const { spec, engineImage } = options;
  if (spec.engine !== "auto" && spec.engine !== "wasm") {
    throw new Failure(`the engine ${spec.engine} comes with a later version of elftap`, { hint: "use wasm" });
  }
  engine ??= new WasmEngine({ interpreter: await engineImage });
  const tracer = spec.verbose > 0 ? new (await import("../debug/trace/strace.ts")).Strace(options.trace) : undefined;
  const machine = new Machine(engine, options, tracer);
  if (spec.debug) machine.allowDebugger((await import("../debug/gdb/server.ts")).DebugServer);
  return machine;
});
