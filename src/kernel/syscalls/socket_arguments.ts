/** Sockets and socket addresses as system calls get them. */
import { EBADF, EINVAL, ENOTSOCK } from "../abi/errno.ts";
import { SOCKADDR_STORAGE_SIZE } from "../abi/socket.ts";
import { Socket } from "../net/socket.ts";
import type { Task } from "../task/task.ts";

/** The socket of a descriptor, `-EBADF` or `-ENOTSOCK`. */
export function socketOf(task: Task, fd: number): Socket | number {
  const file = task.files.get(fd);
  if (!file) return -EBADF;
  return file instanceof Socket ? file : -ENOTSOCK;
}

/** The sockaddr of a call, or `-EINVAL`. */
export function readAddress(task: Task, va: number, length: number): Uint8Array | number {
  if (length < 0 || length > SOCKADDR_STORAGE_SIZE) return -EINVAL;
  return length === 0 ? new Uint8Array(0) : task.mm.readBytes(va, length).slice();
}

/** Hands an address out: as much as there is room for, and its full length. */
export function writeAddress(task: Task, address: Uint8Array, va: number, lengthVa: number): number {
  const room = task.mm.readI32(lengthVa);
  if (room < 0) return -EINVAL;
  if (room > 0 && address.length > 0) task.mm.writeBytes(va, address.subarray(0, room));
  task.mm.writeU32(lengthVa, address.length);
  return 0;
}
