/** Strings, buffers and pointers as strace writes them. */
import type { Mm } from "../../../kernel/mm/mm.ts";

/** The escape of every byte: C's, else octal; empty where it stands for itself. */
const ESCAPES: readonly string[] = Array.from({ length: 256 }, (_, code) => {
  const simple = { 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\" }[code];
  return simple ?? (code >= 0x20 && code < 0x7f ? "" : "\\" + code.toString(8));
});
const PLAIN = /^[ !#-[\]-~]*$/;

/** Which strings are shown as hexadecimal bytes: none; those with bytes beyond ASCII's text; all (strace's -x, -xx). */
export type HexStrings = 0 | 1 | 2;

/** What no text in ASCII has: control characters that are no white space, and bytes from 0x7f on. */
const BINARY = /[^\t-\r -~]/;

/** A byte string in quotes. @param cut whether there is more */
export function quote(text: string, cut = false, hexed: HexStrings = 0): string {
  if (hexed === 2 || hexed === 1 && BINARY.test(text)) return quoteHex(text, cut);
  let body = text;
  if (!PLAIN.test(text)) {
    body = "";
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i), escape = ESCAPES[code]!;
      if (escape === "") body += text[i];
      else {
        // Octal is padded only where an octal digit follows.
        const next = text.charCodeAt(i + 1);
        const digitFollows = next >= 0x30 && next <= 0x37;
        const octal = escape.charCodeAt(1) >= 0x30 && escape.charCodeAt(1) <= 0x39;
        body += octal && digitFollows ? "\\" + escape.slice(1).padStart(3, "0") : escape;
      }
    }
  }
  return cut ? `"${body}"...` : `"${body}"`;
}

/** Bytes as `"\x0a\xff"`: what is random is not text. */
export function quoteHex(text: string, cut: boolean): string {
  let body = "";
  for (let i = 0; i < text.length; i++) body += "\\x" + text.charCodeAt(i).toString(16).padStart(2, "0");
  return cut ? `"${body}"...` : `"${body}"`;
}

/** `0x1234`, `0`: as C's `%#x`. */
export function hex(value: number | bigint): string {
  if (value === 0 || value === 0n) return "0";
  return "0x" + (typeof value === "number" && value < 0 ? BigInt.asUintN(64, BigInt(value)) : value).toString(16);
}

/** A pointer, or NULL. */
export function pointer(value: number | bigint): string {
  if (value == 0) return "NULL";
  // A double above 2^53 is rounded: all ones would become 2^64.
  return value >= 2 ** 64 ? "0xffffffffffffffff" : "0x" + value.toString(16);
}

/** Bytes that one call of a function may take as arguments. */
const CHUNK = 8192;

/** Bytes of guest memory as a byte string. */
export function bytesAt(mm: Mm, address: number, length: number): string {
  if (length <= 0) return "";
  const view = mm.view(address, length, "read");
  const bytes = view.length === length ? view : mm.readBytes(address, length);
  if (length <= CHUNK) return String.fromCharCode.apply(null, bytes as unknown as number[]);
  let text = "";
  for (let at = 0; at < length; at += CHUNK) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + CHUNK) as unknown as number[]);
  }
  return text;
}

/** A buffer of a known size, shortened. */
export function bufferAt(
  mm: Mm,
  address: number,
  length: number,
  { limit, hexStrings }: { readonly limit: number; readonly hexStrings: HexStrings },
): string {
  if (address === 0) return "NULL";
  const size = Math.min(length, limit);
  return quote(bytesAt(mm, address, size), length > size, hexStrings);
}

/** A NUL-terminated string, shortened to `limit` bytes. */
export function stringAt(mm: Mm, address: number, limit: number, hexed: HexStrings): string {
  if (address === 0) return "NULL";
  const text = mm.readString(address, limit + 1);
  return text.length > limit ? quote(text.slice(0, limit), true, hexed) : quote(text, false, hexed);
}
