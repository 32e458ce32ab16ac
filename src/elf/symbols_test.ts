import assert from "node:assert/strict";
import { SymbolTable } from "./symbols.ts";

const FUNC = 2, OBJECT = 1, NOTYPE = 0, LOCAL = 0, GLOBAL = 1;

/** A table from readable rows. */
function table(
  rows: [name: string, address: number, size: number, type?: number, binding?: number, section?: number][],
) {
  const symbols = new Uint8Array(24 * rows.length), view = new DataView(symbols.buffer);
  let strings = "\0";
  rows.forEach(([name, address, size, type = FUNC, binding = GLOBAL, section = 1], i) => {
    view.setUint32(i * 24, strings.length, true);
    strings += name + "\0";
    symbols[i * 24 + 4] = binding << 4 | type;
    view.setUint16(i * 24 + 6, section, true);
    view.setBigUint64(i * 24 + 8, BigInt(address), true);
    view.setBigUint64(i * 24 + 16, BigInt(size), true);
  });
  return SymbolTable.fromBytes(symbols, new TextEncoder().encode(strings));
}

Deno.test("SymbolTable.lookup finds the function around an address", () => {
  const symbols = table([["late", 0x2000, 16], ["early", 0x1000, 32]]);
  assert.deepEqual(symbols.lookup(0x1000), { name: "early", offset: 0 });
  assert.deepEqual(symbols.lookup(0x101f), { name: "early", offset: 31 });
  assert.deepEqual(symbols.lookup(0x200f), { name: "late", offset: 15 });
});

Deno.test("SymbolTable.lookup knows no name between functions", () => {
  assert.equal(table([["f", 0x1000, 32]]).lookup(0x1020), undefined);
  assert.equal(table([["f", 0x1000, 32]]).lookup(0xfff), undefined);
});

Deno.test("SymbolTable.lookup lets a symbol without size reach to the next", () => {
  const symbols = table([["_start", 0x1000, 0, NOTYPE], ["next", 0x1100, 8]]);
  assert.deepEqual(symbols.lookup(0x10ff), { name: "_start", offset: 0xff });
  assert.equal(symbols.lookup(0x1108), undefined);
});

Deno.test("SymbolTable.lookup prefers global functions to local ones and labels", () => {
  const symbols = table([["label", 0x1000, 8, NOTYPE], ["global", 0x1000, 8], ["local", 0x1000, 8, FUNC, LOCAL]]);
  assert.equal(symbols.lookup(0x1004)?.name, "global");
});

Deno.test("SymbolTable.lookup sees past a smaller symbol inside of a function", () => {
  const symbols = table([["outer", 0x1000, 0x100], ["inner", 0x1010, 4, OBJECT]]);
  assert.equal(symbols.lookup(0x1012)?.name, "inner");
  assert.deepEqual(symbols.lookup(0x1020), { name: "outer", offset: 0x20 });
});

Deno.test("SymbolTable ignores mapping symbols and undefined ones", () => {
  const symbols = table([["$x", 0x1000, 0, NOTYPE], ["imported", 0, 0, FUNC, GLOBAL, 0], ["f", 0x1000, 8]]);
  assert.equal(symbols.length, 1);
});

Deno.test("SymbolTable.find gives address and size by name", () => {
  assert.deepEqual(table([["f", 0x1000, 8]]).find("f"), { address: 0x1000, size: 8 });
  assert.equal(table([["f", 0x1000, 8]]).find("g"), undefined);
});
