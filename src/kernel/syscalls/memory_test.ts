import assert from "node:assert/strict";
import { EACCES, EBADF, EINVAL, ENODEV, ENOMEM, EOPNOTSUPP, EPERM } from "../abi/errno.ts";
import * as mman from "../abi/mman.ts";
import { FakeFile } from "../exec/fake_program.ts";
import { fakeEngine, FakeSpace } from "../mm/fake_space.ts";
import { Mm } from "../mm/mm.ts";
import type { Task } from "../task/task.ts";
import { rows } from "./memory.ts";

/** A task with an address space and descriptor 3: a file of two pages opened with these flags. */
function fakeTask(openFlags = 2): Task {
  const file = new FakeFile(new Uint8Array(8192).fill(1));
  file.flags = openFlags;
  const files = { get: (fd: number) => fd === 3 ? file : undefined };
  return { mm: new Mm(fakeEngine()), files, capable: () => false } as unknown as Task;
}

const call = (task: Task, name: string, ...args: number[]) =>
  rows.find((row) => row.name === name)!.handler(task, ...args) as number;

const ANONYMOUS = mman.MAP_PRIVATE | mman.MAP_ANONYMOUS;

Deno.test("mmap refuses flags that make no mapping", () => {
  const task = fakeTask();
  assert.equal(call(task, "mmap", 0, 4096, 3, mman.MAP_ANONYMOUS, -1, 0), -EINVAL);
  assert.equal(call(task, "mmap", 0, 0, 3, ANONYMOUS, -1, 0), -EINVAL);
  assert.equal(call(task, "mmap", 0, 4096, 3, ANONYMOUS, -1, 1), -EINVAL);
  assert.equal(call(task, "mmap", 0, 4096, 3, mman.MAP_PRIVATE, 9, 0), -EBADF);
  assert.equal(call(task, "mmap", 0, 4096, 3, ANONYMOUS | mman.MAP_HUGETLB, -1, 0), -ENOMEM);
  assert.equal(call(task, "mmap", 0, 4096, 3, mman.MAP_SHARED_VALIDATE | mman.MAP_SYNC, 3, 0), -EOPNOTSUPP);
});

Deno.test("mmap of a file needs the access mode it uses", () => {
  assert.equal(call(fakeTask(0), "mmap", 0, 4096, 3, mman.MAP_SHARED, 3, 0), -EACCES);
  assert.equal(call(fakeTask(1), "mmap", 0, 4096, 1, mman.MAP_PRIVATE, 3, 0), -EACCES);
  assert.ok(call(fakeTask(0), "mmap", 0, 4096, 3, mman.MAP_PRIVATE, 3, 0) > 0);
});

Deno.test("mmap passes on that a file cannot be mapped", () => {
  const task = fakeTask();
  task.files.get(3)!.mappable = () => -ENODEV;
  assert.equal(call(task, "mmap", 0, 4096, 1, mman.MAP_PRIVATE, 3, 0), -ENODEV);
});

Deno.test("mmap with MAP_POPULATE makes the pages present", () => {
  const task = fakeTask();
  call(task, "mmap", 0, 3 * 4096, 3, ANONYMOUS | mman.MAP_POPULATE, -1, 0);
  assert.equal((task.mm.space as FakeSpace).pages.size, 3);
});

Deno.test("mprotect refuses unknown rights and bad ranges", () => {
  const task = fakeTask();
  const at = call(task, "mmap", 0, 4096, 3, ANONYMOUS, -1, 0);
  assert.equal(call(task, "mprotect", at, 4096, 0x40), -EINVAL);
  assert.equal(call(task, "mprotect", at + 1, 4096, 1), -EINVAL);
  assert.equal(call(task, "mprotect", at, 2 ** 63, 1), -ENOMEM);
  assert.equal(call(task, "mprotect", at, 0, 1), 0);
});

Deno.test("mincore tells touched pages from untouched ones", () => {
  const task = fakeTask(), { mm } = task;
  const at = call(task, "mmap", 0, 64 * 4096, 3, ANONYMOUS, -1, 0);
  mm.writeU8(at, 1);
  const vector = call(task, "mmap", 0, 4096, 3, mman.MAP_SHARED | mman.MAP_ANONYMOUS, -1, 0);
  assert.equal(call(task, "mincore", at, 64 * 4096, vector), 0);
  assert.deepEqual([mm.readU8(vector), mm.readU8(vector + 63)], [1, 0]);
});

Deno.test("membarrier wants its registration first", () => {
  const task = fakeTask();
  assert.equal(call(task, "membarrier", mman.MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), -EPERM);
  assert.equal(call(task, "membarrier", mman.MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0), 0);
  assert.equal(call(task, "membarrier", mman.MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), 0);
  assert.equal(call(task, "membarrier", 3, 0, 0), -EINVAL);
});
