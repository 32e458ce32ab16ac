import assert from "node:assert/strict";
import { join } from "node:path";
import { tar, type TarItem } from "../../tests/sysroot/archive_builder.ts";
import {
  DEFAULT_LIMITS,
  type PackageEntry,
  type PackageLimits,
  PackageWriter,
  type RootLayout,
} from "./package_writer.ts";
import { TarParser } from "./tar.ts";

interface Written {
  readonly root: string;
  readonly entries: readonly PackageEntry[];
}

/** Unpacks entries into a fresh folder and looks at it. */
async function unpacked(
  items: readonly TarItem[],
  look: (written: Written) => void,
  changes: Partial<RootLayout> = {},
  limits: PackageLimits = DEFAULT_LIMITS,
): Promise<void> {
  const outer = await Deno.makeTempDir();
  const root = join(outer, "root");
  await Deno.mkdir(root);
  try {
    using writer = new PackageWriter({ root, mergedLinks: {}, exclude: [], ...changes }, "pkg 1.0", limits);
    const parser = new TarParser(writer.sink(), "pkg 1.0");
    parser.push(tar(items));
    parser.finish();
    look({ root, entries: writer.entries });
  } finally {
    assert.deepEqual([...Deno.readDirSync(outer)].map(({ name }) => name), ["root"], "something was written outside");
    await Deno.remove(outer, { recursive: true });
  }
}

async function refused(items: readonly TarItem[], message: RegExp, changes: Partial<RootLayout> = {}): Promise<void> {
  await assert.rejects(unpacked(items, () => {}, changes), message);
}

Deno.test("PackageWriter writes files with content, mode and time", async () => {
  await unpacked([{ path: "./usr/bin/tool", content: "#!/bin/sh\n", mode: 0o755, mtime: 1234567890 }], ({ root }) => {
    const path = join(root, "usr/bin/tool");
    const info = Deno.statSync(path);
    assert.equal(Deno.readTextFileSync(path), "#!/bin/sh\n");
    assert.equal((info.mode ?? 0) & 0o7777, 0o755);
    assert.equal(info.mtime?.getTime(), 1234567890_000);
  });
});

Deno.test("PackageWriter records set-id bits and owners but does not give them to the host's file", async () => {
  await unpacked([{ path: "su", content: "x", mode: 0o4755, gid: 42 }], ({ root, entries }) => {
    assert.equal((Deno.statSync(join(root, "su")).mode ?? 0) & 0o7777, 0o755);
    const [entry] = entries;
    assert(entry?.kind === "file");
    assert.deepEqual([entry.mode, entry.uid, entry.gid], [0o4755, 0, 42]);
  });
});

Deno.test("PackageWriter keeps a file readable to its owner", async () => {
  await unpacked([{ path: "secret", content: "x", mode: 0 }], ({ root }) => {
    assert.equal((Deno.statSync(join(root, "secret")).mode ?? 0) & 0o777, 0o400);
  });
});

Deno.test("PackageWriter makes hard links", async () => {
  const items = [{ path: "a", content: "x" }, { path: "b", type: "1", target: "./a" }];
  await unpacked(items, ({ root }) => assert.equal(Deno.statSync(join(root, "b")).nlink, 2));
});

Deno.test("PackageWriter plans symbolic links without making them", async () => {
  await unpacked([{ path: "l", type: "2", target: "a" }], ({ root, entries }) => {
    assert.deepEqual(entries, [{ kind: "link", path: "l", target: "a", packaged: "a" }]);
    assert.deepEqual([...Deno.readDirSync(root)], []);
  });
});

Deno.test("PackageWriter makes absolute links relative", async () => {
  await unpacked([{ path: "usr/lib/ssl/certs", type: "2", target: "/etc/ssl/certs" }], ({ entries }) => {
    const link = entries.find(({ kind }) => kind === "link");
    assert(link?.kind === "link");
    assert.deepEqual([link.target, link.packaged], ["../../../etc/ssl/certs", "/etc/ssl/certs"]);
  });
});

Deno.test("PackageWriter writes through the profile's merged links", async () => {
  const items = [{ path: "./lib/", type: "5" }, { path: "./lib/x.so", content: "x" }, {
    path: "./var/run/y",
    content: "y",
  }];
  await unpacked(items, ({ root, entries }) => {
    assert.deepEqual(entries.map(({ path }) => path), ["usr", "usr/lib", "usr/lib/x.so", "var", "run", "run/y"]);
    assert.equal(Deno.readTextFileSync(join(root, "usr/lib/x.so")), "x");
  }, { mergedLinks: { lib: "usr/lib", "var/run": "/run" } });
});

Deno.test("PackageWriter leaves out what is excluded, by either name", async () => {
  const items = [
    { path: "./usr/share/doc/x/copyright", content: "x" },
    { path: "./lib/udev/rules", content: "x" },
    { path: "./usr/share/document", content: "kept" },
  ];
  await unpacked(items, ({ entries }) => {
    assert.deepEqual(entries.filter(({ kind }) => kind === "file").map(({ path }) => path), ["usr/share/document"]);
  }, { mergedLinks: { lib: "usr/lib" }, exclude: ["usr/share/doc/", "usr/lib/udev/"] });
});

Deno.test("PackageWriter takes a folder that another package made", async () => {
  await unpacked([{ path: "a/", type: "5" }, { path: "a/x", content: "x" }], ({ root }) => {
    using writer = new PackageWriter({ root, mergedLinks: {}, exclude: [] }, "other 1.0");
    writer.addFile("a/y", new Uint8Array(), 0o644);
    assert.deepEqual([...Deno.readDirSync(join(root, "a"))].map(({ name }) => name).sort(), ["x", "y"]);
  });
});

const hostile: readonly [what: string, items: readonly TarItem[], message: RegExp][] = [
  [
    "a path with ..",
    [{ path: "../evil", content: "x" }],
    /^SysrootError: pkg 1.0: path "..\/evil" leaves the sysroot$/,
  ],
  ["a path with .. inside", [{ path: "a/../../evil", content: "x" }], /leaves the sysroot/],
  ["an absolute path", [{ path: "/etc/evil", content: "x" }], /absolute path "\/etc\/evil"/],
  [
    "a file through a link",
    [{ path: "d", type: "2", target: "/tmp" }, { path: "d/evil", content: "x" }],
    /"d\/evil" would be written through "d"/,
  ],
  [
    "a file below a file",
    [{ path: "f", content: "x" }, { path: "f/evil", content: "x" }],
    /"f\/evil" would be below "f"/,
  ],
  [
    "a link that becomes a file",
    [{ path: "f", type: "2", target: "/etc/passwd" }, { path: "f", content: "x" }],
    /"f" is there already, as a link/,
  ],
  ["a file twice", [{ path: "f", content: "x" }, { path: "./f", content: "y" }], /"f" is there already, as a file/],
  [
    "a folder that becomes a link",
    [{ path: "d/", type: "5" }, { path: "d", type: "2", target: ".." }],
    /"d" is there already, as a folder/,
  ],
  [
    "a file where a folder is",
    [{ path: "d/", type: "5" }, { path: "d", content: "x" }],
    /"d" is there already, as a folder/,
  ],
  ["a character device", [{ path: "dev/mem", type: "3" }], /"dev\/mem" is a character device/],
  ["a block device", [{ path: "dev/sda", type: "4" }], /"dev\/sda" is a block device/],
  ["a fifo", [{ path: "run/pipe", type: "6" }], /"run\/pipe" is a fifo/],
  [
    "a hard link to nothing of its own",
    [{ path: "h", type: "1", target: "etc/passwd" }],
    /hard link "h" to "etc\/passwd", which is no file of it/,
  ],
  ["a hard link that leaves", [{ path: "h", type: "1", target: "../outside" }], /leaves the sysroot/],
  ["an absolute hard link", [{ path: "h", type: "1", target: "/etc/passwd" }], /absolute path/],
  [
    "a hard link to a link",
    [{ path: "l", type: "2", target: "/etc/passwd" }, { path: "h", type: "1", target: "l" }],
    /hard link "h" to "l", which is no file of it/,
  ],
  ["an empty link", [{ path: "l", type: "2", target: "" }], /"l" is a link to ""/],
  ["a file of a huge size", [{ path: "big", size: 2 ** 32 }], /"big" of 4294967296 bytes is more than is unpacked/],
  [
    "the root as a file",
    [{ path: "./", type: "0", content: "" }, { path: ".", content: "" }],
    /the root itself is not a folder/,
  ],
];

for (const [what, items, message] of hostile) {
  Deno.test(`PackageWriter refuses ${what}`, async () => {
    await refused(items, message);
  });
}

Deno.test("PackageWriter refuses a file that another package wrote", async () => {
  await unpacked([{ path: "f", content: "x" }], ({ root }) => {
    using writer = new PackageWriter({ root, mergedLinks: {}, exclude: [] }, "other 1.0");
    assert.throws(() => writer.addFile("f", new Uint8Array(), 0o644), /other 1.0: "f" is there already, from another/);
    assert.equal(Deno.readTextFileSync(join(root, "f")), "x");
  });
});

Deno.test("PackageWriter refuses to follow merged links in a circle", async () => {
  await refused([{ path: "a/x", content: "" }], /goes through too many links/, { mergedLinks: { a: "b", b: "a" } });
});

Deno.test("PackageWriter refuses more bytes in all than the limit", async () => {
  const items = [{ path: "a", content: "12345" }, { path: "b", content: "12345" }];
  const limits = { ...DEFAULT_LIMITS, totalBytes: 9 };
  await assert.rejects(unpacked(items, () => {}, {}, limits), /"b" of 5 bytes is more than is unpacked/);
});

Deno.test("PackageWriter refuses more entries than the limit", async () => {
  const items = [{ path: "a" }, { path: "b" }, { path: "c" }];
  await assert.rejects(unpacked(items, () => {}, {}, { ...DEFAULT_LIMITS, entries: 2 }), /more than 2 files/);
});
