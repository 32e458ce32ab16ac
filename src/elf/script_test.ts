import assert from "node:assert/strict";
import { ElfError } from "./elf_error.ts";
import { parseScriptLine } from "./script.ts";

const line = (text: string) => parseScriptLine(Uint8Array.from(text, (char) => char.charCodeAt(0)).subarray(0, 256));

Deno.test("parseScriptLine splits interpreter and one argument", () => {
  assert.deepEqual(line("#! /usr/bin/env  -S a b \nx"), { interpreter: "/usr/bin/env", argument: "-S a b" });
});

Deno.test("parseScriptLine takes a line without argument", () => {
  assert.deepEqual(line("#!/bin/sh\n"), { interpreter: "/bin/sh", argument: undefined });
});

Deno.test("parseScriptLine takes a file that ends in its first line", () => {
  assert.deepEqual(line("#!/bin/sh"), { interpreter: "/bin/sh", argument: undefined });
});

Deno.test("parseScriptLine returns undefined for what is no script", () => assert.equal(line("\x7fELF"), undefined));

Deno.test("parseScriptLine rejects a line without interpreter", () => {
  assert.throws(() => line("#!  \nfoo"), ElfError);
});

Deno.test("parseScriptLine rejects an interpreter name that is cut off", () => {
  assert.throws(() => line("#!/" + "x".repeat(300)), ElfError);
});

Deno.test("parseScriptLine cuts a long argument, as Linux does", () => {
  assert.equal(line("#!/bin/sh " + "x".repeat(300))?.argument?.length, 256 - "#!/bin/sh ".length);
});
