import assert from "node:assert/strict";
import { EAGAIN, EPIPE, ESPIPE } from "../abi/errno.ts";
import { SIGPIPE } from "../abi/signal.ts";
import { makedev, S_IFCHR, S_IFIFO, S_IFMT } from "../abi/stat.ts";
import { POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from "../fs/file.ts";
import type { HostInput, HostOutput } from "../host_stdio.ts";
import { FakeCaller, text } from "./fake_caller.ts";
import { HostInputFile, HostOutputFile } from "./host_stream.ts";

const caller = new FakeCaller();

class Input implements HostInput {
  reads = 0;
  #answer: ((bytes: Uint8Array | null) => void) | undefined;
  readonly isTerminal = false;
  readonly size = undefined;
  read(): Promise<Uint8Array | null> {
    this.reads++;
    return new Promise((resolve) => this.#answer = resolve);
  }
  async give(bytes: Uint8Array | null): Promise<void> {
    this.#answer!(bytes);
    await Promise.resolve();
    await Promise.resolve();
  }
  setRaw(): void {}
}

Deno.test("HostInputFile leaves the host's input alone until somebody wants it", async () => {
  const host = new Input(), file = new HostInputFile(host, 0, 0), into = new Uint8Array(10);
  assert.equal(host.reads, 0);
  assert.equal(file.read(into, caller), -EAGAIN);
  assert.equal(file.poll(), 0);
  assert.equal(host.reads, 1);
  await host.give(text("hello"));
  assert.equal(file.poll(), POLLIN | POLLRDNORM);
  assert.equal(file.read(into.subarray(0, 3), caller), 3);
  assert.equal(file.read(into, caller), 2);
  assert.equal(host.reads, 1);
});

Deno.test("HostInputFile is /dev/null where the host's input is, which is asked when somebody looks", () => {
  let asked = 0;
  class Null extends Input {
    get isNull(): boolean {
      asked++;
      return true;
    }
  }
  const file = new HostInputFile(new Null(), 0, 0), into = new Uint8Array(10);
  file.read(into, caller);
  file.poll();
  assert.equal(asked, 0);
  const { mode, rdev } = file.inode.stat();
  assert.deepEqual([mode, rdev], [S_IFCHR | 0o666, makedev(1, 3)]);
  assert.equal(file.seek(), 0);
  const pipe = new HostInputFile(new Input(), 0, 0);
  assert.equal(pipe.inode.stat().mode & S_IFMT, S_IFIFO);
  assert.equal(pipe.seek(), -ESPIPE);
});

Deno.test("HostInputFile ends for good", async () => {
  const host = new Input(), file = new HostInputFile(host, 0, 0), into = new Uint8Array(10);
  file.read(into, caller);
  let woken = 0;
  file.wait.add({ wake: () => woken++ });
  await host.give(null);
  assert.equal(woken, 1);
  assert.equal(file.read(into, caller), 0);
  assert.equal(file.poll(), POLLHUP);
  assert.equal(host.reads, 1);
});

Deno.test("HostOutputFile takes what the host has room for and wakes when there is more", async () => {
  let room = 3, ready = () => {};
  const host: HostOutput = {
    write: (bytes) => {
      const taken = Math.min(room, bytes.length);
      room -= taken;
      return taken;
    },
    get hasRoom() {
      return room > 0;
    },
    writable: () => new Promise((resolve) => ready = resolve),
    isTerminal: false,
    size: undefined,
  };
  const file = new HostOutputFile(host, 0, 0);
  assert.equal(file.write(text("hello"), caller), 3);
  assert.equal(file.write(text("lo"), caller), -EAGAIN);
  assert.equal(file.poll(), 0);
  let woken = 0;
  file.wait.add({ wake: () => woken++ });
  room = 10;
  ready();
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(woken, 1);
  assert.equal(file.poll(), POLLOUT | POLLWRNORM);
  assert.equal(file.write(text("lo"), caller), 2);
});

Deno.test("HostOutputFile without a reader is a broken pipe", () => {
  const host: HostOutput = {
    write: () => -EPIPE,
    hasRoom: true,
    writable: () => Promise.resolve(),
    isTerminal: false,
    size: undefined,
  };
  const writer = new FakeCaller();
  assert.equal(new HostOutputFile(host, 0, 0).write(text("x"), writer), -EPIPE);
  assert.deepEqual(writer.raised, [SIGPIPE]);
});
