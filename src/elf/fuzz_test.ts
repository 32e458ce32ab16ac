/** Mutated ELF files: whatever the bytes, the only thing thrown is ElfError, soon, and without taking much memory. */
import assert from "node:assert/strict";
import { buildDynamic } from "../../tests/support/elf_builder.ts";
import { ElfError } from "./elf_error.ts";
import { parseElf } from "./parse.ts";
import { bytesSource, type ElfSource } from "./source.ts";

/** xorshift32: the same mutations in every run. */
function random(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Counts what is asked of the file: reading is the only way to take memory in proportion to a field. */
function metered(bytes: Uint8Array): ElfSource & { total: number } {
  const source = bytesSource(bytes);
  return {
    size: source.size,
    total: 0,
    read(offset, length) {
      assert(Number.isSafeInteger(offset) && offset >= 0, `read at ${offset}`);
      assert(Number.isSafeInteger(length) && length >= 0, `read of ${length} bytes`);
      const result = source.read(offset, length);
      this.total += result.length;
      return result;
    },
  };
}

/** A valid file with section headers, symbols and notes, so that all readers have something to choke on. */
function seedFile(): Uint8Array {
  const base = buildDynamic({
    interpreter: "/lib/ld.so",
    needed: ["liba.so", "libb.so"],
    runpath: "$ORIGIN",
    soname: "x",
  });
  const symbols = base.length, strings = symbols + 24 * 8, notes = strings + 64, sections = notes + 64;
  const bytes = new Uint8Array(sections + 4 * 64);
  bytes.set(base);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 8; i++) {
    const at = symbols + i * 24;
    view.setUint32(at, i * 4 + 1, true);
    bytes[at + 4] = 0x12;
    view.setUint16(at + 6, 1, true);
    view.setBigUint64(at + 8, BigInt(0x1000 + i * 16), true);
    view.setBigUint64(at + 16, 16n, true);
  }
  bytes.set(new TextEncoder().encode("\0abc\0def\0ghi\0jkl\0mno\0pqr\0stu\0vwx\0"), strings);
  const section = (index: number, type: number, offset: number, size: number, link: number) => {
    const at = sections + index * 64;
    view.setUint32(at + 4, type, true);
    view.setBigUint64(at + 24, BigInt(offset), true);
    view.setBigUint64(at + 32, BigInt(size), true);
    view.setUint32(at + 40, link, true);
  };
  section(1, 2, symbols, 24 * 8, 2);
  section(2, 3, strings, 64, 0);
  section(3, 7, notes, 64, 0);
  view.setBigUint64(40, BigInt(sections), true);
  view.setUint16(58, 64, true);
  view.setUint16(60, 4, true);
  view.setUint16(62, 2, true);
  return bytes;
}

const INTERESTING = [0, 1, 2, 3, 7, 0x7f, 0x80, 0xff];

Deno.test("parseElf throws only ElfError on 20,000 mutated files", () => {
  const next = random(0x2f6e2b1);
  const seed = seedFile();
  assert.equal(parseElf(bytesSource(seed)).symbols.lookup(0x1014)?.name, "def");
  let accepted = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = seed.slice(0, next(8) === 0 ? next(seed.length) : seed.length);
    for (let n = 1 + next(6); n > 0 && bytes.length > 0; n--) {
      // Half of the mutations hit the headers, where they matter most.
      const at = next(2) === 0 ? next(Math.min(bytes.length, 64 + 3 * 56)) : next(bytes.length);
      bytes[at] = next(2) === 0 ? INTERESTING[next(INTERESTING.length)]! : next(256);
    }
    const source = metered(bytes);
    try {
      const elf = parseElf(source);
      accepted++;
      void elf.dynamic;
      void elf.notes;
      void elf.aarch64Features;
      void elf.sections;
      elf.symbols.lookup(0x1008);
    } catch (error) {
      if (!(error instanceof ElfError)) throw error;
      assert(!error.message.includes("\n") && error.message.length < 300, error.message);
    }
    assert(source.total < 4 << 20, `${source.total} bytes were read of a file of ${bytes.length}`);
  }
  assert(accepted > 1000, `only ${accepted} files got past the header`);
});
