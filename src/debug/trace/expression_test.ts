import assert from "node:assert/strict";
import { Failure } from "../../failure.ts";
import { SYSCALL_NAMES } from "../../kernel/abi/unistd.ts";
import { parseExpressions } from "./expression.ts";

const names = (expression: string) => parseExpressions([expression]).calls!.map((nr) => SYSCALL_NAMES[nr]);

Deno.test("parseExpressions takes names, and expressions without a kind as sets of calls", () => {
  assert.deepEqual(names("trace=read,openat"), ["openat", "read"]);
  assert.deepEqual(names("close"), ["close"]);
});

Deno.test("parseExpressions knows strace's classes", () => {
  assert.deepEqual(names("trace=%pure"), ["getpid", "getppid", "getuid", "geteuid", "getgid", "getegid", "gettid"]);
  for (const call of ["openat", "execve", "getcwd", "newfstatat"]) assert.ok(names("trace=%file").includes(call), call);
  for (const call of ["read", "close", "mmap", "ppoll"]) assert.ok(names("trace=%desc").includes(call), call);
  assert.ok(!names("trace=%desc").includes("connect"));
  assert.ok(names("trace=%net").includes("connect"));
  assert.deepEqual(names("trace=%%statfs"), ["statfs", "fstatfs"]);
});

Deno.test("parseExpressions leaves calls out, all of a set or some", () => {
  assert.ok(!names("trace=!futex").includes("futex"));
  assert.ok(names("trace=!futex").includes("read"));
  const some = names("trace=%process,%file,!openat");
  assert.ok(some.includes("clone") && some.includes("faccessat") && !some.includes("openat"));
  assert.deepEqual(names("trace=none"), []);
});

Deno.test("parseExpressions takes regular expressions and optional names", () => {
  assert.deepEqual(names("trace=/^p(read|write)64$"), ["pread64", "pwrite64"]);
  assert.deepEqual(names("trace=?open,close"), ["close"]);
});

Deno.test("parseExpressions takes signals by name, number and complement", () => {
  assert.deepEqual(parseExpressions(["signal=SIGUSR1,2,chld"]).signals, [2, 10, 17]);
  assert.equal(parseExpressions(["signal=!chld"]).signals!.length, 63);
  assert.deepEqual(parseExpressions(["signal=none"]).signals, []);
});

Deno.test("parseExpressions reads injections with errors, values, signals and delays", () => {
  const { injections } = parseExpressions([
    "inject=write:error=ENOSPC:when=3+",
    "inject=read:retval=0x10:signal=USR1:delay_enter=10ms:delay_exit=5",
    "fault=openat:when=2..8+2",
    "inject=close:error=EIO:syscall=getpid:when=4",
  ]);
  const [write, read, openat, close] = injections!;
  assert.deepEqual(write, { calls: [64], first: 3, last: Number.MAX_SAFE_INTEGER, step: 1, result: -28 });
  assert.deepEqual(read, {
    calls: [63],
    first: 1,
    last: Number.MAX_SAFE_INTEGER,
    step: 1,
    result: 16,
    signal: 10,
    delayEnter: 10e6,
    delayExit: 5e3,
  });
  assert.deepEqual(openat, { calls: [56], first: 2, last: 8, step: 2, result: -38 });
  assert.deepEqual(close, { calls: [57], first: 4, last: 4, step: 1, result: -5 });
});

Deno.test("parseExpressions says what it does not understand", () => {
  const wrong: Record<string, RegExp> = {
    "trace=opne": /no system call opne/,
    "trace=%foo": /no class %foo/,
    "trace=/(": /not a regular expression/,
    "trace=": /empty/,
    "trace=read,,write": /empty member/,
    "signal=NOPE": /no signal NOPE/,
    "signal=99": /no signal 99/,
    "status=bad": /no status bad/,
    "inject=read": /nothing to do/,
    "inject=read:error=ENOPE": /no error ENOPE/,
    "inject=read:error=5:retval=5": /exclude/,
    "inject=read:error=EIO:when=0": /from 1/,
    "inject=read:error=EIO:when=5..2": /from 1/,
    "inject=read:error=EIO:when=x": /FIRST/,
    "inject=read:error=EIO:syscall=unlinkat": /without side effects/,
    "inject=read:delay_enter=soon": /no time/,
    "inject=read:frobnicate=1": /no frobnicate=/,
    "inject=:error=EIO": /no system call/,
    "colour=red": /no colour=/,
  };
  for (const [expression, message] of Object.entries(wrong)) {
    assert.throws(
      () => parseExpressions([expression]),
      (error) => error instanceof Failure && message.test(error.message),
      expression,
    );
  }
});
