/** Numbers and bytes as the protocol writes them. Strings are byte strings. */
import { fromBytes, toBytes } from "../../kernel/fs/byte_string.ts";

const HEX_BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function bytesToHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX_BYTES[byte]!;
  return text;
}

/** The bytes; undefined where it is not hexadecimal. */
export function hexToBytes(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

export const textToHex = (text: string): string => bytesToHex(toBytes(text));

export function hexToText(text: string): string | undefined {
  const bytes = hexToBytes(text);
  return bytes && fromBytes(bytes);
}

/** An unsigned hexadecimal number; undefined where it is none, or cannot be a size or address of a guest. */
export function hexNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9a-fA-F]{1,16}$/.test(text)) return undefined;
  return parseInt(text, 16);
}

/** Two numbers with a comma between. */
export function hexPair(text: string): [number, number] | undefined {
  const parts = text.split(",");
  const first = hexNumber(parts[0]), second = hexNumber(parts[1]);
  return parts.length !== 2 || first === undefined || second === undefined ? undefined : [first, second];
}

/** An integer's bytes in target order (little-endian) as hexadecimal. */
export function littleEndian(value: bigint, bytes: number): string {
  let text = "", rest = BigInt.asUintN(bytes * 8, value);
  for (let i = 0; i < bytes; i++) {
    text += HEX_BYTES[Number(rest & 0xffn)]!;
    rest >>= 8n;
  }
  return text;
}
