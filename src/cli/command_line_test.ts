import { deepEqual, equal, throws } from "node:assert/strict";
import { type CommandSyntax, helpText, parseCommandLine } from "./command_line.ts";

const syntax: CommandSyntax = {
  name: "x y",
  operands: "FILE",
  summary: "Does things.",
  stopAtOperand: true,
  groups: [{
    title: "Options",
    options: [
      { name: "verbose", short: "v", repeatable: true, help: "Say more." },
      { name: "quiet", short: "q", help: "Say less." },
      { name: "number", short: "n", value: "N", help: "How many." },
      { name: "env", value: "K=V", repeatable: true, help: "Set." },
      { name: "kind", value: "K", choices: ["a", "b"], help: "Which." },
    ],
  }],
};
const parse = (...args: string[]) => {
  const line = parseCommandLine(syntax, args);
  return [line.options.map(({ name, value }) => value === "" ? name : `${name}=${value}`), line.operands];
};

Deno.test("parseCommandLine reads long and short options in all spellings", () => {
  deepEqual(parse("--number", "1"), [["number=1"], []]);
  deepEqual(parse("--number=1"), [["number=1"], []]);
  deepEqual(parse("-n", "1"), [["number=1"], []]);
  deepEqual(parse("-n1"), [["number=1"], []]);
  deepEqual(parse("-vqn1"), [["verbose", "quiet", "number=1"], []]);
});

Deno.test("parseCommandLine leaves everything behind the first operand alone", () => {
  deepEqual(parse("-v", "prog", "-v", "--", "--help", "", "-"), [["verbose"], ["prog", "-v", "--", "--help", "", "-"]]);
});

Deno.test("parseCommandLine ends options at --", () => {
  deepEqual(parse("-v", "--", "-q", "--"), [["verbose"], ["-q", "--"]]);
});

Deno.test("parseCommandLine finds options among operands unless told to stop", () => {
  const line = parseCommandLine({ ...syntax, stopAtOperand: false }, ["a", "-v", "b"]);
  deepEqual([line.has("verbose"), line.operands], [true, ["a", "b"]]);
});

Deno.test("parseCommandLine takes a value that begins with a dash", () => {
  deepEqual(parse("--env", "-x=1"), [["env=-x=1"], []]);
});

Deno.test("parseCommandLine keeps = in values", () => deepEqual(parse("--env=A=B=C"), [["env=A=B=C"], []]));

for (
  const [args, message] of [
    [["--nonsense"], /unknown option --nonsense/],
    [["-z"], /unknown option -z/],
    [["-vz"], /unknown option -z/],
    [["--number"], /--number needs a value: N/],
    [["--quiet=1"], /--quiet takes no value/],
    [["--kind", "c"], /--kind c: must be one of a, b/],
    [["--number", "1", "--number", "2"], /given twice/],
  ] as const
) {
  Deno.test(`parseCommandLine refuses ${args.join(" ")}`, () => {
    throws(() => parseCommandLine(syntax, args), message);
  });
}

Deno.test("CommandLine.number refuses what is no number in range", () => {
  for (const text of ["x", "-1", "11", "1.5", "1e3", "", "0x1", "Infinity"]) {
    const line = parseCommandLine(syntax, ["--number", text]);
    throws(() => line.number("number", { min: 0, max: 10, integer: true }), /must be a whole number from 0 to 10/);
  }
});

Deno.test("helpText shows every option beside its help", () => {
  equal(
    helpText(syntax),
    `Usage: x y [options] FILE

Does things.

Options:
  -v, --verbose             Say more.
  -q, --quiet               Say less.
  -n, --number N            How many.
      --env K=V             Set.
      --kind K              Which.
`,
  );
});
