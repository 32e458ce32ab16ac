/**
 * Alignment of memory accesses (Arm ARM B2.8.2): exclusive, ordered and atomic accesses must be aligned to their whole
 * size, as FEAT_LSE2 is not announced; others need not be; a base of SP must always be a multiple of 16.
 */
import { strict as assert } from "node:assert";
import { Machine } from "../../engine/wasm/testing.ts";
import { rows as atomic } from "./atomic.ts";
import { rows as ldst } from "./ldst.ts";
import { FEATURES } from "./features.ts";
import type { Fields, Row } from "./row.ts";

const machine = new Machine();
const PAGE = BigInt(machine.data);
const BASE = 3, CODE = 0x10000n;

/** Words of every variant of a row, with distinct registers, X3 as the base and no offset. */
function* words(row: Row): Generator<[number, Fields]> {
  const registers: Fields = { Rn: BASE, Rt: 4, Rt2: 5, Rs: 6, Rm: 8, imm9: 0, imm7: 0, imm12: 0, S: 0 };
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

/** Bytes that an access must be aligned to. */
const wholeSize = (row: Row, f: Fields): number =>
  row.name === "LDXP" || row.name === "STXP" || row.name === "CASP" ? 8 << f.sz! : 1 << f.size!;

const isStoreExclusive = (row: Row): boolean => row.name === "STXR" || row.name === "STXP";
const announced = (row: Row): boolean => row.feature === undefined || FEATURES.has(row.feature);

function start(base: bigint): void {
  machine.regs.reset();
  for (let n = 4; n < 9; n++) machine.regs.setX(n, BigInt(n) * 0x0101010101010101n);
  machine.regs.setX(8, 0n);
  machine.regs.setX(BASE, base);
}

for (const row of atomic.filter((row) => announced(row) && !isStoreExclusive(row))) {
  Deno.test(`${row.name} at an address that is not a multiple of its size is an alignment fault`, () => {
    for (const [word, fields] of words(row)) {
      const size = wholeSize(row, fields);
      for (let off = 1; off < size; off++) {
        const address = PAGE + 64n + BigInt(off);
        start(address);
        const exit = machine.step(word);
        const what = `${word.toString(16)} at +${off}`;
        assert.equal(exit.kind, "alignment", what);
        assert.equal(BigInt(exit.address), address, what);
        assert.equal(machine.regs.pc, CODE, what);
        assert.equal(machine.regs.x(4), 0x0404040404040404n, what);
        assert.equal(machine.regs.x(6), 0x0606060606060606n, what);
      }
      start(PAGE + 64n + BigInt(size));
      assert.equal(machine.step(word).kind, "fuel", `${word.toString(16)}, aligned`);
    }
  });
}

Deno.test("a misaligned address matters more than a missing right", () => {
  start(1n);
  const ldaddal = 0xf8e60064;
  assert.equal(machine.step(ldaddal).kind, "alignment");
  start(8n);
  assert.equal(machine.step(ldaddal).kind, "fault");
});

Deno.test("STXR and STXP store after the load of their address and size only", () => {
  const ldxr = 0xc85f7c64, stxr = 0xc8067c65, stxrWord = 0x88067c65, ldxp = 0xc87f1464, stxp = 0xc8267c65 | 8 << 10;
  const address = PAGE + 128n;
  const pair = (load: number, store: number): bigint => {
    start(address);
    assert.equal(machine.run([load, store], 2).kind, "fuel");
    return machine.regs.x(6);
  };
  assert.equal(pair(ldxr, stxr), 0n);
  assert.equal(pair(ldxp, stxp & ~(0x1f << 10) | 8 << 10), 0n);
  assert.equal(pair(ldxr, stxrWord), 1n);
  start(address);
  assert.equal(machine.step(stxr).kind, "fuel");
  assert.equal(machine.regs.x(6), 1n);
});

for (const row of ldst.filter((row) => row.fields.some(({ name }) => name === "Rn"))) {
  Deno.test(`${row.name}: any address will do, but not any SP`, () => {
    for (const [word, fields] of words(row)) {
      start(PAGE + 65n);
      assert.equal(machine.step(word).kind, "fuel", word.toString(16));
      const bySp = (word | (31 << row.fields.find(({ name }) => name === "Rn")!.lsb)) >>> 0;
      start(0n);
      machine.regs.sp = PAGE + 72n;
      const prefetch = fields.size === 3 && fields.V !== 1 && fields.opc === 2;
      assert.equal(machine.step(bySp).kind, prefetch ? "fuel" : "alignment", bySp.toString(16));
    }
  });
}

Deno.test("DC ZVA clears the 64 bytes around its address, which need not be aligned", () => {
  const zva = 0xd50b7423; // dc zva, x3
  machine.memory(0, 256).fill(0xff);
  start(PAGE + 64n + 13n);
  assert.equal(machine.step(zva).kind, "fuel");
  const bytes = [...machine.memory(0, 256)];
  assert.deepEqual(
    bytes.map((byte, at) => byte === 0 ? at : -1).filter((at) => at >= 0),
    [...Array(64).keys()].map((i) => 64 + i),
  );
});

Deno.test("cache maintenance by address faults where nothing is", () => {
  for (const CRm of [0b1010, 0b1011, 0b1100, 0b1101, 0b1110]) {
    const word = (0xd50b7023 | (CRm << 8)) >>> 0;
    start(PAGE + 5n);
    assert.equal(machine.step(word).kind, "fuel", word.toString(16));
    start(0x1005n);
    const exit = machine.step(word);
    assert.equal(exit.kind, "fault", word.toString(16));
    assert.equal(exit.address, 0x1005);
  }
});
