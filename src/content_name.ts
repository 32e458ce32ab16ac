/** Names made of content: good enough to find what was kept under them, no defence. */

/** 16 hex digits of what the parts are together: FNV-1a with two seeds. */
function fnv(...parts: Uint8Array[]): string {
  let a = 0x811c9dc5, b = 0x050c5d1f;
  for (const bytes of parts) {
    for (const byte of bytes) {
      a = Math.imul(a ^ byte, 0x01000193);
      b = Math.imul(b ^ byte, 0x01000193);
    }
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}

/** A file by its first bytes and its size. */
export const contentName = (head: Uint8Array, size: number): string => fnv(head, new TextEncoder().encode(`${size}`));

export const textName = (text: string): string => fnv(new TextEncoder().encode(text));
