import { deepEqual, equal } from "node:assert/strict";
import { decode } from "../../../isa/a64/decode.ts";
import { rows } from "../../../isa/a64/table.ts";
import type { Stmt } from "../../../isa/ir/builder.ts";
import { findRegion } from "./find_region.ts";
import type { Block } from "./region.ts";

/** Instructions that the interpreter must do: they leave for the host, read its clock, or are seldom. */
const INTERPRETED = ["BRK", "CFINV", "IC IVAU", "MRS 5f02", "SETF8", "SVC"];

/** The block of a single instruction. */
const blockOf = (word: number): Block =>
  findRegion(0x10000, (pc) => pc === 0x10000 ? word : undefined).blocks.get(0x10000)!;

/** Some instructions of every row that is executed. */
function* instructions(): Generator<[name: string, word: number]> {
  let state = 1;
  const next = () => state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  for (const row of rows) {
    if (row.lift === undefined) continue;
    for (let n = 0; n < 40; n++) {
      const word = (((next() ^ next() >>> 16) & ~row.mask) | row.value) >>> 0;
      if (decode(word)?.row === row) yield [row.name, word];
    }
  }
}

Deno.test("findRegion translates every instruction but a few", () => {
  const left = new Set<string>();
  for (const [name, word] of instructions()) if (blockOf(word).terminator.kind === "interpret") left.add(name);
  deepEqual([...left].sort(), INTERPRETED);
});

Deno.test("an instruction that writes a register neither leaves nor looks at flags afterwards", () => {
  const first = (body: readonly Stmt[], is: (stmt: Stmt) => boolean) => body.findIndex(is);
  for (const [name, word] of instructions()) {
    for (const { body } of blockOf(word).instructions) {
      const put = first(body!, (stmt) => stmt.s === "put" && stmt.place.file === "x");
      const behind = put < 0 ? [] : body!.slice(put);
      equal(first(behind, ({ s }) => s === "access" || s === "spcheck" || s === "cond" || s === "nzcv"), -1, name);
    }
  }
});
