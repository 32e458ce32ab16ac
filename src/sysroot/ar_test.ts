import assert from "node:assert/strict";
import { ar, concat } from "../../tests/sysroot/archive_builder.ts";
import { arMembers } from "./ar.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("arMembers reads members of odd and even length", () => {
  const archive = ar([{ name: "odd", data: bytes("abc") }, { name: "even/", data: bytes("wxyz") }]);
  const read = [...arMembers(archive, "x")].map(({ name, data }) => [name, new TextDecoder().decode(data)]);
  assert.deepEqual(read, [["odd", "abc"], ["even", "wxyz"]]);
});

Deno.test("arMembers refuses what is not an ar archive", () => {
  assert.throws(() => [...arMembers(bytes("<!DOCTYPE html>"), "x.deb")], /^SysrootError: x.deb is not an ar archive$/);
});

Deno.test("arMembers refuses a member that claims more than there is", () => {
  const archive = ar([{ name: "data.tar", data: bytes("abcd") }]);
  const cut = archive.subarray(0, archive.length - 2);
  assert.throws(() => [...arMembers(cut, "x")], /member "data.tar" claims 4 bytes, 2 are there/);
});

Deno.test("arMembers refuses an archive that ends in a header", () => {
  const archive = concat([ar([]), bytes("debian-binary   ")]);
  assert.throws(() => [...arMembers(archive, "x")], /ends in an ar header/);
});

Deno.test("arMembers refuses a negative size", () => {
  const archive = ar([{ name: "a", data: bytes("") }]);
  archive.set(bytes("-1"), 8 + 48);
  assert.throws(() => [...arMembers(archive, "x")], /damaged ar header at byte 8/);
});
