import assert from "node:assert/strict";
import { EINVAL } from "../abi/errno.ts";
import { SEEK_SET } from "../abi/fcntl.ts";
import { DirectoryFile } from "./directory_file.ts";
import { unlink } from "./names.ts";
import { TestGuest } from "./test_guest.ts";

function directory(names: readonly string[]): { guest: TestGuest; file: DirectoryFile } {
  const guest = TestGuest.root();
  for (const name of names) guest.write("/" + name, "");
  const file = guest.file("/");
  assert.ok(file instanceof DirectoryFile);
  return { guest, file };
}

/** Names of the next records that fit. */
function next(file: DirectoryFile, guest: TestGuest, room = 4096): string[] {
  const bytes = new Uint8Array(room), view = new DataView(bytes.buffer), used = file.readEntries(bytes, guest);
  assert.ok(used >= 0, String(used));
  const names: string[] = [];
  for (let at = 0; at < used; at += view.getUint16(at + 16, true)) {
    const end = bytes.indexOf(0, at + 19);
    names.push(new TextDecoder().decode(bytes.subarray(at + 19, end)));
  }
  return names;
}

Deno.test("DirectoryFile lists . and .. first, then the newest", () => {
  const { guest, file } = directory(["a", "b", "c"]);
  assert.deepEqual(next(file, guest), [".", "..", "c", "b", "a"]);
  assert.deepEqual(next(file, guest), []);
});

Deno.test("DirectoryFile goes on where it stopped while names are removed", () => {
  const { guest, file } = directory(["a", "b", "c"]);
  assert.deepEqual(next(file, guest, 72), [".", "..", "c"]);
  unlink(guest, guest.fs.cwd, "/c");
  assert.deepEqual(next(file, guest, 72), ["b", "a"]);
});

Deno.test("DirectoryFile goes back to an offset and sees new names after a rewind", () => {
  const { guest, file } = directory(["a"]);
  next(file, guest);
  guest.write("/b", "");
  file.seek(2, SEEK_SET);
  assert.deepEqual(next(file, guest), ["a"]);
  file.seek(0, SEEK_SET);
  assert.deepEqual(next(file, guest), [".", "..", "b", "a"]);
});

Deno.test("DirectoryFile refuses a buffer that holds no record", () => {
  const { guest, file } = directory([]);
  assert.equal(file.readEntries(new Uint8Array(10), guest), -EINVAL);
});
