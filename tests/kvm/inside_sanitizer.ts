/**
 * Inside the emulated machine: whether the sanitizers find in a library what there is to find (faulty.c).
 *
 *     deno run -A tests/kvm/inside_sanitizer.ts LIBRARY RESULTS TITLE
 */
import assert from "node:assert/strict";
import { tested } from "./rows.ts";
import { SANITIZED_ENV } from "./sanitizers.ts";

const [library, results, title] = Deno.args as [string, string, string];

/** Calls one function of the library in a process of its own. @returns what is on stderr */
async function call(name: string, argument: number): Promise<string> {
  const open = `Deno.dlopen("${library}",{${name}:{parameters:["i32"],result:"i32"}})`;
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `${open}.symbols.${name}(${argument})`],
    env: Object.fromEntries(SANITIZED_ENV.map((word) => word.split(/=(.*)/, 2) as [string, string])),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  return new TextDecoder().decode(stderr);
}

const FAULTS = [
  ["a read behind a block of memory is found", "read_behind", 24, /AddressSanitizer: heap-buffer-overflow/],
  ["signed overflow is found", "overflow", 2 ** 31 - 1, /runtime error: signed integer overflow/],
] as const;

let found = 0;
for (const [what, name, argument, pattern] of FAULTS) {
  if (await tested(results, `${title}: ${what}`, async () => assert.match(await call(name, argument), pattern))) {
    found++;
  }
}
console.log(`${title}: ${found} of ${FAULTS.length} faults found`);
