import { deepEqual } from "node:assert/strict";
import { describeFailure, Failure } from "./failure.ts";

Deno.test("describeFailure names the flag for a permission that Deno denied, also to import()", () => {
  const message = 'Requires read access to "/x/run.ts", run again with the --allow-read flag';
  for (const error of [new Deno.errors.NotCapable(message), new TypeError(message)]) {
    deepEqual(describeFailure(error), {
      message: 'Deno refused read access to "/x/run.ts"',
      hint: "run elftap with --allow-read",
      exitCode: 125,
      isBug: false,
    });
  }
});

Deno.test("describeFailure tells failures as they are, what the host says without apology, and bugs in one line", () => {
  deepEqual(describeFailure(new Failure("no such file", { exitCode: 127, hint: "look" })), {
    message: "no such file",
    hint: "look",
    exitCode: 127,
    isBug: false,
  });
  deepEqual(describeFailure(new Deno.errors.NotFound("gone\nat x")), {
    message: "gone",
    hint: undefined,
    exitCode: 125,
    isBug: false,
  });
  deepEqual(describeFailure(new RangeError("boom\nat y")), {
    message: "internal error: boom",
    hint: "this is a bug in elftap",
    exitCode: 125,
    isBug: true,
  });
});
