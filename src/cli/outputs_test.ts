import { deepEqual, throws } from "node:assert/strict";
import { CommandLine } from "./command_line.ts";
import { destinations } from "./outputs.ts";

const read = (...options: [string, string][]) =>
  destinations(new CommandLine(options.map(([name, value]) => ({ name, value })), []))
    .map(({ reporter, file }) => [reporter, file]);

Deno.test("destinations is pretty on stdout by default", () => deepEqual(read(), [["pretty", undefined]]));

Deno.test("destinations reads a file behind the colon", () => {
  deepEqual(read(["reporter", "tap"], ["reporter", "junit:a:b.xml"]), [["tap", undefined], ["junit", "a:b.xml"]]);
});

Deno.test("destinations gives --output to the reporter before it", () => {
  deepEqual(read(["reporter", "junit"], ["output", "j.xml"], ["reporter", "tap"]), [["junit", "j.xml"], [
    "tap",
    undefined,
  ]]);
});

Deno.test("destinations lets pretty speak when all others write to files", () => {
  deepEqual(read(["reporter", "tap:run.tap"]), [["tap", "run.tap"], ["pretty", undefined]]);
});

Deno.test("destinations gives an --output alone to pretty", () => {
  deepEqual(read(["output", "out.txt"]), [["pretty", "out.txt"], ["pretty", undefined]]);
});

Deno.test("destinations refuses a second file, an unknown name, two on stdout", () => {
  throws(() => read(["reporter", "tap:a"], ["output", "b"]), /has a file already/);
  throws(() => read(["reporter", "yaml"]), /must be one of/);
  throws(() => read(["reporter", "tap"], ["reporter", "json"]), /two reporters/);
});
