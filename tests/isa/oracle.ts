/** Single instructions under another implementation of the architecture: `step.c` in user-mode QEMU. */
import { join } from "node:path";

/** Registers before an instruction: V0..V3, X0, X1 and the status registers. */
export interface State {
  readonly v: readonly [bigint, bigint, bigint, bigint];
  readonly x: readonly [bigint, bigint];
  readonly fpcr: number;
  readonly fpsr: number;
  /** In bits 31..28. */
  readonly nzcv: number;
}

/** V0, X0 and status after it; undefined where the instruction is illegal. */
export interface Outcome {
  readonly v0: bigint;
  readonly x0: bigint;
  readonly fpsr: number;
  readonly nzcv: number;
}

/** One instruction and the states to run it on. */
export interface Batch {
  readonly opcode: number;
  readonly states: readonly State[];
}

const STATE_SIZE = 96, RESULT_SIZE = 32, ILLEGAL = 0xffffffff;

function put128(view: DataView, at: number, value: bigint): void {
  view.setBigUint64(at, BigInt.asUintN(64, value), true);
  view.setBigUint64(at + 8, value >> 64n, true);
}

function encode(batches: readonly Batch[]): Uint8Array<ArrayBuffer> {
  const size = batches.reduce((sum, { states }) => sum + 8 + states.length * STATE_SIZE, 0);
  const bytes = new Uint8Array(size), view = new DataView(bytes.buffer);
  let at = 0;
  for (const { opcode, states } of batches) {
    view.setUint32(at, opcode, true);
    view.setUint32(at + 4, states.length, true);
    at += 8;
    for (const { v, x, fpcr, fpsr, nzcv } of states) {
      v.forEach((value, i) => put128(view, at + 16 * i, value));
      x.forEach((value, i) => view.setBigUint64(at + 64 + 8 * i, value, true));
      view.setUint32(at + 80, fpcr, true);
      view.setUint32(at + 84, fpsr, true);
      view.setUint32(at + 88, nzcv, true);
      at += STATE_SIZE;
    }
  }
  return bytes;
}

/** What the oracle needs and this machine lacks; undefined if nothing. */
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

/** Runs the batches under the oracle; outcomes in their order. */
export async function runOracle(batches: readonly Batch[]): Promise<(Outcome | undefined)[][]> {
  const folder = Deno.makeTempDirSync();
  try {
    const program = join(folder, "step");
    const source = new URL("./step.c", import.meta.url).pathname;
    const built = await new Deno.Command("aarch64-linux-gnu-gcc", {
      args: ["-O2", "-static", "-o", program, source],
    }).output();
    if (!built.success) throw new Error(new TextDecoder().decode(built.stderr));
    const process = new Deno.Command("qemu-aarch64", { args: [program], stdin: "piped", stdout: "piped" }).spawn();
    const writing = new Blob([encode(batches)]).stream().pipeTo(process.stdin);
    const [{ stdout }] = await Promise.all([process.output(), writing]);
    const view = new DataView(stdout.buffer, stdout.byteOffset, stdout.byteLength);
    let at = 0;
    return batches.map(({ states }) =>
      states.map(() => {
        const fpsr = view.getUint32(at + 24, true);
        const outcome = {
          v0: view.getBigUint64(at, true) | (view.getBigUint64(at + 8, true) << 64n),
          x0: view.getBigUint64(at + 16, true),
          fpsr,
          nzcv: view.getUint32(at + 28, true),
        };
        at += RESULT_SIZE;
        return fpsr === ILLEGAL ? undefined : outcome;
      })
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
