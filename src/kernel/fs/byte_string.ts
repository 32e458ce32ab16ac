/**
 * Guest names are bytes. Inside the kernel they are byte strings: JS strings with one character (0–255) per byte,
 * so that every name survives and comparing is cheap. The host speaks UTF-8.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

// deno-lint-ignore no-control-regex -- plain ASCII is the same in all three forms
const ASCII = /^[\x00-\x7f]*$/;

/** The bytes of a byte string. */
export function toBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The byte string of bytes. */
export function fromBytes(bytes: Uint8Array): string {
  let text = "";
  // In pieces: the argument list of a call is limited.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/** A host name as a byte string. */
export function fromHost(name: string): string {
  return ASCII.test(name) ? name : fromBytes(encoder.encode(name));
}

/** A byte string as a host name; undefined where it is not UTF-8: no such name can exist on the host for us. */
export function toHost(name: string): string | undefined {
  if (ASCII.test(name)) return name;
  try {
    return decoder.decode(toBytes(name));
  } catch {
    return undefined;
  }
}
