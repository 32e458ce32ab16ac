import { deepEqual } from "node:assert/strict";
import { someLines } from "./text.ts";

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `${i + 1}`);
const shown = (count: number) => someLines(numbered(count).join("\n") + "\n", 9);

Deno.test("someLines shows both ends of a long output", () => {
  deepEqual(shown(0), []);
  deepEqual(shown(9), numbered(9));
  deepEqual(shown(10), numbered(10), "a note would take as much room");
  deepEqual(shown(11), ["1", "2", "3", "… 2 lines left out", "6", "7", "8", "9", "10", "11"]);
});
