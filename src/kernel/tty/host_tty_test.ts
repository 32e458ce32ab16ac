import assert from "node:assert/strict";
import { EAGAIN } from "../abi/errno.ts";
import { O_RDWR } from "../abi/fcntl.ts";
import { SIGHUP, SIGINT, SIGWINCH } from "../abi/signal.ts";
import type { HostInput, HostOutput } from "../host_stdio.ts";
import { FakeCaller, text } from "../ipc/fake_caller.ts";
import { fakeTerminals } from "./fake_jobs.ts";

function world() {
  const { terminals, jobs } = fakeTerminals(), caller = new FakeCaller();
  const state = { raw: false, reads: 0, size: { columns: 80, rows: 24 }, shown: "", room: Infinity };
  let answer: (bytes: Uint8Array | null) => void = () => {};
  const input: HostInput = {
    isTerminal: true,
    get size() {
      return state.size;
    },
    setRaw: (raw) => state.raw = raw,
    read: () => {
      state.reads++;
      return new Promise((resolve) => answer = resolve);
    },
  };
  const output: HostOutput = {
    isTerminal: true,
    get size() {
      return state.size;
    },
    hasRoom: true,
    writable: () => Promise.resolve(),
    write: (bytes) => {
      const taken = Math.min(bytes.length, state.room);
      state.shown += new TextDecoder().decode(bytes.subarray(0, taken));
      state.room -= taken;
      return taken;
    },
  };
  const tty = terminals.addHostTty(input, output, 1000);
  tty.terminal.control(jobs.sessionOf(caller), caller.pgid);
  const type = async (keys: string | null) => {
    answer(keys === null ? null : text(keys));
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  return { state, tty, file: terminals.openHostTty(O_RDWR), caller, jobs, type };
}
const into = new Uint8Array(100);

Deno.test("HostTty leaves the host's terminal alone until the guest reads", () => {
  const { state, file, caller } = world();
  file.write(text("out\n"), caller);
  assert.deepEqual([state.raw, state.reads], [false, 0]);
  assert.equal(file.read(into, caller), -EAGAIN);
  assert.deepEqual([state.raw, state.reads], [true, 1]);
});

Deno.test("HostTty edits lines itself and reads on while nobody waits", async () => {
  const { state, file, caller, jobs, type } = world();
  file.read(into, caller);
  await type("hex\x7fy\r");
  assert.equal(file.read(into, caller), 4);
  assert.equal(new TextDecoder().decode(into.subarray(0, 4)), "hey\n");
  assert.equal(state.shown, "hex\b \by\n");
  await type("\x03");
  assert.deepEqual(jobs.signals, [[100, SIGINT]]);
});

Deno.test("HostTty tells of a new size once", () => {
  const { state, tty, jobs } = world();
  assert.deepEqual([tty.terminal.size.rows, tty.terminal.size.columns], [24, 80]);
  state.size = { columns: 100, rows: 30 };
  tty.resized();
  tty.resized();
  assert.deepEqual(jobs.signals, [[100, SIGWINCH]]);
});

Deno.test("HostTty hangs up when the host's terminal ends", async () => {
  const { file, caller, jobs, type } = world();
  file.read(into, caller);
  await type(null);
  assert.deepEqual(jobs.signals[0], [-100, SIGHUP]);
  assert.equal(file.read(into, caller), 0);
});

Deno.test("HostTty keeps what the host has no room for, in order", async () => {
  const { state, file, caller } = world();
  state.room = 3;
  file.write(text("abcdef"), caller);
  file.write(text("ghi"), caller);
  assert.equal(state.shown, "abc");
  state.room = Infinity;
  for (let i = 0; i < 10; i++) await Promise.resolve();
  assert.equal(state.shown, "abcdefghi");
});
