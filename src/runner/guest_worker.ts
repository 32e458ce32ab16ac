/**
 * The Worker that guests run in: the real kernel on the real engine.
 */
import { PLAIN_TRACE, type TraceSpec } from "../debug/trace/spec.ts";
import { WasmEngine } from "../engine/wasm/engine.ts";
import { Failure } from "../failure.ts";
import { type GuestKernelOptions, serveGuests, type WorkerScope } from "./guest_service.ts";
import type { GuestSpec } from "./guest_spec.ts";
import { Machine } from "./machine.ts";

function traceOf({ trace, verbose }: GuestSpec): TraceSpec {
  return trace ?? { ...PLAIN_TRACE, loader: verbose > 1 };
}

/** One engine serves guest after guest: its memories, decoded pages and translated code stay warm. */
let engine: WasmEngine | undefined;

serveGuests(self as unknown as WorkerScope, async (options: GuestKernelOptions) => {
  const { spec, engineImage } = options;
  if (spec.engine !== "auto" && spec.engine !== "wasm") {
    throw new Failure(`the engine ${spec.engine} comes with a later version of elftap`, { hint: "use wasm" });
  }
  engine ??= new WasmEngine({ interpreter: await engineImage });
  const wanted = spec.trace !== undefined || spec.verbose > 0;
  const tracer = wanted
    ? (await import("../debug/trace/start.ts")).startTrace(traceOf(spec), options.trace)
    : undefined;
  const machine = new Machine(engine, options, tracer);
  if (spec.debug) machine.allowDebugger((await import("../debug/gdb/server.ts")).DebugServer);
  return machine;
});
