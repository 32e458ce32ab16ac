/** Mutated debugging information: whatever the bytes, nothing is thrown, and every answer comes soon. */
import { ok } from "node:assert/strict";
import type { SectionFile } from "../../elf/debug_file.ts";
import { bytesSource } from "../../elf/source.ts";
import { SymbolTable } from "../../elf/symbols.ts";
import { debugLink, DebugSections } from "./debug_sections.ts";
import { DebugInfo } from "./debug_info.ts";
import { evaluate } from "./expression.ts";
import { FrameTable } from "./frame_table.ts";

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

const INTERESTING = [0, 1, 2, 0x7f, 0x80, 0xfe, 0xff];

function mutate(bytes: Uint8Array, next: (below: number) => number): Uint8Array {
  const copy = bytes.slice(0, next(8) === 0 ? next(bytes.length + 1) : bytes.length);
  for (let n = 1 + next(6); n > 0 && copy.length > 0; n--) {
    const at = next(copy.length);
    copy[at] = next(2) === 0 ? INTERESTING[next(INTERESTING.length)]! : next(256);
  }
  return copy;
}

const bytes = (...parts: (number | readonly number[] | string)[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((each) =>
      typeof each === "number" ? [each] : typeof each === "string" ? [...new TextEncoder().encode(each), 0] : [...each]
    ),
  );
const u16 = (value: number) => [value & 255, value >> 8];
const u32 = (value: number) => [value & 255, value >> 8 & 255, value >> 16 & 255, value >>> 24];
const u64 = (value: number) => [...u32(value), 0, 0, 0, 0];

/** A CIE with augmentation, and an FDE that uses most instructions. */
function ehFrame(): Uint8Array {
  const cie = bytes(u32(0), 1, "zR", 4, 0x78, 30, 1, 0x1b, 0x0c, 31, 0);
  const code = [
    0x41,
    0x0e,
    32,
    0x9d,
    4,
    0x9e,
    3,
    0x0a,
    0x2d,
    0x44,
    0xdd,
    0xde,
    0x0e,
    0,
    0x0b,
    0x0f,
    2,
    0x8f,
    0,
    0x16,
    20,
    1,
    0x50,
  ];
  const fde = bytes(u32(0), u32(0x1000), u32(0x100), 0, code);
  const all = bytes(u32(cie.length), [...cie], u32(fde.length), [...fde], u32(0));
  new DataView(all.buffer).setUint32(4 + cie.length + 4, 4 + cie.length + 4, true);
  return all;
}

/** Sections of a unit with a function and an inlined one. */
function debugSections(): Map<string, Uint8Array> {
  const abbrev = bytes(
    [1, 0x11, 1, 0x03, 0x08, 0x10, 0x17, 0x11, 0x01, 0x12, 0x07, 0x1b, 0x0e, 0, 0],
    [2, 0x2e, 1, 0x03, 0x08, 0x11, 0x01, 0x12, 0x07, 0, 0],
    [3, 0x1d, 0, 0x31, 0x13, 0x55, 0x17, 0x58, 0x0b, 0x59, 0x0b, 0, 0],
    0,
  );
  const dies = bytes(
    [1, ...bytes("a.c"), ...u32(0), ...u64(0x1000), ...u64(0x100), ...u32(0)],
    [2, ...bytes("main"), ...u64(0x1000), ...u64(0x80)],
    [3, ...u32(12), ...u32(0), 1, 9],
    [0, 0],
  );
  const info = bytes(u32(dies.length + 8), u16(5).slice(0, 0), u16(5), 1, 8, u32(0), [...dies]);
  const header = bytes(
    [4, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1],
    [1, 1, 0x08, 1, ...bytes("/src")],
    [2, 1, 0x08, 2, 0x0b, 2, ...bytes("a.c"), 0, ...bytes("a.c"), 0],
  );
  const program = [0, 9, 2, ...u64(0x1000), 3, 5, 1, 0x21, 0x4b, 2, 8, 0, 1, 1];
  const line = bytes(
    u32(2 + 2 + 4 + header.length + program.length),
    u16(5),
    8,
    0,
    u32(header.length),
    [...header],
    program,
  );
  return new Map([
    [".debug_abbrev", abbrev],
    [".debug_info", info],
    [".debug_line", line],
    [".debug_str", bytes("/src")],
    [".debug_rnglists", bytes([5, ...u64(0x1000), 4, 8, 16, 0])],
    [".gnu_debuglink", bytes("x.debug", u32(7))],
  ]);
}

function fileOf(sections: ReadonlyMap<string, Uint8Array>): SectionFile {
  let offset = 0;
  const list = [...sections].map(([name, { length }]) => {
    const section = { name, type: 1, flags: 0, addr: 0, offset, size: length, link: 0, entsize: 0 };
    offset += length;
    return section;
  });
  const all = new Uint8Array(offset);
  list.forEach((section) => all.set(sections.get(section.name)!, section.offset));
  return {
    source: bytesSource(all),
    sections: list,
    symbols: SymbolTable.fromBytes(new Uint8Array(), new Uint8Array()),
  };
}

Deno.test("FrameTable answers for 20,000 mutated sections", () => {
  const next = random(0x5eed), seed = ehFrame();
  ok(new FrameTable({ bytes: seed, address: 0 }, "eh_frame").lookup(0x1000 + 0x19 + 4) !== undefined);
  let found = 0;
  for (let round = 0; round < 20_000; round++) {
    const mutated = mutate(seed, next), header = mutate(bytes(1, 0x1b, 3, 0x3b, u32(0), u32(1), u32(0), u32(17)), next);
    const hdr = next(2) === 0 ? { bytes: header, address: 0 } : undefined;
    const table = new FrameTable({ bytes: mutated, address: 0 }, next(4) === 0 ? "debug_frame" : "eh_frame", hdr);
    for (const pc of [0x1000, 0x1020, 0x1060]) if (table.lookup(pc)) found++;
  }
  ok(found > 1000, `${found} lookups found something`);
});

Deno.test("DebugInfo answers for 20,000 mutated files", () => {
  const next = random(0xd0a2f), seed = debugSections(), names = [...seed.keys()];
  const whole = new DebugInfo(new DebugSections(fileOf(seed))).lookup(0x1004);
  ok(whole.at(-1)?.function === "main" && whole[0]?.place?.file === "a.c", JSON.stringify(whole));
  let found = 0;
  for (let round = 0; round < 20_000; round++) {
    const sections = new Map(seed), name = names[next(names.length)]!;
    sections.set(name, mutate(sections.get(name)!, next));
    const debug = new DebugSections(fileOf(sections));
    if (new DebugInfo(debug).lookup(0x1004).length > 0) found++;
    debugLink(debug);
  }
  ok(found > 1000, `${found} lookups found something`);
});

Deno.test("DebugSections answers for damaged compression", () => {
  const next = random(0xc0de);
  for (let round = 0; round < 2000; round++) {
    const content = mutate(
      bytes(u32(1 + next(2)), u32(0), u64(64), u64(1), Array.from({ length: 40 }, () => next(256))),
      next,
    );
    const file = fileOf(new Map([[".debug_info", content]]));
    const debug = new DebugSections({ ...file, sections: file.sections.map((each) => ({ ...each, flags: 0x800 })) });
    debug.get(".debug_info");
  }
});

Deno.test("evaluate answers for 50,000 random expressions", () => {
  const next = random(0xeef);
  const context = { register: () => 0x1000n, memory: () => 7n };
  for (let round = 0; round < 50_000; round++) {
    evaluate(Uint8Array.from({ length: next(24) }, () => next(256)), context, 1n);
  }
});
