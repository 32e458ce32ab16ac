import assert from "node:assert/strict";
import { concat, paxRecord, tar, tarEntry, type TarItem } from "../../tests/sysroot/archive_builder.ts";
import { type TarHeader, TarParser } from "./tar.ts";

function parse(archive: Uint8Array, step = archive.length): { header: TarHeader; text: string }[] {
  const entries: { header: TarHeader; text: string }[] = [];
  const parser = new TarParser({
    entry: (header) => entries.push({ header, text: "" }),
    data: (part) => (entries.at(-1) as { text: string }).text += new TextDecoder().decode(part),
    end: () => {},
  }, "x.tar");
  for (let at = 0; at < archive.length; at += step) parser.push(archive.subarray(at, at + step));
  parser.finish();
  return entries;
}

function pax(records: readonly [string, string][], type = "x"): TarItem {
  return { path: "pax", type, content: records.map(([key, value]) => paxRecord(key, value)).join("") };
}

Deno.test("TarParser reads files, folders and links", () => {
  const entries = parse(tar([
    { path: "./a/", type: "5", mode: 0o750 },
    { path: "./a/file", content: "text", uid: 7, gid: 8, mtime: 99 },
    { path: "./a/link", type: "2", target: "file" },
    { path: "./a/hard", type: "1", target: "./a/file" },
  ]));
  assert.deepEqual(entries.map(({ header, text }) => [header.kind, header.path, header.target, text]), [
    ["folder", "./a/", "", ""],
    ["file", "./a/file", "", "text"],
    ["symbolic link", "./a/link", "file", ""],
    ["hard link", "./a/hard", "./a/file", ""],
  ]);
  assert.deepEqual(entries[1]?.header, {
    kind: "file",
    path: "./a/file",
    target: "",
    mode: 0o644,
    uid: 7,
    gid: 8,
    size: 4,
    mtime: 99,
  });
});

Deno.test("TarParser gives the same entries whatever the pieces", () => {
  const archive = tar([pax([["path", "long/name"]]), { path: "x", content: "a".repeat(700) }, { path: "y" }]);
  const whole = parse(archive);
  for (const step of [1, 7, 511, 513]) assert.deepEqual(parse(archive, step), whole);
});

Deno.test("TarParser takes path, link target and size from pax headers", () => {
  const [entry] = parse(tar([
    pax([["path", "näme"], ["mtime", "12.75"], ["uid", "70000"], ["comment", "ignored"]]),
    { path: "short", content: "abc" },
  ]));
  assert.deepEqual([entry?.header.path, entry?.header.mtime, entry?.header.uid], ["näme", 12, 70000]);
});

Deno.test("TarParser applies a pax header to one entry only", () => {
  const entries = parse(tar([pax([["path", "first"]]), { path: "a" }, { path: "second" }]));
  assert.deepEqual(entries.map(({ header }) => header.path), ["first", "second"]);
});

Deno.test("TarParser reads GNU's long names and link targets", () => {
  const long = "d/".repeat(100) + "file";
  const entries = parse(tar([
    { path: "././@LongLink", type: "K", content: `${long}-target\0` },
    { path: "././@LongLink", type: "L", content: `${long}\0` },
    { path: "cut", type: "2", target: "cut" },
  ]));
  assert.deepEqual([entries[0]?.header.path, entries[0]?.header.target], [long, `${long}-target`]);
});

Deno.test("TarParser joins the ustar prefix", () => {
  const block = tarEntry({ path: "name" });
  block.set(new TextEncoder().encode("some/prefix"), 345);
  const sum = block.subarray(0, 512).reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  block.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  assert.equal(parse(concat([block, new Uint8Array(1024)]))[0]?.header.path, "some/prefix/name");
});

const refusals: readonly [what: string, archive: () => Uint8Array, message: RegExp][] = [
  [
    "a cut archive",
    () => tar([{ path: "a", content: "x".repeat(600) }]).subarray(0, 1024),
    /^SysrootError: x.tar ends early$/,
  ],
  ["an archive without end mark", () => tarEntry({ path: "a" }), /ends early/],
  ["a damaged header", () => {
    const archive = tar([{ path: "a" }]);
    archive[0] = 0x62;
    return archive;
  }, /has a damaged tar header/],
  [
    "a size in base 256 beyond all bounds",
    () => sizeField([0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    /size beyond all bounds/,
  ],
  ["a negative size", () => sizeField([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), /negative size/],
  [
    "an endless extension header",
    () => tar([{ path: "x", type: "x", size: 2 ** 30 }]),
    /extension header of 1073741824 bytes/,
  ],
  ["a sparse file", () => tar([{ path: "s", type: "S" }]), /unknown type "S"/],
  ["a pax sparse file", () => tar([pax([["GNU.sparse.major", "1"]]), { path: "s" }]), /sparse file/],
  [
    "a pax record with a wrong length",
    () => tar([{ path: "p", type: "x", content: "99 path=a\n" }, { path: "a" }]),
    /damaged pax header/,
  ],
  [
    "a pax record without a length",
    () => tar([{ path: "p", type: "x", content: "path=a\n" }, { path: "a" }]),
    /damaged pax header/,
  ],
  ["a pax size that is no number", () => tar([pax([["size", "1e9"]]), { path: "a" }]), /pax size of "1e9"/],
  [
    "a name that is not UTF-8",
    () => tar([{ path: "p", type: "L", content: new Uint8Array([0xff, 0]) }, { path: "a" }]),
    /not UTF-8/,
  ],
  [
    "a link with data",
    () => tar([{ path: "l", type: "2", target: "t", content: "x" }]),
    /gives the symbolic link "l" 1 bytes of data/,
  ],
  [
    "an entry after the end mark",
    () => concat([tar([]).subarray(0, 512), tar([{ path: "a" }])]),
    /entry after its end mark/,
  ],
];

for (const [what, archive, message] of refusals) {
  Deno.test(`TarParser refuses ${what}`, () => {
    assert.throws(() => parse(archive()), message);
  });
}

/** An archive whose first entry has these bytes as its size. */
function sizeField(size: readonly number[]): Uint8Array {
  const block = tarEntry({ path: "a" });
  block.set(size, 124);
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  block.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return concat([block, new Uint8Array(1024)]);
}

Deno.test("TarParser survives random damage with a SysrootError or entries", () => {
  const archive = tar([pax([["path", "p"]]), { path: "a", content: "text" }, { path: "l", type: "2", target: "a" }]);
  for (let at = 0; at < archive.length; at += 3) {
    const damaged = archive.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 0xa5;
    try {
      parse(damaged);
    } catch (error) {
      assert.equal((error as Error).name, "SysrootError", `byte ${at}: ${error}`);
    }
  }
});
