/** What debuggers need of the engine: breakpoints, steps and watchpoints, interpreted and translated. */
import { deepEqual, equal } from "node:assert/strict";
import type { Exit, WatchKind } from "../engine.ts";
import { buildInterpreter } from "./build_image.ts";
import { Machine } from "./testing.ts";

const CODE = 0x10000;
/** Passes that make a loop hot, and then some. */
const PASSES = 20_000;
const image = buildInterpreter();

/** x0 = x0 + 1; x2 = [x1]; [x1 + 8] = x0; while x0 < x3 */
const LOOP = [
  0x91000400, // add x0, x0, #1
  0xf9400022, // ldr x2, [x1]
  0xf9000420, // str x0, [x1, #8]
  0xeb03001f, // cmp x0, x3
  0x54ffff83, // b.lo -16
  0xd4000001, // svc #0
];

function looping(): Machine {
  const machine = new Machine(image);
  machine.regs.setX(1, machine.data);
  machine.regs.setX(3, PASSES);
  return machine;
}

const summary = ({ kind, address, access }: Exit) => ({ kind, address, access });

Deno.test("setBreakpoint: a loop that is translated stops at the breakpoint in every pass", () => {
  const machine = looping();
  equal(machine.run(LOOP, 50_000).kind, "fuel");
  machine.space.setBreakpoint(CODE + 8, true);
  for (let pass = 0; pass < 3; pass++) {
    const before = machine.regs.x(0);
    const exit = machine.resume(1e6);
    equal(exit.kind, "breakpoint");
    equal(exit.value, -1);
    equal(Number(machine.regs.pc), CODE + 8);
    if (pass > 0) equal(machine.regs.x(0), before + 1n);
    equal(machine.stepOver().kind, "fuel");
    equal(Number(machine.regs.pc), CODE + 12);
  }
  machine.space.setBreakpoint(CODE + 8, false);
  equal(machine.resume(1e6).kind, "syscall");
  equal(machine.regs.x(0), BigInt(PASSES));
});

Deno.test("setBreakpoint: code with a breakpoint elsewhere is translated all the same", () => {
  const machine = looping();
  machine.space.setBreakpoint(CODE + 0x800, true);
  equal(machine.run(LOOP, 1e6).kind, "syscall");
  equal(machine.engine.translator!.stats.regions, 1);
});

Deno.test("setBreakpoint: a breakpoint outlives a new mapping, and is not the child's", () => {
  const machine = looping();
  machine.run(LOOP, 100);
  machine.space.setBreakpoint(CODE + 4, true);
  const child = machine.engine.createAddressSpace(), cpu = machine.engine.createCpu();
  machine.space.copyTo(child, CODE, 4096);
  child.mapZero(machine.data, 4096, 3);
  cpu.regs.copyFrom(machine.regs);
  cpu.regs.pc = BigInt(CODE);
  equal(cpu.run(child, 1e6).kind, "syscall");
  machine.space.mapZero(CODE, 4096, 7);
  machine.regs.setX(0, 0);
  equal(machine.run(LOOP, 100).kind, "breakpoint");
});

Deno.test("step: executes one instruction, breakpoint or not, branches included", () => {
  const machine = looping();
  machine.run(LOOP, 4);
  machine.space.setBreakpoint(CODE + 16, true);
  equal(machine.resume(5).kind, "breakpoint");
  equal(machine.stepOver().kind, "fuel");
  equal(Number(machine.regs.pc), CODE);
});

for (const warm of [false, true]) {
  const tier = warm ? "translated" : "interpreted";
  const cases: [WatchKind, number, number, number, string][] = [
    ["write", 8, 8, 8, "write"],
    ["write", 15, 1, 8, "write"],
    ["access", 0, 16, 4, "read"],
    ["read", 3, 2, 4, "read"],
  ];
  for (const [kind, offset, length, instruction, access] of cases) {
    Deno.test(`setWatchpoint: ${kind} of bytes ${offset}+${length} stops ${tier} code before the access`, () => {
      const machine = looping();
      machine.run(LOOP, warm ? 50_000 : 5);
      machine.space.setWatchpoint(machine.data + offset, length, kind, true);
      deepEqual(summary(machine.resume(1e6)), { kind: "watchpoint", address: machine.data + offset, access });
      equal(Number(machine.regs.pc), CODE + instruction);
      machine.space.setWatchpoint(machine.data + offset, length, kind, false);
      equal(machine.resume(1e6).kind, "syscall");
      equal(machine.regs.x(0), BigInt(PASSES));
    });
  }
}

Deno.test("setWatchpoint: neighbours in the page, and other kinds of access, do not stop", () => {
  const machine = looping();
  machine.space.setWatchpoint(machine.data + 16, 1000, "access", true);
  machine.space.setWatchpoint(machine.data + 8, 8, "read", true);
  machine.space.setWatchpoint(machine.data, 8, "write", true);
  equal(machine.run(LOOP, 1e6).kind, "syscall");
});

Deno.test("setWatchpoint: an access that reaches into the next page stops at its first watched byte", () => {
  const machine = new Machine(image);
  machine.regs.setX(1, machine.data + 4096 - 8);
  machine.space.setWatchpoint(machine.data + 4097, 1, "write", true);
  const exit = machine.step(0xa9000420); // stp x0, x1, [x1]
  deepEqual(summary(exit), { kind: "watchpoint", address: machine.data + 4097, access: "write" });
});

Deno.test("setWatchpoint: the host's own accesses, faults and copied pages are as without", () => {
  const machine = new Machine(image);
  machine.space.setWatchpoint(machine.data, 4, "access", true);
  equal(machine.space.view(machine.data, 8, "write")!.length, 8);
  const child = machine.engine.createAddressSpace();
  machine.space.copyTo(child, machine.data, 4096);
  machine.regs.setX(1, machine.data + 8);
  machine.regs.setX(0, 7);
  equal(machine.step(0xf9000020).kind, "fuel"); // str x0, [x1]
  equal(child.view(machine.data + 8, 1, "read")![0], 0);
  machine.regs.setX(1, machine.data + 65536);
  equal(machine.step(0xf9000020).kind, "fault");
});
