/**
 * The Worker that guests run in: the real kernel on the real engine.
 */
import { PLAIN_TRACE, type TraceSpec } from "../debug/trace/spec.ts";
import type { Engine } from "../engine/engine.ts";
import { WasmEngine } from "../engine/wasm/engine.ts";
import { type GuestKernelOptions, serveGuests, type WorkerScope } from "./guest_service.ts";
import type { GuestSpec, Tier } from "./guest_spec.ts";
import { Machine } from "./machine.ts";
import type { EngineParts } from "./worker_messages.ts";

function traceOf({ trace, verbose }: GuestSpec): TraceSpec {
  return trace ?? { ...PLAIN_TRACE, loader: verbose > 1 };
}

/** An engine serves guest after guest: its memories, decoded pages and translated code stay warm. */
const engines = new Map<Tier, Engine>();

serveGuests(self as unknown as WorkerScope, async (options: GuestKernelOptions) => {
  const { spec } = options;
  const { tier = "auto" } = spec;
  const engine = engines.get(tier) ?? await makeEngine(await options.engine, tier);
  engines.set(tier, engine);
  if (engine instanceof WasmEngine) engine.regionStore = options.regionStore;
  const wanted = spec.trace !== undefined || spec.verbose > 0;
  const tracer = wanted
    ? (await import("../debug/trace/start.ts")).startTrace(traceOf(spec), options.trace)
    : undefined;
  const machine = new Machine(engine, options, tracer);
  if (spec.debug) machine.allowDebugger((await import("../debug/gdb/server.ts")).DebugServer);
  return machine;
});

async function makeEngine(parts: EngineParts, tier: Tier): Promise<Engine> {
  if (parts.name === "wasm") {
    const engine = new WasmEngine({ interpreter: parts.interpreter, tier });
    if (tier === "translator") await engine.loadTranslator();
    return engine;
  }
  const { HypervisorEngine } = await import("../engine/hypervisor/engine.ts");
  return new HypervisorEngine(parts.name, parts.shim);
}
