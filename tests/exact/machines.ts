/**
 * The machines that a case runs on: `machine.c` under elftap, and under an oracle. A machine is a process that takes
 * batches of cases on stdin and answers with their results.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Tier } from "../../src/runner/guest_spec.ts";

/** Where the sequences and the data lie: two writable pages, a read-only one, then nothing. */
export const CODE = 0x10000, CODE_SIZE = 0x10000, DATA = 0x40000, PAGE = 4096, PAGES = 3;
/** Cases of a batch at most. */
export const MAX_JOBS = 4096;

/** Offsets in a machine state, in bytes. */
export const At = { x: 0, sp: 31 * 8, pc: 32 * 8, pstate: 33 * 8, fpsr: 34 * 8, fpcr: 34 * 8 + 4, v: 35 * 8 } as const;
export const STATE_SIZE = At.v + 512;
const BATCH_HEAD = 8, JOB_HEAD = 8, JOB_SIZE = JOB_HEAD + STATE_SIZE;
/** Of a result: signal, si_code, si_addr, digest of memory, digest of the signals survived, then the state. */
export const RESULT_HEAD = 24;
export const RESULT_SIZE = RESULT_HEAD + STATE_SIZE;
/** Words of a result. */
export const SIGNAL = 0, SI_CODE = 1, ADDRESS = 2, MEMORY = 4, TRAIL = 5, PC = (RESULT_HEAD + At.pc) / 4;

/** Content of the data pages at the start of every case: noise with runs of zeros and ones. */
export const pristine: Uint8Array<ArrayBuffer> = (() => {
  const words = new Uint32Array(PAGES * PAGE / 4);
  let seed = 0x2545f491;
  words.forEach((_, i) => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    words[i] = (i & 7) === 3 ? 0 : (i & 7) === 6 ? 0xffffffff : seed;
  });
  return new Uint8Array(words.buffer);
})();

/** Cases to be run together: jobs, each with its state, and the code that they enter. */
export class Batch {
  jobs = 0;
  codeSize = 0;
  readonly #buffer = new ArrayBuffer(BATCH_HEAD + MAX_JOBS * JOB_SIZE + CODE_SIZE);
  readonly #words = new Uint32Array(this.#buffer);
  readonly code = new Uint32Array(CODE_SIZE / 4);

  clear(): void {
    this.jobs = this.codeSize = 0;
  }
  /**
   * Adds a sequence; returns where its state starts in {@link words}, to be filled.
   *
   * @param survives signals behind which it goes on
   */
  add(sequence: readonly number[], stores: boolean, survives = 0): number {
    const at = (BATCH_HEAD + this.jobs++ * JOB_SIZE) / 4;
    this.#words[at] = this.codeSize;
    this.#words[at + 1] = (survives << 8) | (stores ? 1 : 0);
    this.code.set(sequence, this.codeSize / 4);
    this.codeSize += sequence.length * 4;
    return at + JOB_HEAD / 4;
  }
  /** A batch with the same code and some of the jobs. */
  only(wanted: (job: number) => boolean): Batch {
    const part = new Batch();
    part.code.set(this.code);
    part.codeSize = this.codeSize;
    for (let job = 0; job < this.jobs; job++) {
      if (!wanted(job)) continue;
      const from = this.state(job) - JOB_HEAD / 4, to = part.state(part.jobs++) - JOB_HEAD / 4;
      part.#words.set(this.#words.subarray(from, from + JOB_SIZE / 4), to);
    }
    return part;
  }
  /** Whether another sequence of so many words fits. */
  fits(words: number): boolean {
    return this.jobs < MAX_JOBS && this.codeSize + 4 * words <= CODE_SIZE;
  }
  /** Everything as words; states are within. */
  get words(): Uint32Array {
    return this.#words;
  }
  /** Start of a job's state in {@link words}. */
  state(job: number): number {
    return (BATCH_HEAD + job * JOB_SIZE + JOB_HEAD) / 4;
  }
  /** Signals that a job survives. */
  survives(job: number): number {
    return this.#words[this.state(job) - 1]! >>> 8;
  }
  /** Address of a job's first instruction. */
  entry(job: number): number {
    return CODE + this.#words[this.state(job) - 2]!;
  }
  /** The batch as the machines read it; with only these jobs, if given. */
  encode(from = 0, to = this.jobs): Uint8Array<ArrayBuffer> {
    const jobs = to - from, code = BATCH_HEAD + jobs * JOB_SIZE;
    const bytes = new Uint8Array(code + this.codeSize);
    const head = new Uint32Array(bytes.buffer, 0, 2);
    head[0] = jobs;
    head[1] = this.codeSize;
    bytes.set(new Uint8Array(this.#buffer, BATCH_HEAD + from * JOB_SIZE, jobs * JOB_SIZE), BATCH_HEAD);
    bytes.set(new Uint8Array(this.code.buffer, 0, this.codeSize), code);
    return bytes;
  }
}

/** A process that executes batches. */
export class Machine {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #late = false;

  constructor(readonly name: string, command: Deno.Command) {
    this.#process = command.spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#reader = this.#process.stdout.getReader();
    void this.#writer.write(pristine).catch(() => {});
  }

  /**
   * Runs jobs `from` to `to` of a batch; their results, one after the other.
   *
   * @param limit milliseconds after which a case is taken to be endless
   * @throws {MachineDied} if a case has ended the process, or does not end
   */
  async run(batch: Batch, limit = 20_000, from = 0, to = batch.jobs): Promise<Uint32Array> {
    const timer = setTimeout(() => {
      this.#late = true;
      this.kill();
    }, limit);
    try {
      return await this.#run(batch, from, to);
    } finally {
      clearTimeout(timer);
    }
  }

  async #run(batch: Batch, from: number, to: number): Promise<Uint32Array> {
    const bytes = batch.encode(from, to), all = new Uint8Array((to - from) * RESULT_SIZE);
    const writing = this.#writer.write(bytes).catch(() => {});
    for (let at = 0; at < all.length;) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#reader.read();
        if (done) throw new MachineDied(this.name, this.#late);
        this.#rest = value;
      }
      const part = this.#rest.subarray(0, all.length - at);
      all.set(part, at);
      at += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    await writing;
    return new Uint32Array(all.buffer);
  }

  /** Ends the process, whatever it does. */
  kill(): void {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }

  /** Lets the process end. */
  async end(): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#reader.cancel().catch(() => {});
    await this.#process.status;
  }
}

/** A case has ended the process that ran it, or did not end. */
export class MachineDied extends Error {
  /** @param late whether the process was ended because its time was over */
  constructor(name: string, readonly late: boolean) {
    super(name);
  }
}

/** What the comparison needs and this computer lacks; undefined if nothing. */
export function missingOracle(): string | undefined {
  for (const [tool, name] of [["aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"], ["qemu-aarch64", "qemu-user"]]) {
    try {
      new Deno.Command(tool!, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync();
    } catch {
      return `${tool} is not installed (Debian: apt-get install ${name})`;
    }
  }
  return undefined;
}

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));
const SOURCE = fileURLToPath(new URL("./machine.c", import.meta.url));

/** The two machines, started as often as needed. */
export class Machines {
  readonly #folder = Deno.makeTempDirSync({ prefix: "elftap-exact-" });
  readonly #program = join(this.#folder, "machine");

  constructor() {
    // Position-independent, so that it lies far from the addresses that the cases make up.
    const built = new Deno.Command("aarch64-linux-gnu-gcc", {
      args: ["-O2", "-static-pie", "-o", this.#program, SOURCE],
    }).outputSync();
    if (!built.success) throw new Error(new TextDecoder().decode(built.stderr));
  }

  /** @param tier who executes */
  elftap(tier: Tier = "auto"): Machine {
    const root = join(this.#folder, "root");
    Deno.mkdirSync(root, { recursive: true });
    const args = [
      "run",
      "-A",
      CLI,
      "run",
      "--timeout",
      "0",
      "--sysroot",
      root,
      "--no-host",
      "--tier",
      tier,
      this.#program,
    ];
    return this.#start("elftap", Deno.execPath(), args);
  }

  /** Pointer authentication is a no-op here; SVE state would come first in the signal frame. */
  oracle(): Machine {
    return this.#start("oracle", "qemu-aarch64", ["-cpu", "max,sve=off,sme=off,pauth=off", this.#program]);
  }

  #start(name: string, command: string, args: string[]): Machine {
    return new Machine(
      name,
      new Deno.Command(command, { args, stdin: "piped", stdout: "piped", stderr: "null" }),
    );
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}
