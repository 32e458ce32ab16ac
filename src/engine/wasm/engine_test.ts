import { deepEqual, equal, ok } from "node:assert/strict";
import { buildInterpreter } from "./build_image.ts";
import { WasmEngine } from "./engine.ts";
import { HOT } from "./layout.ts";

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
  if (program !== undefined) space.setProgram!(program);
  space.mapFrame(CODE, frame, 5);
  cpu.regs.pc = BigInt(CODE);
  cpu.regs.setX(1, passes);
  const { kind } = cpu.run(space, 1_000_000);
  space.free();
  cpu.free();
  return kind;
}

/** What is kept of the loop. */
async function archive(): Promise<Uint8Array<ArrayBuffer>> {
  const engine = new WasmEngine({ interpreter: buildInterpreter() });
  await engine.loadTranslator();
  let kept: Uint8Array<ArrayBuffer> | undefined;
  equal(run(engine, engine.createFrame(new Uint8Array(LOOP.buffer)), "program"), "syscall");
  engine.regionStore = { load: () => Promise.resolve(null), save: (_, archive) => void (kept = archive) };
  engine.idle();
  ok(kept, "nothing was kept");
  return kept;
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

for (const tier of ["auto", "translator"] as const) {
  for (const [name, word] of [["BLR", 0xd63f0040], ["BR", 0xd61f0040]] as const) {
    Deno.test(`WasmEngine faults at address 0 when translated code branches there by ${name}, tier ${tier}`, async () => {
      const engine = new WasmEngine({ interpreter: buildInterpreter(), tier });
      await engine.loadTranslator();
      const frame = engine.createFrame(new Uint8Array(Uint32Array.of(LOOP[0]!, LOOP[1]!, word, LOOP[2]!).buffer));
      const space = engine.createAddressSpace(), cpu = engine.createCpu();
      space.mapFrame(CODE, frame, 5);
      // The first pass decodes the branch, so that it is part of the region.
      for (const passes of [1, 100_000]) {
        cpu.regs.pc = BigInt(CODE);
        cpu.regs.setX(1, passes);
        cpu.regs.setX(2, 0);
        const { kind, address, access, retired } = cpu.run(space, 1_000_000);
        deepEqual({ kind, address, access, retired }, {
          kind: "fault",
          address: 0,
          access: "execute",
          retired: 2 * passes + 1,
        });
        equal(cpu.regs.pc, 0n);
      }
      ok(engine.translator!.stats.regions > 0, "nothing was translated");
      space.free();
      cpu.free();
    });
  }
}

for (const tier of ["interpreter", "auto", "translator"] as const) {
  for (const [name, word] of [["BLR", 0xd63f0040], ["BR", 0xd61f0040], ["RET", 0xd65f0040]] as const) {
    Deno.test(`WasmEngine keeps all bits of a target that ${name} cannot execute, tier ${tier}`, async () => {
      const engine = new WasmEngine({ interpreter: buildInterpreter(), tier });
      await engine.loadTranslator();
      const frame = engine.createFrame(new Uint8Array(Uint32Array.of(LOOP[0]!, LOOP[1]!, word, LOOP[2]!).buffer));
      const space = engine.createAddressSpace(), cpu = engine.createCpu();
      space.mapFrame(CODE, frame, 5);
      for (
        const [target, pc, kind] of [
          [0x10001n, 0x10001n, "alignment"],
          [0x10002n, 0x10002n, "alignment"],
          [0x10003n, 0x10003n, "alignment"],
          [0x0080_0000_0001_0000n, 0x0080_0000_0001_0000n, "fault"],
          // The top byte is ignored in the lower half of the addresses only.
          [0x5a80_0000_0001_0000n, 0x5a80_0000_0001_0000n, "fault"],
          [0x5a00_0000_0008_0000n, 0x80000n, "fault"],
        ] as const
      ) {
        // The first pass decodes the branch, so that it is part of the region.
        for (const passes of [1, 10_000]) {
          cpu.regs.pc = BigInt(CODE);
          cpu.regs.setX(1, passes);
          cpu.regs.setX(2, target);
          const exit = cpu.run(space, 1_000_000);
          equal(exit.kind, kind);
          equal(cpu.regs.pc, pc);
          equal(exit.retired, 2 * passes + 1);
        }
      }
      if (tier !== "interpreter") ok(engine.translator!.stats.regions > 0, "nothing was translated");
      space.free();
      cpu.free();
    });
  }
}

for (const at of [CODE, 0x8000_0000, 0x1_0000_0000, 0x3_0000_0000]) {
  Deno.test(`AddressSpace.invalidateCode forgets the instructions of its range alone, at 0x${at.toString(16)}`, () => {
    const engine = new WasmEngine({ interpreter: buildInterpreter(), tier: "interpreter" });
    const space = engine.createAddressSpace(), cpu = engine.createCpu();
    space.mapZero(at, 4096, 7);
    space.view(at, 12, "write")!.set(new Uint8Array(LOOP.buffer));
    const decodings = (isNew: boolean): number => {
      cpu.regs.pc = BigInt(at);
      cpu.regs.setX(1, 1);
      const exit = cpu.run(space, 100);
      equal(exit.kind, "syscall");
      equal(exit.newCode, isNew);
      return engine.statistics()["exits.undecoded"]!;
    };
    const before = decodings(true);
    space.invalidateCode(at + 64, 64);
    equal(decodings(false), before);
    space.invalidateCode(at, 64);
    ok(decodings(true) > before);
    space.free();
    cpu.free();
  });
}

Deno.test("WasmEngine translates a page of code that is mapped at two addresses at both, in turns", async () => {
  const engine = new WasmEngine({ interpreter: buildInterpreter() });
  await engine.loadTranslator();
  const frame = engine.createFrame(new Uint8Array(LOOP.buffer));
  const space = engine.createAddressSpace(), cpu = engine.createCpu();
  space.mapFrame(CODE, frame, 5);
  space.mapFrame(2 * CODE, frame, 5);
  for (const at of [CODE, CODE, 2 * CODE, CODE, 2 * CODE]) {
    const before = engine.statistics()["instructions.translated"]!;
    cpu.regs.pc = BigInt(at);
    cpu.regs.setX(1, 100_000);
    equal(cpu.run(space, 1_000_000).kind, "syscall");
    const translated = engine.statistics()["instructions.translated"]! - before;
    ok(translated > 100_000, `${translated} of 200,001 instructions at 0x${at.toString(16)} were translated`);
  }
});

Deno.test("WasmEngine counts arrivals by program: what a hundred of them reach now and then is not hot", () => {
  const engine = new WasmEngine({ interpreter: buildInterpreter() });
  const frame = engine.createFrame(new Uint8Array(LOOP.buffer));
  for (let i = 0; i < 100; i++) equal(run(engine, frame, "short", 100), "syscall");
  equal(engine.statistics()["exits.hot"], undefined);
  equal(run(engine, frame, "long"), "syscall");
  ok(engine.statistics()["exits.hot"]! > 0);
});

Deno.test("WasmEngine asks for the archive of a program when it runs long enough for a translator, and once", async () => {
  const engine = new WasmEngine({ interpreter: buildInterpreter() });
  const frame = engine.createFrame(new Uint8Array(LOOP.buffer));
  const asked: string[] = [];
  engine.regionStore = {
    load: (program) => {
      asked.push(program);
      return Promise.resolve(null);
    },
    save: () => {},
  };
  equal(run(engine, frame, "short"), "syscall");
  equal(engine.translator, undefined);
  equal(asked.length, 0);
  for (let i = 0; i < 20; i++) equal(run(engine, frame, "long", 1_000_000), "fuel");
  equal(asked.length, 1);
  while (engine.translator === undefined) {
    await new Promise((resolve) => setTimeout(resolve));
    run(engine, frame, "long");
  }
  equal(asked.length, 1);
});

Deno.test("WasmEngine takes an archive that came too late when its program starts again", async () => {
  const engine = new WasmEngine({ interpreter: buildInterpreter() });
  await engine.loadTranslator();
  const frame = engine.createFrame(new Uint8Array(LOOP.buffer));
  let asked = 0;
  let answer = (_: Uint8Array<ArrayBuffer>): void => {};
  engine.regionStore = {
    load: () => {
      asked++;
      return new Promise((resolve) => answer = resolve);
    },
    save: () => {},
  };
  equal(run(engine, frame, "short", 1), "syscall");
  equal(engine.awaitsHost, false, "was asked for although nothing was hot");
  equal(run(engine, frame, "short", 2 * HOT), "syscall");
  equal(engine.awaitsHost, true);
  answer(await archive());
  await new Promise((resolve) => setTimeout(resolve));
  equal(engine.awaitsHost, false);
  equal(engine.statistics()["regions.archived"], 0);
  const space = engine.createAddressSpace();
  space.setProgram!("short");
  for (let turn = 0; turn < 1000 && engine.statistics()["regions.archived"] === 0; turn++) {
    await new Promise((resolve) => setTimeout(resolve));
  }
  ok(engine.statistics()["regions.archived"]! > 0, "what came too late was not taken");
  equal(asked, 1);
  space.free();
});

/** A loop that X1 counts down; a call in each pass of a function, and another way where X2 is zero. */
const CALLS = Uint32Array.from([
  0x94000000 | 36, // loop: bl function
  0xb4000082, // cbz x2, way
  0xd1000421, // back: sub x1, x1, #1
  0xb5ffffa1, // cbnz x1, loop
  0xd4000001, // svc #0
  ...new Array(30).fill(0x91000463), // way: add x3, x3, #1
  0x17ffffdf, // b back
  ...new Array(20).fill(0x91000484), // function: add x4, x4, #1
  0xd65f03c0, // ret
]);

Deno.test("WasmEngine translates a region again with all that it had, also what this process has not come to", async () => {
  const engine = new WasmEngine({ interpreter: buildInterpreter() });
  await engine.loadTranslator();
  const { stats } = engine.translator!;
  const guest = (x2: number, passes: number, slice: number) => {
    const space = engine.createAddressSpace(), cpu = engine.createCpu();
    // Not a frame: what is decoded of that, processes share.
    space.mapZero(CODE, 4096, 7);
    space.view(CODE, CALLS.byteLength, "write")!.set(new Uint8Array(CALLS.buffer));
    space.invalidateCode(CODE, 4096);
    cpu.regs.pc = BigInt(CODE);
    cpu.regs.setX(1, passes);
    cpu.regs.setX(2, x2);
    let instructions = 0, kind = "fuel";
    while (kind === "fuel") {
      const exit = cpu.run(space, slice++);
      instructions += exit.retired;
      kind = exit.kind;
    }
    equal(kind, "syscall");
    equal(instructions, passes * (x2 === 0 ? 56 : 25) + 1);
    equal(cpu.regs.x(4), BigInt(20 * passes));
    space.free();
    cpu.free();
  };
  guest(0, 20_000, 500_000);
  const { again } = stats;
  guest(1, 200_000, 5000);
  ok(stats.again > again, "nothing was translated again");
  const { regions } = stats;
  guest(0, 20_000, 500_000);
  equal(stats.regions, regions);
});

Deno.test("WasmEngine counts programs by their content", () => {
  const engine = new WasmEngine({ interpreter: buildInterpreter() });
  const frame = engine.createFrame(new Uint8Array(LOOP.buffer));
  for (const program of ["one", "two", "one", undefined]) run(engine, frame, program, 1);
  equal(engine.programs, 2);
});
