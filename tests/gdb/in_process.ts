/** A guest and the debugger's side of it in this process: packets go in and come out without sockets and Workers. */
import { DebugServer } from "../../src/debug/gdb/server.ts";
import { frame, type Incoming, PacketReader } from "../../src/debug/gdb/packet.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { buildInterpreter } from "../../src/engine/wasm/build_image.ts";
import { WasmEngine } from "../../src/engine/wasm/engine.ts";
import type { InterpreterImage } from "../../src/engine/wasm/image_file.ts";
import { discardingOutput, emptyInput } from "../../src/kernel/host_stdio.ts";
import { Machine } from "../../src/runner/machine.ts";
import type { EngineParts } from "../../src/runner/worker_messages.ts";
import type { GuestOutcome, GuestSpec } from "../../src/runner/guest_spec.ts";
import { guestSpec, type World } from "../../src/runner/world.ts";

let image: InterpreterImage | undefined;

/** The interpreter alone, for what is to be repeatable. */
export function interpreterEngine(): Engine {
  return new WasmEngine({ interpreter: image ??= buildInterpreter(), tier: "interpreter" });
}

/** The spec of a program that nobody talks to. */
export function quietSpec(path: string, args: readonly string[], world: World): GuestSpec {
  return guestSpec({ path, args, stdin: "null", stdout: "null", stderr: "null" }, { watchdog: 0, ...world });
}

function machineOf(
  spec: GuestSpec,
  engine: Engine,
  debuggee: (event: { kind: string; bytes?: Uint8Array }) => void,
): Machine {
  const nothing = () => {};
  // The engine is there already.
  const parts = new Promise<EngineParts>(nothing);
  const stdio = { stdin: emptyInput, stdout: discardingOutput, stderr: discardingOutput };
  const options = { spec, stdio, engine: parts, log: nothing, trace: nothing, debuggee };
  return new Machine(engine, options, undefined);
}

/** Runs a program to its end, or until it is told to stop. */
export class PlainRun {
  readonly #machine: Machine;
  readonly outcome: Promise<GuestOutcome>;

  constructor(spec: GuestSpec, engine: Engine) {
    this.#machine = machineOf(spec, engine, () => {});
    this.outcome = this.#machine.run(spec);
  }
  stop(): void {
    this.#machine.stop();
  }
}

/** A guest that is stopped at its entry, and a debugger that says what a test wants. */
export class InProcess {
  readonly outcome: Promise<GuestOutcome>;
  readonly #machine: Machine;
  readonly #reader = new PacketReader(1 << 20);
  #answers: ((packet: string) => void)[] = [];
  /** Replies that nobody waited for. */
  readonly #replies: string[] = [];
  /** Whether the stub has ended the connection. */
  hungUp = false;

  constructor(spec: GuestSpec, engine: Engine = interpreterEngine(), stopOnEntry = true) {
    const debugged: GuestSpec = { ...spec, debug: { stopOnEntry, holdOnFailure: false } };
    this.#machine = machineOf(debugged, engine, (event) => {
      if (event.kind === "bytes") { for (const each of this.#reader.feed(event.bytes!)) this.#take(each); }
      else if (event.kind === "close") this.#hangUp();
    });
    this.#machine.allowDebugger(DebugServer);
    this.outcome = this.#machine.run(debugged);
    this.connect();
  }

  connect(): void {
    this.hungUp = false;
    this.#machine.debugger({ kind: "connected" });
  }
  disconnect(): void {
    this.#machine.debugger({ kind: "disconnected" });
  }

  #hangUp(): void {
    this.hungUp = true;
    // The port tells of it when the connection is gone.
    this.disconnect();
    for (const answer of this.#answers.splice(0)) answer("<closed>");
  }

  #take(incoming: Incoming): void {
    if (incoming.kind !== "packet") return;
    const answer = this.#answers.shift();
    if (answer) answer(incoming.data);
    else this.#replies.push(incoming.data);
  }

  /** Raw bytes. */
  send(bytes: Uint8Array): void {
    this.#machine.debugger({ kind: "bytes", bytes });
  }

  /** Takes the replies that have come so far without being asked for. */
  takeReplies(): string[] {
    return this.#replies.splice(0);
  }

  /** Sends a packet; its answer, which for those that let the program go on comes when it stops. */
  ask(packet: string): Promise<string> {
    return new Promise((resolve) => {
      this.#answers.push(resolve);
      this.send(frame(packet));
    });
  }
  stop(): void {
    this.#machine.stop();
  }
}
