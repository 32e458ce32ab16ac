/** What `elftap serve` says on its stdout. */
import { SERVER_VARIABLE } from "../../src/server/address.ts";

/**
 * The address that a server without a command prints first.
 *
 * @throws {Error} when it has ended before
 */
export async function servedAt(stdout: ReadableStreamDefaultReader<string>): Promise<string> {
  let line = "";
  while (!line.includes("\n")) {
    const { value, done } = await stdout.read();
    if (done) throw new Error("elftap serve has ended");
    line += value;
  }
  return line.trim().slice(SERVER_VARIABLE.length + 1);
}
