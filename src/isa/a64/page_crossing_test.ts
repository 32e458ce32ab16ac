/**
 * Accesses that begin on a page and end on one that may not be touched (Arm ARM B2.2.1, D1.3.1): the fault has the
 * address of the first byte that is out of reach, and the instruction has changed nothing, whatever it could have done
 * before.
 */
import { strict as assert } from "node:assert";
import { Machine } from "../../engine/wasm/testing.ts";
import { FEATURES } from "./features.ts";
import { rows as atomic } from "./atomic.ts";
import { rows as ldst } from "./ldst.ts";
import type { Fields, Row } from "./row.ts";

const machine = new Machine(), PAGE = machine.data, END = PAGE + 0x1000, READ_ONLY = PAGE + 0x3000;
machine.space.unmap(END, 0x1000);
machine.space.protect(READ_ONLY, 0x1000, 1);
const BASE = 3, INDEX = 8;

/** Words of every variant of a row, with distinct registers, X3 as the base and no offset. */
function* words(row: Row): Generator<[number, Fields]> {
  const registers: Fields = { Rn: BASE, Rt: 4, Rt2: 5, Rs: 6, Rm: INDEX, imm9: 0, imm7: 0, imm12: 0, S: 0 };
  let variants: Record<string, number>[] = [{}];
  for (const name of row.vary) {
    const { width } = row.fields.find((field) => field.name === name)!;
    variants = variants.flatMap((v) => Array.from({ length: 1 << width }, (_, value) => ({ ...v, [name]: value })));
  }
  for (const variant of variants) {
    if (!row.allocated(variant)) continue;
    const fields: Fields = { ...registers, ...variant };
    let word = row.value;
    for (const { name, lsb } of row.fields) word |= (fields[name] ?? 0) << lsb;
    yield [word >>> 0, fields];
  }
}

const vectors = new Uint8Array(512).map((_, at) => at);
function start(base: number): void {
  for (let n = 0; n < 31; n++) machine.regs.setX(n, BigInt(n) * 0x0101010101010101n);
  machine.regs.setX(INDEX, 0n);
  machine.regs.setX(BASE, base);
  machine.regs.writeV(vectors);
}

/** Everything that an instruction without effect leaves as it was. */
function state(): string {
  const v = new Uint8Array(512);
  machine.regs.readV(v);
  const x = Array.from({ length: 31 }, (_, n) => machine.regs.x(n).toString(16));
  return `${x} ${machine.regs.sp} ${machine.regs.pc} ${v.toHex()}`;
}

const data = new Uint8Array(0x1000).map((_, at) => at * 5);
const announced = (row: Row): boolean => row.feature === undefined || FEATURES.has(row.feature);
const based = (row: Row): boolean => announced(row) && row.fields.some(({ name }) => name === "Rn");

for (const row of ldst.filter(based)) {
  Deno.test(`${row.name} that ends on an unmapped page faults there and does nothing`, () => {
    for (const [word] of words(row)) {
      const text = word.toString(16);
      let size = 0;
      for (let before = 65; before >= 0; before--) {
        machine.memory(0, 0x1000).set(data);
        start(END - before);
        const { kind } = machine.step(word);
        if (kind === "fuel") {
          assert.equal(size, 0, `${text}: less room is enough, more is not`);
          continue;
        }
        size ||= before + 1;
        assert.equal(kind, "fault", text);
        machine.regs.pc = 0x10000n;
        const after = state();
        start(END - before);
        assert.equal(after, state(), `${text}: registers with ${before} bytes`);
        assert.deepEqual(machine.memory(0, 0x1000), data, `${text}: memory with ${before} bytes`);
      }
      assert.ok([0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64].includes(size), `${text}: ${size} bytes`);
      if (size === 0) continue;
      start(END - size + 1);
      assert.equal(machine.step(word).address, END, text);
    }
  });
}

for (const row of atomic.filter((row) => based(row) && !/^STX/.test(row.name))) {
  Deno.test(`${row.name} faults where nothing is, and as a write where it may only read`, () => {
    for (const [word] of words(row)) {
      const text = word.toString(16);
      start(END);
      const fault = machine.step(word);
      assert.deepEqual([fault.kind, fault.address], ["fault", END], text);
      const after = state();
      start(END);
      assert.equal(after, state(), text);
      start(READ_ONLY);
      const { kind, access } = machine.step(word);
      const isStore = /^(STLR|CAS|CASP|LDADD|SWP)$/.test(row.name) ||
        (row.name === "LDAPUR" && (word >>> 22 & 3) === 0);
      assert.deepEqual(isStore ? [kind, access] : [kind], isStore ? ["fault", "write"] : ["fuel"], text);
    }
  });
}
