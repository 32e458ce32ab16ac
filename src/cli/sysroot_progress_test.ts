import assert from "node:assert/strict";
import { noise, pin, profileOf } from "../../tests/sysroot/archive_builder.ts";
import type { PullEvent } from "../sysroot/pull.ts";
import { PullProgress } from "./sysroot_progress.ts";

const pinned = pin("a", noise(10));
const events: PullEvent[] = [
  { type: "started", profile: profileOf([pinned]), packages: 2, size: 8_000_000 },
  { type: "received", bytes: 1_000_000 },
  { type: "received", bytes: 4_000_000 },
  { type: "notice", line: "a: HTTP 503; trying again" },
  { type: "received", bytes: 8_000_000 },
  { type: "unpacked", pinned, count: 1 },
  { type: "finished", entries: 12, bytes: 20_000_000 },
];

function show(isTerminal: boolean, columns = 80): string {
  let text = "";
  let now = 0;
  const io = { stdout: () => {}, stderr: (part: string) => text += part, isTerminal, columns };
  const progress = new PullProgress(io, () => now);
  for (const event of events) {
    progress.take(event);
    now += 500;
  }
  progress.end();
  return text;
}

Deno.test("PullProgress writes plain lines at the quarters where there is no terminal", () => {
  assert.equal(
    show(false),
    "elftap: tiny: 2 packages, 8.0 MB\n" +
      "elftap: tiny: 50 %, 4.0 of 8.0 MB\n" +
      "elftap: a: HTTP 503; trying again\n" +
      "elftap: tiny: 100 %, 8.0 of 8.0 MB\n" +
      "elftap: tiny: ready: 12 files, 20.0 MB, in 3.0 s\n",
  );
});

Deno.test("PullProgress rewrites one line on a terminal", () => {
  assert.equal(
    show(true).replaceAll("\r\x1b[K", "<"),
    "elftap: tiny: 2 packages, 8.0 MB\n" +
      "<elftap: tiny: 12 %, 1.0 of 8.0 MB, 2.0 MB/s" +
      "<elftap: tiny: 50 %, 4.0 of 8.0 MB, 4.0 MB/s" +
      "<elftap: a: HTTP 503; trying again\n" +
      "<elftap: tiny: unpacked 0 of 2" +
      "<elftap: tiny: unpacked 1 of 2" +
      "<elftap: tiny: ready: 12 files, 20.0 MB, in 3.0 s\n",
  );
});

Deno.test("PullProgress never writes a live line wider than the terminal", () => {
  for (const line of show(true, 20).replaceAll("\r\x1b[K", "\n").split("\n")) {
    if (line.includes("MB/s") || line.includes("unpacked")) assert(line.length < 20, line);
  }
});
