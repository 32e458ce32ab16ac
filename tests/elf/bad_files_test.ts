/**
 * Files that cannot be run, given to the command line as a user would: one line that says what is wrong, a hint, exit
 * status 126 or 127, and never a stack trace.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildDynamic, buildElf, type ElfSpec } from "../support/elf_builder.ts";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));
const folder = Deno.makeTempDirSync({ prefix: "elftap-bad-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Runs a file in an empty root. */
async function run(content: Uint8Array | string, mode = 0o755): Promise<{ code: number; lines: string[] }> {
  const path = join(folder, "program"), root = join(folder, "root");
  Deno.mkdirSync(root, { recursive: true });
  Deno.writeFileSync(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
  Deno.chmodSync(path, mode);
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", CLI, "run", "--sysroot", root, "--no-host", "--user", "1000", path],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(output.stderr).trimEnd();
  assert.equal(new TextDecoder().decode(output.stdout), "", "nothing belongs on stdout");
  return { code: output.code, lines: text.split("\n") };
}

function expect(result: { code: number; lines: string[] }, code: number, message: RegExp): void {
  const shown = result.lines.join("\n");
  assert.match(result.lines[0] ?? "", message, shown);
  assert.match(result.lines[0] ?? "", /^elftap: /, shown);
  assert(result.lines.length <= 2 && (result.lines[1] ?? "elftap: hint: ").startsWith("elftap: hint: "), shown);
  assert.equal(result.code, code, shown);
}

const segment = { vaddr: 0x400000, offset: 0, filesz: 0x100, memsz: 0x100 };
const cases: [what: string, content: Uint8Array | string | ElfSpec, code: number, message: RegExp][] = [
  ["an empty file", "", 126, /not an ELF file: it is empty/],
  ["a text file", "hello\n", 126, /not an ELF file/],
  ["a truncated file", buildElf().slice(0, 100), 126, /truncated ELF file/],
  ["a program for x86-64", { machine: 62 }, 126, /for x86-64 \(EM_X86_64\), not for aarch64/],
  ["a program for RISC-V", { machine: 243 }, 126, /for RISC-V/],
  ["a 32-bit program", { class: 1, machine: 40 }, 126, /for 32-bit Arm/],
  ["an object file", { type: 1 }, 126, /object file, not a program/],
  [
    "a segment out of the file",
    { segments: [{ ...segment, filesz: 0x9000, memsz: 0x9000 }] },
    126,
    /truncated ELF file/,
  ],
  ["overlapping segments", { segments: [segment, { ...segment, flags: 6 }] }, 126, /overlap/],
  ["a segment of absurd size", { segments: [{ ...segment, memsz: 2 ** 50 }] }, 126, /more than/],
  [
    "a missing interpreter",
    buildDynamic({ interpreter: "/lib/ld-none.so.1" }),
    127,
    /interpreter \/lib\/ld-none\.so\.1 of .* not found/,
  ],
  [
    "a script whose interpreter is missing",
    "#!/usr/bin/nothing\n",
    127,
    /interpreter \/usr\/bin\/nothing of script .* not found/,
  ],
];
for (const [what, content, code, message] of cases) {
  Deno.test(`elftap run explains ${what}`, async () => {
    const bytes = typeof content === "string" || content instanceof Uint8Array ? content : buildElf(content);
    expect(await run(bytes), code, message);
  });
}

Deno.test("elftap run explains a file without execute permission", async () => {
  expect(await run(buildElf(), 0o644), 126, /permission/i);
});

Deno.test("elftap run names a missing library and who needs it", async () => {
  const library = join(folder, "root", "lib");
  Deno.mkdirSync(library, { recursive: true });
  const loader = "ld-linux-aarch64.so.1";
  const put = (name: string, content: Uint8Array): void => {
    Deno.writeFileSync(join(library, name), content);
    Deno.chmodSync(join(library, name), 0o755);
  };
  put(loader, buildElf({ type: 3 }));
  put("libfirst.so", buildDynamic({ soname: "libfirst.so", needed: ["libsecond.so.2"] }));
  const program = buildDynamic({ interpreter: `/lib/${loader}`, needed: ["libfirst.so"] });
  expect(await run(program), 127, /shared library libsecond\.so\.2, needed by \/lib\/libfirst\.so, not found/);
});

Deno.test("elftap run explains a folder", async () => {
  const output = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", CLI, "run", folder], stdin: "null" })
    .output();
  assert.equal(output.code, 126);
});

Deno.test("elftap run explains a program that does not exist", async () => {
  const path = join(folder, "none");
  const output = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", CLI, "run", path], stdin: "null" })
    .output();
  assert.equal(output.code, 127);
});
