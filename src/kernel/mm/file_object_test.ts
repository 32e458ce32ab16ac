import assert from "node:assert/strict";
import { O_CREAT, O_RDWR } from "../abi/fcntl.ts";
import { TestGuest } from "../fs/test_guest.ts";
import { fileObject } from "./file_object.ts";

Deno.test("fileObject is one for all mappings of a description, and another for another description", () => {
  const guest = TestGuest.root(), file = guest.file("/f", O_CREAT | O_RDWR);
  const object = fileObject(file);
  assert.ok(typeof object !== "number", `${object}`);
  assert.equal(fileObject(file), object);
  assert.notEqual(fileObject(guest.file("/f")), object);
});
