import assert from "node:assert/strict";
import { encodeStat, encodeStatx, major, makedev, minor, type Stat } from "./stat.ts";

const STAT: Stat = {
  dev: makedev(8, 1),
  ino: 12345,
  mode: 0o100644,
  nlink: 2,
  uid: 1000,
  gid: 100,
  rdev: 0,
  size: 2 ** 33,
  blksize: 4096,
  blocks: 16,
  atime: 1_500_000_000n,
  mtime: -1n,
  ctime: 3_000_000_001n,
  btime: 0n,
};

Deno.test("makedev, major and minor agree for large numbers", () => {
  const dev = makedev(0x123, 0x45678);
  assert.deepEqual([major(dev), minor(dev)], [0x123, 0x45678]);
});

Deno.test("encodeStat puts fields where arm64 has them", () => {
  const view = new DataView(encodeStat(STAT).slice().buffer);
  assert.equal(view.getBigUint64(8, true), 12345n);
  assert.equal(view.getUint32(16, true), 0o100644);
  assert.equal(view.getBigInt64(48, true), 2n ** 33n);
  assert.deepEqual([view.getBigInt64(72, true), view.getBigInt64(80, true)], [1n, 500_000_000n]);
});

Deno.test("encodeStat counts nanoseconds forward from a second before 1970", () => {
  const view = new DataView(encodeStat(STAT).slice().buffer);
  assert.deepEqual([view.getBigInt64(88, true), view.getBigInt64(96, true)], [-1n, 999_999_999n]);
});

Deno.test("encodeStatx splits device numbers", () => {
  const view = new DataView(encodeStatx(STAT, 7, 0).buffer);
  assert.deepEqual([view.getUint32(136, true), view.getUint32(140, true)], [8, 1]);
  assert.equal(view.getBigUint64(144, true), 7n);
});
