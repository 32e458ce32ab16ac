import { deepEqual, equal, match } from "node:assert/strict";
import { describeFailure, Failure, stackOf } from "./failure.ts";

Deno.test("describeFailure names the flag for a permission that Deno denied, also to import()", () => {
  const message = 'Requires read access to "/x/run.ts", run again with the --allow-read flag';
  for (const error of [new Deno.errors.NotCapable(message), new TypeError(message)]) {
    deepEqual(describeFailure(error), {
      message: 'Deno refused read access to "/x/run.ts"',
      hint: "run elftap with --allow-read",
      exitCode: 125,
    });
  }
});

Deno.test("describeFailure tells failures as they are, what the host says without apology, and bugs in one line", () => {
  deepEqual(describeFailure(new Failure("no such file", { exitCode: 127, hint: "look" })), {
    message: "no such file",
    hint: "look",
    exitCode: 127,
  });
  deepEqual(describeFailure(new Deno.errors.NotFound("gone\nat x")), {
    message: "gone",
    hint: undefined,
    exitCode: 125,
  });
  deepEqual(describeFailure(new RangeError("boom\nat y")), {
    message: "internal error: boom",
    hint: "this is a bug in elftap",
    exitCode: 125,
  });
});

Deno.test("stackOf tells where bugs and errors of the host arose, and nothing of an answer to the user", () => {
  match(stackOf(new RangeError("boom"))!, /^RangeError: boom\n {4}at /);
  match(stackOf(new Deno.errors.BadResource("closed"))!, /^BadResource: closed\n {4}at /);
  for (const answer of [new Failure("no such file"), new Deno.errors.NotCapable("no"), "thrown", undefined]) {
    equal(stackOf(answer), undefined);
  }
});
