import { equal, ok } from "node:assert/strict";
import { buildInterpreter } from "./build_image.ts";
import { WasmEngine } from "./engine.ts";

const CODE = 0x10000;
/** subs x1, x1, #1; b.ne to it; svc #0 */
const LOOP = Uint32Array.of(0xf1000421, 0x54ffffe1, 0xd4000001);

/** Runs the loop in a space of its own that maps this frame, to the system call or for so many instructions. */
function run(
  engine: WasmEngine,
  frame: ReturnType<WasmEngine["createFrame"]>,
  program?: string,
  passes = 100_000,
): string {
  const space = engine.createAddressSpace(), cpu = engine.createCpu();
  if (program !== undefined) space.setProgram!(new TextEncoder().encode(program), 0);
  space.mapFrame(CODE, frame, 5);
  cpu.regs.pc = BigInt(CODE);
  cpu.regs.setX(1, passes);
  const { kind } = cpu.run(space, 1_000_000);
  space.free();
  cpu.free();
  return kind;
}

Deno.test("WasmEngine enters code that another process had translated while an archive is awaited", async () => {
  const engine = new WasmEngine({ interpreter: buildInterpreter() });
  await engine.loadTranslator();
  const frame = engine.createFrame(new Uint8Array(LOOP.buffer));
  equal(run(engine, frame), "syscall");
  const regions = engine.translator!.stats.regions;
  ok(regions > 0, "nothing was translated");
  // The answer never comes.
  engine.regionStore = { load: () => new Promise(() => {}), save: () => {} };
  equal(run(engine, frame, "program"), "syscall");
  equal(engine.translator!.stats.regions, regions);
});

Deno.test("WasmEngine counts arrivals by program: what a hundred of them reach now and then is not hot", () => {
  const engine = new WasmEngine({ interpreter: buildInterpreter() });
  const frame = engine.createFrame(new Uint8Array(LOOP.buffer));
  for (let i = 0; i < 100; i++) equal(run(engine, frame, "short", 100), "syscall");
  equal(engine.statistics()["exits.hot"], undefined);
  equal(run(engine, frame, "long"), "syscall");
  ok(engine.statistics()["exits.hot"]! > 0);
});

Deno.test("WasmEngine takes an archive that came too late when its program starts again", async () => {
  const engine = new WasmEngine({ interpreter: buildInterpreter() });
  const frame = engine.createFrame(new Uint8Array(LOOP.buffer));
  let asked = 0;
  engine.regionStore = {
    load: () => {
      asked++;
      return Promise.resolve(Uint8Array.of(1));
    },
    save: () => {},
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  equal(run(engine, frame, "short", 1), "syscall");
  await settled();
  equal(engine.translator, undefined);
  const space = engine.createAddressSpace();
  space.setProgram!(new TextEncoder().encode("short"), 0);
  while (engine.translator === undefined) await settled();
  equal(asked, 1);
  space.free();
});
