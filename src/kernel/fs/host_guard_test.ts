import assert from "node:assert/strict";
import { EBUSY, ENOENT } from "../abi/errno.ts";
import { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, RESOLVE_NO_SYMLINKS } from "../abi/fcntl.ts";
import { changeMode, changeOwner, changeTimes } from "./attributes.ts";
import { OpenFile } from "./file.ts";
import { HostFs } from "./host_fs.ts";
import { makeLink, makeSymlink, removeDirectory, rename, unlink } from "./names.ts";
import { hostOwnership } from "./ownership.ts";
import { fakeServices, TestGuest } from "./test_guest.ts";

/** A guest in a host folder bound read-write, and a folder outside of it; both have `d/victim` or `victim`. */
function withOutside(test: (guest: TestGuest, host: string, outside: string) => void) {
  const folder = Deno.realPathSync(Deno.makeTempDirSync()), host = `${folder}/bind`, outside = `${folder}/outside`;
  try {
    Deno.mkdirSync(`${host}/d/empty`, { recursive: true });
    Deno.mkdirSync(`${outside}/empty`, { recursive: true });
    Deno.writeTextFileSync(`${host}/d/victim`, "inside");
    Deno.writeTextFileSync(`${outside}/victim`, "outside");
    Deno.chmodSync(`${outside}/victim`, 0o640);
    Deno.symlinkSync(outside, `${host}/evil`);
    const fs = HostFs.open(fakeServices(), host, hostOwnership(0, 0));
    assert.ok(typeof fs !== "number");
    test(TestGuest.root(fs), host, outside);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** What is outside, to be the same afterwards. */
function stateOf(outside: string): unknown {
  const names = [...Deno.readDirSync(outside)].map(({ name }) => name).sort();
  const { uid, mode, mtime } = Deno.statSync(`${outside}/victim`);
  return { names, text: Deno.readTextFileSync(`${outside}/victim`), uid, mode, mtime };
}

type HostCall = "lstatSync" | "openSync" | "symlinkSync" | "renameSync" | "removeSync";

/** Runs a test in which something happens right before the host is asked something about a path for the first time. */
function before<T>(call: HostCall, path: string, happens: () => void, test: () => T): T {
  const real = Deno[call] as (...parameters: unknown[]) => unknown, host = Deno as unknown as Record<HostCall, unknown>;
  let happened = false;
  host[call] = (...parameters: unknown[]) => {
    if (!happened && parameters.includes(path)) {
      happened = true;
      happens();
    }
    return real(...parameters);
  };
  try {
    return test();
  } finally {
    host[call] = real;
    assert.ok(happened, `${call} ${path}`);
  }
}

/** Puts the link that leads outside in the place of `d`. */
function swap(host: string): void {
  Deno.renameSync(`${host}/d`, `${host}/was-d`);
  Deno.renameSync(`${host}/evil`, `${host}/d`);
}

const ATTACKS: Record<string, [name: string, attack: (guest: TestGuest) => OpenFile | number]> = {
  "open to write": ["victim", (guest) => guest.open("/d/victim", O_WRONLY, 0, RESOLVE_NO_SYMLINKS)],
  "open to read": ["victim", (guest) => guest.open("/d/victim", O_RDONLY, 0, RESOLVE_NO_SYMLINKS)],
  "open with O_TRUNC": ["victim", (guest) => guest.open("/d/victim", O_RDWR | O_TRUNC)],
  "open with O_CREAT": ["new", (guest) => guest.open("/d/new", O_RDWR | O_CREAT | O_EXCL)],
  "unlink": ["victim", (guest) => unlink(guest, guest.fs.cwd, "/d/victim")],
  "rmdir": ["empty", (guest) => removeDirectory(guest, guest.fs.cwd, "/d/empty")],
  "mkdir": ["new", (guest) => guest.mkdir("/d/new")],
  "symlink": ["new", (guest) => makeSymlink(guest, "x", guest.fs.cwd, "/d/new")],
  "rename from": ["victim", (guest) => rename(guest, guest.fs.cwd, "/d/victim", guest.fs.cwd, "/mine", 0)],
  "rename to": ["new", (guest) => {
    guest.write("/f", "");
    return rename(guest, guest.fs.cwd, "/f", guest.fs.cwd, "/d/new", 0);
  }],
  "link": ["new", (guest) => {
    guest.write("/f", "");
    return makeLink(guest, guest.place("/f"), guest.fs.cwd, "/d/new");
  }],
  "chmod": ["victim", (guest) => changeMode(guest, guest.place("/d/victim"), 0o777)],
  "chown": ["victim", (guest) => changeOwner(guest, guest.place("/d/victim"), 7, 7)],
  "utimensat": ["victim", (guest) => changeTimes(guest, guest.place("/d/victim"), 1n, 1n, false)],
};

for (const [what, [name, attack]] of Object.entries(ATTACKS)) {
  Deno.test(`HostFs does not leave the bind by a link put in the place of a folder during a walk: ${what}`, () =>
    withOutside((guest, host, outside) => {
      const was = stateOf(outside);
      const result = before("lstatSync", `${host}/d/${name}`, () => swap(host), () => attack(guest));
      assert.ok(typeof result === "number" && result < 0, `${what}: ${result}`);
      assert.deepEqual(stateOf(outside), was);
    }));
}

for (const name of ["victim", "empty/deep", "empty/a/b/deep"]) {
  Deno.test(`HostFs notices a link put in the place of a folder while a file is opened, before using it: ${name}`, () =>
    withOutside((guest, host, outside) => {
      // The same file, so that only the way there tells.
      for (const place of [`${host}/d`, outside]) Deno.mkdirSync(`${place}/empty/a/b`, { recursive: true });
      Deno.writeTextFileSync(`${host}/d/${name}`, "inside");
      Deno.removeSync(`${outside}/victim`);
      Deno.linkSync(`${host}/d/${name}`, `${outside}/${name}`);
      const open = () => guest.open(`/d/${name}`, O_RDWR);
      const file = open();
      assert.ok(file instanceof OpenFile);
      file.unref();
      assert.equal(before("openSync", `${host}/d/${name}`, () => swap(host), open), -ENOENT);
    }));
}

Deno.test("HostFs removes a file that it made outside, as a link was put in the place of a folder", () =>
  withOutside((guest, host, outside) => {
    const make = () => guest.open("/d/new", O_RDWR | O_CREAT);
    assert.equal(before("openSync", `${host}/d/new`, () => swap(host), make), -ENOENT);
    assert.deepEqual((stateOf(outside) as { names: string[] }).names, ["empty", "victim"]);
  }));

/** Whether somebody else could lock the folder now. */
function canLock(folder: string, exclusive: boolean): boolean {
  using file = Deno.openSync(folder);
  return file.tryLockSync(exclusive);
}

Deno.test("HostGuard lets guests move links only while no guest is on its way", () =>
  withOutside((guest, host) => {
    const seen: boolean[] = [], look = () => seen.push(canLock(host, false), canLock(host, true));
    before("openSync", `${host}/d/victim`, look, () => guest.file("/d/victim").unref());
    assert.deepEqual(seen.splice(0), [true, false]);
    const at = guest.fs.cwd;
    before("symlinkSync", `${host}/link`, look, () => assert.equal(makeSymlink(guest, "x", at, "/link"), 0));
    assert.deepEqual(seen.splice(0), [false, false]);
    before("renameSync", `${host}/moved`, look, () => assert.equal(rename(guest, at, "/link", at, "/moved", 0), 0));
    assert.deepEqual(seen.splice(0), [false, false]);
    guest.write("/f", "");
    before("renameSync", `${host}/f`, look, () => assert.equal(rename(guest, at, "/f", at, "/moved", 0), 0));
    assert.deepEqual(seen.splice(0), [false, false]);
    assert.equal(makeSymlink(guest, "x", at, "/removed"), 0);
    before("removeSync", `${host}/removed`, look, () => assert.equal(unlink(guest, at, "/removed"), 0));
    assert.deepEqual(seen.splice(0), [false, false]);
    assert.ok(canLock(host, true));
  }));

Deno.test("HostGuard goes on without a lock that a program of the host keeps, but puts no link anywhere", () =>
  withOutside((guest, host) => {
    using lock = Deno.openSync(host);
    lock.lockSync(true);
    guest.write("/d/victim", "INSIDE");
    assert.equal(Deno.readTextFileSync(`${host}/d/victim`), "INSIDE");
    assert.equal(makeSymlink(guest, "x", guest.fs.cwd, "/link"), -EBUSY);
  }));

Deno.test("HostFs changes the owner and the times of a link, not those of what it leads to", () =>
  withOutside((guest, host, outside) => {
    Deno.symlinkSync(`${outside}/victim`, `${host}/link`);
    const was = stateOf(outside), place = guest.place("/link", false);
    const isRoot = Deno.uid() === 0;
    assert.equal(changeOwner(guest, place, 12, 12), isRoot ? 0 : -1);
    assert.equal(changeTimes(guest, place, 1_000_000_000n, 2_000_000_000n, false), 0);
    assert.ok(place.dentry.inode.setAttributes({ mode: 0o777 }) < 0);
    if (isRoot) assert.equal(Deno.lstatSync(`${host}/link`).uid, 12);
    assert.equal(Deno.lstatSync(`${host}/link`).mtime!.getTime(), 2000);
    assert.deepEqual(stateOf(outside), was);
  }));

Deno.test("HostFs changes an open file by the name that it still has", () =>
  withOutside((guest, host, outside) => {
    Deno.symlinkSync(`${outside}/victim`, `${host}/link`);
    const was = stateOf(outside), at = guest.fs.cwd;
    guest.write("/a", "");
    const { inode } = guest.file("/a"), mode = (name: string) => Deno.statSync(`${host}/${name}`).mode! & 0o777;
    assert.equal(makeLink(guest, guest.place("/a"), at, "/c"), 0);
    assert.equal(unlink(guest, at, "/a"), 0);
    assert.equal(inode.setAttributes({ mode: 0o600 }), 0);
    assert.equal(mode("c"), 0o600);
    guest.file("/a", O_RDWR | O_CREAT, 0o640).unref();
    assert.equal(inode.setAttributes({ mode: 0o700 }), 0);
    assert.deepEqual([mode("a"), mode("c")], [0o640, 0o700]);
    assert.equal(rename(guest, at, "/link", at, "/a", 0), 0);
    assert.equal(inode.setAttributes({ mode: 0o777 }), 0);
    assert.equal(mode("c"), 0o777);
    assert.deepEqual(stateOf(outside), was);
  }));

Deno.test("HostFs changes a file that was moved by its new name, and by its old names no more", () =>
  withOutside((guest, host, outside) => {
    Deno.symlinkSync(`${outside}/victim`, `${host}/link`);
    const was = stateOf(outside), at = guest.fs.cwd;
    guest.write("/a", "");
    const { inode } = guest.file("/a");
    assert.equal(makeLink(guest, guest.place("/a"), at, "/c"), 0);
    for (const name of ["/a", "/c", "/a"]) guest.place(name);
    assert.equal(rename(guest, at, "/a", at, "/b", 0), 0);
    assert.equal(unlink(guest, at, "/b"), 0);
    assert.equal(rename(guest, at, "/link", at, "/a", 0), 0);
    assert.equal(inode.setAttributes({ mode: 0o604 }), 0);
    assert.equal(Deno.statSync(`${host}/c`).mode! & 0o777, 0o604);
    assert.deepEqual(stateOf(outside), was);
  }));

Deno.test("HostFs changes no file that another one took the place of on the host", () =>
  withOutside((guest, host) => {
    const { inode } = guest.file("/d/victim");
    Deno.renameSync(`${host}/d/victim`, `${host}/d/old`);
    Deno.writeTextFileSync(`${host}/d/victim`, "another");
    Deno.chmodSync(`${host}/d/victim`, 0o644);
    assert.ok(inode.setAttributes({ mode: 0o777 }) < 0);
    assert.equal(Deno.statSync(`${host}/d/victim`).mode! & 0o777, 0o644);
  }));

Deno.test("HostFs gives new files and folders the mode that was asked for, whatever the host's umask is", () =>
  withOutside((guest, host) => {
    guest.fs.umask = 0;
    guest.file("/f", O_RDWR | O_CREAT, 0o4726).unref();
    guest.file("/none", O_RDWR | O_CREAT, 0).unref();
    assert.equal(guest.mkdir("/folder", 0o1777), 0);
    const mode = (name: string) => Deno.statSync(`${host}/${name}`).mode! & 0o7777;
    assert.deepEqual([mode("f"), mode("none"), mode("folder")], [0o4726, 0, 0o1777]);
  }));
