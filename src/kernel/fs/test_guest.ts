/** A test double of a guest thread that uses files: a tree in memory, identities, and calls by path. */
import assert from "node:assert/strict";
import { O_CREAT, O_RDONLY, O_RDWR } from "../abi/fcntl.ts";
import { FakeCaller } from "../ipc/fake_caller.ts";
import { FakeFrame } from "../mm/fake_space.ts";
import { plainCredentials } from "../task/credentials.ts";
import { fromBytes, toBytes } from "./byte_string.ts";
import { registerMemoryDevices } from "./devices.ts";
import { OpenFile } from "./file.ts";
import { FsContext } from "./fs_context.ts";
import { MountNamespace } from "./namespace.ts";
import { makeDirectory } from "./names.ts";
import { open } from "./open.ts";
import type { Path } from "./path.ts";
import { walkTo } from "./path_walk.ts";
import { SpecialFiles } from "./special_files.ts";
import type { FrameSource, SuperBlock } from "./superblock.ts";
import { type FsServices, TmpFs } from "./tmpfs.ts";

/** Frames of plain bytes. */
export const fakeFrames: FrameSource = { createFrame: (content) => new FakeFrame(content) };

export function fakeServices(): FsServices {
  const special = new SpecialFiles();
  registerMemoryDevices(special, fakeFrames);
  return { frames: fakeFrames, special, usage: { pages: 0 } };
}

/** One user in a tree; {@link as} gives others in the same tree. */
export class TestGuest extends FakeCaller {
  readonly credentials;
  readonly fs: FsContext;
  readonly tid: number;

  constructor(readonly namespace: MountNamespace, uid: number, gid = uid, groups: number[] = []) {
    super(100, uid, gid);
    this.tid = 100;
    this.credentials = plainCredentials(uid, gid, groups);
    this.fs = new FsContext(namespace, namespace.root, namespace.root, 0o022);
  }

  /** Root in an empty tree, or in that of a file system. */
  static root(sb: SuperBlock = new TmpFs(fakeServices(), 0o755)): TestGuest {
    return new TestGuest(MountNamespace.first(fakeServices(), sb), 0);
  }

  as(uid: number, gid = uid, groups: number[] = []): TestGuest {
    return new TestGuest(this.namespace, uid, gid, groups);
  }

  capable(): boolean {
    return this.uid === 0;
  }

  open(path: string, flags = O_RDONLY, mode = 0o644, resolve = 0): OpenFile | number {
    const file = open(this, this.fs.cwd, path, flags, mode, resolve);
    assert.ok(file instanceof OpenFile || typeof file === "number", "opens at once");
    return file;
  }

  /** Opens what must open. */
  file(path: string, flags = O_RDONLY, mode = 0o644): OpenFile {
    const file = this.open(path, flags, mode);
    assert.ok(file instanceof OpenFile, `open ${path}: ${file}`);
    return file;
  }

  mkdir(path: string, mode = 0o755): number {
    return makeDirectory(this, this.fs.cwd, path, mode);
  }

  /** The place at a path. */
  place(path: string, follow = true): Path {
    const place = walkTo(this, this.fs.cwd, path, follow);
    assert.ok(typeof place !== "number", `walk ${path}: ${place}`);
    return place;
  }

  /** What walking a path says. */
  walk(path: string, follow = true): number {
    const place = walkTo(this, this.fs.cwd, path, follow);
    return typeof place === "number" ? place : 0;
  }

  write(path: string, content: string): void {
    const file = this.file(path, O_RDWR | O_CREAT);
    assert.equal(file.write(toBytes(content), this), content.length);
    file.unref();
  }

  read(path: string): string {
    const file = this.file(path);
    const bytes = new Uint8Array(65536), count = file.read(bytes, this);
    file.unref();
    assert.ok(count >= 0, `read ${path}: ${count}`);
    return fromBytes(bytes.subarray(0, count));
  }

  /** Names in a directory as getdents gives them, without "." and "..". */
  list(path: string): string[] {
    const entries = this.place(path).dentry.inode.entries();
    assert.ok(typeof entries !== "number");
    return entries.map(({ name }) => name);
  }
}

/** Runs a test ten seconds later, as far as the age of files goes: only the host sets the time of a change. */
export function later(test: () => void): void {
  const { now } = Date;
  Date.now = () => now() + 10_000;
  try {
    test();
  } finally {
    Date.now = now;
  }
}
