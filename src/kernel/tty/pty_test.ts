import assert from "node:assert/strict";
import { EAGAIN, EIO, ENOTTY, ENXIO, EPERM, ERESTARTSYS } from "../abi/errno.ts";
import { O_NOCTTY, O_RDWR } from "../abi/fcntl.ts";
import { FIONREAD } from "../abi/ioctl.ts";
import { SIGCONT, SIGHUP, SIGINT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH } from "../abi/signal.ts";
import * as abi from "../abi/termios.ts";
import { type OpenFile, POLLHUP, POLLIN, POLLOUT } from "../fs/file.ts";
import { anonInode } from "../fs/pseudo_inode.ts";
import { FakeCaller, text } from "../ipc/fake_caller.ts";
import { fakeTerminals } from "./fake_jobs.ts";

import type { Termios } from "./termios.ts";
import type { TtyFile } from "./tty_file.ts";

function pty() {
  const { terminals, jobs, names } = fakeTerminals();
  const caller = new FakeCaller();
  const master = terminals.openMaster(anonInode("ptmx"), O_RDWR, caller) as OpenFile;
  caller.memory.writeU32(0, 0);
  master.ioctl(abi.TIOCSPTLCK, 0, caller);
  const slave = terminals.openPts(0, names.nodes.get(0)!, O_RDWR, caller) as TtyFile;
  return { terminals, jobs, names, caller, master, slave };
}
function read(file: OpenFile, caller: FakeCaller, length = 100): string | number {
  const into = new Uint8Array(length), result = file.read(into, caller);
  return result < 0 ? result : new TextDecoder().decode(into.subarray(0, result));
}
function settings(slave: TtyFile, change: (termios: Termios) => void): void {
  slave.terminal.changeSettings(change);
}
const noEcho = (termios: Termios) => void (termios.lflag &= ~abi.ECHO);
const raw = (min: number, time: number) => (termios: Termios) => {
  termios.lflag = 0;
  termios.iflag = 0;
  termios.oflag = 0;
  termios.cc[abi.VMIN] = min;
  termios.cc[abi.VTIME] = time;
};

Deno.test("Pty gives lines to the terminal and echoes them to the master", () => {
  const { master, slave, caller } = pty();
  master.write(text("hel"), caller);
  assert.equal(read(slave, caller), -EAGAIN);
  master.write(text("lo\rnext\n"), caller);
  assert.equal(read(slave, caller), "hello\n");
  assert.equal(read(slave, caller, 2), "ne");
  assert.equal(read(slave, caller), "xt\n");
  assert.equal(read(master, caller), "hello\r\nnext\r\n");
});

Deno.test("Pty output gets its newlines", () => {
  const { master, slave, caller } = pty();
  assert.equal(slave.write(text("a\nb"), caller), 3);
  assert.equal(read(master, caller), "a\r\nb");
});

Deno.test("Pty line editing erases characters, words and lines on both sides", () => {
  const { master, slave, caller } = pty();
  master.write(text("abx\x7fc\n"), caller);
  assert.equal(read(slave, caller), "abc\n");
  assert.equal(read(master, caller), "abx\b \bc\r\n");
  master.write(text("one two\x17six\n"), caller);
  assert.equal(read(slave, caller), "one six\n");
  master.write(text("wrong\x15right\n"), caller);
  assert.equal(read(slave, caller), "right\n");
});

Deno.test("Pty end-of-file key ends a read without a byte", () => {
  const { master, slave, caller } = pty();
  master.write(text("\x04"), caller);
  assert.equal(read(slave, caller), "");
  master.write(text("part\x04"), caller);
  assert.equal(read(slave, caller, 4), "part");
  assert.equal(read(slave, caller), -EAGAIN);
});

Deno.test("Pty literal-next key takes the next key as it is", () => {
  const { master, slave, caller } = pty();
  settings(slave, noEcho);
  master.write(text("a\x16\x03b\n"), caller);
  assert.equal(read(slave, caller), "a\x03b\n");
});

Deno.test("Pty keys signal the foreground group, flush and show themselves", () => {
  const { master, slave, caller, jobs } = pty();
  master.write(text("typed\x03"), caller);
  assert.deepEqual(jobs.signals, [[100, SIGINT]]);
  assert.equal(read(slave, caller), -EAGAIN);
  assert.equal(read(master, caller), "^C");
  master.write(text("\x1a"), caller);
  assert.deepEqual(jobs.signals.at(-1), [100, SIGTSTP]);
  settings(slave, (termios) => termios.lflag &= ~abi.ISIG);
  master.write(text("\x03\n"), caller);
  assert.equal(read(slave, caller), "\x03\n");
});

Deno.test("Pty in raw mode gives bytes as they come", () => {
  const { master, slave, caller } = pty();
  settings(slave, raw(1, 0));
  master.write(text("a\r\x03"), caller);
  assert.equal(read(slave, caller), "a\r\x03");
  assert.equal(read(master, caller), -EAGAIN);
});

Deno.test("Pty VMIN keeps a read waiting for that many bytes", () => {
  const { master, slave, caller } = pty();
  settings(slave, raw(3, 0));
  master.write(text("ab"), caller);
  assert.equal(slave.poll() & POLLIN, 0);
  assert.equal(read(slave, caller), -EAGAIN);
  master.write(text("c"), caller);
  assert.equal(slave.poll() & POLLIN, POLLIN);
  assert.equal(read(slave, caller), "abc");
});

Deno.test("Pty VTIME ends a read that nobody fed", () => {
  const { slave, caller, jobs } = pty();
  settings(slave, raw(0, 2));
  assert.equal(read(slave, caller), -EAGAIN);
  jobs.advance(2e8);
  assert.equal(read(slave, caller), "");
  settings(slave, raw(0, 0));
  assert.equal(read(slave, caller), "");
});

Deno.test("Pty VMIN with VTIME waits between bytes only", () => {
  const { master, slave, caller, jobs } = pty();
  settings(slave, raw(3, 1));
  assert.equal(read(slave, caller), -EAGAIN);
  assert.equal(jobs.timers.size, 0);
  master.write(text("a"), caller);
  assert.equal(read(slave, caller), -EAGAIN);
  jobs.advance(1e8);
  assert.equal(read(slave, caller), "a");
});

Deno.test("Pty stop and start keys hold output", () => {
  const { master, slave, caller } = pty();
  master.write(text("\x13"), caller);
  assert.equal(slave.write(text("x"), caller), -EAGAIN);
  assert.equal(slave.poll() & POLLOUT, 0);
  master.write(text("\x11"), caller);
  assert.equal(slave.write(text("x"), caller), 1);
});

Deno.test("Pty stops background readers, and writers with TOSTOP", () => {
  const { slave, caller, jobs } = pty();
  const background = new FakeCaller(101);
  background.pgid = 101;
  background.sid = 100;
  assert.equal(slave.terminal.foregroundGroup, caller.pgid);
  assert.equal(read(slave, background), -ERESTARTSYS);
  assert.deepEqual(jobs.signals, [[101, SIGTTIN]]);
  assert.equal(slave.write(text("x"), background), 1);
  settings(slave, (termios) => termios.lflag |= abi.TOSTOP);
  assert.equal(slave.write(text("x"), background), -ERESTARTSYS);
  assert.deepEqual(jobs.signals.at(-1), [101, SIGTTOU]);
  background.deaf.add(SIGTTIN).add(SIGTTOU);
  assert.equal(read(slave, background), -EIO);
  assert.equal(slave.write(text("x"), background), 1);
  background.deaf.clear();
  background.orphaned = true;
  assert.equal(read(slave, background), -EIO);
});

Deno.test("Pty hangs up when its master closes", () => {
  const { master, slave, caller, jobs, names } = pty();
  master.unref();
  assert.deepEqual(jobs.signals, [[-100, SIGHUP], [-100, SIGCONT]]);
  assert.equal(read(slave, caller), "");
  assert.equal(slave.write(text("x"), caller), -EIO);
  assert.equal(slave.ioctl(abi.TCGETS, 0, caller), -EIO);
  assert.equal(slave.poll() & POLLHUP, POLLHUP);
  assert.equal(names.nodes.size, 0);
});

Deno.test("Pty master sees the end when the terminal is closed, after what was written", () => {
  const { master, slave, caller } = pty();
  slave.write(text("last"), caller);
  slave.unref();
  assert.equal(master.poll() & (POLLIN | POLLHUP), POLLIN | POLLHUP);
  assert.equal(read(master, caller), "last");
  assert.equal(read(master, caller), -EIO);
});

Deno.test("Pty becomes the controlling terminal of a leader without one", () => {
  const { terminals, jobs, caller, slave, names } = pty();
  assert.equal(jobs.sessionOf(caller).terminal, slave.terminal);
  const controlling = terminals.openControlling(anonInode("tty"), O_RDWR, caller) as TtyFile;
  assert.equal(controlling.terminal, slave.terminal);
  assert.equal(slave.ioctl(abi.TIOCNOTTY, 0, caller), 0);
  assert.equal(terminals.openControlling(anonInode("tty"), O_RDWR, caller), -ENXIO);
  const again = terminals.openPts(0, names.nodes.get(0)!, O_RDWR | O_NOCTTY, caller) as TtyFile;
  assert.equal(again.ioctl(abi.TIOCGPGRP, 0, caller), -ENOTTY);
  assert.equal(again.ioctl(abi.TIOCSCTTY, 0, caller), 0);
  assert.equal(again.ioctl(abi.TIOCGSID, 0, caller), 0);
  assert.equal(caller.memory.readU32(0), 100);
});

Deno.test("Pty foreground group must be of the session", () => {
  const { slave, caller, jobs } = pty();
  jobs.groups.set(102, jobs.sessions.get(100)!);
  caller.memory.writeU32(0, 102);
  assert.equal(slave.ioctl(abi.TIOCSPGRP, 0, caller), 0);
  assert.equal(slave.terminal.foregroundGroup, 102);
  const stranger = new FakeCaller(200);
  stranger.sid = stranger.pgid = 200;
  assert.equal(slave.ioctl(abi.TIOCSPGRP, 0, stranger), -ENOTTY);
  assert.equal(slave.ioctl(abi.TIOCSTI, 0, stranger), -EPERM);
});

Deno.test("Pty settings are read back as written", () => {
  const { master, slave, caller } = pty();
  slave.ioctl(abi.TCGETS, 0, caller);
  const before = caller.memory.readBytes(0, abi.TERMIOS_SIZE);
  caller.memory.writeU32(12, 0);
  slave.ioctl(abi.TCSETS, 0, caller);
  master.ioctl(abi.TCGETS, 100, caller);
  assert.equal(caller.memory.readU32(112), 0);
  assert.deepEqual(caller.memory.readBytes(116, 20), before.slice(16));
});

Deno.test("Pty window size reaches the foreground group", () => {
  const { master, slave, caller, jobs } = pty();
  caller.memory.writeBytes(0, new Uint8Array(new Uint16Array([24, 80, 0, 0]).buffer));
  master.ioctl(abi.TIOCSWINSZ, 0, caller);
  master.ioctl(abi.TIOCSWINSZ, 0, caller);
  assert.deepEqual(jobs.signals, [[100, SIGWINCH]]);
  slave.ioctl(abi.TIOCGWINSZ, 50, caller);
  assert.deepEqual([...new Uint16Array(caller.memory.readBytes(50, 8).buffer)], [24, 80, 0, 0]);
});

Deno.test("Pty counts what can be read", () => {
  const { master, slave, caller } = pty();
  settings(slave, noEcho);
  master.write(text("abc\nde"), caller);
  slave.ioctl(FIONREAD, 0, caller);
  assert.equal(caller.memory.readU32(0), 4);
});

Deno.test("Pty packet mode tells the master of flushes", () => {
  const { master, slave, caller } = pty();
  caller.memory.writeU32(0, 1);
  master.ioctl(abi.TIOCPKT, 0, caller);
  slave.write(text("x"), caller);
  assert.equal(read(master, caller), "\0x");
  slave.ioctl(abi.TCFLSH, abi.TCIFLUSH, caller);
  assert.equal(read(master, caller), "\x01");
});

Deno.test("Pty is locked at first", () => {
  const { terminals, names } = fakeTerminals(), caller = new FakeCaller();
  const master = terminals.openMaster(anonInode("ptmx"), O_RDWR, caller) as OpenFile;
  assert.equal(terminals.openPts(0, names.nodes.get(0)!, O_RDWR, caller), -EIO);
  assert.equal(master.ioctl(abi.TIOCGPTN, 0, caller), 0);
  assert.equal(caller.memory.readU32(0), 0);
  assert.equal(master.ioctl(abi.TIOCGPTPEER, O_RDWR | O_NOCTTY, caller), 10);
});

Deno.test("Pty drops what a line cannot hold but takes its end", () => {
  const { master, slave, caller } = pty();
  settings(slave, noEcho);
  for (let i = 0; i < 3; i++) master.write(text("x".repeat(2000)), caller);
  assert.equal(read(slave, caller), -EAGAIN);
  master.write(text("\n"), caller);
  const line = read(slave, caller, 5000) as string;
  assert.equal(line.length, 4095);
  assert.ok(line.endsWith("\n"));
});

Deno.test("Pty in raw mode holds the master back", () => {
  const { master, slave, caller } = pty();
  settings(slave, raw(1, 0));
  let written = 0;
  for (let n = master.write(text("x".repeat(1000)), caller); n > 0; n = master.write(text("x".repeat(1000)), caller)) {
    written += n;
  }
  assert.ok(written > 8000 && written < 20000, String(written));
  assert.equal(master.poll() & POLLOUT, 0);
  let total = 0;
  for (let part = read(slave, caller, 4096); part !== -EAGAIN; part = read(slave, caller, 4096)) {
    total += (part as string).length;
  }
  assert.equal(total, written);
});
