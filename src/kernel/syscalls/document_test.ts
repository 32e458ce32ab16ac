import assert from "node:assert/strict";
import { PAGE, syscallsPage } from "./document.ts";

Deno.test("docs/syscalls.md is what document.ts writes", () => {
  const written = Deno.readTextFileSync(PAGE);
  assert.equal(written, syscallsPage(), "run: deno run --allow-read --allow-write src/kernel/syscalls/document.ts");
});
