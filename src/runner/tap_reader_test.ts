import { deepEqual, equal } from "node:assert/strict";
import { type TapDocument, type TapPoint, TapReader } from "./tap_reader.ts";

function read(text: string, piece = text.length || 1): TapDocument | undefined {
  const reader = new TapReader(), bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += piece) reader.write(bytes.subarray(at, at + piece));
  return reader.end();
}

const shown = (points: readonly TapPoint[]): unknown[] =>
  points.map((each) => [each.ok, each.number, each.description, ...(each.points ? [shown(each.points)] : [])]);

Deno.test("TapReader reads points, numbers and descriptions", () => {
  const tap = read("TAP version 13\n1..3\nok 1 - one\nnot ok 2 two\nok\n")!;
  deepEqual(shown(tap.points), [[true, 1, "one"], [false, 2, "two"], [true, 3, ""]]);
  deepEqual(tap.problems, []);
});

Deno.test("TapReader reads the same however the bytes are cut", () => {
  const text = "TAP version 14\n1..2\nok 1 - größe\n  ---\n  a: 1\n  ...\nok 2 # SKIP no\n";
  for (const piece of [1, 2, 7]) deepEqual(read(text, piece), read(text));
});

Deno.test("TapReader reads a last line without a newline", () => {
  equal(read("1..1\nok 1 - end")!.points.length, 1);
});

Deno.test("TapReader takes a plan at the end", () => {
  deepEqual(read("ok 1\nok 2\n1..2\n")!.problems, []);
});

Deno.test("TapReader does not take a program's ordinary output for TAP", () => {
  for (const text of ["", "hello\n", "ok\n", "ok 1 - looks like it\n", "1..5\n", "okay 1..2\n", "\0\x01\xff"]) {
    equal(read(text), undefined, JSON.stringify(text));
  }
});

Deno.test("TapReader reads directives in any case, with their reasons", () => {
  const tap = read("1..3\nok 1 - a # SKIP no net\nnot ok 2 - b # todo: later\nok 3 - c # Skipped: x\n")!;
  deepEqual(tap.points.map((each) => [each.directive, each.reason, each.description]), [
    ["skip", "no net", "a"],
    ["todo", "later", "b"],
    ["skip", "x", "c"],
  ]);
});

Deno.test("TapReader leaves an escaped # in the description", () => {
  const [point] = read("1..1\nok 1 - issue \\# skip this \\\\ one\n")!.points;
  deepEqual([point!.description, point!.directive], ["issue # skip this \\ one", undefined]);
});

Deno.test("TapReader gives a point the subtest before it", () => {
  const tap = read(
    "1..2\n    ok 1 - in\n        ok 1 - deep\n        1..1\n    ok 2 - deeper\n    1..2\nok 1 - out\nok 2 - next\n",
  )!;
  deepEqual(shown(tap.points), [
    [true, 1, "out", [[true, 1, "in"], [true, 2, "deeper", [[true, 1, "deep"]]]]],
    [true, 2, "next"],
  ]);
});

Deno.test("TapReader keeps YAML diagnostics with their point", () => {
  const tap = read("1..2\nnot ok 1 - a\n  ---\n  got: |\n    ok 9 - not a point\n  ...\nok 2 - b\n")!;
  deepEqual(tap.points.map((each) => each.diagnostics), ["got: |\n  ok 9 - not a point", undefined]);
});

Deno.test("TapReader ends a YAML block that its writer did not", () => {
  const tap = read("1..2\nnot ok 1\n  ---\n  a: 1\nok 2\n")!;
  deepEqual(tap.points.map((each) => each.diagnostics), ["a: 1", undefined]);
});

Deno.test("TapReader reports a plan that was not kept", () => {
  deepEqual(read("1..3\nok 1\nok 2\n")!.problems, ["planned 3 tests, ran 2"]);
});

Deno.test("TapReader reports a missing plan of a stream with a version", () => {
  deepEqual(read("TAP version 14\nok 1\n")!.problems, ["no plan"]);
});

Deno.test("TapReader reports numbers that do not fit", () => {
  deepEqual(read("1..2\nok 1\nok 3\n")!.problems, ["test 2 is missing or has another number"]);
});

Deno.test("TapReader knows a plan that skips everything", () => {
  deepEqual([read("1..0 # SKIP no device\n")!.skipAll, read("1..0\n")!.skipAll], ["no device", ""]);
});

Deno.test("TapReader knows a bail-out, in a subtest too", () => {
  deepEqual([read("1..1\nok 1\nBail out! no memory\n")!.bailOut, read("1..1\n    Bail out!\nok 1\n")!.bailOut], [
    "no memory",
    "",
  ]);
});

Deno.test("TapReader tells of points outside of subtests as they come", () => {
  const seen: string[] = [];
  const reader = new TapReader((point) => seen.push(point.description));
  reader.write(new TextEncoder().encode("1..2\n    ok 1 - in\nok 1 - a\nok 2 - b"));
  deepEqual(seen, ["a"]);
});

Deno.test("TapReader stays small on output that never ends a line", () => {
  const reader = new TapReader(), megabyte = new Uint8Array(1 << 20).fill(0x20);
  for (let n = 0; n < 20; n++) reader.write(megabyte);
  equal(reader.end(), undefined);
});

Deno.test("TapReader is not slow on a hostile description", () => {
  const started = performance.now();
  read(`1..1\nok 1 - ${"# \\".repeat(20_000)}${" ".repeat(20_000)}x\n`);
  equal(performance.now() - started < 1000, true);
});
