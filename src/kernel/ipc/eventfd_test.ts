import assert from "node:assert/strict";
import { EAGAIN, EINVAL } from "../abi/errno.ts";
import { POLLIN, POLLOUT } from "../fs/file.ts";
import { EventFd } from "./eventfd.ts";
import { FakeCaller } from "./fake_caller.ts";

const caller = new FakeCaller();
const word = (value: bigint) => new Uint8Array(new BigUint64Array([value]).buffer);
const read = (file: EventFd) => {
  const into = new Uint8Array(8), result = file.read(into, caller);
  return result < 0 ? result : new BigUint64Array(into.buffer)[0]!;
};

Deno.test("EventFd read takes the whole count", () => {
  const file = new EventFd(3, false, 0);
  file.write(word(4n), caller);
  assert.equal(read(file), 7n);
  assert.equal(read(file), -EAGAIN);
});

Deno.test("EventFd as a semaphore counts down one by one", () => {
  const file = new EventFd(2, true, 0);
  assert.deepEqual([read(file), read(file), read(file)], [1n, 1n, -EAGAIN]);
});

Deno.test("EventFd write waits where the count would overflow and refuses the top value", () => {
  const file = new EventFd(1, false, 0);
  assert.equal(file.write(word(2n ** 64n - 1n), caller), -EINVAL);
  assert.equal(file.write(word(2n ** 64n - 2n), caller), -EAGAIN);
  assert.equal(file.write(word(2n ** 64n - 3n), caller), 8);
  assert.equal(file.poll(), POLLIN);
});

Deno.test("EventFd needs eight bytes", () => {
  const file = new EventFd(1, false, 0);
  assert.equal(file.read(new Uint8Array(7), caller), -EINVAL);
  assert.equal(file.write(new Uint8Array(7), caller), -EINVAL);
  assert.equal(file.poll(), POLLIN | POLLOUT);
});
