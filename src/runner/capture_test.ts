import { equal } from "node:assert/strict";
import { Capture } from "./capture.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("Capture keeps short output whole, with characters cut between writes", () => {
  const capture = new Capture(16), all = bytes("grün");
  for (const byte of all) capture.write(Uint8Array.of(byte));
  equal(capture.text(), "grün");
});

Deno.test("Capture keeps the beginning and the end of long output", () => {
  const capture = new Capture(4);
  for (const text of ["abcdef", "ghij", "klmn", "opqr"]) capture.write(bytes(text));
  equal(capture.text(), "abcd\n[… 10 bytes left out …]\nopqr");
});

Deno.test("Capture does not gather what it will not show", () => {
  const capture = new Capture(1000), megabyte = new Uint8Array(1 << 20);
  for (let n = 0; n < 100; n++) capture.write(megabyte);
  equal(capture.text().length < 3 << 20, true);
});
