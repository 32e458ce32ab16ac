/** A Worker's loop in this thread, for tests of what guest after guest leaves. */
import type { WasmEngine } from "../../src/engine/wasm/engine.ts";
import { serveGuests, type WorkerScope } from "../../src/runner/guest_service.ts";
import type { GuestOutcome } from "../../src/runner/guest_spec.ts";
import { Machine } from "../../src/runner/machine.ts";
import type { FromWorker, ToWorker } from "../../src/runner/worker_messages.ts";
import { guestSpec } from "../../src/runner/world.ts";

/** Runs a program again and again, each time with another number. */
export function service(engine: WasmEngine, program: string): (run: number) => Promise<GuestOutcome> {
  let ended: (outcome: GuestOutcome) => void = () => {};
  const scope: WorkerScope = {
    onmessage: null,
    postMessage: (message: FromWorker) => {
      if (message.type === "outcome") ended(message.outcome);
      else if (message.type === "output") send({ ...message, type: "consumed", count: message.bytes.length });
    },
  };
  const send = (message: ToWorker) => scope.onmessage!({ data: message } as MessageEvent<ToWorker>);
  serveGuests(scope, (options) => new Machine(engine, options, undefined));
  const spec = guestSpec({ path: program, args: [], stdin: "null", stdout: "piped", stderr: "piped" }, {});
  return (run) =>
    new Promise((resolve) => {
      ended = resolve;
      send({ type: "run", run, spec });
    });
}
