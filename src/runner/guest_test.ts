import { deepEqual, equal, match, throws } from "node:assert/strict";
import { fakeGuest, fakeGuestWorker } from "../../tests/runner/fake_guest.ts";
import { Failure } from "../failure.ts";
import { Guest, runGuest } from "./guest.ts";
import { type FirstWorker, startFirstWorker, startWorker } from "./first_worker.ts";
import { GuestPool } from "./guest_pool.ts";
import { guestPermissions } from "./permissions.ts";

const entry = fakeGuestWorker, spec = fakeGuest;

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("runGuest collects each stream on its own", async () => {
  const result = await runGuest(spec(["out:a", "err:b", "trace:c", "out:d", "exit:3"]), {
    pool: new GuestPool({ entry }),
  });
  deepEqual([text(result.stdout), text(result.stderr), text(result.trace)], ["ad", "b", "c\n"]);
  deepEqual(result.outcome.ending, { kind: "exit", code: 3 });
});

Deno.test("runGuest gives the input and its end to a piped stdin", async () => {
  const input = Uint8Array.from({ length: 256 }, (_, n) => n);
  const result = await runGuest(spec(["cat"], { stdin: "piped" }), { pool: new GuestPool({ entry }), input });
  deepEqual(result.stdout, input);
});

Deno.test("runGuest ends a null stdin at once", async () => {
  const result = await runGuest(spec(["cat", "out:end"]), { pool: new GuestPool({ entry }) });
  equal(text(result.stdout), "end");
});

Deno.test("runGuest keeps no more than its limit of a stream", async () => {
  const result = await runGuest(spec(["bytes:5000000"]), { pool: new GuestPool({ entry }), limit: 1000 });
  equal(result.stdout.length, 1000);
});

Deno.test("Guest holds the program back while its output is not taken", async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => release = resolve);
  let received = 0, releases = 0;
  const guest: Guest = new Guest(spec(["bytes:3000000"]), {
    pool: new GuestPool({ entry }),
    output: (_stream, bytes) => {
      received += bytes.length;
      // The window is a megabyte: at that point nothing more comes until something is taken.
      if (received >= 1 << 20 && releases++ === 0) {
        equal(received, 1 << 20);
        release();
      }
      return held;
    },
  });
  await guest.outcome;
  equal(received, 3000000);
});

Deno.test("Guest.interrupt reaches the kernel as a signal", async () => {
  const pool = new GuestPool({ entry });
  const guest: Guest = new Guest(spec(["out:ready", "wait"]), { pool, output: () => guest.interrupt(2) });
  deepEqual((await guest.outcome).ending, { kind: "signal", signal: 2, signalName: "SIG2" });
});

Deno.test("Guest stops a program at its time limit", async () => {
  const guest: Guest = new Guest(spec(["wait"], { timeout: 1 }), { pool: new GuestPool({ entry }) });
  deepEqual((await guest.outcome).ending, { kind: "timeout", which: "timeout" });
});

Deno.test("Guest terminates a Worker that no longer answers", async () => {
  const guest: Guest = new Guest(spec(["out:ready", "spin"]), {
    pool: new GuestPool({ entry }),
    output: () => guest.terminate(),
  });
  // The output before the spin may never arrive: it is batched until the kernel pauses.
  setTimeout(() => guest.terminate(), 300);
  deepEqual((await guest.outcome).ending, { kind: "timeout", which: "timeout" });
});

Deno.test("Guest reports a bug in the kernel as one line and 125", async () => {
  const { outcome } = await runGuest(spec(["throw:boom\nat kernel.ts"]), { pool: new GuestPool({ entry }) });
  deepEqual(outcome.ending, {
    kind: "error",
    message: "internal error: boom",
    hint: "this is a bug in elftap",
    exitCode: 125,
  });
});

Deno.test("Guest reports a Worker that cannot be loaded", async () => {
  const { outcome } = await runGuest(spec([]), { pool: new GuestPool({ entry: new URL("./missing.ts", entry) }) });
  equal(outcome.ending.kind, "error");
  match((outcome.ending as { message: string }).message, /^internal error: /);
});

Deno.test("GuestPool prefers a Worker that has run the program, then the last one", () => {
  using pool = new GuestPool({ entry, keep: 3 });
  const workers = ["/a", "/b", "/c"].map((path) => pool.acquire(spec([], { path })));
  for (const each of workers) pool.release(each, 1);
  equal(pool.acquire(spec([], { path: "/a" })), workers[0]);
  equal(pool.acquire(spec([], { path: "/d" })), workers[2]);
  pool.release(workers[2]!, 2);
  // One that is free is better than none, whatever it has run.
  equal(pool.acquire(spec([], { path: "/a" })), workers[2]);
  for (const each of workers) pool.discard(each);
});

Deno.test("GuestPool ends a Worker that has run hundreds of different programs, whatever their paths", () => {
  using pool = new GuestPool({ entry, keep: 1 });
  const acquire = (at: number) => pool.acquire(spec([], { path: `/${at}` }));
  const first = acquire(0);
  pool.release(first, 1);
  for (let at = 1; at < 3000; at++) {
    equal(acquire(at), first);
    pool.release(first, 499);
  }
  pool.release(acquire(0), 500);
  equal(acquire(0) === first, false);
});

Deno.test("GuestPool reuses a Worker for the same reach", async () => {
  using pool = new GuestPool({ entry, keep: 1 });
  await runGuest(spec([]), { pool });
  const { stdout } = await runGuest(spec(["attempt"]), { pool });
  equal(text(stdout), "2");
});

Deno.test("GuestPool takes a Worker that was started ahead, for a guest that may do the same", () => {
  const open = { hostFallback: true, binds: [], engine: "auto", path: "/a" } as const,
    closed = { ...open, hostFallback: false };
  const permissions = guestPermissions(open);
  const interpreter = Promise.resolve({} as Awaited<FirstWorker["interpreter"]>);
  const ahead = () => ({ worker: startWorker(entry, permissions), permissions, interpreter, isBroken: false });
  const acquire = (first: FirstWorker, reach: typeof open | typeof closed) => {
    const pool = new GuestPool({ entry, first }), pooled = pool.acquire(reach);
    pool.discard(pooled);
    return pooled.worker === first.worker;
  };
  equal(acquire(ahead(), open), true);
  equal(acquire(ahead(), closed), false);
  const broken = { ...ahead(), isBroken: true };
  equal(acquire(broken, open), false);
});

Deno.test("startFirstWorker starts none for a guest that would get other permissions", () => {
  for (const args of [["--no-host", "x"], ["--bind", "/a:/b", "x"], ["--core=f", "x"], ["--help"], []]) {
    equal(startFirstWorker(args), undefined);
  }
});

Deno.test("GuestPool gives another Worker to another reach", async () => {
  using pool = new GuestPool({ entry, keep: 2 });
  await runGuest(spec([]), { pool });
  const { stdout } = await runGuest(spec(["attempt"], { hostFallback: false }), { pool });
  equal(text(stdout), "1");
});

Deno.test("a guest's Worker may not read beside its binds", async () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  Deno.mkdirSync(`${folder}/in`);
  Deno.writeTextFileSync(`${folder}/in/file`, "");
  Deno.writeTextFileSync(`${folder}/secret`, "");
  const binds = [{ host: `${folder}/in`, guest: "/in", readOnly: true }];
  const steps = [`read:${folder}/in/file`, "out: ", `read:${folder}/secret`, "out: ", `read:${folder}/in/../secret`];
  const { stdout } = await runGuest(spec(steps, { hostFallback: false, binds }), { pool: new GuestPool({ entry }) });
  Deno.removeSync(folder, { recursive: true });
  equal(text(stdout), "ok NotCapable NotCapable");
});

Deno.test("a guest's Worker may write only its read-write binds", async () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  for (const name of ["ro", "rw"]) Deno.mkdirSync(`${folder}/${name}`);
  const binds = [
    { host: `${folder}/ro`, guest: "/ro", readOnly: true },
    { host: `${folder}/rw`, guest: "/rw", readOnly: false },
  ];
  const steps = [`write:${folder}/rw/file`, "out: ", `write:${folder}/ro/file`, "out: ", `write:${folder}/file`];
  const { stdout } = await runGuest(spec(steps, { binds }), { pool: new GuestPool({ entry }) });
  Deno.removeSync(folder, { recursive: true });
  equal(text(stdout), "ok NotCapable NotCapable");
});

Deno.test({
  name: "Guest names the flag of a permission that elftap lacks",
  permissions: { read: [new URL("../..", import.meta.url)], write: false },
  fn() {
    const binds = [{ host: "/somewhere", guest: "/in", readOnly: true }];
    throws(
      () => new Guest(spec([], { binds }), { pool: new GuestPool({ entry }) }),
      (error) => error instanceof Failure && error.hint === "run elftap with --allow-read=/somewhere",
    );
  },
});
