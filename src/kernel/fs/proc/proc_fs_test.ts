import assert from "node:assert/strict";
import { EACCES, EINVAL, ENOENT } from "../../abi/errno.ts";
import { AT_FDCWD, O_CREAT, O_RDONLY, O_RDWR, O_WRONLY } from "../../abi/fcntl.ts";
import { BUFFER, FileTask } from "../../syscalls/file_task.ts";
import { bitList } from "./pid_text.ts";

const readlink = (guest: FileTask, path: string) => {
  const count = guest.call("readlinkat", AT_FDCWD, path, BUFFER, 4096);
  return count < 0 ? count : guest.bytes(BUFFER, count);
};

Deno.test("/proc/self is the process that looks", () => {
  const guest = new FileTask();
  assert.equal(readlink(guest, "/proc/self"), String(guest.task.pid));
  assert.equal(readlink(guest, "/proc/thread-self"), `${guest.task.pid}/task/${guest.task.tid}`);
});

Deno.test("/proc/self/status names the process and its ids", () => {
  const text = new FileTask().read("/proc/self/status");
  assert.match(text, /^Name:\tscripted\n/);
  assert.match(text, /\nUid:\t1000\t1000\t1000\t1000\n/);
  assert.match(text, /\nThreads:\t1\n/);
});

Deno.test("/proc/self/stat has 52 fields", () => {
  const text = new FileTask().read("/proc/self/stat");
  assert.match(text, /^\d+ \(scripted\) R /);
  assert.equal(text.trim().split(" ").length, 52);
});

Deno.test("/proc/self/fd links to what is open", () => {
  const guest = new FileTask();
  guest.call("openat", AT_FDCWD, "f", O_CREAT | O_RDWR, 0o600);
  guest.call("pipe2", BUFFER, 0);
  assert.equal(readlink(guest, "/proc/self/fd/0"), "/tmp/f");
  assert.match(String(readlink(guest, "/proc/self/fd/1")), /^pipe:\[\d+\]$/);
  guest.call("unlinkat", AT_FDCWD, "f", 0);
  assert.equal(readlink(guest, "/proc/self/fd/0"), "/tmp/f (deleted)");
  assert.equal(readlink(guest, "/proc/self/fd/9"), -ENOENT);
});

Deno.test("/proc/self/fd opens a removed file anew, with a position of its own", () => {
  const guest = new FileTask();
  guest.call("openat", AT_FDCWD, "f", O_CREAT | O_RDWR, 0o600);
  guest.call("write", 0, guest.put("content"), 7);
  guest.call("unlinkat", AT_FDCWD, "f", 0);
  assert.equal(guest.read("/proc/self/fd/0"), "content");
});

Deno.test("/proc/self/fdinfo tells position and flags", () => {
  const guest = new FileTask();
  guest.call("openat", AT_FDCWD, "/dev/null", O_WRONLY, 0);
  assert.match(guest.read("/proc/self/fdinfo/0"), /^pos:\t0\nflags:\t0400001\nmnt_id:\t\d+\n/);
});

Deno.test("/proc/PID hides what is private from others", () => {
  const guest = new FileTask(0);
  const { pid } = guest.task;
  guest.task.credentials = { ...guest.task.credentials };
  const stranger = new FileTask(2000);
  stranger.tree.proc.root.kernel = guest.tree.proc.root.kernel;
  assert.equal(stranger.call("openat", AT_FDCWD, `/proc/${pid}/environ`, O_RDONLY, 0), -EACCES);
  assert.ok(stranger.call("openat", AT_FDCWD, `/proc/${pid}/status`, O_RDONLY, 0) >= 0);
});

Deno.test("/proc lists processes and its files once", () => {
  const guest = new FileTask(), fd = guest.call("openat", AT_FDCWD, "/proc", O_RDONLY, 0);
  const used = guest.call("getdents64", fd, BUFFER, 32768), text = guest.bytes(BUFFER, used);
  for (const name of ["self", "cpuinfo", "sys", "net", String(guest.task.pid)]) assert.ok(text.includes(name + "\0"));
});

Deno.test("/proc/self/comm can be changed by the process itself", () => {
  const guest = new FileTask(), fd = guest.call("openat", AT_FDCWD, "/proc/self/comm", O_WRONLY, 0);
  assert.equal(guest.call("write", fd, "a new and long name", 19), 19);
  assert.equal(guest.read("/proc/self/comm"), "a new and long \n");
});

Deno.test("/proc/self/oom_score_adj takes numbers in its range", () => {
  const guest = new FileTask(), fd = guest.call("openat", AT_FDCWD, "/proc/self/oom_score_adj", O_RDWR, 0);
  assert.equal(guest.call("write", fd, "500\n", 4), 4);
  assert.equal(guest.call("write", fd, "5000", 4), -EINVAL);
  assert.equal(guest.call("write", fd, "100", 3), -EACCES);
  assert.equal(guest.read("/proc/self/oom_score_adj"), "500\n");
});

Deno.test("/proc/sys/kernel/hostname is the kernel's", () => {
  const guest = new FileTask(0);
  assert.equal(guest.read("/proc/sys/kernel/hostname"), "testhost\n");
  const fd = guest.call("openat", AT_FDCWD, "/proc/sys/kernel/hostname", O_WRONLY, 0);
  guest.call("write", fd, "other\n", 6);
  assert.equal(guest.task.uts.hostname, "other");
});

Deno.test("/proc/meminfo and /proc/cpuinfo have the lines programs look for", () => {
  const guest = new FileTask();
  assert.match(guest.read("/proc/meminfo"), /^MemTotal: +\d+ kB\nMemFree: +\d+ kB\nMemAvailable: +\d+ kB\n/);
  assert.match(guest.read("/proc/cpuinfo"), /^processor\t: 0\n/);
});

Deno.test("/proc/self/mem reads the process's memory", () => {
  const guest = new FileTask(), va = guest.put("hello");
  const fd = guest.call("openat", AT_FDCWD, "/proc/self/mem", O_RDWR, 0);
  assert.equal(guest.call("pread64", fd, BUFFER, 5, va), 5);
  assert.equal(guest.bytes(BUFFER, 5), "hello");
  assert.equal(guest.call("pwrite64", fd, guest.put("J"), 1, va), 1);
  assert.equal(guest.bytes(va, 5), "Jello");
});

Deno.test("bitList groups neighbours", () => {
  assert.equal(bitList(0b1), "0");
  assert.equal(bitList(0b1101110), "1-3,5-6");
});
