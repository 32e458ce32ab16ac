/**
 * Prints the bytes of an ended guest that minor collections leave, the mean of a hundred of the program named. Started with
 * `--v8-flags=--expose-gc`: a collector got in another way takes everything, whatever it is asked for.
 */
import { buildInterpreter } from "../../src/engine/wasm/build_image.ts";
import { WasmEngine } from "../../src/engine/wasm/engine.ts";
import { service } from "./service.ts";

const GUESTS = 20, ROUNDS = 5;

const { gc } = globalThis as unknown as { gc(options: { type: "major" | "minor"; execution: "sync" }): void };
const run = service(new WasmEngine({ interpreter: buildInterpreter() }), Deno.args[0]!);
let number = 0;
async function someGuests(): Promise<void> {
  for (let i = 0; i < GUESTS; i++) {
    const { ending } = await run(++number);
    if (ending.kind !== "exit" || ending.code !== 0) throw new Error(`the guest ended otherwise: ${ending.kind}`);
  }
}

await someGuests();
gc({ type: "major", execution: "sync" });
const before = Deno.memoryUsage().heapUsed;
for (let round = 0; round < ROUNDS; round++) {
  await someGuests();
  // What survives one is old after the next.
  gc({ type: "minor", execution: "sync" });
  gc({ type: "minor", execution: "sync" });
}
console.log((Deno.memoryUsage().heapUsed - before) / (GUESTS * ROUNDS));
