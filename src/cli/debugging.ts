/** `--gdb`: opens the port for debuggers. */
import type { DebugPort } from "../runner/debug_port.ts";
import { talk } from "./talk.ts";

/**
 * Listens for debuggers, and says where.
 *
 * @param address PORT, ADDRESS:PORT or unix:PATH
 * @param whenStopped the guest waits for the debugger, which is told where to go when it can be served: gdb asks again
 * after two seconds without an answer, and would take the second one for that to its next question
 * @throws {Failure} when it is none, or cannot be listened on
 */
export async function openDebugPort(address: string, whenStopped = false): Promise<DebugPort> {
  const { DebugPort, parseDebugAddress } = await import("../runner/debug_port.ts");
  const port = new DebugPort(parseDebugAddress(address), talk);
  if (!whenStopped) talk(`listening for a debugger; gdb: target remote ${port.target}`);
  return port;
}
