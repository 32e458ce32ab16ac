/**
 * Core files of programs that were killed in twenty ways. For each, the live session at the moment of the signal, gdb
 * on the core file, and elftap's own report must tell the same story.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Crash } from "../../src/kernel/crash.ts";
import { elftapCommand, FLAGS, temporaryFolder } from "../support/elftap.ts";
import { type Build, build, gdb, HAS_TOOLS, marked, MUSL, sysrootOf } from "./crash_programs.ts";

const CASES: readonly (readonly [how: string, build: Build, signal: string])[] = [
  ["null", "dynamic", "SIGSEGV"],
  ["null", "static", "SIGSEGV"],
  ["null", "unoptimised", "SIGSEGV"],
  ["write", "dynamic", "SIGSEGV"],
  ["call", "dynamic", "SIGSEGV"],
  ["illegal", "dynamic", "SIGILL"],
  ["abort", "dynamic", "SIGABRT"],
  ["abort", "static", "SIGABRT"],
  ["assert", "static", "SIGABRT"],
  ["raise-24", "static", "SIGXCPU"],
  ["callback", "dynamic", "SIGSEGV"],
  ["handler", "dynamic", "SIGSEGV"],
  ["handler", "static", "SIGSEGV"],
  ["altstack", "dynamic", "SIGSEGV"],
  ["bus", "static", "SIGBUS"],
  ["threads", "dynamic", "SIGSEGV"],
  ["thread-stack", "static", "SIGSEGV"],
  ["raise-3", "dynamic", "SIGQUIT"],
  ["raise-8", "static", "SIGFPE"],
  ["raise-31", "dynamic", "SIGSYS"],
  ["", "c++", "SIGABRT"],
  ["null", "musl-static", "SIGSEGV"],
  ["null", "musl-dynamic", "SIGSEGV"],
  ["illegal", "musl-dynamic", "SIGILL"],
];

const builds = new Map<Build, string>();
const programs = HAS_TOOLS ? Deno.makeTempDirSync({ prefix: "elftap-test-" }) : "";
addEventListener("unload", () => programs && Deno.removeSync(programs, { recursive: true }));

function program(kind: Build): string {
  let path = builds.get(kind);
  if (path === undefined) builds.set(kind, path = build(programs, kind));
  return path;
}

/** Reads lines of a stream until one matches. */
async function waitFor(stream: ReadableStream<Uint8Array>, pattern: RegExp): Promise<void> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!pattern.test(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`ended with: ${text}`);
    text += value;
  }
  // The rest is read so that the process is not held up.
  void (async () => {
    while (!(await reader.read()).done);
  })();
}

/** The frames as gdb's script prints them, from elftap's report. */
function reported(crash: Crash): { pc: string }[] {
  return crash.frames!.map(({ pc }) => ({ pc }));
}

for (const [how, kind, signal] of CASES) {
  Deno.test(
    `a core file tells what the live session told: ${kind} ${how} ${signal}`,
    { ignore: !HAS_TOOLS || kind.startsWith("musl") && MUSL === undefined },
    async () => {
      using folder = temporaryFolder();
      const { path } = folder, binary = program(kind), sysroot = sysrootOf(kind);
      const child = elftapCommand(
        [
          "run",
          "--gdb",
          `unix:${path}/socket`,
          "--gdb-stop-on-entry",
          "--core",
          `${path}/cores`,
          "--crash-reports",
          `${path}/reports`,
          "--sysroot",
          sysroot,
          binary,
          how,
        ],
        { flags: [...FLAGS, `--allow-write=${path}`, "--allow-net"] },
      ).spawn();
      await waitFor(child.stderr, /gdb: target remote/);
      const live = await gdb(
        path,
        sysroot,
        "handle SIGUSR1 nostop noprint pass",
        `file ${binary}`,
        `target remote ${path}/socket`,
        "continue",
        'python elftap_frames("FRAME")',
        "info registers",
        "p $_siginfo.si_signo",
        "p $_siginfo.si_code",
        "continue",
      );
      await child.stdout.cancel();
      equal((await child.status).code > 128, true, live);

      const [core] = Array.from(Deno.readDirSync(`${path}/cores`), ({ name }) => name);
      const dead = await gdb(
        path,
        sysroot,
        `file ${binary}`,
        `core ${path}/cores/${core}`,
        'python elftap_frames("FRAME")',
        "info registers",
        "p $_siginfo.si_signo",
        "p $_siginfo.si_code",
        "info auxv",
        "info proc mappings",
        "info threads",
        "python elftap_threads()",
      );
      match(dead, new RegExp(`Program terminated with signal ${signal}`));
      const frames = marked(dead, "FRAME");
      ok(frames.length > 1, dead);
      deepEqual(frames, marked(live, "FRAME"), "backtrace");
      const registers = (text: string) =>
        text.split("\n").filter((line) => /^(x\d+|sp|pc|cpsr|fpsr|fpcr|tpidr) /.test(line)).map((line) =>
          line.split(/\s+/).slice(0, 2).join(" ")
        );
      deepEqual(registers(dead), registers(live), "registers");
      ok(registers(dead).length > 34);
      const values = (text: string) => text.split("\n").filter((line) => /^\$\d+ = -?\d+$/.test(line));
      equal(values(dead).length, 2, dead);
      deepEqual(values(dead), values(live), "siginfo");
      match(dead, /AT_ENTRY +Entry point/);
      ok(dead.includes(binary.split("/").pop()!), "the program is in the list of mappings");

      const crash = JSON.parse(Deno.readTextFileSync(`${path}/reports/crash.json`)) as Crash;
      equal(crash.signalName, signal);
      const pcs = reported(crash).map(({ pc }) => pc);

      // A deep stack is told with a gap; both ends of the others must be the same.
      // musl's own code has no unwinding information: how it was called is a guess on both sides.
      const main = frames.findIndex((line) => line.split(" ")[1] === "main");
      const depth = kind.startsWith("musl")
        ? main + 1
        : crash.backtrace.some((line) => line.startsWith("…"))
        ? 40
        : Math.max(pcs.length, frames.length);
      deepEqual(
        pcs.slice(0, depth),
        frames.map((line) => line.split(" ")[0]).slice(0, depth),
        crash.backtrace.join("\n"),
      );
      frames.slice(0, Math.min(depth, 40, pcs.length)).forEach((frame, n) => {
        const [, name, line] = frame.split(" "), ours = crash.frames![n]!;
        if (name === "-") return;
        // What gdb knows by debugging information; ours has C++ names with their arguments.
        ok(ours.function?.includes(name!), `${ours.function} is ${name}`);
        // Where code was inlined gdb takes only rows that begin a statement; ours are addr2line's (see dwarf_test.ts).
        if (kind === "c++") return;
        equal(String(ours.line), line, `line of frame ${n}\n${crash.backtrace.join("\n")}`);
      });
      const threads = new Set([...dead.matchAll(/^THREAD(\d+) /gm)].map(([, number]) => number));
      equal(threads.size, crash.threads!.length);
    },
  );
}
