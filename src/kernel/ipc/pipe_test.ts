import assert from "node:assert/strict";
import { EAGAIN, EBUSY, ENXIO, EPERM, EPIPE } from "../abi/errno.ts";
import { O_DIRECT, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } from "../abi/fcntl.ts";
import { FIONREAD } from "../abi/ioctl.ts";
import { SIGPIPE } from "../abi/signal.ts";
import { S_IFIFO } from "../abi/stat.ts";
import { type OpenFile, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../fs/file.ts";
import { PipeInode, PseudoInode } from "../fs/pseudo_inode.ts";
import { SyntheticFs } from "../fs/proc/synthetic.ts";
import { FakeCaller, text } from "./fake_caller.ts";
import { openFifo } from "./fifo.ts";
import { createPipe } from "./pipe.ts";

const pipe = (flags = 0) => createPipe(new PipeInode(0, 0), flags);
/** A FIFO with a name. */
const fifo = () => new PseudoInode(new SyntheticFs("test", 0), S_IFIFO | 0o600, 0, 0, "fifo");
const fill = (length: number, seed = 0) => Uint8Array.from({ length }, (_, i) => (i * 7 + seed) & 255);

Deno.test("Pipe gives bytes back in order, across many wrapped slots", () => {
  const [r, w] = pipe(), caller = new FakeCaller();
  const out: number[] = [], expected: number[] = [];
  const into = new Uint8Array(5000);
  for (let round = 0; round < 60; round++) {
    const bytes = fill(1 + (round * 1237) % 9000, round);
    const n = w.write(bytes, caller);
    if (n > 0) expected.push(...bytes.subarray(0, n));
    const got = r.read(into.subarray(0, 1 + (round * 977) % 5000), caller);
    if (got > 0) out.push(...into.subarray(0, got));
  }
  for (let got = r.read(into, caller); got > 0; got = r.read(into, caller)) out.push(...into.subarray(0, got));
  assert.deepEqual(out, expected);
});

Deno.test("Pipe takes 64 KiB and then nothing", () => {
  const [, w] = pipe(), caller = new FakeCaller();
  assert.equal(w.write(fill(100000), caller), 65536);
  assert.equal(w.write(fill(1), caller), -EAGAIN);
  assert.equal(w.poll(), 0);
});

Deno.test("Pipe takes writes of PIPE_BUF whole or not at all", () => {
  const [, w] = pipe(), caller = new FakeCaller();
  w.write(fill(65536 - 100), caller);
  assert.equal(w.write(fill(4096), caller), -EAGAIN);
  assert.equal(w.write(fill(100), caller), 100);
});

Deno.test("Pipe is writable again only when a whole slot is free", () => {
  const [r, w] = pipe(), caller = new FakeCaller();
  w.write(fill(65536), caller);
  r.read(new Uint8Array(1), caller);
  assert.equal(w.poll(), 0);
  r.read(new Uint8Array(4095), caller);
  assert.equal(w.poll(), POLLOUT | POLLWRNORM);
});

Deno.test("Pipe read says EAGAIN with writers and end of file without", () => {
  const [r, w] = pipe(), caller = new FakeCaller();
  assert.equal(r.read(new Uint8Array(1), caller), -EAGAIN);
  w.unref();
  assert.equal(r.read(new Uint8Array(1), caller), 0);
  assert.equal(r.poll(), POLLHUP);
});

Deno.test("Pipe poll reports hang-up together with what is left to read", () => {
  const [r, w] = pipe(), caller = new FakeCaller();
  w.write(text("x"), caller);
  w.unref();
  assert.equal(r.poll(), POLLIN | POLLRDNORM | POLLHUP);
});

Deno.test("Pipe write without readers is EPIPE with SIGPIPE", () => {
  const [r, w] = pipe(), caller = new FakeCaller();
  r.unref();
  assert.equal(w.write(text("x"), caller), -EPIPE);
  assert.deepEqual(caller.raised, [SIGPIPE]);
  assert.equal(w.poll(), POLLOUT | POLLWRNORM | POLLERR);
});

Deno.test("Pipe write of nothing succeeds even without readers", () => {
  const [r, w] = pipe();
  r.unref();
  assert.equal(w.write(new Uint8Array(0), new FakeCaller()), 0);
});

Deno.test("Pipe wakes readers when bytes come and writers when a full pipe drains", () => {
  const [r, w] = pipe(), caller = new FakeCaller(), log: number[] = [];
  r.wait.watch({ notify: (events) => log.push(events) });
  w.write(fill(65536), caller);
  r.read(new Uint8Array(8192), caller);
  r.read(new Uint8Array(8192), caller);
  assert.deepEqual(log, [POLLIN | POLLRDNORM, POLLOUT | POLLWRNORM]);
});

Deno.test("Pipe with O_DIRECT keeps packets apart and drops what a short read leaves", () => {
  const [r, w] = pipe(O_DIRECT), caller = new FakeCaller(), into = new Uint8Array(100);
  w.write(text("first"), caller);
  w.write(text("second"), caller);
  assert.equal(r.read(into.subarray(0, 3), caller), 3);
  assert.equal(r.read(into, caller), 6);
  assert.equal(new TextDecoder().decode(into.subarray(0, 6)), "second");
});

Deno.test("FIONREAD counts unread bytes", () => {
  const [r, w] = pipe(), caller = new FakeCaller();
  w.write(fill(70), caller);
  r.read(new Uint8Array(20), caller);
  r.ioctl(FIONREAD, 64, caller);
  assert.equal(caller.memory.readU32(64), 50);
});

Deno.test("Pipe.resize keeps content and respects use and limit", () => {
  const [r, w] = pipe(), caller = new FakeCaller();
  w.write(fill(9000), caller);
  assert.equal(w.pipe.resize(4096, false), -EBUSY);
  assert.equal(w.pipe.resize((1 << 20) + 1, false), -EPERM);
  assert.equal(w.pipe.resize(20000, false), 32768);
  const into = new Uint8Array(10000);
  assert.equal(r.read(into, caller), 9000);
  assert.deepEqual(into.subarray(0, 9000), fill(9000));
});

Deno.test("openFifo makes a reader wait for a writer", () => {
  const inode = fifo();
  const opening = openFifo(inode, O_RDONLY) as Generator;
  assert.equal(opening.next().done, false);
  assert.equal(openFifo(inode, O_WRONLY) instanceof Object, true);
  assert.equal(opening.next("event").done, true);
});

Deno.test("openFifo lets a non-blocking reader in and reports no hang-up before a writer came", () => {
  const inode = fifo();
  const reader = openFifo(inode, O_RDONLY | O_NONBLOCK) as OpenFile;
  assert.equal(reader.poll(), 0);
  (openFifo(inode, O_WRONLY | O_NONBLOCK) as OpenFile).unref();
  assert.equal(reader.poll(), POLLHUP);
});

Deno.test("openFifo refuses a non-blocking writer without reader", () => {
  assert.equal(openFifo(fifo(), O_WRONLY | O_NONBLOCK), -ENXIO);
});

Deno.test("openFifo for both directions never waits", () => {
  assert.equal((openFifo(fifo(), O_RDWR) as OpenFile).poll(), POLLOUT | POLLWRNORM);
});
