/**
 * Runs the guest programs under elftap: as an ordinary user, in a root that holds no more than /etc and the C library.
 *
 *     deno run -A tests/guests/elftap.ts [--verbose] [--tier=TIER] [filter…]
 */
import { join } from "node:path";
import { runGuest } from "../../src/runner/guest.ts";
import type { EngineChoice } from "../../src/runner/engine_choice.ts";
import { GuestPool } from "../../src/runner/guest_pool.ts";
import { type Bind, type GuestOutcome, type GuestSpec, type Tier, TIERS } from "../../src/runner/guest_spec.ts";
import { buildGuests, type Guest, GUESTS_ROOT } from "./build.ts";
import { GUEST_ENV } from "./oracle.ts";
import { type GuestRun, judge } from "./verdict.ts";

/** Folder of the built programs in the guest. */
const GUEST_FOLDER = "/opt/guests";

/** Makes the root once: what C programs look for in /etc, and links for a C library that is bound to /usr/lib. */
function prepareRoot(): string {
  const root = join(GUESTS_ROOT, "build", "root");
  for (const folder of ["etc", "usr/lib", "opt/guests"]) Deno.mkdirSync(join(root, folder), { recursive: true });
  Deno.writeTextFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n");
  Deno.writeTextFileSync(join(root, "etc/group"), "root:x:0:\ntty:x:5:\nuser:x:1000:\n");
  Deno.writeTextFileSync(join(root, "etc/hosts"), "127.0.0.1 localhost\n::1 localhost\n");
  Deno.writeTextFileSync(join(root, "etc/nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files\n");
  try {
    Deno.symlinkSync("usr/lib", join(root, "lib"));
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  return root;
}

/** Statuses of programs that did not come to their own end: as a shell and `timeout` number them. */
function statusOf({ ending }: GuestOutcome): number {
  switch (ending.kind) {
    case "exit":
      return ending.code;
    case "signal":
      return 128 + ending.signal;
    case "timeout":
      return 124;
    case "error":
      return ending.exitCode;
  }
}

/** Runs programs, keeping Workers from one to the next. */
export class ElftapRunner {
  readonly #root = prepareRoot();
  readonly #pool: GuestPool;

  /**
   * @param engine another than elftap would choose
   * @param tier who executes on the wasm engine
   */
  constructor(engine?: EngineChoice, readonly tier: Tier = "auto") {
    this.#pool = new GuestPool({ keep: 4, ...(engine ? { engine } : {}) });
  }

  /** The spec of one program. */
  spec(guest: Guest, verbose: GuestSpec["verbose"] = 0): GuestSpec {
    const folder = join(GUESTS_ROOT, "build", guest.variant);
    const binds: Bind[] = [{ host: folder, guest: GUEST_FOLDER, readOnly: true }];
    if (guest.sysroot !== undefined) {
      const libraries = guest.variant === "musl-dynamic" ? "usr/lib" : "lib";
      binds.push({ host: join(guest.sysroot, libraries), guest: "/usr/lib", readOnly: true });
    }
    const path = `${GUEST_FOLDER}/${guest.source.name}`;
    return {
      path,
      argv: [path, ...guest.source.args],
      env: GUEST_ENV,
      cwd: "/tmp",
      sysroot: this.#root,
      hostFallback: false,
      binds,
      uid: 1000,
      gid: 1000,
      hostname: "elftap",
      engine: "auto",
      tier: this.tier,
      watchdog: 60,
      timeout: 120_000,
      verbose,
      stdin: guest.source.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    };
  }

  async run(guest: Guest, verbose: GuestSpec["verbose"] = 0): Promise<GuestRun> {
    const { stdin } = guest.source;
    const result = await runGuest(this.spec(guest, verbose), {
      pool: this.#pool,
      ...(stdin === undefined ? {} : { input: new TextEncoder().encode(stdin) }),
    });
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    const { ending, unimplemented, crashes } = result.outcome;
    let stderr = text(result.stderr) + text(result.trace);
    if (ending.kind === "error" || ending.kind === "timeout") stderr += `\n${JSON.stringify(ending)}`;
    const missing = Object.keys(unimplemented);
    if (missing.length > 0) stderr += `\nunimplemented: ${missing.join(" ")}`;
    for (const crash of crashes) {
      stderr += `\n${crash.signalName} ${crash.code} at ${crash.address}, pc ${crash.pc} ${crash.symbol ?? ""}`;
    }
    return { stdout: text(result.stdout), stderr, exit: statusOf(result.outcome) };
  }

  close(): void {
    this.#pool[Symbol.dispose]();
  }
}

if (import.meta.main) {
  const verbose = Deno.args.includes("--verbose");
  const { guests, skipped, failed } = await buildGuests(Deno.args.filter((arg) => !arg.startsWith("--")));
  for (const { title, why } of skipped) console.log(`skipped ${title}: ${why}`);
  for (const { title, output } of failed) console.log(`failed to build ${title}\n${output}`);
  const wanted = Deno.args.find((arg) => arg.startsWith("--tier="))?.slice("--tier=".length) ?? "auto";
  const tier = TIERS.find((name) => name === wanted);
  if (tier === undefined) {
    console.error(`--tier=${wanted}: tiers are ${TIERS.join(", ")}`);
    Deno.exit(2);
  }
  const runner = new ElftapRunner(undefined, tier);
  let right = 0, wrong = failed.length;
  for (const guest of guests) {
    const start = performance.now();
    const run = await runner.run(guest, verbose ? 1 : 0);
    const lines = judge(guest.source, run);
    const seconds = (performance.now() - start) / 1000;
    if (verbose) console.log(run.stdout + run.stderr);
    if (seconds > 5) console.log(`slow ${guest.title}: ${seconds.toFixed(1)} s`);
    if (lines.length === 0) right++;
    else {
      wrong++;
      console.log(`wrong ${guest.title}\n  ${lines.join("\n  ")}`);
    }
  }
  runner.close();
  console.log(`${right} right, ${wrong} wrong`);
}
