import { deepEqual, equal, throws } from "node:assert/strict";
import { discoverTests, globPattern } from "./discover.ts";

/** The first bytes of an ELF file. */
function elf(type: number, machine: number): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  new DataView(bytes.buffer).setUint16(16, type, true);
  new DataView(bytes.buffer).setUint16(18, machine, true);
  return bytes;
}
const AARCH64 = 183, X86_64 = 62;

/** A folder with one file of each kind. */
function tree(): { folder: string; [Symbol.dispose](): void } {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  const write = (name: string, bytes: Uint8Array, mode = 0o755) =>
    Deno.writeFileSync(`${folder}/${name}`, bytes, { mode });
  for (const name of ["sub", "sub/deep", ".hidden"]) Deno.mkdirSync(`${folder}/${name}`);
  write("static", elf(2, AARCH64));
  write("pie", elf(3, AARCH64));
  write("object.o", elf(1, AARCH64));
  write("libx.so.1", elf(3, AARCH64));
  write("foreign", elf(2, X86_64));
  write("script", new TextEncoder().encode("#!/bin/sh\n"));
  write("not-executable", elf(2, AARCH64), 0o644);
  write("notes.txt", new TextEncoder().encode("text"));
  write("sub/one", elf(2, AARCH64));
  write("sub/deep/two", elf(2, AARCH64));
  write(".hidden/three", elf(2, AARCH64));
  return { folder, [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }) };
}

const found = (operands: string[], folder: string, options = {}) =>
  discoverTests(operands, options).map((each) => each.path.replace(`${folder}/`, ""));

Deno.test("discoverTests searches a folder for programs and scripts", () => {
  using t = tree();
  deepEqual(found([t.folder], t.folder), ["pie", "script", "static", "sub/deep/two", "sub/one"]);
});

Deno.test("discoverTests takes a named file as it is", () => {
  using t = tree();
  deepEqual(found([`${t.folder}/notes.txt`], t.folder), ["notes.txt"]);
});

Deno.test("discoverTests expands a glob within one folder", () => {
  using t = tree();
  deepEqual(found([`${t.folder}/s*`], t.folder), ["script", "static"]);
});

Deno.test("discoverTests expands ** across folders", () => {
  using t = tree();
  deepEqual(found([`${t.folder}/**/{one,two}`], t.folder), ["sub/deep/two", "sub/one"]);
});

Deno.test("discoverTests names a program once", () => {
  using t = tree();
  deepEqual(found([`${t.folder}/static`, `${t.folder}/st*`], t.folder), ["static"]);
});

Deno.test("discoverTests looks into the sysroot for absolute paths", () => {
  using t = tree();
  deepEqual(found(["/sub/*"], t.folder, { sysroot: t.folder }), ["/sub/one"]);
});

const bind = (host: string, guest: string) => ({ host, guest, readOnly: true });

Deno.test("discoverTests looks into binds for absolute paths, and nowhere else without the host", () => {
  using t = tree();
  const binds = [bind(t.folder, "/t"), bind(`${t.folder}/sub`, "/t")];
  const options = { binds, sysroot: "/no/such/sysroot", hostFallback: false };
  deepEqual(found(["/t/../t//"], t.folder, options), ["/t/../t/deep/two", "/t/../t/one"]);
  deepEqual(found(["/t/one", "/t//one", "/t/../t/o*"], t.folder, options), ["/t/one"]);
  deepEqual(found(["/t*/one"], t.folder, options), ["/t/one"]);
  throws(() => discoverTests(["/tt"], options), /^Failure: \/tt: no such file or folder$/);
  throws(() => discoverTests([`${t.folder}/static`], options), /no such file or folder$/);
  throws(() => discoverTests(["/one"], { binds: [bind(`${t.folder}/sub`, "/")] }), /no such file or folder$/);
});

Deno.test("discoverTests sees in a folder what is bound there, and not what that hides", () => {
  using t = tree();
  const binds = [bind(`${t.folder}/sub`, "/a/b"), bind(`${t.folder}/sub/deep`, "/a/b/deep/er")];
  const more = [bind(`${t.folder}/static`, "/a/program"), bind(`${t.folder}/static`, `${t.folder}/sub/deep/two`)];
  deepEqual(found(["/a"], t.folder, { binds }), ["/a/b/deep/er/two", "/a/b/deep/two", "/a/b/one"]);
  deepEqual(found(["/a/*"], t.folder, { binds: [...binds, ...more] }), ["/a/program"]);
  const hiding = [bind(`${t.folder}/sub/deep`, `${t.folder}/sub`)];
  deepEqual(found([`${t.folder}/sub`], t.folder, { binds: hiding }), ["sub/two"]);
});

Deno.test("discoverTests finds what is bound at a name with wildcards, and stays below the sysroot", () => {
  using t = tree();
  deepEqual(found(["/d[1]"], t.folder, { binds: [bind(`${t.folder}/sub/deep`, "/d[1]")] }), ["/d[1]/two"]);
  throws(() => discoverTests(["/../one"], { sysroot: `${t.folder}/sub/deep`, hostFallback: false }), /no such file/);
});

Deno.test("discoverTests says that a path does not exist", () => {
  throws(() => discoverTests(["/no/such/place"]), /^Failure: \/no\/such\/place: no such file or folder$/);
});

Deno.test("discoverTests says for which machines the programs are that it found instead", () => {
  using t = tree();
  throws(
    () => discoverTests([`${t.folder}/f*`]),
    (error) => /other machines: 1 for .*x86/i.test((error as { hint: string }).hint),
  );
});

Deno.test("globPattern reads the wildcards of shells", () => {
  const fits = (glob: string, path: string) => globPattern(glob).test(path);
  equal(fits("a/*.t", "a/b.t"), true);
  equal(fits("a/*.t", "a/b/c.t"), false);
  equal(fits("a/**/c.t", "a/c.t"), true);
  equal(fits("a/**/c.t", "a/b/b/c.t"), true);
  equal(fits("t?st[0-9]", "test7"), true);
  equal(fits("[!a]x", "ax"), false);
  equal(fits("{a,b*}.c", "bcd.c"), true);
  equal(fits("a.c", "abc"), false);
});
