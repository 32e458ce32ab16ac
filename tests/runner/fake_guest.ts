/** Guests of {@link ./fake_guest_worker.ts}. */
import type { GuestSpec } from "../../src/runner/guest_spec.ts";

/** The Worker's module. */
export const fakeGuestWorker = new URL("./fake_guest_worker.ts", import.meta.url);

/** A guest that follows a script, with piped output. @param steps as the Worker has them */
export function fakeGuest(steps: readonly string[], more: Partial<GuestSpec> = {}): GuestSpec {
  return {
    path: "/fake",
    argv: ["fake", ...steps],
    env: {},
    cwd: "/",
    hostFallback: true,
    binds: [],
    uid: 1000,
    gid: 1000,
    hostname: "test",
    engine: "auto",
    watchdog: 10,
    verbose: 0,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...more,
  };
}
