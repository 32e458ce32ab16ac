import assert from "node:assert/strict";
import { decode } from "../../isa/a64/decode.ts";
import type { Row } from "../../isa/a64/row.ts";
import { rows } from "../../isa/a64/table.ts";
import { packTables, unpackTables } from "./decode_tables.ts";
import { variants } from "./interpreter/generate.ts";
import type { RowHandlers, Slot } from "./interpreter/record.ts";
import { tabulate } from "./interpreter/tabulate.ts";
import { Cpu, FixedHandler, RECORD } from "./layout.ts";
import { EngineMemory } from "./memory.ts";
import { Predecoder } from "./predecode.ts";

const NOP = 0xd503201f;

/** Handlers that take every field as a register and every immediate, eight bytes each. */
function takingAll(row: Row, index: number): RowHandlers {
  const slots: Slot[] = [];
  const add = (kind: Slot["kind"], name: string, bytes: number) =>
    slots.push({ at: 8 * (slots.length + 1), kind, name, plus: kind === "v" ? 3 : 0, bytes });
  for (const [name, { bytes }] of Object.entries(row.immediates)) add("imm", name, bytes);
  for (const { name, width } of row.fields) {
    if (width <= 5) { for (const kind of ["zr", "sp", "v"] as const) add(kind, name, 2); }
  }
  const numbers = variants(row).map((fields) => row.lift && row.allocated(fields) ? index + 100 : 0);
  return { numbers, near: numbers, layouts: [slots], layoutOf: numbers.map(() => 0) };
}

/** Repeatable numbers of 32 bits. */
function* words(seed: number): Generator<number> {
  for (let state = seed >>> 0;;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield state >>> 0;
  }
}

Deno.test("Predecoder finds of every row what the row's own functions say", () => {
  const handlers = rows.map(takingAll);
  const memory = new EngineMemory();
  const packed = packTables(tabulate(rows, handlers));
  const predecoder = new Predecoder(memory, unpackTables(packed));
  const page = new Uint8Array(4096), view = new DataView(page.buffer);
  const block = memory.allotBlock(), record = block + 1023 * 16;
  const random = words(1);
  let found = 0;
  for (const row of rows) {
    const open = (~row.mask) >>> 0;
    // Ones and zeros in the open bits too: ends of ranges.
    for (let i = 0; i < 400; i++) {
      const mixture = i === 0 ? 0 : i === 1 ? ~0 : i < 34 ? 1 << (i - 2) : random.next().value;
      const word = (row.value | (mixture & open)) >>> 0;
      view.setUint32(4092, word, true);
      memory.u16[record >> 1] = FixedHandler.undecoded;
      predecoder.decodeRun(page, 4092, block, new Set(), false);
      const decoded = decode(word), number = memory.u16[record >> 1];
      const name = `${row.name} 0x${word.toString(16)}`;
      if (decoded?.row.lift === undefined) {
        assert.equal(number, FixedHandler.undefined, name);
        continue;
      }
      found++;
      const at = rows.indexOf(decoded.row);
      assert.equal(number, at + 100, name);
      for (const slot of handlers[at]!.layouts[0]!) {
        assert.equal(
          read(memory, record + slot.at, slot),
          expected(decoded.row, decoded.fields, slot),
          `${name} ${slot.name}`,
        );
      }
    }
  }
  assert.ok(found > 100_000);
});

Deno.test("decodeRun ends behind a branch, be it conditional", () => {
  const handlers = rows.map((row, index) => ({ ...takingAll(row, index), layouts: [[]] }));
  const memory = new EngineMemory();
  const predecoder = new Predecoder(memory, unpackTables(packTables(tabulate(rows, handlers))));
  const branches = {
    "b.eq": 0x54000040,
    "cbz x0": 0xb4000040,
    "cbnz w0": 0x35000040,
    "tbz x0, 32": 0xb6000040,
    "tbnz w0, 0": 0x37000040,
    "b": 0x14000002,
    "ret": 0xd65f03c0,
    "blr x0": 0xd63f0000,
  };
  for (const [name, word] of Object.entries(branches)) {
    const page = new Uint8Array(4096), view = new DataView(page.buffer);
    const words = [NOP, word, NOP], block = memory.allotBlock();
    for (const [i, each] of words.entries()) view.setUint32(4 * i, each, true);
    predecoder.decodeRun(page, 0, block, new Set(), true);
    const isDecoded = words.map((_, i) => memory.u16[(block + RECORD * i) >> 1] !== FixedHandler.undecoded);
    assert.deepEqual(isDecoded, [true, true, false], name);
  }
});

function read({ view }: EngineMemory, address: number, { kind, bytes }: Slot): bigint {
  if (kind !== "imm" || bytes === 2) return BigInt(view.getUint16(address, true));
  return bytes === 4 ? BigInt(view.getUint32(address, true)) : view.getBigUint64(address, true);
}

function expected(row: Row, fields: Readonly<Record<string, number>>, { kind, name, plus, bytes }: Slot): bigint {
  if (kind === "imm") return BigInt.asUintN(8 * bytes, BigInt(row.immediates[name]!.of(fields)));
  const number = (fields[name]! + plus) & 31;
  if (kind === "v") return BigInt(Cpu.v + 16 * number);
  return BigInt(kind === "zr" && number === 31 ? Cpu.zero : 8 * number);
}

Deno.test("unpackTables throws when the tables are cut short", () => {
  const packed = packTables(tabulate(rows.slice(0, 1), [takingAll(rows[0]!, 0)]));
  assert.throws(() => unpackTables(packed.slice(0, packed.length - 1)), RangeError);
  assert.throws(() => unpackTables(packed.slice(0, 8)), RangeError);
});
