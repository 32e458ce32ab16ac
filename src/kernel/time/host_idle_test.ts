import { equal } from "node:assert/strict";
import { HostClock } from "./clock.ts";
import { HostIdle } from "./host_idle.ts";

Deno.test("HostIdle: a turn of the event loop serves others before it ends when something is awaited", async () => {
  const idle = new HostIdle(new HostClock());
  let served = false;
  setTimeout(() => served = true);
  await idle.visitHost(true);
  equal(served, true);
  idle.close();
});
