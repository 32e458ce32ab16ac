/** An `elftap serve` for tests, and elftap as its client. */
import { elftap, elftapCommand, type ElftapOptions, type Finished, FLAGS } from "./elftap.ts";
import { servedAt } from "./served_at.ts";

/** What a client may do: what it may alone, and reach the server. */
const CLIENT_FLAGS = [...FLAGS, "--allow-write", "--allow-net"];

/** A server under way. */
export interface TestServer {
  /** Runs elftap on it. */
  elftap(args: readonly string[], options?: ElftapOptions): Promise<Finished>;
  /** elftap on it, to be spawned by tests that talk to it. */
  elftapCommand(args: readonly string[], options?: ElftapOptions): Deno.Command;
  kill(signal: Deno.Signal): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts one. @param args options of `elftap serve` */
export async function startServer(args: readonly string[] = []): Promise<TestServer> {
  const child = elftapCommand(["serve", ...args], { flags: CLIENT_FLAGS }).spawn();
  void child.stderr.cancel();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const address = await servedAt(reader);
  const onIt = (options: ElftapOptions = {}): ElftapOptions => ({
    flags: CLIENT_FLAGS,
    ...options,
    env: { ELFTAP_SERVER: address, ...options.env },
  });
  return {
    elftap: (args, options) => elftap(args, onIt(options)),
    elftapCommand: (args, options) => elftapCommand(args, onIt(options)),
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGTERM");
      } catch {
        // killed already
      }
      await reader.cancel();
      await child.status;
    },
  };
}
