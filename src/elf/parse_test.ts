import assert from "node:assert/strict";
import { buildDynamic, buildElf, type ElfSpec } from "../../tests/support/elf_builder.ts";
import { EINVAL, ENOEXEC, ENOMEM } from "../kernel/abi/errno.ts";
import { ElfError } from "./elf_error.ts";
import { parseElf } from "./parse.ts";
import { bytesSource } from "./source.ts";

function failure(bytes: Uint8Array): ElfError {
  try {
    parseElf(bytesSource(bytes));
  } catch (error) {
    assert(error instanceof ElfError, `threw ${error}`);
    return error;
  }
  assert.fail("was accepted");
}

Deno.test("parseElf reads a minimal static program", () => {
  const elf = parseElf(bytesSource(buildElf()));
  assert.equal(elf.header.entry, 0x4000e0);
  assert.equal(elf.isFixed, true);
  assert.equal(elf.interpreter, undefined);
  assert.equal(elf.dynamic, undefined);
  assert.deepEqual(elf.extent, { start: 0x400000, end: 0x400100 });
  assert.equal(elf.programHeaderAddress, 0x400040);
});

Deno.test("parseElf reads interpreter, libraries and search path of a dynamic program", () => {
  const elf = parseElf(bytesSource(buildDynamic({
    interpreter: "/lib/ld-linux-aarch64.so.1",
    needed: ["libm.so.6", "libc.so.6"],
    runpath: "$ORIGIN/../lib",
  })));
  assert.equal(elf.interpreter, "/lib/ld-linux-aarch64.so.1");
  assert.deepEqual(elf.dynamic?.needed, ["libm.so.6", "libc.so.6"]);
  assert.equal(elf.dynamic?.runpath, "$ORIGIN/../lib");
  assert.equal(elf.dynamic?.rpath, undefined);
});

Deno.test("parseElf accepts what Linux does not look at: EI_CLASS and EI_DATA", () => {
  parseElf(bytesSource(buildElf({ class: 0, data: 0 })));
});

Deno.test("parseElf accepts segments that share a page", () => {
  parseElf(bytesSource(buildElf({
    segments: [
      { vaddr: 0x400000, offset: 0, filesz: 0x100, memsz: 0x100 },
      { vaddr: 0x400100, offset: 0x100, filesz: 0x80, memsz: 0x4000, flags: 6 },
    ],
  })));
});

Deno.test("parseElf ignores nonsense in segments that are not loaded", () => {
  parseElf(bytesSource(buildElf({
    segments: [
      { vaddr: 0x400000, offset: 0, filesz: 0x100, memsz: 0x100 },
      { type: 0x12345678, vaddr: 0x400000, offset: 0x7fff0000, filesz: 0x7fff0000, memsz: 1 },
    ],
  })));
});

const load = { vaddr: 0x400000, offset: 0, filesz: 0x100, memsz: 0x100 };
const wrong: [what: string, spec: ElfSpec, message: RegExp, hint?: RegExp][] = [
  ["x86-64", { machine: 62 }, /^a program for x86-64 \(EM_X86_64\), not for aarch64$/, /qemu-x86_64/],
  ["RISC-V", { machine: 243 }, /^a program for RISC-V \(EM_RISCV\)/, /qemu-riscv64/],
  ["32-bit Arm", { class: 1, machine: 40 }, /^a program for 32-bit Arm \(EM_ARM\)/, /qemu-arm/],
  ["an unknown machine", { machine: 9999 }, /unknown machine \(e_machine 9999\)/, /aarch64-linux compiler/],
  ["big-endian AArch64", { data: 2, machine: 0xb700 }, /^a big-endian AArch64 program$/, /aarch64_be/],
  ["big-endian MIPS", { data: 2, machine: 0x0800 }, /^a program for MIPS/],
  ["ILP32", { class: 1, phentsize: 32 }, /^a 32-bit \(ILP32\) AArch64 program$/],
  ["an object file", { type: 1 }, /^an object file, not a program$/, /link it first/],
  ["a core dump", { type: 4 }, /^a core dump/],
  ["an unknown type", { type: 77 }, /unknown ELF type 77/],
  ["odd program headers", { phentsize: 57 }, /program headers of 57 bytes/],
  ["no program headers", { phnum: 0 }, /^no program headers/],
  ["PN_XNUM", { phnum: 0xffff }, /65535 or more program headers/],
  ["74 program headers", { phnum: 74 }, /at most 73/],
  ["program headers behind the end", { phoff: 0x1f8 }, /^truncated ELF file: program headers/],
  ["no segment", { segments: [{ type: 4 }] }, /^no loadable segment/],
  [
    "a segment behind the end",
    { segments: [{ ...load, filesz: 0x300, memsz: 0x300 }] },
    /^truncated ELF file: segment 0/,
  ],
  ["a segment larger in the file", { segments: [{ ...load, memsz: 0x80 }] }, /more bytes in the file/],
  ["a misaligned segment", { segments: [{ ...load, vaddr: 0x400010 }] }, /is misaligned/],
  ["overlapping segments", { segments: [load, { ...load, flags: 6 }] }, /segment 0 .* and segment 1 .* overlap/],
];
for (const [what, spec, message, hint] of wrong) {
  Deno.test(`parseElf rejects ${what}`, () => {
    const error = failure(buildElf(spec));
    assert.match(error.message, message);
    if (hint) assert.match(error.hint ?? "", hint);
    assert.equal(error.errno, ENOEXEC);
    assert.equal(error.exitCode, 126);
  });
}

Deno.test("parseElf rejects a segment that does not fit the address window", () => {
  const error = failure(buildElf({ segments: [{ ...load, memsz: 2 ** 40 }] }));
  assert.match(error.message, /needs memory up to/);
  assert.equal(error.errno, ENOMEM);
  assert.notEqual(error.errno, EINVAL);
});

Deno.test("parseElf rejects an interpreter name without NUL", () => {
  const bytes = buildDynamic({ interpreter: "/lib/ld.so" });
  bytes[bytes.length - 1] = 0x78;
  assert.match(failure(bytes).message, /does not end with NUL/);
});

const others: [what: string, content: string, message: RegExp, hint?: RegExp][] = [
  ["an empty file", "", /it is empty/],
  ["a text file", "hello, world\n", /^not an ELF file$/, /text/],
  ["a Mach-O file", "\xcf\xfa\xed\xfe\x0c\0\0\x01", /^not an ELF file$/, /macOS/],
  ["a static library", "!<arch>\nfoo", /^not an ELF file$/, /static library/],
  ["a header cut off in e_ident", "\x7fELF\x02", /^truncated ELF file: 5 bytes/],
];
for (const [what, content, message, hint] of others) {
  Deno.test(`parseElf explains ${what}`, () => {
    const error = failure(Uint8Array.from(content, (char) => char.charCodeAt(0)));
    assert.match(error.message, message);
    if (hint) assert.match(error.hint ?? "", hint);
  });
}

Deno.test("parseElf calls every prefix of a valid program truncated", () => {
  const bytes = buildDynamic({ interpreter: "/lib/ld.so", needed: ["libc.so.6"] });
  for (let length = 4; length < bytes.length; length += 7) {
    assert.match(failure(bytes.slice(0, length)).message, /truncated|damaged interpreter/);
  }
});
