import assert from "node:assert/strict";
import { EINVAL, ENXIO, EOPNOTSUPP, EPERM } from "../abi/errno.ts";
import * as fcntl from "../abi/fcntl.ts";
import { toBytes } from "./byte_string.ts";
import type { RegularFile } from "./memory_file.ts";
import { TestGuest } from "./test_guest.ts";

function opened(content: string, flags: number = fcntl.O_RDWR): { guest: TestGuest; file: RegularFile } {
  const guest = TestGuest.root();
  guest.write("/f", content);
  return { guest, file: guest.file("/f", flags) as RegularFile };
}

Deno.test("RegularFile with O_APPEND writes at the end, whatever the position", () => {
  const { guest, file } = opened("abc", fcntl.O_RDWR | fcntl.O_APPEND);
  file.seek(0, fcntl.SEEK_SET);
  file.write(toBytes("d"), guest);
  assert.equal(file.position, 4);
  file.pwrite(toBytes("e"), 0, guest);
  assert.equal(guest.read("/f"), "abcde");
});

Deno.test("RegularFile.seek goes past the end and not before the start", () => {
  const { file } = opened("abc");
  assert.equal(file.seek(10, fcntl.SEEK_END), 13);
  assert.equal(file.seek(-1, fcntl.SEEK_SET), -EINVAL);
  assert.equal(file.seek(3, fcntl.SEEK_DATA), -ENXIO);
  assert.equal(file.seek(0, fcntl.SEEK_HOLE), 3);
});

Deno.test("MemoryFile tells mappers of pages that a truncation takes", () => {
  const { file } = opened("x".repeat(10_000)), dropped: number[][] = [];
  file.inode.pageUsers = new Set([{ dropPages: (first, end) => dropped.push([first, end]) }]);
  file.inode.truncate(4097);
  assert.deepEqual(dropped, [[2, Infinity]]);
});

Deno.test("MemoryFile keeps to its seals", () => {
  const { guest, file } = opened("abcd"), { inode } = file;
  inode.seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW;
  assert.equal(inode.truncate(3), -EPERM);
  assert.equal(inode.truncate(5), -EPERM);
  assert.equal(file.pwrite(toBytes("xyz"), 2, guest), 2);
  assert.equal(file.pwrite(toBytes("z"), 4, guest), -EPERM);
  inode.seals |= fcntl.F_SEAL_WRITE;
  assert.equal(file.pwrite(toBytes("z"), 0, guest), -EPERM);
});

Deno.test("MemoryFile.fallocate grows, keeps the size, or punches", () => {
  const { file: { inode } } = opened("abcd");
  assert.equal(inode.fallocate(fcntl.FALLOC_FL_KEEP_SIZE, 0, 9000), 0);
  assert.deepEqual([inode.size, inode.blocks], [4, 24]);
  assert.equal(inode.fallocate(0, 0, 9000), 0);
  assert.equal(inode.size, 9000);
  assert.equal(inode.fallocate(fcntl.FALLOC_FL_PUNCH_HOLE | fcntl.FALLOC_FL_KEEP_SIZE, 0, 4096), 0);
  assert.equal(inode.blocks, 16);
  assert.equal(inode.fallocate(fcntl.FALLOC_FL_COLLAPSE_RANGE, 0, 4096), -EOPNOTSUPP);
});

Deno.test("MemoryFile gives its storage back when name and descriptions are gone", () => {
  const { guest, file } = opened("x".repeat(10_000)), { sb } = file.inode;
  const free = sb.statfs().bfree;
  guest.place("/").dentry.inode.unlink("f", file.inode);
  assert.equal(sb.statfs().bfree, free);
  file.unref();
  assert.equal(sb.statfs().bfree, free + 3);
});
