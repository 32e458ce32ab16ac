/**
 * Inside the emulated machine: a vCPU that does not answer is an error, not a hang. A guest with interrupts masked, which
 * no program can do, spins: neither the end of its slice nor that of a round reaches it.
 *
 *     deno run -A tests/kvm/inside_stuck.ts kvm|hvf SHIM RESULTS
 */
import assert from "node:assert/strict";
import type { AddressSpace, Cpu } from "../../src/engine/engine.ts";
import { HypervisorEngine } from "../../src/engine/hypervisor/engine.ts";
import { Status } from "../../src/engine/hypervisor/layout.ts";
import type { HypervisorRegisters } from "../../src/engine/hypervisor/registers.ts";
import { HypervisorError } from "../../src/engine/hypervisor/shim.ts";
import { Pstate } from "../../src/isa/a64/el1.ts";
import { tested } from "./rows.ts";

const [name, shim, results] = Deno.args as ["kvm" | "hvf", string, string];
const CODE = 0x10000, SLICE = 1e6, SPIN = 0x14000000;

interface Thread {
  readonly cpu: Cpu;
  readonly space: AddressSpace;
}

function spinner(engine: HypervisorEngine, isDeaf: boolean): Thread {
  const space = engine.createAddressSpace(), cpu = engine.createCpu();
  space.mapZero(CODE, 4096, 5);
  const { buffer, byteOffset } = space.view(CODE, 4, "write", true)!;
  new DataView(buffer, byteOffset).setUint32(0, SPIN, true);
  cpu.regs.pc = BigInt(CODE);
  if (isDeaf) (cpu.regs as HypervisorRegisters).pstate |= Pstate.IF;
  return { cpu, space };
}

const isStuck = (error: unknown) =>
  error instanceof HypervisorError && error.status === Status.stuck && /does not answer/.test(error.message);

const TESTS: Record<string, (engine: HypervisorEngine) => void> = {
  "a vCPU that does not answer is given up"(engine) {
    const { cpu, space } = spinner(engine, true);
    assert.throws(() => cpu.run(space, SLICE), isStuck);
  },
  "so is one that runs beside another"(engine) {
    const { cpu, space } = spinner(engine, false);
    assert.throws(() => cpu.run(space, SLICE, [spinner(engine, true)]), isStuck);
  },
};

for (const [behaviour, test] of Object.entries(TESTS)) {
  using engine = new HypervisorEngine(name, shim);
  const isRight = await tested(results, `${name} stuck: ${behaviour}`, () => test(engine));
  console.log(`${name} stuck: ${behaviour}: ${isRight ? "right" : "wrong"}`);
}
