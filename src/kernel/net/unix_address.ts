/** Names of AF_UNIX sockets (unix(7)): a path, an abstract name, or none. */
import { EINVAL } from "../abi/errno.ts";
import { AF_UNIX, SOCKADDR_UN_SIZE } from "../abi/socket.ts";

/** Bytes as text, one character each, both ways. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** A name as text of bytes: abstract ones begin with NUL. */
export type UnixName = string;

/**
 * The name in a sockaddr_un; "" for one that is only a family (autobind).
 *
 * @returns `-EINVAL` if it is not one
 */
export function parseUnixAddress(address: Uint8Array): UnixName | number {
  if (address.length < 2 || address.length > SOCKADDR_UN_SIZE) return -EINVAL;
  if ((address[0]! | address[1]! << 8) !== AF_UNIX) return -EINVAL;
  const name = latin1(address.subarray(2));
  if (name === "" || name[0] === "\0") return name;
  // A path ends at its NUL; without one, at the end of the address.
  const end = name.indexOf("\0");
  return end < 0 ? name : name.slice(0, end);
}

/** The sockaddr_un of a name; a socket without one has only a family. */
export function formatUnixAddress(name: UnixName | undefined): Uint8Array {
  if (name === undefined) return new Uint8Array([AF_UNIX, 0]);
  const isPath = name[0] !== "\0";
  const bytes = new Uint8Array(2 + name.length + (isPath ? 1 : 0));
  bytes[0] = AF_UNIX;
  for (let i = 0; i < name.length; i++) bytes[2 + i] = name.charCodeAt(i);
  return bytes;
}
