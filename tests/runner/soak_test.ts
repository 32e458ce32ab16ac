/** What a Worker that serves guest after guest keeps: not more after many than after some. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { buildInterpreter } from "../../src/engine/wasm/build_image.ts";
import { WasmEngine } from "../../src/engine/wasm/engine.ts";
import { usesMuch } from "../support/programs.ts";
import { service } from "./service.ts";

const HELLO = fileURLToPath(new URL("../fixtures/hello", import.meta.url));
/** Guests of the long run: `ELFTAP_SOAK=2000 deno test -A tests/runner/soak_test.ts`. */
const GUESTS = Number(Deno.env.get("ELFTAP_SOAK") ?? 300);
/** Guests after which everything that is kept on purpose is there. */
const WARM = 100;
/** Modules and instances of what becomes hot over all runs: the guest has a handful of branches. */
const MOST_REGIONS = 40;
/** Bytes of an ended guest that minor collections may leave: 5 and 9 KiB of these, 50 and 60 where something old held them. */
const LEFT_YOUNG = 24 * 1024;
/** Growth in bytes, with the garbage collected, that is no leak of anything once a guest. */
const SLACK = { live: 32 * 2 ** 20, resident: 128 * 2 ** 20 };

/** Counts what is made by a constructor of `WebAssembly` while the test runs. */
function counting(name: "Memory" | "Module" | "Instance"): { count: number; [Symbol.dispose](): void } {
  const original = WebAssembly[name] as unknown as new (...args: unknown[]) => object;
  const counter = {
    count: 0,
    [Symbol.dispose]: () => void Object.assign(WebAssembly, { [name]: original }),
  };
  class Counted extends original {
    constructor(...args: unknown[]) {
      super(...args);
      counter.count++;
    }
  }
  Object.assign(WebAssembly, { [name]: Counted });
  return counter;
}

/** Bytes in use by what can still be reached, and of the whole process. */
function bytesInUse(): { readonly live: number; readonly resident: number } {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, external, rss } = Deno.memoryUsage();
  return { live: heapUsed + external, resident: rss };
}

/** Open descriptors of this process; undefined where the host does not tell. */
function descriptors(): number | undefined {
  return Deno.build.os === "linux" ? [...Deno.readDirSync("/proc/self/fd")].length : undefined;
}

Deno.test("A Worker that serves guest after guest keeps memories, modules, descriptors and resident size", async () => {
  const engine = new WasmEngine({ interpreter: buildInterpreter() });
  const run = service(engine, HELLO);
  using memories = counting("Memory"), modules = counting("Module"), instances = counting("Instance");
  const state = () => ({ memories: memories.count, descriptors: descriptors() });
  let compiled = 0;
  let warm: ReturnType<typeof state> | undefined, before: ReturnType<typeof bytesInUse> | undefined;
  for (let number = 1; number <= GUESTS; number++) {
    assert.deepEqual((await run(number)).ending, { kind: "exit", code: 0 });
    if (number !== WARM) continue;
    warm = state();
    compiled = modules.count + instances.count;
    before = bytesInUse();
  }
  assert.deepEqual(state(), warm);
  assert.ok(modules.count + instances.count - compiled <= MOST_REGIONS, "translated code is not found again");
  const after = bytesInUse();
  for (const what of ["live", "resident"] as const) {
    const growth = after[what] - before![what];
    assert.ok(growth < SLACK[what], `${what}: ${(growth / 2 ** 20).toFixed(0)} MiB more than after ${WARM} guests`);
  }
});

Deno.test("Of a guest that has ended hardly anything outlasts minor collections", async () => {
  const folder = Deno.makeTempDirSync(), forking = `${folder}/forking`;
  const measure = fileURLToPath(new URL("left_young.ts", import.meta.url));
  try {
    Deno.writeFileSync(forking, usesMuch(), { mode: 0o755 });
    for (const program of [HELLO, forking]) {
      const args = ["run", "--allow-all", "--no-check", "--v8-flags=--expose-gc", measure, program];
      const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
      const left = Number.parseFloat(new TextDecoder().decode(stdout));
      assert.ok(left < LEFT_YOUNG, `${left} bytes of each ${program} are left`);
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
