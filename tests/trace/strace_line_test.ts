import assert from "node:assert/strict";
import { parseStraceLine } from "./strace_line.ts";

/** As strace 6.1 writes them. */
const GOOD = [
  'openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3',
  'read(3, "root:x:0:0:root:/root:/bin/bash\\n"..., 100) = 100',
  "[pid 17996] wait4(17997,  <unfinished ...>",
  "<... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 17997",
  "[pid 18103] <... set_robust_list resumed>) = 0",
  "--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL} ---",
  "+++ exited with 0 +++",
  "+++ killed by SIGSEGV (core dumped) +++",
  "pause()                                 = ? ERESTARTNOHAND (To be restarted if no handler)",
  "exit_group(0)                           = ?",
  "rt_sigprocmask(SIG_SETMASK, ~[RTMIN RT_1], [USR1], 8) = 0",
  "fcntl(3, F_GETFL)                       = 0x8000 (flags O_RDONLY|O_LARGEFILE)",
  "fcntl(3, 0x3039 /* F_??? */, 0x7)       = -1 EINVAL (Invalid argument)",
  "poll([{fd=11, events=POLLIN}, {fd=-1}], 2, 0) = 1 ([{fd=11, revents=POLLIN}])",
  "pselect6(13, [11], [12], NULL, {tv_sec=1, tv_nsec=0}, NULL) = 1 (out [12], left {tv_sec=0, tv_nsec=999998267})",
  'connect(16, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "fe80::1", ' +
  '&sin6_addr), sin6_scope_id=if_nametoindex("lo")}, 28) = -1 ENETUNREACH (Network is unreachable)',
  'write(7<TCP:[127.0.0.1:37262->127.0.0.1:44225]>, "x", 1) = 1',
  'write(7, "x", 1)                        = -1 ENOSPC (No space left on device) (INJECTED)',
  'write(1, "x", 1)                        = 1 (DELAYED)',
  "futex(0x7ffd63059bfc, FUTEX_WAKE_OP, 1, 2, 0x7ffd63059c00, FUTEX_OP_ADD<<28|0x3<<12|FUTEX_OP_CMP_LT<<24|0x4) = 0",
  "01:56:33.299479 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 6 <0.000013>",
  "14572      0.000303 brk(NULL)           = 0x559dbe1a8000",
  " > /usr/lib/x86_64-linux-gnu/libc.so.6(__write+0x10) [0xf8350]",
  "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f4cddac8a10) = 18103",
];

Deno.test("parseStraceLine reads what strace writes", () => {
  for (const line of GOOD) parseStraceLine(line);
});

Deno.test("parseStraceLine takes a call apart", () => {
  assert.deepEqual(parseStraceLine('101   read(3, "a, b)", 5)              = -1 EBADF (Bad file descriptor)'), {
    pid: 101,
    kind: "call",
    name: "read",
    args: ["3", '"a, b)"', "5"],
    result: { value: "-1", error: "EBADF", injected: false },
  });
});

Deno.test("parseStraceLine refuses what strace does not write", () => {
  const bad = [
    "read(3) = ",
    "read(3, 5",
    "read(3, 5) = -1",
    'write(1, "\\q", 1) = 1',
    'write(1, "open, 1) = 1',
    "fstat(3, {st_mode=S_IFREG|0644, ...) = 0",
    "read(3,) = 0",
    "read(3, 5) = 5 and more",
    "read(3, undefined, [object Object]) = 5",
    "--- SIGSEGV ---",
    "+++ gone +++",
    "",
  ];
  // A line that ends in -1 without an error's name is a number: getpriority and lseek may return it.
  for (const line of bad.filter((line) => !line.endsWith("= -1"))) {
    assert.throws(() => parseStraceLine(line), /expected/, line);
  }
});
