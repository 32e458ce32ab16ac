import assert from "node:assert/strict";
import { SYSCALLS } from "../syscalls/table.ts";
import { flagNames, flagSet } from "./flags.ts";

Deno.test("flagNames joins bits by name", () => {
  assert.equal(flagNames("open", 0o2000101), "O_WRONLY|O_CREAT|O_CLOEXEC");
});

Deno.test("flagNames names a zero where it means something", () => {
  assert.equal(flagNames("prot", 0), "PROT_NONE");
  assert.equal(flagNames("open", 0), "O_RDONLY");
});

Deno.test("flagNames adds unknown bits as a number", () => {
  assert.equal(flagNames("prot", 0x8001), "PROT_READ|0x8000");
});

Deno.test("flagNames names constants that are not bits", () => {
  assert.equal(flagNames("clockid", 1), "CLOCK_MONOTONIC");
  assert.equal(flagNames("clockid", 77), "0x4d /* CLOCK_??? */");
});

Deno.test("flagNames shows clone's exit signal behind its flags", () => {
  assert.equal(flagNames("clone", 0x1200011), "CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD");
});

Deno.test("flagNames shows a combination before its parts", () => {
  assert.equal(flagNames("open", 0o4010000 | 2), "O_RDWR|O_SYNC");
  assert.equal(flagNames("open", 0o4010100), "O_RDONLY|O_CREAT|O_SYNC");
});

Deno.test("flagNames shows a set nobody has described in hexadecimal", () => {
  assert.equal(flagNames("nonesuch", 0x12), "0x12");
});

Deno.test("flagSet knows every set that the table names", () => {
  const formats = SYSCALLS.flatMap(({ args, result }) => [...args.map(({ format }) => format), result ?? "fd"]);
  const names = formats.filter((format) => /^(flags|bits):/.test(format)).map((format) => format.replace(/^.*:/, ""));
  const unknown = [...new Set(names)].filter((name) => flagSet(name) === undefined);
  assert.deepEqual(unknown, []);
});
