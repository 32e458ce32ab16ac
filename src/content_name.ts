/** Names made of content: good enough to find what was kept under them, no defence. */

/** 16 hex digits of what the parts are together: FNV-1a with two seeds, over words of four bytes where there are as many. */
function fnv(...parts: Uint8Array[]): string {
  let a = 0x811c9dc5, b = 0x050c5d1f;
  for (const bytes of parts) {
    const add = (value: number) => {
      a = Math.imul(a ^ value, 0x01000193);
      b = Math.imul(b ^ value, 0x01000193);
    };
    let at = 0;
    for (; at + 4 <= bytes.length; at += 4) {
      add(bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24);
    }
    for (; at < bytes.length; at++) add(bytes[at]!);
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}

/** A file by its first bytes and its size. */
export const contentName = (head: Uint8Array, size: number): string => fnv(head, new TextEncoder().encode(`${size}`));

export const textName = (text: string): string => fnv(new TextEncoder().encode(text));
