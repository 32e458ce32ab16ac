/**
 * elftap runs aarch64 Linux programs and test binaries on any host, without virtualization: a Linux kernel personality
 * in TypeScript over an engine in WebAssembly.
 *
 * {@link LinuxCommand} runs one program with the manners of `Deno.Command`; {@link runTests} runs test programs in
 * parallel; the reporters turn its events into TAP, JUnit and more.
 *
 * @example Running a program
 * ```ts
 * import { LinuxCommand } from "@elftap/elftap";
 *
 * const { code } = await new LinuxCommand("tests/fixtures/hello", { args: ["a", "b"] }).output();
 * console.assert(code === 0);
 * ```
 *
 * @module
 */
export { Failure } from "./src/failure.ts";
export {
  LinuxChildProcess,
  LinuxCommand,
  type LinuxCommandOptions,
  type LinuxCommandOutput,
  type LinuxCommandStatus,
  type StdioKind,
} from "./src/library/linux_command.ts";
export { runTests, type RunTestsOptions } from "./src/library/run_tests.ts";
export type { BindOptions, WorldOptions } from "./src/library/world.ts";
export type { Attempt, Summary, TestEvent, TestResult, Verdict } from "./src/runner/events.ts";
export type { Crash, GuestOutcome } from "./src/runner/guest_spec.ts";
export type { TestRun } from "./src/runner/run_tests.ts";
export type { TapDocument, TapPoint } from "./src/runner/tap_reader.ts";
export type { Protocol } from "./src/runner/verdict.ts";
export { GithubReporter } from "./src/report/github.ts";
export { JsonReporter } from "./src/report/json.ts";
export { JunitReporter } from "./src/report/junit.ts";
export { PrettyReporter } from "./src/report/pretty.ts";
export type { Reporter } from "./src/report/reporter.ts";
export { TapReporter } from "./src/report/tap.ts";
