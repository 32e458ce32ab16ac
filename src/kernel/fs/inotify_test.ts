import assert from "node:assert/strict";
import { EAGAIN, EINVAL } from "../abi/errno.ts";
import { O_CREAT, O_WRONLY } from "../abi/fcntl.ts";
import * as abi from "../abi/inotify.ts";
import { changeMode } from "./attributes.ts";
import { InotifyFile } from "./inotify.ts";
import { rename, unlink } from "./names.ts";
import { TestGuest } from "./test_guest.ts";

interface Event {
  wd: number;
  mask: number;
  cookie: number;
  name: string;
}

function events(instance: InotifyFile, guest: TestGuest): Event[] {
  const bytes = new Uint8Array(65536), count = instance.read(bytes, guest), list: Event[] = [];
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < count; at += 16 + view.getUint32(at + 12, true)) {
    const name = new TextDecoder().decode(bytes.subarray(at + 16, at + 16 + view.getUint32(at + 12, true)));
    list.push({
      wd: view.getInt32(at, true),
      mask: view.getUint32(at + 4, true),
      cookie: view.getUint32(at + 8, true),
      name: name.replace(/\0+$/, ""),
    });
  }
  return list;
}

function watched(path: string, mask: number): { guest: TestGuest; instance: InotifyFile } {
  const guest = TestGuest.root(), instance = new InotifyFile(0);
  guest.mkdir("/d");
  guest.write("/d/f", "x");
  assert.equal(instance.add(guest.place(path).dentry.inode, mask), 1);
  return { guest, instance };
}

const seen = (list: Event[]) => list.map(({ mask, name }) => [mask >>> 0, name]);

Deno.test("InotifyFile has nothing to read before something happens", () => {
  const { guest, instance } = watched("/d", abi.IN_ALL_EVENTS);
  assert.equal(instance.read(new Uint8Array(100), guest), -EAGAIN);
  assert.equal(instance.poll(), 0);
});

Deno.test("InotifyFile tells of a file made, opened and closed in a directory", () => {
  const { guest, instance } = watched("/d", abi.IN_ALL_EVENTS);
  guest.file("/d/new", O_CREAT | O_WRONLY).unref();
  assert.deepEqual(seen(events(instance, guest)), [
    [abi.IN_CREATE, "new"],
    [abi.IN_OPEN, "new"],
    [abi.IN_CLOSE_WRITE, "new"],
  ]);
});

Deno.test("InotifyFile ties the halves of a move together", () => {
  const { guest, instance } = watched("/d", abi.IN_MOVED_FROM | abi.IN_MOVED_TO);
  rename(guest, guest.fs.cwd, "/d/f", guest.fs.cwd, "/d/g", 0);
  const [from, to] = events(instance, guest);
  assert.deepEqual([from?.name, to?.name], ["f", "g"]);
  assert.ok(from!.cookie !== 0 && from!.cookie === to!.cookie);
});

Deno.test("InotifyFile marks events of directories", () => {
  const { guest, instance } = watched("/d", abi.IN_CREATE);
  guest.mkdir("/d/sub");
  assert.deepEqual(seen(events(instance, guest)), [[(abi.IN_CREATE | abi.IN_ISDIR) >>> 0, "sub"]]);
});

Deno.test("InotifyFile ends the watch of a file with the file", () => {
  const { guest, instance } = watched("/d/f", abi.IN_DELETE_SELF);
  unlink(guest, guest.fs.cwd, "/d/f");
  assert.deepEqual(seen(events(instance, guest)), [[abi.IN_DELETE_SELF, ""], [abi.IN_IGNORED, ""]]);
  assert.equal(instance.removeWatch(1), -EINVAL);
});

Deno.test("InotifyFile with IN_ONESHOT tells once", () => {
  const { guest, instance } = watched("/d/f", abi.IN_ATTRIB | abi.IN_ONESHOT);
  for (const mode of [0o600, 0o644]) changeMode(guest, guest.place("/d/f"), mode);
  assert.deepEqual(seen(events(instance, guest)), [[abi.IN_ATTRIB, ""], [abi.IN_IGNORED, ""]]);
});

Deno.test("InotifyFile tells an event once when it repeats", () => {
  const { guest, instance } = watched("/d/f", abi.IN_ATTRIB);
  for (const mode of [0o600, 0o644]) changeMode(guest, guest.place("/d/f"), mode);
  assert.equal(events(instance, guest).length, 1);
});

Deno.test("InotifyFile.read refuses a buffer too small for one event", () => {
  const { guest, instance } = watched("/d", abi.IN_CREATE);
  guest.mkdir("/d/sub");
  assert.equal(instance.read(new Uint8Array(8), guest), -EINVAL);
});

Deno.test("InotifyFile lets go of inodes when it is closed", () => {
  const { guest, instance } = watched("/d", abi.IN_CREATE);
  instance.unref();
  assert.equal(guest.place("/d").dentry.inode.watches, undefined);
});
