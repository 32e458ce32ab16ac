/** `elftap serve` for the benchmarks: while it is there, every `elftap run` of theirs has its guest on it. */
import { SERVER_VARIABLE } from "../src/server/address.ts";
import { servedAt } from "../tests/support/served_at.ts";

/** Ends the server. */
export interface Served {
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a server.
 *
 * @param command of elftap, without the command `run`
 * @param processors that it may use, as taskset has them; default: all
 */
export async function startServer(command: readonly string[], processors?: string): Promise<Served> {
  const [program, ...args] = [...processors ? ["taskset", "-c", processors] : [], ...command, "serve"];
  const child = new Deno.Command(program!, { args, stdout: "piped", stderr: "null" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  Deno.env.set(SERVER_VARIABLE, await servedAt(reader));
  return {
    async [Symbol.asyncDispose]() {
      Deno.env.delete(SERVER_VARIABLE);
      child.kill("SIGTERM");
      await reader.cancel();
      await child.status;
    },
  };
}
