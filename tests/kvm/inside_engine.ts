/**
 * Inside the emulated machine: the engine by itself, with a few instructions as its guest. What is counted is counted
 * exactly: exits, calls of the hypervisor, calls of the shim, TLB invalidations.
 *
 *     deno run --allow-ffi=SHIM … tests/kvm/inside_engine.ts kvm|hvf SHIM RESULTS TITLE
 */
import assert from "node:assert/strict";
import type { AddressSpace, Cpu, Exit } from "../../src/engine/engine.ts";
import { HypervisorEngine } from "../../src/engine/hypervisor/engine.ts";
import { Status } from "../../src/engine/hypervisor/layout.ts";
import { HypervisorError, Shim } from "../../src/engine/hypervisor/shim.ts";
import { tested } from "./rows.ts";

const [name, shim, results, title] = Deno.args as ["kvm" | "hvf", string, string, string];
const engine = new HypervisorEngine(name, shim);

const CODE = 0x10000, DATA = 0x20000, PAGE = 4096;
/** Seconds of the CPU: the machine is slow, and no run but the endless one is to be ended from outside. */
const FUEL = 1e9;
/** As much as the engine's own: machines of one VM are side by side. */
const ENGINE_MEMORY = (name === "hvf" ? 4 : 9) * 2 ** 30;
const SVC = 0xd4000001, ADD = 0x91000400, SPIN = 0x14000000, STR = 0xf9000001, LDR = 0xf9400001;

/** A thread, in a fresh space with code and data unless it is given another's. */
class Guest {
  readonly cpu: Cpu = engine.createCpu();

  private constructor(readonly space: AddressSpace) {}

  static of(...words: number[]): Guest {
    const space = engine.createAddressSpace();
    space.mapZero(CODE, PAGE, 5);
    space.mapZero(DATA, 16 * PAGE, 3);
    return new Guest(space).code(...words);
  }
  /** Another thread in the same space, whose code is elsewhere in the page. */
  beside(at: number, ...words: number[]): Guest {
    return new Guest(this.space).codeAt(at, words);
  }
  /** Writes code as a debugger would, and goes to its start. */
  code(...words: number[]): this {
    return this.codeAt(CODE, words);
  }
  codeAt(at: number, words: readonly number[]): this {
    const bytes = this.space.view(at, 4 * words.length, "write", true)!;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    words.forEach((word, i) => view.setUint32(4 * i, word, true));
    this.space.invalidateCode(at, 4 * words.length);
    this.cpu.regs.pc = BigInt(at);
    return this;
  }
  x(n: number, value: number | bigint): this {
    this.cpu.regs.setX(n, value);
    return this;
  }
  run(fuel = FUEL): Exit {
    return this.cpu.run(this.space, fuel);
  }
}

const tests: Record<string, () => void> = {
  "SVC leaves behind itself, with the registers in place"() {
    const guest = Guest.of(0xd2800540, SVC); // mov x0, #42
    assert.equal(guest.run().kind, "syscall");
    assert.equal(guest.cpu.regs.x(0), 42n);
    assert.equal(guest.cpu.regs.pc, BigInt(CODE + 8));
  },
  "a system call is one exit, one call of the hypervisor, one call of the shim"() {
    const guest = Guest.of(SVC, 0x17ffffff); // b -1
    guest.run();
    const before = engine.counts;
    for (let i = 0; i < 1000; i++) guest.run();
    const after = engine.counts;
    assert.equal(after.exits - before.exits, 1000);
    assert.equal(after.calls - before.calls, 1000);
    assert.equal(after.runs - before.runs, 1000);
    assert.equal(after.tlbiPage + after.tlbiSpace + after.tlbiAll, before.tlbiPage + before.tlbiSpace + before.tlbiAll);
  },
  "faults have their address and access"() {
    const { kind, address, access } = Guest.of(LDR).x(0, 0x123457).run();
    assert.deepEqual({ kind, address, access }, { kind: "fault", address: 0x123457, access: "read" });
    const store = Guest.of(STR).x(0, CODE + 16).run();
    assert.deepEqual([store.kind, store.address, store.access], ["fault", CODE + 16, "write"]);
    const jump = Guest.of(0xd61f0000).x(0, 0x7654_3210).run(); // br x0
    assert.deepEqual([jump.kind, jump.address, jump.access], ["fault", 0x7654_3210, "execute"]);
  },
  "addresses of the upper half are negative"() {
    assert.equal(Guest.of(LDR).x(0, 0x0080_0000_0000_0000n).run().address, -(2 ** 55));
  },
  "a tag in the top byte is ignored"() {
    const guest = Guest.of(STR, SVC).x(0, 0x5a00_0000_0000_0000n | BigInt(DATA)).x(1, 7);
    assert.equal(guest.run().kind, "syscall");
    assert.equal(guest.space.view(DATA, 1, "read")![0], 7);
  },
  "EL1's half is out of reach"() {
    assert.equal(Guest.of(LDR).x(0, 0xffff_0000_4000_0000n).run().kind, "fault");
    assert.equal(Guest.of(0xd61f0000).x(0, 0xffff_0040_0000_0800n).run().kind, "fault");
  },
  "BRK, undefined instructions and misaligned pcs"() {
    const brk = Guest.of(0xd4200060).run();
    assert.deepEqual([brk.kind, brk.value], ["breakpoint", 3]);
    const udf = Guest.of(0x00000007).run();
    assert.deepEqual([udf.kind, udf.value], ["illegal", 7]);
    assert.equal(Guest.of(0xd61f0000).x(0, CODE + 2).run().kind, "alignment");
    assert.equal(Guest.of(0xd4000002).run().kind, "illegal"); // hvc #0
    assert.equal(Guest.of(0xd5381000).run().kind, "illegal"); // mrs x0, sctlr_el1
  },
  "identification registers can be read, as under Linux"() {
    const guest = Guest.of(0xd5380600, 0xd53807e1, SVC); // mrs x0, id_aa64isar0_el1; mrs x1, s3_0_c0_c7_7
    assert.equal(guest.run().kind, "syscall");
    assert.equal(((guest.cpu.regs.x(0) >> 20n) & 15n) >= 2n, engine.features.has("LSE"));
    assert.equal(guest.cpu.regs.x(1), 0n);
  },
  "WFI and WFE give the turn up"() {
    assert.equal(Guest.of(0xd503207f, SVC).run().kind, "fuel");
    assert.ok(["fuel", "syscall"].includes(Guest.of(0xd503205f, SVC).run().kind));
  },
  "a loop without calls is ended when its time is over"() {
    const guest = Guest.of(SPIN);
    const kicks = engine.counts.kicks;
    assert.equal(guest.run(1e6).kind, "fuel");
    assert.equal(guest.cpu.regs.pc, BigInt(CODE));
    assert.equal(engine.counts.kicks - kicks, 1);
    assert.equal(guest.code(SVC).run().kind, "syscall");
  },
  "little fuel is counted in instructions"() {
    const guest = Guest.of(ADD, ADD, ADD, SVC).x(0, 0);
    assert.deepEqual([guest.run(2).retired, guest.cpu.regs.x(0)], [2, 2n]);
    assert.equal(guest.cpu.step(guest.space).kind, "fuel");
    assert.equal(guest.cpu.step(guest.space).kind, "syscall");
  },
  "breakpoints stop before, step goes over them"() {
    const guest = Guest.of(ADD, ADD, SVC).x(0, 0), at = CODE + 4;
    guest.space.setBreakpoint(at, true);
    const stop = guest.run();
    assert.deepEqual([stop.kind, stop.value, guest.cpu.regs.pc], ["breakpoint", -1, BigInt(at)]);
    assert.equal(guest.run().kind, "breakpoint");
    assert.equal(guest.cpu.step(guest.space).kind, "fuel");
    assert.equal(guest.run().kind, "syscall");
    assert.equal(guest.cpu.regs.x(0), 2n);
    // Another space has none.
    assert.equal(Guest.of(ADD, ADD, SVC).run().kind, "syscall");
  },
  "watchpoints stop before the access, exact to the byte"() {
    const guest = Guest.of(STR, SVC).x(1, 5);
    guest.space.setWatchpoint(DATA + 0x13, 3, "write", true);
    assert.equal(guest.x(0, DATA + 8).run().kind, "syscall");
    guest.code(STR, SVC);
    const stop = guest.x(0, DATA + 0x10).run();
    assert.deepEqual([stop.kind, stop.address, stop.access], ["watchpoint", DATA + 0x13, "write"]);
    assert.equal(guest.space.view(DATA + 0x10, 1, "read")![0], 0);
    guest.space.setWatchpoint(DATA + 0x13, 3, "write", false);
    assert.equal(guest.run().kind, "syscall");
  },
  "a fork is a snapshot in both directions; its invalidations are bounded"() {
    const guest = Guest.of(STR, SVC).x(0, DATA).x(1, 1);
    guest.run();
    const before = engine.counts;
    const child = engine.createAddressSpace(), cpu = engine.createCpu();
    guest.space.copyTo(child, CODE, PAGE);
    guest.space.copyTo(child, DATA, 16 * PAGE);
    cpu.regs.copyFrom(guest.cpu.regs);
    cpu.regs.setX(1, 2);
    cpu.regs.pc = BigInt(CODE);
    assert.equal(cpu.run(child, FUEL).kind, "syscall");
    assert.equal(guest.space.view(DATA, 1, "read")![0], 1);
    assert.equal(child.view(DATA, 1, "read")![0], 2);
    assert.equal(guest.code(STR, SVC).x(1, 3).run().kind, "syscall");
    assert.equal(child.view(DATA, 1, "read")![0], 2);
    const after = engine.counts;
    // 16 pages become read-only in the parent, one is copied in the child and one taken back by the parent.
    assert.ok(after.tlbiPage - before.tlbiPage <= 20, `${after.tlbiPage - before.tlbiPage}`);
    child.free();
  },
  "mprotect is seen at once; many pages are one invalidation"() {
    const guest = Guest.of(LDR, SVC).x(0, DATA);
    guest.run();
    guest.space.mapZero(0x100000, 64 * PAGE, 3);
    const before = engine.counts;
    guest.space.protect(0x100000, 64 * PAGE, 1);
    guest.code(STR).x(0, 0x100000);
    assert.equal(guest.run().kind, "fault");
    const after = engine.counts;
    assert.equal(after.tlbiSpace - before.tlbiSpace, 1);
    assert.equal(after.tlbiPage, before.tlbiPage);
    guest.space.protect(DATA, PAGE, 0);
    assert.equal(guest.code(LDR).x(0, DATA).run().kind, "fault");
    guest.space.unmap(DATA, PAGE);
    assert.equal(guest.run().kind, "fault");
  },
  "a shared page is one page in two spaces and for the host"() {
    const frame = engine.createFrame(new Uint8Array(PAGE).fill(5));
    const one = Guest.of(STR, SVC), two = Guest.of(LDR, SVC);
    one.space.mapFrame(0x40000, frame, 3);
    two.space.mapFrame(0x50000, frame, 1);
    assert.equal(two.x(0, 0x50000).run().kind, "syscall");
    assert.equal(two.cpu.regs.x(1), 0x0505050505050505n);
    assert.equal(one.x(0, 0x40000).x(1, 9).run().kind, "syscall");
    two.code(LDR, SVC).run();
    assert.equal(two.cpu.regs.x(1), 9n);
    const content = new Uint8Array(8);
    frame.read(0, content);
    assert.equal(content[0], 9);
    frame.write(0, new Uint8Array([8]));
    two.code(LDR, SVC).run();
    assert.equal(two.cpu.regs.x(1), 8n);
  },
  "FP registers are a thread's own"() {
    const one = Guest.of(0x9e670000, SVC), two = Guest.of(0x9e660000, SVC); // fmov d0, x0 / fmov x0, d0
    one.x(0, 0x4045_0000_0000_0000n).run();
    two.run();
    assert.equal(two.cpu.regs.x(0), 0n);
    const vectors = new Uint8Array(512);
    one.cpu.regs.readV(vectors);
    assert.equal(new DataView(vectors.buffer).getFloat64(0, true), 42);
    two.cpu.regs.writeV(vectors);
    two.cpu.regs.fpcr = 0x00c00000;
    two.code(0x9e660000, SVC).run();
    assert.equal(two.cpu.regs.x(0), 0x4045_0000_0000_0000n);
    assert.equal(two.cpu.regs.fpcr, 0x00c00000);
    assert.equal(one.cpu.regs.fpcr, 0);
  },
  "code that the host writes anew is what runs"() {
    const guest = Guest.of(0xd2800020, SVC); // mov x0, #1
    guest.run();
    guest.code(0xd2800040, SVC).run(); // mov x0, #2
    assert.equal(guest.cpu.regs.x(0), 2n);
  },
  "300 address spaces: more than 8-bit ASIDs"() {
    for (let i = 0; i < 300; i++) {
      const guest = Guest.of(LDR, SVC).x(0, DATA);
      guest.space.view(DATA, 8, "write")![0] = i;
      assert.equal(guest.run().kind, "syscall");
      assert.equal(guest.cpu.regs.x(1), BigInt(i & 255));
      guest.space.free();
      guest.cpu.free();
    }
  },
  "threads run at the same time on several vCPUs"() {
    assert.ok(engine.processors >= 2, "the machine has one processor");
    // One waits for what the other stores, which then spins.
    const reader = Guest.of(0xf9400001, 0xb4ffffe1, SVC).x(0, DATA); // ldr x1, [x0]; cbz x1, -1; svc
    const writer = reader.beside(CODE + 64, STR, SPIN).x(0, DATA).x(1, 7);
    const before = engine.counts;
    assert.equal(reader.cpu.run(reader.space, FUEL, [writer]).kind, "syscall");
    assert.equal(reader.cpu.regs.x(1), 7n);
    assert.equal(engine.counts.rounds - before.rounds, 1);
    assert.equal(writer.cpu.hasExit, false);
    assert.equal(writer.cpu.regs.pc, BigInt(CODE + 68));
  },
  "what ends the run of another is what its own next run returns"() {
    const spinner = Guest.of(SPIN), caller = Guest.of(0xd2800540, SVC); // mov x0, #42; svc
    assert.equal(spinner.cpu.run(spinner.space, FUEL, [caller]).kind, "fuel");
    assert.equal(caller.cpu.hasExit, true);
    const before = engine.counts;
    assert.equal(caller.run().kind, "syscall");
    assert.equal(caller.cpu.regs.x(0), 42n);
    assert.equal(engine.counts.exits, before.exits);
    assert.equal(caller.cpu.hasExit, false);
    // A page that is still shared with a fork is the engine's affair.
    const child = engine.createAddressSpace(), storer = Guest.of(STR, SPIN).x(0, DATA).x(1, 3);
    storer.space.copyTo(child, DATA, PAGE);
    assert.equal(spinner.cpu.run(spinner.space, 1e6, [storer]).kind, "fuel");
    assert.equal(storer.cpu.hasExit, false);
    assert.equal(child.view(DATA, 1, "read")![0], 0);
    assert.equal(storer.run(1e6).kind, "fuel");
    assert.equal(storer.space.view(DATA, 1, "read")![0], 3);
  },
  "the budget ends all that run"() {
    const one = Guest.of(SPIN), two = Guest.of(SPIN);
    assert.equal(one.cpu.run(one.space, 1e6, [two]).kind, "fuel");
    assert.equal(two.cpu.hasExit, false);
    assert.equal(two.cpu.run(two.space, 1e6, [one]).kind, "fuel");
    assert.equal(one.code(SVC).run().kind, "syscall");
    assert.equal(two.code(SVC).run().kind, "syscall");
  },
  "FP registers follow their threads from one vCPU to the other"() {
    // fmov d1, #1.0; then fadd d0, d0, d1 for ever
    const threads = [0, 1, 2].map(() => {
      const guest = Guest.of(0x9e670000, SVC).x(0, 0); // fmov d0, x0
      guest.run();
      return guest.code(0x1e6e1001, 0x1e612800, 0x17ffffff);
    });
    const sum = (guest: Guest) => {
      const vectors = new Uint8Array(512);
      guest.cpu.regs.readV(vectors);
      return new DataView(vectors.buffer).getFloat64(0, true);
    };
    // Each pair of three threads on two vCPUs, and each alone, until all have got somewhere: who changes the vCPU takes
    // its sum along, and who does not run keeps it.
    for (let turn = 0; turn < 12 || threads.some((each) => sum(each) === 0); turn++) {
      const leader = threads[turn % 3]!, other = turn % 4 === 3 ? undefined : threads[(turn + 1 + turn % 2) % 3]!;
      const before = threads.map(sum);
      leader.cpu.run(leader.space, 1e6, other ? [other] : []);
      threads.forEach((each, n) => {
        const now = sum(each);
        const isRight = each === leader || each === other ? now >= before[n]! : now === before[n];
        assert.ok(isRight && Number.isInteger(now), `thread ${n}, turn ${turn}: ${before[n]}, then ${now}`);
      });
    }
  },
  "the limit of machines is an error with a hint, and ends with the machines"() {
    const more: HypervisorEngine[] = [];
    const limited = (error: unknown) =>
      error instanceof HypervisorError && error.status === Status.limit && error.hint !== undefined;
    assert.throws(() => {
      for (let i = 0; i < 100; i++) more.push(new HypervisorEngine(name, shim));
    }, limited);
    assert.ok(more.length >= 10, `${more.length} machines`);
    for (const each of more) each[Symbol.dispose]();
    new HypervisorEngine(name, shim)[Symbol.dispose]();
    assert.equal(Guest.of(SVC).run().kind, "syscall");
  },
  "the shim finds the hypervisor, and refuses machines and control blocks that are none"() {
    using library = new Shim(shim);
    library.probe();
    const refused = (error: unknown) => error instanceof HypervisorError && error.status === Status.host;
    assert.throws(() => library.createVcpu(99, 0, []), refused);
    assert.throws(() => library.run(99, 0), refused);
    const { machine } = library.open(ENGINE_MEMORY);
    assert.throws(() => library.createVcpu(machine, ENGINE_MEMORY, []), refused);
    assert.throws(() => library.createVcpu(machine, 0x10008, []), refused);
    assert.throws(() => library.createVcpu(machine, 0x10000, [[0xffff, 0n]]), refused);
    assert.throws(() => library.run(machine, 0), refused);
    library.close(machine);
  },
};

let failed = 0;
for (const [behaviour, test] of Object.entries(tests)) {
  if (!await tested(results, `${title}: ${behaviour}`, test)) failed++;
}
console.log(`${title}: ${Object.keys(tests).length - failed} right, ${failed} wrong; ${JSON.stringify(engine.counts)}`);
