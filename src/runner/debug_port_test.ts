import { deepEqual, equal, throws } from "node:assert/strict";
import { Failure } from "../failure.ts";
import { type Debuggee, DebugPort, parseDebugAddress } from "./debug_port.ts";
import type { DebuggerEvent } from "./worker_messages.ts";

Deno.test("parseDebugAddress: a port is the loopback interface's", () => {
  deepEqual(parseDebugAddress("1234"), { transport: "tcp", hostname: "127.0.0.1", port: 1234 });
  deepEqual(parseDebugAddress(":1234"), { transport: "tcp", hostname: "127.0.0.1", port: 1234 });
  deepEqual(parseDebugAddress("0.0.0.0:1"), { transport: "tcp", hostname: "0.0.0.0", port: 1 });
  deepEqual(parseDebugAddress("[::1]:2"), { transport: "tcp", hostname: "::1", port: 2 });
  deepEqual(parseDebugAddress("unix:/a:b"), { transport: "unix", path: "/a:b" });
});

for (const wrong of ["", "x", "65536", "1.2.3.4", "a:b:1", "unix:", "::1:2"]) {
  Deno.test(`parseDebugAddress: "${wrong}" is refused`, () => {
    throws(() => parseDebugAddress(wrong), Failure);
  });
}

/** A guest that answers every message in capitals. */
class Shouter implements Debuggee {
  readonly events: string[] = [];
  readonly gone = Promise.withResolvers<void>();
  port: DebugPort | undefined;

  receive(event: DebuggerEvent): void {
    this.events.push(event.kind);
    if (event.kind === "disconnected") this.gone.resolve();
    if (event.kind !== "bytes") return;
    const text = new TextDecoder().decode(event.bytes);
    this.port!.send(this, new TextEncoder().encode(text.toUpperCase()));
  }
}

async function say(conn: Deno.Conn, text: string): Promise<string> {
  await conn.write(new TextEncoder().encode(text));
  const buffer = new Uint8Array(100);
  const count = await conn.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
}

Deno.test("DebugPort: one debugger after the other, one at a time", async () => {
  const lines: string[] = [], guest = new Shouter();
  using port = new DebugPort(parseDebugAddress("0"), (line) => lines.push(line));
  guest.port = port;
  const [hostname, number] = port.target.split(":");
  const connect = () => Deno.connect({ hostname: hostname!, port: Number(number) });
  port.offer(guest);
  const first = await connect();
  equal(await say(first, "one"), "ONE");
  const second = await connect();
  equal(await second.read(new Uint8Array(1)), null);
  second.close();
  deepEqual(lines, ["a second debugger was turned away"]);
  first.close();
  await guest.gone.promise;
  const third = await connect();
  equal(await say(third, "three"), "THREE");
  port.withdraw(guest);
  equal(await third.read(new Uint8Array(1)), null);
  third.close();
});

Deno.test("DebugPort: an address in use is one clear failure", () => {
  using port = new DebugPort(parseDebugAddress("0"), () => {});
  throws(
    () => new DebugPort(parseDebugAddress(port.target), () => {}),
    /cannot listen for a debugger on 127.0.0.1:\d+/,
  );
});
