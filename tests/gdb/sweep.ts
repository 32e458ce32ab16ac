/**
 * The single-step sweep: a program is stepped by `vCont;s`, and every pc is compared with the log of a run without a
 * debugger, in which the engine notes the address of each instruction it is about to execute.
 *
 *     deno run -A tests/gdb/sweep.ts [--instructions N] [--sysroot DIR] -- PROGRAM [args…]
 */
import type { AddressSpace, Cpu, Engine, Exit } from "../../src/engine/engine.ts";
import type { World } from "../../src/runner/world.ts";
import { InProcess, interpreterEngine, PlainRun, quietSpec } from "./in_process.ts";
import { readOptions } from "../support/options.ts";

/** An engine whose log takes the pc of every instruction that the first thread executes. */
function logging(engine: Engine, log: (pc: number) => void): Engine {
  let isFirst = true;
  return {
    name: engine.name,
    features: engine.features,
    midr: engine.midr,
    createAddressSpace: () => engine.createAddressSpace(),
    createFrame: (content) => engine.createFrame(content),
    disassemble: (word, pc) => engine.disassemble(word, pc),
    createCpu: () => {
      const cpu = isFirst ? new LoggingCpu(engine.createCpu(), log) : engine.createCpu();
      isFirst = false;
      return cpu;
    },
  };
}

class LoggingCpu implements Cpu {
  readonly regs;
  constructor(private readonly cpu: Cpu, private readonly log: (pc: number) => void) {
    // Registers are copied between processors by the engine, which knows its own alone.
    this.regs = cpu.regs;
  }
  run(space: AddressSpace, fuel: number): Exit {
    let retired = 0;
    for (;;) {
      const pc = Number(this.regs.pc);
      const exit = this.cpu.run(space, 1);
      retired += exit.retired;
      // An instruction that faults is executed again when its page is there.
      if (exit.retired > 0) this.log(pc);
      if (exit.kind !== "fuel" || retired >= fuel) return Object.assign(exit, { retired });
    }
  }
  step(space: AddressSpace): Exit {
    return this.run(space, 1);
  }
  clearExclusive(): void {
    this.cpu.clearExclusive();
  }
  free(): void {
    this.cpu.free();
  }
}

/** What a sweep found. */
export interface SweepResult {
  /** Steps that were compared. */
  readonly steps: number;
  /** The first difference. */
  readonly difference: { readonly step: number; readonly expected: number; readonly found: number } | undefined;
}

/** Steps through the first instructions of a program and compares. */
export async function sweep(
  path: string,
  args: readonly string[],
  world: World,
  instructions: number,
  progress: (done: number) => void = () => {},
): Promise<SweepResult> {
  const spec = quietSpec(path, args, world);
  const expected: number[] = [];
  // It begins to run while it is made.
  let plain: PlainRun | undefined = undefined as PlainRun | undefined;
  const engine = logging(interpreterEngine(), (pc) => {
    if (expected.length <= instructions) expected.push(pc);
    else plain?.stop();
  });
  plain = new PlainRun(spec, engine);
  await plain.outcome;

  const guest = new InProcess(spec);
  await guest.ask("qSupported:multiprocess+;swbreak+");
  await guest.ask("QStartNoAckMode");
  let found = pcOf(await guest.ask("?")), steps = 0;
  const last = Math.min(instructions, expected.length - 1);
  const thread = /thread:(p[0-9a-f.]+);/.exec(await guest.ask("?"))![1]!;
  while (found === expected[steps] && steps < last) {
    found = pcOf(await step(guest, thread, await guest.ask(`vCont;s:${thread}`)));
    if (found !== expected[steps + 1]) {
      // A system call is done and a signal is due: the step over it is not yet the step into the handler.
      const reply = await guest.ask(`vCont;s:${thread}`);
      if (pcOf(reply) === found) found = pcOf(await step(guest, thread, reply));
    }
    steps++;
    if (steps % 1000 === 0) progress(steps);
  }
  guest.stop();
  await guest.outcome;
  const differs = found !== expected[steps];
  return { steps, difference: differs ? { step: steps, expected: expected[steps]!, found } : undefined };
}

/** Steps once. A signal stops the thread before it is delivered, which is no instruction: it takes it and goes on. */
async function step(guest: InProcess, thread: string, reply: string): Promise<string> {
  for (let signal = signalOf(reply); signal !== TRAP && !Number.isNaN(signal); signal = signalOf(reply)) {
    reply = await guest.ask(`vCont;S${signal.toString(16)}:${thread}`);
  }
  return reply;
}

const TRAP = 5;

/** The protocol's number of the signal in a stop reply; NaN where the program has ended. */
function signalOf(reply: string): number {
  return reply.startsWith("T") ? parseInt(reply.slice(1, 3), 16) : NaN;
}

/** The pc of a stop reply; NaN where the program has ended. */
function pcOf(reply: string): number {
  const hex = /;20:([0-9a-f]{16});/.exec(reply)?.[1];
  if (hex === undefined) return NaN;
  return Number(BigInt("0x" + hex.match(/../g)!.reverse().join("")));
}

if (import.meta.main) {
  const { values, positionals } = readOptions("deno run -A tests/gdb/sweep.ts [options] -- PROGRAM [args…]", {
    allowPositionals: true,
    options: { instructions: { type: "string", default: "100000" }, sysroot: { type: "string" } },
  });
  const [path, ...args] = positionals;
  if (path === undefined) {
    console.error("usage: deno run -A tests/gdb/sweep.ts [--instructions N] [--sysroot DIR] -- PROGRAM [args…]");
    Deno.exit(2);
  }
  const world: World = {
    env: { PATH: "/usr/bin:/bin", PYTHONHASHSEED: "0" },
    ...(values.sysroot === undefined ? {} : { sysroot: Deno.realPathSync(values.sysroot), hostFallback: false }),
  };
  const { steps, difference } = await sweep(path, args, world, Number(values.instructions), (done) => {
    if (done % 10_000 === 0) console.error(`${done} steps`);
  });
  const hex = (value: number) => `0x${value.toString(16)}`;
  console.log(
    difference
      ? `step ${difference.step}: expected pc ${hex(difference.expected)}, found ${hex(difference.found)}`
      : `${steps} steps, no difference`,
  );
  Deno.exit(difference ? 1 : 0);
}
