import { deepEqual } from "node:assert/strict";
import type { GuestOutcome } from "./guest_spec.ts";
import { TapReader } from "./tap_reader.ts";
import { judge, type Protocol } from "./verdict.ts";

function verdict(
  ending: GuestOutcome["ending"] | number,
  stdout = "",
  more: { stderr?: string; protocol?: Protocol } = {},
) {
  const reader = new TapReader();
  reader.write(new TextEncoder().encode(stdout));
  const { verdict, reason } = judge({
    number: 1,
    outcome: {
      ending: typeof ending === "number" ? { kind: "exit", code: ending } : ending,
      crashes: [],
      unimplemented: {},
      milliseconds: 1,
      instructions: 1,
      discarded: [],
    },
    stdout,
    stderr: more.stderr ?? "",
    trace: "",
    tap: reader.end(),
    protocol: more.protocol ?? "auto",
    timeout: 60_000,
    watchdog: 10,
  });
  return [verdict, reason];
}

Deno.test("judge passes exit status 0", () => deepEqual(verdict(0), ["passed", ""]));

Deno.test("judge fails any other exit status", () => deepEqual(verdict(1), ["failed", "exit status 1"]));

Deno.test("judge takes 77 for a skip, with the last line as its reason", () => {
  deepEqual(verdict(77, "", { stderr: "starting\nno /dev/kvm\n" }), ["skipped", "no /dev/kvm"]);
});

Deno.test("judge calls a death by signal a crash", () => {
  deepEqual(verdict({ kind: "signal", signal: 6, signalName: "SIGABRT" }), ["crashed", "killed by SIGABRT (signal 6)"]);
});

Deno.test("judge names the limit that was reached", () => {
  deepEqual(verdict({ kind: "timeout", which: "timeout" }), ["timed-out", "not finished after 60 s"]);
});

Deno.test("judge names the watchdog", () => {
  deepEqual(verdict({ kind: "timeout", which: "watchdog" }), [
    "timed-out",
    "the guest ran 10 s without a stop (watchdog)",
  ]);
});

Deno.test("judge tells what could not be started", () => {
  deepEqual(verdict({ kind: "error", message: "no such file", exitCode: 127 }), ["error", "no such file"]);
});

Deno.test("judge fails a status 0 with a failed test point", () => {
  deepEqual(verdict(0, "1..2\nok 1 - a\nnot ok 2 - b\n"), ["failed", "1 of 2 failed: b"]);
});

Deno.test("judge fails good points with a bad status", () => {
  deepEqual(verdict(2, "1..1\nok 1\n"), ["failed", "exit status 2"]);
});

Deno.test("judge passes failed points that are to do", () => {
  deepEqual(verdict(0, "1..1\nnot ok 1 # TODO later\n"), ["passed", ""]);
});

Deno.test("judge fails a plan that was not kept", () => {
  deepEqual(verdict(0, "1..2\nok 1\n"), ["failed", "planned 2 tests, ran 1"]);
});

Deno.test("judge skips a plan of no tests", () => {
  deepEqual(verdict(0, "1..0 # SKIP no net\n"), ["skipped", "no net"]);
});

Deno.test("judge fails a bail-out and forgives its plan", () => {
  deepEqual(verdict(0, "1..9\nok 1\nBail out! no disk\n"), ["failed", "bailed out: no disk"]);
});

Deno.test("judge looks at the status alone with protocol exit", () => {
  deepEqual(verdict(0, "1..1\nnot ok 1\n", { protocol: "exit" }), ["passed", ""]);
});

Deno.test("judge wants TAP with protocol tap", () => {
  deepEqual(verdict(0, "hello\n", { protocol: "tap" }), ["failed", "no TAP on stdout"]);
});
