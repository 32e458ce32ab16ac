/** `--gdb`: opens the port for debuggers. */
import type { DebugPort } from "../runner/debug_port.ts";
import { talk } from "./talk.ts";

/**
 * Listens for debuggers, and says where.
 *
 * @param address PORT, ADDRESS:PORT or unix:PATH
 * @throws {Failure} when it is none, or cannot be listened on
 */
export async function openDebugPort(address: string): Promise<DebugPort> {
  const { DebugPort, parseDebugAddress } = await import("../runner/debug_port.ts");
  const port = new DebugPort(parseDebugAddress(address), talk);
  talk(`listening for a debugger; gdb: target remote ${port.target}`);
  return port;
}
