import assert from "node:assert/strict";
import { SYSCALL_NAMES } from "../abi/unistd.ts";
import { compileTable } from "./dispatch.ts";
import { SYSCALLS } from "./table.ts";

Deno.test("SYSCALLS has the rows of every file in this folder", async () => {
  const numbers = new Set(SYSCALLS.map(({ nr }) => nr));
  for (const { name } of Deno.readDirSync(import.meta.dirname!)) {
    if (!name.endsWith(".ts") || name.endsWith("_test.ts") || name === "table.ts") continue;
    const { rows } = await import(`./${name}`) as { rows?: typeof SYSCALLS };
    for (const row of rows ?? []) assert.ok(numbers.has(row.nr), `${name}: ${row.name}`);
  }
});

Deno.test("SYSCALLS has no number twice and the kernel's names", () => {
  compileTable(SYSCALLS);
  for (const { nr, name } of SYSCALLS) assert.equal(name, SYSCALL_NAMES[nr], `number ${nr}`);
});

Deno.test("SYSCALLS says what is missing wherever support is not full", () => {
  for (const { name, support, note } of SYSCALLS) {
    assert.equal(support === "full", note === undefined, name);
  }
});
