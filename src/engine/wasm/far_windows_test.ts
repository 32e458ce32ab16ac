import { deepEqual, equal, throws } from "node:assert/strict";
import { buildInterpreter } from "./build_image.ts";
import { FarWindows, placeOf } from "./far_windows.ts";
import { FAR_RIGHTS, FAR_WINDOW, FAR_ZONE, GUEST_LIMIT, PageBits, WINDOW } from "./layout.ts";
import { Machine } from "./testing.ts";

const FAR = 2 ** 36, CODE = 0x10000;
const image = buildInterpreter();

/** Guest memory as far as they look at it, and they. */
function windows(): { guest: Uint8Array; far: FarWindows } {
  const guest = new Uint8Array(FAR_RIGHTS + 2 ** 20);
  return { guest, far: new FarWindows(guest) };
}

Deno.test("FarWindows: a window is in one place, and its neighbour beside it", () => {
  const { far } = windows();
  equal(far.near(FAR), -1);
  equal(far.limit, GUEST_LIMIT);
  equal(far.reach(FAR + 5), true);
  equal(far.limit, FAR_ZONE);
  const place = far.near(FAR);
  equal(far.near(FAR + 5), place + 5);
  equal(far.near(FAR + FAR_WINDOW), -1);
  far.reach(2 ** 47);
  far.reach(FAR + FAR_WINDOW);
  equal(far.near(FAR + FAR_WINDOW), place + FAR_WINDOW);
  equal(far.reach(FAR), true, "a second time");
});

Deno.test("FarWindows: sixteen and no more; none in reach of the near addresses, none beyond 48 bits", () => {
  const { guest, far } = windows();
  for (const va of [0, GUEST_LIMIT - 1, FAR_ZONE, 2 ** 48, -1, NaN]) equal(far.reach(va), false);
  const places = Array.from({ length: 16 }, (_, i) => {
    equal(far.reach(FAR + i * 2 ** 40), true);
    const place = far.near(FAR + i * 2 ** 40);
    guest[place / 4096] = PageBits.mapped;
    return place;
  });
  equal(new Set(places).size, 16);
  const inMemory = places.map((place) => placeOf(place) - WINDOW);
  equal(inMemory.every((place) => place >= FAR_ZONE && place + FAR_WINDOW <= GUEST_LIMIT), true);
  equal(far.reach(FAR + 2 ** 46), false);
  equal(far.near(GUEST_LIMIT - 1), -1, "the zone is no near address");
  const { far: child } = windows();
  child.inherit(far);
  deepEqual(places.map((_, i) => child.near(FAR + i * 2 ** 40)), places);
  child.clear();
  equal(child.near(FAR), -1);
  equal(child.limit, GUEST_LIMIT);
});

/** A machine with two far pages over the border of two windows, and what is around it. */
function farMachine(): Machine {
  const machine = new Machine(image), far = machine.space.far!;
  far.reach(FAR);
  far.reach(FAR - 4096);
  machine.space.mapZero(FAR - 4096, 8192, 3);
  machine.regs.setX(1, FAR);
  return machine;
}

Deno.test("far accesses: load, store, write-back, pairs, tags, exclusives", () => {
  const machine = farMachine();
  machine.regs.setX(0, 0x1122334455667788n);
  equal(machine.step(0xf8008420).kind, "fuel"); // str x0, [x1], #8
  equal(machine.regs.xu(1), FAR + 8, "the base stays far");
  equal(machine.step(0xf85f8022).kind, "fuel"); // ldur x2, [x1, #-8]
  equal(machine.regs.x(2), 0x1122334455667788n);
  equal(machine.step(0xa9bf0020).kind, "fuel"); // stp x0, x0, [x1, #-16]!
  equal(machine.regs.xu(1), FAR - 8);
  equal(machine.step(0xa9400c22).kind, "fuel"); // ldp x2, x3, [x1]
  deepEqual([machine.regs.x(2), machine.regs.x(3)], [0x1122334455667788n, 0x1122334455667788n]);
  machine.regs.setX(1, BigInt(FAR) | 0x5an << 56n);
  equal(machine.step(0xc85f7c22).kind, "fuel"); // ldxr x2, [x1]
  equal(machine.step(0xc8037c20).kind, "fuel"); // stxr w3, x0, [x1]
  equal(machine.regs.x(3), 0n);
  deepEqual([...machine.space.view(FAR, 8, "read")!], [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);
  equal(machine.space.view(FAR - 4096, 8192, "read")!.length, 4096, "a view ends with its window");
});

Deno.test("far accesses: over the border of two windows where they are side by side", () => {
  const machine = farMachine();
  machine.regs.setX(0, 0x0102030405060708n);
  machine.regs.setX(1, FAR - 3);
  equal(machine.step(0xf9000020).kind, "fuel"); // str x0, [x1]
  equal(machine.step(0xf9400022).kind, "fuel"); // ldr x2, [x1]
  equal(machine.regs.x(2), 0x0102030405060708n);
  equal(machine.space.view(FAR, 1, "read")![0], 5);
});

Deno.test("far accesses: over the border of windows that are apart: an alignment fault, never a wrong byte", () => {
  const machine = new Machine(image), far = machine.space.far!;
  far.reach(FAR);
  // Others take all places but one, which is not beside it.
  for (let i = 1; i < 15; i++) far.reach(FAR + i * 2 ** 40);
  far.reach(FAR + FAR_WINDOW);
  machine.space.mapZero(FAR + FAR_WINDOW - 4096, 8192, 3);
  machine.regs.setX(1, FAR + FAR_WINDOW - 3);
  const { kind, address } = machine.step(0xf9400022); // ldr x2, [x1]
  deepEqual({ kind, address }, { kind: "alignment", address: FAR + FAR_WINDOW });
});

Deno.test("far accesses: what is not there faults with its address", () => {
  const machine = farMachine();
  for (const va of [FAR + 4096, FAR + 2 ** 40, 2 ** 48, GUEST_LIMIT]) {
    machine.regs.setX(1, va);
    const { kind, address, access } = machine.step(0xf9000020); // str x0, [x1]
    deepEqual({ kind, address, access }, { kind: "fault", address: va, access: "write" });
  }
  machine.space.protect(FAR, 4096, 1);
  machine.regs.setX(1, FAR);
  equal(machine.step(0xf9000020).kind, "fault");
  equal(machine.step(0xf9400022).kind, "fuel"); // ldr x2, [x1]
  machine.space.unmap(FAR - 4096, 8192);
  equal(machine.step(0xf9400022).kind, "fault");
});

Deno.test("far accesses: a hot loop, translated, leaves for them and goes on", () => {
  const machine = farMachine();
  const loop = [
    0xf9400022, // ldr x2, [x1]
    0x91000442, // add x2, x2, #1
    0xf9000022, // str x2, [x1]
    0xf1000463, // subs x3, x3, #1
    0x54ffff81, // b.ne -16
    0xd4000001, // svc #0
  ];
  machine.regs.setX(3, 20_000);
  equal(machine.run(loop, 1e6).kind, "syscall");
  equal(machine.regs.x(2), 20_000n);
  equal(machine.engine.translator!.stats.regions, 1);
});

Deno.test("far pages: a copy-on-write child, moves to near and back, memory that is used again", () => {
  const machine = farMachine(), { space, engine } = machine;
  space.view(FAR, 1, "write")![0] = 7;
  const child = engine.createAddressSpace();
  space.copyTo(child, FAR - 4096, 8192);
  equal(child.isShared(FAR), true);
  child.view(FAR, 1, "write")![0] = 8;
  equal(space.view(FAR, 1, "read")![0], 7);
  space.move(FAR - 4096, CODE + 0x100000, 8192);
  equal(space.query(FAR), undefined);
  equal(space.view(CODE + 0x101000, 1, "read")![0], 7);
  space.move(CODE + 0x101000, FAR, 4096);
  equal(space.view(FAR, 1, "read")![0], 7);
  equal(child.view(FAR, 1, "read")![0], 8);
  child.free();
  const next = engine.createAddressSpace();
  equal(next.view(FAR, 1, "read"), undefined);
  next.far!.reach(FAR);
  next.mapZero(FAR, 4096, 3);
  equal(next.view(FAR, 1, "read")![0], 0);
});

Deno.test("far accesses: watchpoints, exact to the byte", () => {
  const machine = farMachine(), { space } = machine;
  space.setWatchpoint(FAR + 16, 4, "write", true);
  machine.regs.setX(1, FAR + 8);
  equal(machine.step(0xf9000020).kind, "fuel", "str x0, [x1] beside it");
  equal(machine.step(0xf9400422).kind, "fuel", "ldr x2, [x1, #8] reads it");
  const { kind, address } = machine.step(0xf9000420); // str x0, [x1, #8]
  deepEqual({ kind, address }, { kind: "watchpoint", address: FAR + 16 });
  space.setWatchpoint(FAR + 16, 4, "write", false);
  equal(machine.step(0xf9000420).kind, "fuel");
  throws(() => space.setWatchpoint(FAR + 2 ** 40, 4, "write", true), RangeError, "where nothing is");
});

Deno.test("far pages: a window in which nothing is mapped makes room for another", () => {
  const machine = new Machine(image), { space } = machine, far = space.far!;
  for (let i = 0; i < 40; i++) {
    const va = FAR + i * 2 ** 40;
    equal(far.reach(va), true);
    space.mapZero(va, 4096, 3);
    equal(space.view(va, 1, "write")![0], 0);
    space.view(va, 1, "write")![0] = 1;
    if (i >= 10) space.unmap(va, 4096);
  }
  for (let i = 0; i < 10; i++) equal(space.view(FAR + i * 2 ** 40, 1, "read")![0], 1);
  equal(space.view(FAR + 20 * 2 ** 40, 1, "read"), undefined);
});

Deno.test("far pages: a view of the last near page ends there", () => {
  const machine = new Machine(image), { space } = machine, far = space.far!;
  far.open();
  for (let i = 0; i < 16; i++) {
    far.reach(FAR + i * FAR_WINDOW);
    space.mapZero(FAR + i * FAR_WINDOW, 4096, 3);
  }
  space.mapZero(FAR_ZONE - 4096, 4096, 3);
  equal(space.view(FAR_ZONE - 4096, 8192, "write")!.length, 4096);
  equal(space.view(FAR_ZONE, 1, "read"), undefined);
  machine.regs.setX(1, FAR_ZONE);
  equal(machine.step(0xf9400022).kind, "fault", "ldr x2, [x1]: the zone itself cannot be read");
  machine.regs.setX(1, FAR_ZONE - 4);
  equal(machine.step(0xf9400022).kind, "fault", "nor reached into");
  equal(space.view(NaN, 1, "read"), undefined);
});
