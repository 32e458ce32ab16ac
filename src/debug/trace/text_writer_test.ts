import assert from "node:assert/strict";
import { SIGCHLD, SIGUSR1 } from "../../kernel/abi/signal.ts";
import { row } from "../../kernel/syscalls/row.ts";
import { branchIf, type Step, svc } from "../../kernel/task/scripted_engine.ts";
import { DATA, hook, scripted } from "../../kernel/task/scripted_kernel.ts";
import { sigsetText } from "./decode/signal_types.ts";
import { quote } from "./decode/text.ts";
import { PLAIN_TRACE, type TraceSpec } from "./spec.ts";
import { startTrace } from "./start.ts";

/** Runs a program with a trace and returns its lines. */
function trace(program: Step[], ...extra: ReturnType<typeof hook>[]): Promise<string[]> {
  return traceWith({}, program, ...extra);
}

async function traceWith(spec: Partial<TraceSpec>, program: Step[], ...extra: ReturnType<typeof hook>[]) {
  let text = "";
  const tracer = startTrace({ ...PLAIN_TRACE, column: 0, ...spec }, (piece) => text += piece);
  const { kernel } = scripted(program, { tracer, extra });
  await kernel.run();
  tracer.finish();
  return text.trimEnd().split("\n");
}

const EXIT = svc(94, 3);

Deno.test("TextWriter shows a call with its arguments and result", async () => {
  const open = row(56, "openat", "dirfd:dirfd path:path flags:flags:open mode:int:open_mode", () => -2);
  const put = hook(900, (task) => {
    task.mm.writeBytes(DATA, new TextEncoder().encode("/etc/\n\0"));
    return 0;
  });
  const lines = await trace([svc(900), svc(56, -100n, DATA, 0o100, 0o644), EXIT], open, put);
  assert.equal(
    lines[1],
    'openat(AT_FDCWD, "/etc/\\n", O_RDONLY|O_CREAT, 0644) = -1 ENOENT (No such file or directory)',
  );
});

Deno.test("TextWriter shows what a call filled in after it", async () => {
  const read = row(63, "read", "fd:fd buf:outbuf count:size", (task, _fd, buffer) => {
    task.mm.writeBytes(buffer!, new Uint8Array([104, 105]));
    return 2;
  });
  const lines = await trace([svc(63, 4, DATA, 100), EXIT], read);
  assert.equal(lines[0], 'read(4, "hi", 100) = 2');
});

Deno.test("TextWriter shows bad pointers as addresses", async () => {
  const open = row(56, "openat", "dirfd:dirfd path:path", () => -14);
  const lines = await trace([svc(56, 3, 0x10), EXIT], open);
  assert.equal(lines[0], "openat(3, 0x10) = -1 EFAULT (Bad address)");
});

Deno.test("TextWriter shows the end of a program", async () => {
  assert.deepEqual(await trace([EXIT]), ["exit_group(3) = ?", "+++ exited with 3 +++"]);
});

Deno.test("TextWriter shows signals and what they did", async () => {
  const lines = await trace([svc(129, 101, SIGUSR1), EXIT]);
  assert.match(lines[1]!, /^--- SIGUSR1 \{si_signo=SIGUSR1, si_code=SI_USER, si_pid=101, si_uid=1000\} ---$/);
  assert.equal(lines[2], "+++ killed by SIGUSR1 +++");
});

Deno.test("TextWriter splits a call that gives way to another thread", async () => {
  const lines = await trace([
    svc(220, SIGCHLD, 0, 0, 0, 0),
    branchIf((regs) => regs.x(0) === 0n, () => 4),
    svc(260, -1n, 0, 0, 0),
    EXIT,
    svc(94, 0),
  ]);
  assert.ok(lines.includes("[pid   101] wait4(-1,  <unfinished ...>"), lines.join("\n"));
  assert.ok(lines.includes("<... wait4 resumed>NULL, 0, NULL) = 102"), lines.join("\n"));
  // SIGCHLD is ignored, and shown all the same.
  assert.match(lines.at(-3)!, /^--- SIGCHLD \{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=102, .*\} ---$/);
});

Deno.test("TextWriter names a call without a handler by its number", async () => {
  const lines = await trace([svc(18, 1), EXIT]);
  assert.match(lines[0]!, /^lookup_dcookie\(0x1, .*\) = -1 ENOSYS \(Function not implemented\)$/);
});

Deno.test("quote escapes bytes as C does, and octal so that digits after it stay apart", () => {
  assert.equal(quote('a"\\\n\x00\x001\xff'), '"a\\"\\\\\\n\\0\\0001\\377"');
});

Deno.test("quote writes bytes in hexadecimal, where text is binary or always", () => {
  assert.equal(quote("a\t\n", false, 1), '"a\\t\\n"');
  assert.equal(quote("a\x7f", true, 1), '"\\x61\\x7f"...');
  assert.equal(quote("a\0", false, 1), '"\\x61\\x00"');
  assert.equal(quote("a\n", false, 2), '"\\x61\\x0a"');
});

Deno.test("sigsetText shows large sets by what is not in them", () => {
  assert.equal(sigsetText(0b11n), "[HUP INT]");
  assert.equal(sigsetText(~(1n << 8n)), "~[KILL]");
});

Deno.test("TextWriter lines results up in column 40, and counts what begins the line", async () => {
  const lines = await traceWith({ column: 40, toFile: true }, [svc(172), EXIT]);
  assert.equal(lines[0], "101   getpid()                          = 101");
});

Deno.test("TextWriter ends the line of a call whose thread is killed in it", async () => {
  const lines = await trace([
    svc(220, SIGCHLD, 0, 0, 0, 0),
    branchIf((regs) => regs.x(0) === 0n, () => 5),
    svc(129, 102, SIGUSR1),
    svc(260, -1n, 0, 0, 0),
    EXIT,
    svc(101, DATA, 0),
  ]);
  assert.ok(lines.some((line) => /killed by SIGUSR1/.test(line)), lines.join("\n"));
});
