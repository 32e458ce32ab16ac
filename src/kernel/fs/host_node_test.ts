import assert from "node:assert/strict";
import type { Frame } from "../../engine/engine.ts";
import { ESTALE } from "../abi/errno.ts";
import { contentChanged, namesChanged } from "./host_changes.ts";
import { forgetHostFiles, HostNode, hostNode } from "./host_node.ts";
import type { FrameSource } from "./superblock.ts";
import { later } from "./test_guest.ts";

/** A fresh host file with this content. */
function withFile(content: string, test: (path: string) => void) {
  const folder = Deno.makeTempDirSync(), path = `${folder}/f`;
  forgetHostFiles();
  try {
    Deno.writeTextFileSync(path, content);
    test(path);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function node(path: string): HostNode {
  const found = hostNode(path);
  assert.ok(found instanceof HostNode, `${path}: ${found}`);
  return found;
}

function read({ content }: HostNode): string | number {
  const bytes = new Uint8Array(content.size), result = content.read(bytes, 0);
  return result < 0 ? result : new TextDecoder().decode(bytes);
}

Deno.test("hostNode tells the times of a file in nanoseconds", () =>
  withFile("", (path) => {
    Deno.utimeSync(path, 1000, 2000);
    const { atime, mtime, ctime } = node(path).info;
    assert.deepEqual([atime, mtime], [1_000_000_000_000n, 2_000_000_000_000n]);
    const age = Date.now() - Number(ctime / 1_000_000n);
    assert.ok(age >= 0 && age < 60_000, `changed ${age} ms ago`);
  }));

Deno.test("hostNode answers from memory until a guest changes something on the host", () =>
  withFile("one", (path) => {
    const first = node(path);
    Deno.writeTextFileSync(path, "longer");
    assert.equal(node(path), first);
    contentChanged();
    assert.equal(node(path).info.size, 6);
    Deno.writeTextFileSync(path, "longer still");
    namesChanged();
    assert.equal(node(path).info.size, 12);
  }));

Deno.test("hostNode knows a file again by its attributes when these are old", () =>
  withFile("content", (path) =>
    later(() => {
      const first = node(path);
      namesChanged();
      assert.equal(node(path), first);
    })));

Deno.test("hostNode does not know a file again that changed just now: the next change may leave equal attributes", () =>
  withFile("content", (path) => {
    const first = node(path);
    read(first);
    namesChanged();
    assert.notEqual(node(path), first);
    assert.notEqual(node(path).content, first.content);
  }));

Deno.test("hostNode takes a file from the future for a young one", () =>
  withFile("content", (path) => {
    const tomorrow = new Date(Date.now() + 86_400_000);
    Deno.utimeSync(path, tomorrow, tomorrow);
    later(() => {
      const first = node(path);
      namesChanged();
      assert.notEqual(node(path), first);
    });
  }));

Deno.test("hostNode gives back what was read of young files when the next one is met after a change", () =>
  withFile("content", (path) => {
    let made = 0;
    const frame = {} as Frame, source: FrameSource = { createFrame: () => (made++, frame) };
    const { content } = node(path);
    for (let i = 0; i < 2; i++) assert.equal(content.frame(0, source), frame);
    assert.equal(made, 1);
    namesChanged();
    Deno.writeTextFileSync(path + "2", "another");
    node(path + "2");
    assert.equal(content.frame(0, source), frame);
    assert.equal(made, 2);
  }));

Deno.test("hostNode gives back what was read of a young file when it looks at it again", () =>
  withFile("content", (path) => {
    let made = 0;
    const frame = {} as Frame, source: FrameSource = { createFrame: () => (made++, frame) };
    const { content } = node(path), { now } = performance, later = now.call(performance) + 10_000;
    content.frame(0, source);
    performance.now = () => later;
    try {
      assert.notEqual(node(path).content, content);
    } finally {
      performance.now = now;
    }
    content.frame(0, source);
    assert.equal(made, 2);
  }));

Deno.test("HostContent is shared by the names of one old file", () =>
  withFile("content", (path) =>
    later(() => {
      Deno.linkSync(path, path + "2");
      assert.equal(node(path).content, node(path + "2").content);
    })));

Deno.test("HostContent never reads the file that took the path over", () =>
  withFile("old file", (path) => {
    const old = node(path);
    Deno.writeTextFileSync(path + ".new", "new file");
    Deno.renameSync(path + ".new", path);
    assert.equal(read(old), -ESTALE);
    assert.equal(old.content.frame(0, { createFrame: () => assert.fail("nothing to show") }), undefined);
    namesChanged();
    assert.equal(read(node(path)), "new file");
  }));

Deno.test("HostContent of a file changed in place is that of now, and not shared with those who look anew", () =>
  withFile("before", (path) =>
    later(() => {
      const old = node(path), { content } = old;
      Deno.writeTextFileSync(path, "behind");
      Deno.utimeSync(path, 1, 1);
      assert.equal(read(old), "behind");
      Deno.utimeSync(path, old.info.mtimeMs / 1000, old.info.mtimeMs / 1000);
      namesChanged();
      assert.notEqual(node(path).content, content);
    })));
