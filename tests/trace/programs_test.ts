/**
 * Traces of whole programs: every line is one of strace's, cut lines are taken up again, and the table of -C counts
 * what the lines show.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { GuestPool } from "../../src/runner/guest_pool.ts";
import type { GuestSpec } from "../../src/runner/guest_spec.ts";
import type { TraceSpec } from "../../src/debug/trace/spec.ts";
import { NR_EXECVE } from "../../src/kernel/abi/unistd.ts";
import { buildGuests } from "../guests/build.ts";
import { ElftapRunner } from "../guests/elftap.ts";
import { parseStraceLine } from "./strace_line.ts";
import { runTraced } from "./trace_run.ts";

const PROGRAMS = [
  "cxx/threads",
  "elf/auxv",
  "fs/descriptors",
  "fs/directory",
  "fs/inotify",
  "fs/links",
  "fs/locks",
  "fs/open",
  "fs/openat2",
  "fs/readwrite",
  "fs/rename",
  "fs/stat",
  "fs/xattr",
  "futex/operations",
  "futex/shared",
  "ipc/mqueue",
  "ipc/sysv",
  "mm/file_mapping",
  "mm/memfd",
  "mm/mremap",
  "pipe/basic",
  "pipe/splice",
  "poll/epoll",
  "poll/poll",
  "poll/signalfd",
  "poll/timerfd",
  "proc/self",
  "process/clone3",
  "process/exec",
  "process/fork",
  "process/limits",
  "process/vfork",
  "process/wait",
  "signal/altstack",
  "signal/default_actions",
  "signal/faults",
  "signal/mask",
  "signal/realtime",
  "signal/restart",
  "signal/siginfo",
  "socket/options",
  "socket/tcp",
  "socket/udp",
  "socket/unix_rights",
  "thread/basic",
  "thread/condition",
  "time/posix_timers",
  "time/sleep",
  "tty/pty",
];

/** The table of -C: calls by name. */
function readTable(lines: readonly string[]): { calls: Map<string, number>; total: number } {
  const calls = new Map<string, number>();
  let total = -1;
  for (const line of lines) {
    const match = /^ *\d+\.\d\d +\d+\.\d{6} +\d+ +(\d+) (?: +\d+|[ ]{9}) (\S+)$/.exec(line);
    assert.ok(match, `not a line of the table: ${line}`);
    if (match[2] === "total") total = Number(match[1]);
    else calls.set(match[2]!, Number(match[1]));
  }
  return { calls, total };
}

/** Checks a trace made with -C. */
function checkTrace(lines: readonly string[]): void {
  const head = lines.findIndex((line) => line.startsWith("% time"));
  assert.ok(head > 0, "there is no table");
  const counted = new Map<string, number>();
  /** Cut calls by pid. */
  const cut = new Map<number | undefined, string>();
  for (const text of lines.slice(0, head)) {
    const line = parseStraceLine(text);
    switch (line.kind) {
      case "unfinished":
        assert.equal(cut.get(line.pid), undefined, `cut twice: ${text}`);
        cut.set(line.pid, line.name);
        break;
      case "resumed":
        assert.equal(cut.get(line.pid), line.name, `taken up without being cut: ${text}`);
        cut.delete(line.pid);
        break;
      case "exited": {
        // The call of the thread that takes the leader's place ends under the leader's id.
        const by = Number(/superseded by execve in pid (\d+)/.exec(line.status)?.[1] ?? NaN), call = cut.get(by);
        if (call === undefined) break;
        cut.delete(by);
        cut.set(line.pid, call);
      }
    }
    // A call that never returned is not in the table, as strace counts at the end.
    if ((line.kind === "call" || line.kind === "resumed") && !/= \?$/.test(text)) {
      counted.set(line.name, (counted.get(line.name) ?? 0) + 1);
    }
  }
  const table = readTable(lines.slice(head + 2).filter((line) => !line.startsWith("------")));
  assert.deepEqual([...table.calls].sort(), [...counted].sort());
  assert.equal(table.total, [...counted.values()].reduce((sum, count) => sum + count, 0));
}

const { guests, skipped } = await buildGuests(PROGRAMS);
for (const { title, why } of skipped) console.error(`skipped: trace of ${title}: ${why}`);
const runner = new ElftapRunner();
const pool = new GuestPool({ keep: 2 });
addEventListener("unload", () => {
  runner.close();
  pool[Symbol.dispose]();
});

for (const name of PROGRAMS) {
  const guest = guests.find(({ source, variant }) => source.name === name && variant === "static") ??
    guests.find(({ source }) => source.name === name);
  Deno.test({
    name: `every line of the trace of ${name} is strace's, and the table counts them`,
    ignore: guest === undefined,
    sanitizeResources: false,
    sanitizeOps: false,
    async fn() {
      const { stdin } = guest!.source;
      const input = stdin === undefined ? {} : { input: new TextEncoder().encode(stdin) };
      const { lines } = await runTraced(runner.spec(guest!), { summary: "also" }, { pool, ...input });
      checkTrace(lines);
    },
  });
}

/** Runs a program of the list with a trace. */
async function traced(name: string, trace: Partial<TraceSpec>): Promise<readonly string[]> {
  const guest = guests.find(({ source }) => source.name === name)!;
  return (await runTraced(runner.spec(guest), trace, { pool })).lines;
}

Deno.test({
  name: "an execve by another thread supersedes the leader in the trace",
  ignore: !guests.some(({ source }) => source.name === "process/exec"),
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    const lines = await traced("process/exec", { calls: [NR_EXECVE] });
    const at = lines.findIndex((line) => line.includes("superseded"));
    const [, leader, by] = /^(\d+) +\+\+\+ superseded by execve in pid (\d+) \+\+\+$/.exec(lines[at] ?? "") ?? [];
    assert.ok(lines.slice(0, at).some((line) => line.startsWith(by!) && line.endsWith(" <unfinished ...>")));
    assert.match(lines[at + 1]!, new RegExp(`^${leader} +<\\.\\.\\. execve resumed>\\) += 0$`));
  },
});

Deno.test({
  name: "-P leaves calls about one file, by path and by descriptor, and injects into no others",
  ignore: !guests.some(({ source }) => source.name === "fs/readwrite"),
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    const all = await traced("fs/readwrite", { descriptors: 1 });
    const some = await traced("fs/readwrite", { descriptors: 1, paths: ["copy"] });
    const about = (line: string) => /"copy"|[/]copy>/.test(line);
    assert.ok(some.length > 3 && some.length < all.length);
    assert.deepEqual(some.filter((line) => !about(line) && !line.includes("+++")), []);
    assert.equal(some.filter(about).length, all.filter(about).length);
  },
});

/** A root with real programs: what `deno task corpus` makes, or ELFTAP_CORPUS_ROOT names. */
const ROOT = Deno.env.get("ELFTAP_CORPUS_ROOT") ?? join(import.meta.dirname!, "..", "corpus", "build", "root");
const REAL: readonly (readonly string[])[] = [
  ["/bin/bash", "-c", "for i in 1 2 3; do echo $i | cat; done; (exit 3); kill -USR1 $$"],
  [
    "/usr/bin/python3",
    "-c",
    "import threading, socket, subprocess; t = threading.Thread(target=print); t.start(); t.join()",
  ],
  ["/usr/bin/git", "--version"],
  ["/usr/bin/perl", "-e", "print join ' ', sort keys %ENV"],
  ["/bin/ls", "-lR", "/etc"],
  ["/usr/bin/find", "/usr/share", "-maxdepth", "1"],
  ["/bin/sh", "-c", "sleep 0.01 & wait; mkdir /tmp/d; cd /tmp/d; echo x > y; cp y z; rm y; tar c z | gzip > t"],
];

for (const argv of REAL) {
  const there = (() => {
    try {
      return Deno.lstatSync(ROOT + argv[0]!.replace(/^\/bin/, "/usr/bin")).isFile ||
        Deno.lstatSync(ROOT + argv[0]!.replace(/^\/bin/, "/usr/bin")).isSymlink;
    } catch {
      return false;
    }
  })();
  if (!there) console.error(`skipped: trace of ${argv[0]}: it is not in ${ROOT}`);
  Deno.test({
    name: `every line of the trace of ${argv[0]} is strace's, and the table counts them`,
    ignore: !there,
    sanitizeResources: false,
    sanitizeOps: false,
    async fn() {
      const spec: GuestSpec = {
        path: argv[0]!,
        argv,
        env: { PATH: "/usr/bin:/bin", HOME: "/tmp", LC_ALL: "C" },
        cwd: "/",
        sysroot: ROOT,
        hostFallback: false,
        binds: [],
        uid: 0,
        gid: 0,
        hostname: "elftap",
        engine: "auto",
        watchdog: 60,
        timeout: 120_000,
        verbose: 0,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      };
      const { lines, outcome } = await runTraced(spec, { summary: "also" }, { pool });
      assert.notEqual(outcome.ending.kind, "error", JSON.stringify(outcome.ending));
      checkTrace(lines);
    },
  });
}
