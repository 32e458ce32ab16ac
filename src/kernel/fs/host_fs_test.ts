import assert from "node:assert/strict";
import { EACCES, EEXIST, ENOENT, ENOTEMPTY, EXDEV } from "../abi/errno.ts";
import { O_APPEND, O_CREAT, O_RDWR, O_TRUNC, O_WRONLY } from "../abi/fcntl.ts";
import { S_IFIFO } from "../abi/stat.ts";
import { changeMode, changeTimes } from "./attributes.ts";
import { toBytes } from "./byte_string.ts";
import { HostFs } from "./host_fs.ts";
import { makeLink, makeNode, makeSymlink, removeDirectory, rename, unlink } from "./names.ts";
import { hostOwnership } from "./ownership.ts";
import { fakeServices, TestGuest } from "./test_guest.ts";

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
    const file = guest.file("/f", O_RDWR), mappable = file.mappable();
    assert.ok(typeof mappable !== "number");
    const frame = mappable.frame(0)!;
    mappable.written?.(0);
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
    assert.equal(inode.truncate(0), -ENOENT);
    assert.equal(inode.open(O_WRONLY, guest), -ENOENT);
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
    fs.root.path = ${JSON.stringify(host)};
    const guest = TestGuest.root(fs);
    // As if the kernel had been tricked into a path outside of the bind.
    const { makeSymlink } = await import(${JSON.stringify(import.meta.resolve("./names.ts"))});
    fs.root.path = ${JSON.stringify(host + "/inside")};
    const linked = makeSymlink(guest, "target", guest.fs.cwd, "/link");
    const text = guest.place("/link", false).dentry.inode.readlink();
    fs.root.path = ${JSON.stringify(host)};
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
