import assert from "node:assert/strict";
import type { Frame } from "../../engine/engine.ts";
import { EACCES, EEXIST, EFBIG, ENOENT, ENOSPC, ENOTEMPTY, ESTALE, EXDEV } from "../abi/errno.ts";
import { O_APPEND, O_CREAT, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from "../abi/fcntl.ts";
import { S_IFIFO } from "../abi/stat.ts";
import { changeMode, changeTimes } from "./attributes.ts";
import { fromBytes, toBytes } from "./byte_string.ts";
import type { HostFile } from "./host_file.ts";
import { HostFs } from "./host_fs.ts";
import type { HostInode } from "./host_inode.ts";
import { makeLink, makeNode, makeSymlink, removeDirectory, rename, unlink } from "./names.ts";
import type { Mappable, OpenFile } from "./file.ts";
import { hostOwnership } from "./ownership.ts";
import { fakeServices, later, TestGuest } from "./test_guest.ts";

/** A guest whose root is a fresh host folder, bound read-write. */
function withBind(test: (guest: TestGuest, host: string) => void) {
  const host = Deno.makeTempDirSync();
  try {
    const fs = HostFs.open(fakeServices(), Deno.realPathSync(host), hostOwnership(0, 0));
    assert.ok(typeof fs !== "number");
    test(TestGuest.root(fs), host);
  } finally {
    Deno.removeSync(host, { recursive: true });
  }
}

Deno.test("HostFs writes through to the host", () =>
  withBind((guest, host) => {
    guest.write("/f", "content");
    assert.equal(Deno.readTextFileSync(`${host}/f`), "content");
  }));

Deno.test("HostFs sees what the host changed", () =>
  withBind((guest, host) => {
    assert.equal(guest.walk("/f"), -ENOENT);
    Deno.writeTextFileSync(`${host}/f`, "from the host");
    assert.equal(guest.read("/f"), "from the host");
  }));

Deno.test("HostFs truncates, appends and writes at offsets", () =>
  withBind((guest, host) => {
    guest.write("/f", "0123456789");
    const file = guest.file("/f", O_RDWR);
    file.pwrite(toBytes("AB"), 4, guest);
    assert.equal(file.inode.truncate(8), 0);
    guest.file("/f", O_WRONLY | O_APPEND).write(toBytes("end"), guest);
    assert.equal(Deno.readTextFileSync(`${host}/f`), "0123AB67end");
    assert.equal(file.inode.stat().size, 11);
    guest.file("/f", O_WRONLY | O_TRUNC);
    assert.equal(Deno.statSync(`${host}/f`).size, 0);
  }));

Deno.test("HostFs makes folders, links and names on the host", () =>
  withBind((guest, host) => {
    const at = guest.fs.cwd;
    assert.equal(guest.mkdir("/d"), 0);
    guest.write("/d/f", "x");
    assert.equal(makeSymlink(guest, "d/f", at, "/l"), 0);
    assert.equal(makeLink(guest, guest.place("/d/f"), at, "/h"), 0);
    assert.equal(Deno.readLinkSync(`${host}/l`), "d/f");
    assert.equal(Deno.statSync(`${host}/h`).nlink, 2);
    assert.equal(removeDirectory(guest, at, "/d"), -ENOTEMPTY);
    assert.equal(unlink(guest, at, "/d/f"), 0);
    assert.equal(removeDirectory(guest, at, "/d"), 0);
    assert.deepEqual(guest.list("/"), ["h", "l"]);
  }));

Deno.test("HostFs renames over a file", () =>
  withBind((guest, host) => {
    guest.write("/a", "a");
    guest.write("/b", "b");
    assert.equal(rename(guest, guest.fs.cwd, "/a", guest.fs.cwd, "/b", 0), 0);
    assert.equal(Deno.readTextFileSync(`${host}/b`), "a");
    assert.equal(guest.walk("/a"), -ENOENT);
    assert.equal(guest.read("/b"), "a");
  }));

Deno.test("HostFs keeps a removed file readable for those who have it open", () =>
  withBind((guest) => {
    guest.write("/f", "content");
    const file = guest.file("/f"), into = new Uint8Array(7);
    assert.equal(unlink(guest, guest.fs.cwd, "/f"), 0);
    assert.equal(file.read(into, guest), 7);
    assert.equal(file.inode.nlink, 0);
  }));

Deno.test("HostFs opens a removed file anew while somebody has it open, as far as that one may", () =>
  withBind((guest) => {
    guest.write("/f", "content");
    guest.write("/g", "content");
    const file = guest.file("/f", O_RDWR), reader = guest.file("/g", O_RDONLY);
    const inode = file.inode as HostInode, read = reader.inode as HostInode;
    assert.equal(unlink(guest, guest.fs.cwd, "/f"), 0);
    assert.equal(unlink(guest, guest.fs.cwd, "/g"), 0);
    const again = inode.open(O_RDONLY) as OpenFile, into = new Uint8Array(7);
    file.unref();
    assert.equal(again.read(into, guest), 7);
    assert.equal(fromBytes(into), "content");
    assert.equal(read.open(O_WRONLY), -EACCES);
    assert.equal(read.truncate(0), -EACCES);
    again.unref();
    reader.unref();
  }));

Deno.test("HostFs moves the time of change with names and attributes, within a second too", () =>
  withBind((guest) => {
    guest.write("/f", "");
    const { inode } = guest.place("/f").dentry, seen = [inode.stat().ctime];
    const change = (what: () => number) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3);
      assert.equal(what(), 0);
      seen.push(inode.stat().ctime);
    };
    const at = guest.fs.cwd;
    change(() => changeMode(guest, guest.place("/f"), 0o640));
    change(() => makeLink(guest, guest.place("/f"), at, "/g"));
    change(() => unlink(guest, at, "/g"));
    change(() => rename(guest, at, "/f", at, "/h", 0));
    change(() => changeTimes(guest, guest.place("/h"), 0n, 0n, false));
    assert.deepEqual(seen, [...new Set(seen)].sort((a, b) => Number(a - b)));
  }));

Deno.test("HostFs changes modes and times on the host", () =>
  withBind((guest, host) => {
    guest.write("/f", "");
    assert.equal(changeMode(guest, guest.place("/f"), 0o640), 0);
    assert.equal(changeTimes(guest, guest.place("/f"), 1_000_000_000n, 2_000_000_003n, false), 0);
    assert.equal(Deno.statSync(`${host}/f`).mode! & 0o777, 0o640);
    assert.equal(Deno.statSync(`${host}/f`).mtime!.getTime(), 2000);
    assert.equal(guest.place("/f").dentry.inode.stat().mtime, 2_000_000_003n);
  }));

Deno.test("HostFs never follows a host link out of the folder", () => {
  const secret = Deno.makeTempFileSync();
  try {
    withBind((guest, host) => {
      Deno.symlinkSync(secret, `${host}/out`);
      Deno.symlinkSync("..", `${host}/up`);
      assert.equal(guest.walk("/out"), -ENOENT);
      assert.equal(guest.place("/up").dentry.inode, guest.namespace.root.dentry.inode);
    });
  } finally {
    Deno.removeSync(secret);
  }
});

Deno.test("HostFs keeps FIFOs in memory", () =>
  withBind((guest, host) => {
    assert.equal(makeNode(guest, guest.fs.cwd, "/fifo", S_IFIFO | 0o600, 0), 0);
    assert.equal(makeNode(guest, guest.fs.cwd, "/fifo", S_IFIFO | 0o600, 0), -EEXIST);
    assert.deepEqual([...Deno.readDirSync(host)], []);
    assert.deepEqual(guest.list("/"), ["fifo"]);
    assert.equal(unlink(guest, guest.fs.cwd, "/fifo"), 0);
    assert.deepEqual(guest.list("/"), []);
  }));

Deno.test("HostFs writes back what a shared mapping changed before anybody reads", () =>
  withBind((guest, host) => {
    guest.write("/f", "old content");
    const file = guest.file("/f", O_RDWR), { frame } = storing(file);
    frame.write(0, toBytes("NEW"));
    assert.equal(guest.read("/f"), "NEW content");
    file.pwrite(toBytes("W"), 4, guest);
    const seen = new Uint8Array(5);
    frame.read(0, seen);
    assert.equal(new TextDecoder().decode(seen), "NEW W");
    frame.write(0, toBytes("END"));
    file.unref();
    assert.equal(Deno.readTextFileSync(`${host}/f`).slice(0, 3), "END");
  }));

/** A page through a shared mapping that may store to it. */
function storing(file: OpenFile, page = 0): { mappable: Mappable; frame: Frame } {
  const mappable = file.mappable();
  assert.ok(typeof mappable !== "number");
  mappable.sharedWritable?.(1);
  const frame = mappable.frame(page);
  assert.ok(frame);
  mappable.written?.(page);
  return { mappable, frame };
}

/** Lets the host take so many bytes more of this description, in single writes of at most `atOnce`. */
function limitHost(file: OpenFile, room: number, atOnce = Infinity): { room: number } {
  const { host } = file as HostFile, write = host.writeSync.bind(host), limit = { room };
  host.writeSync = (bytes) => {
    const count = Math.min(bytes.length, limit.room, atOnce);
    if (count === 0) throw Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
    limit.room -= count;
    return write(bytes.subarray(0, count));
  };
  return limit;
}

/** The beginning of a page as a mapping of this description shows it. */
function mapped(file: OpenFile, length: number, page = 0): string | undefined {
  const mappable = file.mappable(), bytes = new Uint8Array(length);
  assert.ok(typeof mappable !== "number");
  const frame = mappable.frame(page);
  frame?.read(0, bytes);
  return frame && fromBytes(bytes);
}

Deno.test("HostFs maps the file that is open, whatever was at its path before", () =>
  withBind((guest) => {
    const test = () => {
      for (const content of ["first", "second, longer", "third"]) {
        guest.write("/config.lock", content);
        assert.equal(rename(guest, guest.fs.cwd, "/config.lock", guest.fs.cwd, "/config", 0), 0);
        const file = guest.file("/config");
        assert.equal(mapped(file, content.length), content);
        file.unref();
      }
    };
    test();
    later(test);
  }));

Deno.test("HostFs maps a file that has lost its name to another", () =>
  withBind((guest, host) =>
    later(() => {
      guest.write("/f", "mine");
      const file = guest.file("/f");
      Deno.writeTextFileSync(`${host}/g`, "late");
      Deno.renameSync(`${host}/g`, `${host}/f`);
      assert.equal(mapped(file, 4), "mine");
      file.unref();
      assert.equal(guest.read("/f"), "late");
    })
  ));

Deno.test("HostFs shares pages with the next guest only while nobody writes", () =>
  withBind((guest, host) =>
    later(() => {
      const next = TestGuest.root(HostFs.open(fakeServices(), host, hostOwnership(0, 0)) as HostFs);
      const frame = (file: OpenFile) => (file.mappable() as Mappable).frame(0)!;
      guest.write("/f", "old");
      const reader = guest.file("/f"), before = frame(reader);
      assert.equal(frame(next.file("/f")), before);
      const dropped: number[] = [];
      reader.inode.pageUsers = new Set([{ dropPages: (first, end) => dropped.push(first, end) }]);
      const writer = guest.file("/f", O_RDWR);
      assert.equal(dropped[0], 0);
      assert.ok(dropped[1]! < Infinity, "private copies stay");
      const now = frame(reader);
      assert.notEqual(now, before);
      writer.pwrite(toBytes("new"), 0, guest);
      assert.equal(mapped(reader, 3), "new");
      assert.equal(frame(reader), now);
    })
  ));

Deno.test("HostFs shows a new mapping what the host wrote meanwhile", () =>
  withBind((guest, host) => {
    guest.write("/f", "one");
    const file = guest.file("/f", O_RDWR);
    assert.equal(mapped(file, 3), "one");
    Deno.writeTextFileSync(`${host}/f`, "two");
    Deno.utimeSync(`${host}/f`, 1, 1);
    assert.equal(mapped(file, 3), "two");
  }));

Deno.test("HostFs writes back only what a shared mapping changed", () =>
  withBind((guest, host) => {
    guest.write("/f", "one two");
    const file = guest.file("/f", O_RDWR), { frame, mappable } = storing(file);
    frame.write(0, toBytes("ONE"));
    const other = Deno.openSync(`${host}/f`, { write: true });
    other.seekSync(4, Deno.SeekMode.Start);
    other.writeSync(toBytes("TWO"));
    other.close();
    mappable.sharedWritable?.(-1);
    assert.equal(Deno.readTextFileSync(`${host}/f`), "ONE TWO");
  }));

Deno.test("HostFs tells once of what the host refused from a mapping, and keeps it for another attempt", () =>
  withBind((guest, host) => {
    guest.write("/f", "one two");
    const file = guest.file("/f", O_RDWR), { frame, mappable } = storing(file), disk = limitHost(file, 0);
    frame.write(0, toBytes("ONE"));
    assert.equal(mappable.sync?.(0, 1), -ENOSPC);
    assert.equal(file.sync(), -ENOSPC);
    assert.equal(guest.read("/f"), "one two");
    mappable.sharedWritable?.(-1);
    disk.room = 100;
    assert.equal(file.sync(), -ENOSPC, "of the attempts since");
    assert.equal(file.sync(), 0);
    assert.equal(Deno.readTextFileSync(`${host}/f`), "ONE two");
  }));

Deno.test("HostFs does not take a part that the host wrote for the whole", () =>
  withBind((guest, host) => {
    guest.write("/f", "one two");
    const file = guest.file("/f", O_RDWR), { frame, mappable } = storing(file), disk = limitHost(file, 2, 1);
    frame.write(0, toBytes("ONE TWO"));
    assert.equal(mappable.sync?.(0, 1), -ENOSPC);
    assert.equal(Deno.readTextFileSync(`${host}/f`), "ONe two");
    disk.room = 100;
    assert.equal(mappable.sync?.(0, 1), 0);
    assert.equal(Deno.readTextFileSync(`${host}/f`), "ONE TWO");
  }));

Deno.test("HostFs shows the file again when what the host refused is lost", () =>
  withBind((guest) => {
    guest.write("/f", "one two");
    const file = guest.file("/f", O_RDWR), reader = guest.file("/f"), { frame, mappable } = storing(file);
    limitHost(file, 0);
    frame.write(0, toBytes("ONE"));
    mappable.sharedWritable?.(-1);
    file.unref();
    assert.equal(mapped(reader, 7), "one two");
    assert.equal(reader.sync(), -ENOSPC);
  }));

for (
  const [how, grow] of [
    ["a truncation", (file, guest) => guest.place("/f").dentry.inode.truncate(file.inode.size + 300)],
    ["a write behind its end", (file, guest) => file.pwrite(toBytes("E"), 300, guest)],
  ] satisfies [string, (file: OpenFile, guest: TestGuest) => void][]
) {
  Deno.test(`HostFs does not bring back what a mapping stored behind the end when the file grows by ${how}`, () =>
    withBind((guest, host) => {
      guest.write("/f", "12345");
      const file = guest.file("/f", O_RDWR), { frame } = storing(file);
      frame.write(4, toBytes("5 behind"));
      grow(file, guest);
      assert.equal(mapped(file, 10), "12345\0\0\0\0\0");
      frame.write(8, toBytes("9"));
      file.sync();
      assert.equal(Deno.readTextFileSync(`${host}/f`).slice(0, 10), "12345\0\0\x009\0");
    }));
}

Deno.test("HostFs keeps times that were set after a mapping stored", () =>
  withBind((guest, host) => {
    guest.write("/f", "old");
    const file = guest.file("/f", O_RDWR), { frame, mappable } = storing(file);
    frame.write(0, toBytes("new"));
    assert.equal(changeTimes(guest, guest.place("/f"), 1_000_000_000n, 2_000_000_000n, false), 0);
    mappable.sharedWritable?.(-1);
    file.unref();
    assert.equal(Deno.statSync(`${host}/f`).mtime!.getTime(), 2000);
    assert.equal(Deno.readTextFileSync(`${host}/f`), "new");
  }));

Deno.test("HostFs looks at the pages that a read asks for alone, and at none to tell attributes", () =>
  withBind((guest) => {
    guest.write("/f", "x".repeat(3 * 4096));
    const file = guest.file("/f", O_RDWR), looked: number[] = [];
    for (let page = 0; page < 3; page++) {
      const { frame } = storing(file, page), read = frame.read.bind(frame);
      frame.read = (offset, into) => (looked.push(page), read(offset, into));
    }
    file.inode.stat();
    assert.deepEqual(looked, []);
    file.pread(new Uint8Array(4096), 2048, guest);
    assert.deepEqual(looked, [0, 1]);
  }));

Deno.test("HostFs maps shared through a writable description after a read-only one", () =>
  withBind((guest, host) => {
    guest.write("/f", "old");
    const reader = guest.file("/f"), writer = guest.file("/f", O_RDWR);
    assert.equal(mapped(reader, 3), "old");
    storing(writer).frame.write(0, toBytes("new"));
    assert.equal(mapped(reader, 3), "new");
    writer.unref();
    assert.equal(Deno.readTextFileSync(`${host}/f`), "new");
  }));

Deno.test("HostFs serves an open file without a name as any other", () =>
  withBind((guest) => {
    guest.write("/f", "content");
    const file = guest.file("/f", O_RDWR), { inode } = file;
    assert.equal(unlink(guest, guest.fs.cwd, "/f"), 0);
    assert.equal(inode.truncate(3), 0);
    assert.deepEqual([inode.stat().size, inode.stat().nlink], [3, 0]);
    assert.equal(inode.setAttributes({ mode: 0o604 }), 0);
    assert.equal(inode.stat().mode & 0o777, 0o604);
    assert.equal(file.pwrite(toBytes("more"), 3, guest), 4);
    assert.equal(inode.stat().size, 7);
    assert.equal(mapped(file, 7), "conmore");
  }));

Deno.test("HostFs reaches a file by its other names when one is removed", () =>
  withBind((guest, host) => {
    guest.write("/a", "x");
    const at = guest.fs.cwd, file = guest.file("/a");
    assert.equal(makeLink(guest, guest.place("/a"), at, "/b"), 0);
    guest.place("/b");
    assert.equal(unlink(guest, at, "/b"), 0);
    assert.equal(file.inode.setAttributes({ mode: 0o640 }), 0);
    assert.equal(Deno.statSync(`${host}/a`).mode! & 0o777, 0o640);
    assert.equal(changeMode(guest, guest.place("/a"), 0o600), 0);
    assert.equal(Deno.statSync(`${host}/a`).mode! & 0o777, 0o600);
  }));

Deno.test("HostFs gives the host's times at once, not its own", () =>
  withBind((guest, host) => {
    const file = guest.file("/f", O_RDWR | O_CREAT);
    file.write(toBytes("x"), guest);
    const { mtime } = file.inode.stat();
    assert.equal(Number(mtime / 1_000_000n), Deno.statSync(`${host}/f`).mtime!.getTime());
  }));

Deno.test("HostFs gives files the times that the guest sets, to the millisecond, before 1970 to the second", () =>
  withBind((guest, host) => {
    Deno.writeTextFileSync(`${host}/f`, "x");
    Deno.symlinkSync("f", `${host}/link`);
    for (
      const [time, shown] of [
        [1_291_404_900_250_000_000n, 1_291_404_900_250],
        [1_291_404_900_249_999_999n, 1_291_404_900_249],
        [0n, 0],
        [999_999n, 0],
        [-1n, -1000],
        [-1_000_000_000n, -1000],
        [-14_245_440_250_000_000n, -14_245_441_000],
      ] as const
    ) {
      for (const name of ["f", "link"]) {
        assert.equal(changeTimes(guest, guest.place(`/${name}`, false), time, time, false), 0);
        const { atime, mtime } = guest.place(`/${name}`, false).dentry.inode.stat();
        assert.deepEqual([atime, mtime], [time, time]);
        assert.equal(Deno.lstatSync(`${host}/${name}`).mtime!.getTime(), shown);
      }
    }
  }));

Deno.test("HostFs takes the same file for the same through two binds", () =>
  withBind((guest, host) => {
    const other = new TestGuest(guest.namespace, 0);
    const again = HostFs.open((guest.place("/").dentry.inode.sb as HostFs).services, host, hostOwnership(0, 0));
    assert.ok(typeof again !== "number");
    const second = TestGuest.root(again);
    guest.write("/f", "old");
    const reader = second.file("/f", O_RDONLY);
    assert.equal(mapped(reader, 3), "old");
    guest.file("/f", O_RDWR).write(toBytes("newer"), guest);
    assert.equal(mapped(reader, 5), "newer");
    assert.equal(second.place("/f").dentry.inode.stat().size, 5);
    assert.equal(unlink(other, other.fs.cwd, "/f"), 0);
    assert.equal(second.walk("/f"), -ENOENT);
  }));

Deno.test("HostFs does not reach a file by its old path when a link stands there", () =>
  withBind((guest, host) => {
    Deno.mkdirSync(`${host}/outside`);
    Deno.writeTextFileSync(`${host}/outside/f`, "secret");
    Deno.symlinkSync(`${host}/outside`, `${host}/link`);
    guest.mkdir("/d");
    guest.write("/d/f", "mine");
    const place = guest.place("/d/f"), at = guest.fs.cwd;
    assert.equal(rename(guest, at, "/d", at, "/e", 0), 0);
    assert.equal(rename(guest, at, "/link", at, "/d", 0), 0);
    assert.equal(changeMode(guest, place, 0o600), 0);
    assert.equal(place.dentry.inode.truncate(0), 0);
    assert.equal(Deno.readTextFileSync(`${host}/outside/f`), "secret");
    assert.equal(Deno.statSync(`${host}/e/f`).size, 0);
  }));

Deno.test("HostFs refuses a file that another one took the place of", () =>
  withBind((guest, host) => {
    guest.write("/f", "");
    const { inode } = guest.place("/f").dentry;
    Deno.renameSync(`${host}/f`, `${host}/g`);
    Deno.writeTextFileSync(`${host}/f`, "another");
    assert.equal(inode.truncate(0), -ESTALE);
    assert.equal(inode.open(O_WRONLY, guest), -ESTALE);
    guest.write("/f", "Another");
    assert.equal(Deno.readTextFileSync(`${host}/f`), "Another");
    assert.equal(Deno.readTextFileSync(`${host}/g`), "");
  }));

Deno.test("HostFs cannot move a file to another file system", () =>
  withBind((guest) =>
    withBind((other) => {
      guest.write("/f", "");
      const from = guest.place("/").dentry.inode, to = other.place("/").dentry.inode;
      const error = from.rename("f", guest.place("/f").dentry.inode, to, "f", undefined, false);
      assert.equal(error, -EXDEV);
    })
  ));

Deno.test("HostFs turns a permission that Deno withholds into EACCES", async () => {
  const host = await Deno.realPath(await Deno.makeTempDir());
  Deno.mkdirSync(`${host}/inside`);
  Deno.writeTextFileSync(`${host}/outside`, "secret");
  const code = `
    const { HostFs } = await import(${JSON.stringify(import.meta.resolve("./host_fs.ts"))});
    const { fakeServices, TestGuest } = await import(${JSON.stringify(import.meta.resolve("./test_guest.ts"))});
    const same = { uid: (id) => id, gid: (id) => id };
    const fs = HostFs.open(fakeServices(), ${JSON.stringify(host + "/inside")}, same);
    const moveRoot = (path) => fs.root.moved(fs.root.path, path);
    moveRoot(${JSON.stringify(host)});
    const guest = TestGuest.root(fs);
    // As if the kernel had been tricked into a path outside of the bind.
    const { makeSymlink } = await import(${JSON.stringify(import.meta.resolve("./names.ts"))});
    moveRoot(${JSON.stringify(host + "/inside")});
    const linked = makeSymlink(guest, "target", guest.fs.cwd, "/link");
    const text = guest.place("/link", false).dentry.inode.readlink();
    moveRoot(${JSON.stringify(host)});
    postMessage([linked, text, guest.open("/outside"), guest.open("/made", ${O_CREAT | O_WRONLY})]);`;
  const worker = new Worker(`data:application/typescript,${encodeURIComponent(code)}`, {
    type: "module",
    deno: {
      permissions: { read: [`${host}/inside`, new URL("../../..", import.meta.url)], write: [`${host}/inside`] },
    },
  });
  try {
    const results = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => (event.preventDefault(), reject(new Error(event.message)));
    });
    // Links cannot be made with narrowed permissions: they are the guest's alone.
    assert.deepEqual(results, [0, "target", -EACCES, -EACCES]);
  } finally {
    worker.terminate();
    Deno.removeSync(host, { recursive: true });
  }
});

Deno.test("HostFs lists what it cannot look at, as its path is too long for the host", () =>
  withBind((guest, host) => {
    const name = "n".repeat(200);
    let deep = host;
    while (deep.length + 2 * name.length < 4090) Deno.mkdirSync(deep += `/${name}`);
    Deno.mkdirSync(`${host}/moved`);
    Deno.writeTextFileSync(`${host}/moved/${name}`, "");
    Deno.renameSync(`${host}/moved`, `${deep}/${name}`);
    const folder = guest.place(`${deep.slice(host.length)}/${name}`).dentry.inode;
    const entries = folder.entries();
    assert.ok(typeof entries !== "number");
    assert.deepEqual(entries.map((entry) => entry.name), [name]);
    Deno.renameSync(`${deep}/${name}`, `${host}/moved`); // so that the test can remove it
  }));

Deno.test("HostFs tells of holes, and finds nothing behind the end of a file, however far", () =>
  withBind((guest, host) => {
    Deno.writeTextFileSync(`${host}/f`, "x");
    Deno.truncateSync(`${host}/f`, 1 << 20);
    const file = guest.file("/f", O_RDWR), into = new Uint8Array(4);
    assert.equal(file.inode.stat().size, 1 << 20);
    assert.ok(file.inode.stat().blocks < 2048);
    assert.equal(file.pread(into, 2 ** 52, guest), 0);
    // Some host's files can be that large.
    assert.ok([0, -EFBIG].includes(file.inode.truncate(2 ** 52)));
    assert.ok([4, -EFBIG].includes(file.pwrite(into, 2 ** 52, guest)));
  }));
