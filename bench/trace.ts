/**
 * What a trace costs: ns a call with `-v -o FILE` minus without, beside what strace costs the same program on the host.
 */
import { join } from "node:path";

/** Rounds of four calls: enough for the guest's code to be warm, and a second for strace. */
const ROUNDS = 50_000, STRACE_ROUNDS = 5_000;

/** The two costs in ns a call; the second is undefined where the host has no strace or no compiler. */
export interface TraceCost {
  readonly own: number;
  readonly strace: number | undefined;
}

async function nanoseconds(command: string, args: readonly string[]): Promise<number> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], stdin: "null" }).output();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr).split("\n")[0]}`);
  return Number(new TextDecoder().decode(stdout));
}

/**
 * Measures once.
 *
 * @param elftap the words before elftap's options
 * @param guest the program for aarch64
 * @param host the same program for this machine, where there is one
 * @param folder for the traces
 */
export async function traceCost(
  elftap: readonly string[],
  guest: string,
  host: string | undefined,
  folder: string,
): Promise<TraceCost> {
  const [command, ...args] = elftap as readonly [string, ...string[]];
  const rounds = String(ROUNDS), file = join(folder, "trace");
  const plain = await nanoseconds(command, [...args, guest, rounds]);
  const traced = await nanoseconds(command, [...args, "-v", "-o", file, guest, rounds]);
  let strace: number | undefined;
  if (host !== undefined) {
    try {
      const rounds = String(STRACE_ROUNDS);
      strace = await nanoseconds("strace", ["-o", file, host, rounds]) - await nanoseconds(host, [rounds]);
    } catch (error) {
      console.error(`without strace: ${(error as Error).message}`);
    }
  }
  Deno.removeSync(file);
  return { own: traced - plain, strace };
}
