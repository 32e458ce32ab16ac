/**
 * Inside the emulated machine: the command line with the kvm engine, and what a user is told who may not use /dev/kvm.
 *
 *     deno run -A tests/kvm/inside_command.ts PROGRAM RESULTS
 */
import assert from "node:assert/strict";
import { tested } from "./rows.ts";

const [program, results] = Deno.args as [string, string];

/** Runs elftap as root, or as an ordinary user without rights. */
async function elftap(uid: 0 | 1000, ...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-prompt", "--no-check", "cli.ts", ...args],
    env: uid === 0 ? {} : { DENO_DIR: "/tmp/deno-of-user", HOME: "/tmp" },
    uid,
    gid: uid,
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, text: text(stdout) + text(stderr) };
}

const HINT = /join the group that owns \/dev\/kvm/;
const TESTS: Record<string, () => Promise<void>> = {
  async "a trace shows the program's calls and its end"() {
    const { code, text } = await elftap(0, "run", "--engine", "kvm", "--trace", program);
    assert.equal(code, 0, text);
    assert.match(text, /^execve\(.*\) += 0$/m);
    assert.match(text, /^write\(1, "hello 10\\n", 9\) += 9$/m);
    assert.match(text, /^\+\+\+ exited with 0 \+\+\+$/m);
  },
  async "elftap doctor finds the engine, and auto takes it"() {
    const { code, text } = await elftap(0, "doctor");
    assert.equal(code, 0, text);
    assert.match(text, /^ok {2}kvm gives this process a virtual machine$/m);
    assert.match(text, /--engine auto is kvm/);
  },
  async "without rights --engine kvm fails with the reason and what to do"() {
    const { code, text } = await elftap(1000, "run", "--engine", "kvm", program);
    assert.equal(code, 125, text);
    assert.match(text, /\/dev\/kvm: Permission denied/);
    assert.match(text, HINT);
    assert.doesNotMatch(text, /^ +at /m);
  },
  async "without rights elftap doctor says the same, and that auto is wasm"() {
    const { code, text } = await elftap(1000, "doctor");
    assert.equal(code, 1, text);
    assert.match(text, /^no {2}\/dev\/kvm: Permission denied$/m);
    assert.match(text, HINT);
    assert.match(text, /--engine auto is wasm/);
  },
};

for (const [behaviour, test] of Object.entries(TESTS)) {
  const isRight = await tested(results, `kvm command: ${behaviour}`, test);
  console.log(`kvm command: ${behaviour}: ${isRight ? "right" : "wrong"}`);
}
Deno.exit();
