import assert from "node:assert/strict";
import { abortKind, idReadOfSyndrome, idReadOfWord, IdRegister, isStore } from "./el1.ts";

Deno.test("idReadOfWord: the registers that Linux emulates, and no others", () => {
  assert.deepEqual(idReadOfWord(0xd5380603), { register: IdRegister.ID_AA64ISAR0_EL1, rt: 3 });
  assert.deepEqual(idReadOfWord(0xd5380000), { register: IdRegister.MIDR_EL1, rt: 0 });
  for (const other of [0xd5380100, 0xd5380020, 0xd5380800, 0xd5381000, 0xd5180400, 0xd53bd040]) {
    assert.equal(idReadOfWord(other), undefined, other.toString(16));
  }
});

Deno.test("idReadOfSyndrome: a trapped MRS; not an MSR", () => {
  // Op0 3, CRm 6, Rt 3, read.
  const iss = 3 << 20 | 3 << 5 | 6 << 1 | 1;
  assert.deepEqual(idReadOfSyndrome(iss), { register: IdRegister.ID_AA64ISAR0_EL1, rt: 3 });
  assert.equal(idReadOfSyndrome(iss & ~1), undefined);
});

Deno.test("isStore: cache maintenance is no store", () => {
  assert.ok(isStore(0x40));
  assert.ok(!isStore(0x140));
});

Deno.test("abortKind: translation and permission faults, alignment, and what comes from outside", () => {
  assert.equal(abortKind(0x07), "fault");
  assert.equal(abortKind(0x0f), "fault");
  assert.equal(abortKind(0x21), "alignment");
  assert.equal(abortKind(0x10), "external");
});
