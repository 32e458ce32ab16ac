/**
 * A guest Worker with a kernel that follows a script in argv instead of executing a program: what the tests of the
 * runner need to be exact about streams, signals, time limits and verdicts.
 *
 * argv[1…] are steps: `out:TEXT`, `err:TEXT`, `mix:A,B…` (A on stdout, B on stderr, and so on, at once), `bytes:N` (so many zero bytes on stdout), `cat` (stdin to stdout),
 * `null` (whether standard input is /dev/null), `trace:TEXT`, `wait` (for an interrupt or stop), `spin` (never answers again), `read:PATH` (what Deno says to a host
 * read, on stdout), `write:PATH`, `exit:N`, `signal:N`, `enosys:NAME`, `throw:TEXT`, `error:CODE:TEXT`.
 * `once:FILEKEY:STEP` does STEP only for the first run in this Worker, `attempt` prints how many it has served.
 */
import type { HostOutput } from "../../src/kernel/host_stdio.ts";
import {
  type GuestKernel,
  type GuestKernelOptions,
  serveGuests,
  type WorkerScope,
} from "../../src/runner/guest_service.ts";
import type { GuestOutcome, GuestSpec } from "../../src/runner/guest_spec.ts";

const seen = new Set<string>();
let served = 0;

class FakeKernel implements GuestKernel {
  #woken: ((why: "stop" | number) => void) | undefined;
  readonly #unimplemented: Record<string, number> = {};

  constructor(readonly options: GuestKernelOptions) {}

  async run(spec: GuestSpec): Promise<GuestOutcome> {
    served++;
    for (const step of spec.argv.slice(1)) {
      const ending = await this.#step(step);
      if (ending) return this.#outcome(ending);
    }
    return this.#outcome({ kind: "exit", code: 0 });
  }

  interrupt(signal: number): void {
    this.#woken?.(signal);
  }

  stop(): void {
    this.#woken?.("stop");
  }

  #outcome(ending: GuestOutcome["ending"]): GuestOutcome {
    const crashes = ending.kind === "signal"
      ? [{
        signal: ending.signal,
        signalName: ending.signalName,
        code: "SEGV_MAPERR",
        address: "0x0",
        pc: "0x400580",
        symbol: "main+0x1c (crash)",
        backtrace: ["0x400580 main+0x1c (crash)", "0x4006a8 __libc_start_main+0x2e8 (crash)"],
        registers: { x0: "0x0" },
        pid: 1,
        tid: 1,
        program: "crash",
      }]
      : [];
    return { ending, crashes, unimplemented: this.#unimplemented, milliseconds: 1, instructions: 1000, discarded: [] };
  }

  async #step(step: string): Promise<GuestOutcome["ending"] | undefined> {
    const colon = step.indexOf(":");
    const name = colon < 0 ? step : step.slice(0, colon), rest = colon < 0 ? "" : step.slice(colon + 1);
    const { stdio } = this.options;
    const text = (value: string) => new TextEncoder().encode(value.replaceAll("\\n", "\n"));
    switch (name) {
      case "out":
        return void await writeAll(stdio.stdout, text(rest));
      case "err":
        return void await writeAll(stdio.stderr, text(rest));
      case "null":
        return void await writeAll(stdio.stdout, text(String(stdio.stdin.isNull ?? false)));
      case "mix":
        for (const [at, each] of rest.split(",").entries()) (at % 2 ? stdio.stderr : stdio.stdout).write(text(each));
        return;
      case "bytes":
        return void await writeAll(stdio.stdout, new Uint8Array(Number(rest)));
      case "cat":
        for (let bytes; (bytes = await stdio.stdin.read());) await writeAll(stdio.stdout, bytes);
        return;
      case "trace":
        return void this.options.log(rest);
      case "wait": {
        const why = await new Promise<"stop" | number>((resolve) => this.#woken = resolve);
        return why === "stop"
          ? { kind: "timeout", which: "timeout" }
          : { kind: "signal", signal: why, signalName: `SIG${why}` };
      }
      case "spin":
        for (;;);
      case "read":
      case "write":
        try {
          if (name === "read") Deno.readFileSync(rest);
          else Deno.writeFileSync(rest, new Uint8Array(1));
          return void await writeAll(stdio.stdout, text("ok"));
        } catch (error) {
          return void await writeAll(stdio.stdout, text((error as Error).name));
        }
      case "exit":
        return { kind: "exit", code: Number(rest) };
      case "signal":
        return { kind: "signal", signal: Number(rest), signalName: "SIGSEGV" };
      case "enosys":
        this.#unimplemented[rest] = 1;
        return;
      case "throw":
        throw new Error(rest);
      case "error": {
        const [code, message] = rest.split(":");
        return { kind: "error", message: message ?? "", exitCode: Number(code) };
      }
      case "once": {
        const key = rest.slice(0, rest.indexOf(":"));
        if (seen.has(key)) return;
        seen.add(key);
        return await this.#step(rest.slice(rest.indexOf(":") + 1));
      }
      case "attempt":
        return void await writeAll(stdio.stdout, text(String(served)));
      default:
        throw new Error(`unknown step ${step}`);
    }
  }
}

async function writeAll(output: HostOutput, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const taken = output.write(bytes.subarray(at));
    if (taken < 0) return;
    if (taken === 0) await output.writable();
    at += taken;
  }
}

serveGuests(self as unknown as WorkerScope, (options) => new FakeKernel(options));
