import assert from "node:assert/strict";
import { ENOSPC } from "../abi/errno.ts";
import { type BaseContent, type PageBudget, PageStore } from "./page_store.ts";
import { fakeFrames } from "./test_guest.ts";

const unlimited: PageBudget = { charge: () => true };

function store(base?: BaseContent): PageStore {
  return new PageStore(fakeFrames, unlimited, base);
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function readAll(content: PageStore, offset = 0, length = content.size - offset): Uint8Array {
  const into = new Uint8Array(length);
  return into.subarray(0, content.read(into, offset));
}

/** A base of `size` bytes, all of them `fill`. */
function base(size: number, fill: number): BaseContent {
  return {
    size,
    read: (into) => (into.fill(fill), into.length),
    frame: (_index, source) => source.createFrame(new Uint8Array(4096).fill(fill)),
  };
}

Deno.test("PageStore reads back what was written across chunks", () => {
  const content = store(), data = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
  assert.equal(content.write(data, 60_000), data.length);
  assert.deepEqual(readAll(content, 60_000), data);
});

Deno.test("PageStore reads holes as zeros and counts no pages for them", () => {
  const content = store();
  content.write(bytes("x"), 1 << 20);
  assert.equal(readAll(content, 0, 4096).every((byte) => byte === 0), true);
  assert.equal(content.pages, 1);
});

Deno.test("PageStore keeps a frame and read and write in agreement", () => {
  const content = store();
  content.write(bytes("hello world"), 0);
  const frame = content.frame(0, true)!;
  frame.write(0, bytes("HELLO"));
  assert.equal(new TextDecoder().decode(readAll(content)), "HELLO world");
  content.write(bytes("WORLD"), 6);
  const seen = new Uint8Array(11);
  frame.read(0, seen);
  assert.equal(new TextDecoder().decode(seen), "HELLO WORLD");
});

Deno.test("PageStore has no frame past its end", () => {
  const content = store();
  content.write(bytes("x"), 0);
  assert.equal(content.frame(1, true), undefined);
});

Deno.test("PageStore.truncate zeroes the tail so that growing again does not show it", () => {
  const content = store();
  content.write(bytes("secret"), 0);
  content.truncate(2);
  content.truncate(6);
  assert.deepEqual([...readAll(content)], [0x73, 0x65, 0, 0, 0, 0]);
});

Deno.test("PageStore.truncate zeroes the tail of a mapped page", () => {
  const content = store();
  content.write(bytes("secret"), 0);
  const frame = content.frame(0, true)!, seen = new Uint8Array(6);
  content.truncate(2);
  frame.read(0, seen);
  assert.deepEqual([...seen], [0x73, 0x65, 0, 0, 0, 0]);
});

Deno.test("PageStore copies a chunk of its base when it is written", () => {
  const content = store(base(100_000, 7));
  content.write(bytes("x"), 70_000);
  assert.equal(readAll(content, 69_999, 3).join(), "7,120,7");
  assert.equal(content.size, 100_000);
});

Deno.test("PageStore hides what a truncation cut off its base", () => {
  const content = store(base(10_000, 7));
  content.truncate(5_000);
  content.truncate(10_000);
  assert.equal(readAll(content, 4_999, 2).join(), "7,0");
});

Deno.test("PageStore gives a writable mapping its own copy of a base page", () => {
  const content = store(base(4096, 7));
  content.frame(0, true)!.write(0, bytes("x"));
  assert.equal(readAll(content, 0, 2).join(), "120,7");
});

Deno.test("PageStore.punch frees whole pages and zeroes parts of others", () => {
  const content = store();
  content.write(new Uint8Array(3 * 4096).fill(1), 0);
  content.punch(4000, 8192);
  assert.equal(content.pages, 2);
  assert.equal(readAll(content, 3999, 2).join(), "1,0");
  assert.equal(readAll(content, 8192, 1).join(), "1");
});

Deno.test("PageStore.seek finds data and holes by page", () => {
  const content = store();
  content.write(bytes("x"), 8192);
  content.truncate(20_000);
  assert.equal(content.seek(0, true), 8192);
  assert.equal(content.seek(8192, false), 12288);
  assert.equal(content.seek(12288, true), -1);
});

Deno.test("PageStore stops at its budget and gives it back", () => {
  let pages = 0;
  const budget: PageBudget = {
    charge: (count) => {
      if (pages + count > 2) return false;
      pages += count;
      return true;
    },
  };
  const content = new PageStore(fakeFrames, budget);
  assert.equal(content.write(new Uint8Array(8192), 0), 8192);
  assert.equal(content.write(new Uint8Array(1), 8192), -ENOSPC);
  content.truncate(0);
  assert.equal(pages, 0);
});

Deno.test("PageStore.allocate takes pages without changing what is read", () => {
  const content = store();
  content.write(bytes("ab"), 0);
  content.allocate(0, 10_000);
  assert.equal(content.pages, 3);
  assert.equal(new TextDecoder().decode(readAll(content)), "ab");
});

Deno.test("PageStore tells which pages of the base are its own from now on, if they were mapped", () => {
  const told: number[][] = [];
  const content = new PageStore(fakeFrames, unlimited, base(200_000, 1), (first, end) => told.push([first, end]));
  content.write(bytes("x"), 0);
  assert.deepEqual(told, []);
  content.frame(16, false);
  content.write(bytes("x"), 70_000);
  assert.deepEqual(told, [[16, 32]]);
  content.frame(32, false);
  content.truncate(131_073);
  assert.deepEqual(told, [[16, 32], [32, 33]]);
});
