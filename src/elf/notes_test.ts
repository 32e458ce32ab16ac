import assert from "node:assert/strict";
import { buildElf } from "../../tests/support/elf_builder.ts";
import { buildId } from "./notes.ts";
import { parseElf } from "./parse.ts";
import { bytesSource } from "./source.ts";

const PT_NOTE = 4, PT_GNU_PROPERTY = 0x6474e553;
const load = { vaddr: 0x400000, offset: 0, filesz: 0x100, memsz: 0x100 };

/** One note, padded as GNU tools do. */
function note(type: number, descriptor: number[], align: number): Uint8Array {
  const pad = (n: number): number => Math.ceil(n / align) * align;
  const bytes = new Uint8Array(pad(16) + pad(descriptor.length)), view = new DataView(bytes.buffer);
  view.setUint32(0, 4, true);
  view.setUint32(4, descriptor.length, true);
  view.setUint32(8, type, true);
  bytes.set([0x47, 0x4e, 0x55, 0], 12);
  bytes.set(descriptor, pad(16));
  return bytes;
}

Deno.test("ElfFile.notes holds the build id", () => {
  const content = note(3, [0xde, 0xad, 0xbe, 0xef], 4);
  const elf = parseElf(bytesSource(buildElf({ segments: [load, { type: PT_NOTE, align: 4, content }] })));
  assert.equal(buildId(elf.notes), "deadbeef");
});

Deno.test("ElfFile.aarch64Features reads the GNU property", () => {
  const property = [0, 0, 0, 0xc0, 4, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0];
  const content = note(5, property, 8);
  const elf = parseElf(bytesSource(buildElf({ segments: [load, { type: PT_GNU_PROPERTY, align: 8, content }] })));
  assert.equal(elf.aarch64Features, 3);
});

Deno.test("ElfFile.notes ends at a note that does not fit", () => {
  const content = note(3, [1, 2, 3, 4], 4);
  new DataView(content.buffer).setUint32(4, 0xffffffff, true);
  const elf = parseElf(bytesSource(buildElf({ segments: [load, { type: PT_NOTE, align: 4, content }] })));
  assert.deepEqual(elf.notes, []);
});
