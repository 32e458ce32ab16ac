/**
 * Errors meant for the user: one line that says what is wrong, where possible one that says what to do, and an exit
 * code. Everything else that is thrown is a bug.
 */

/** Exit codes of elftap's own making; a guest's status is passed on as it is. */
export const ExitCode = {
  /** elftap itself failed: bad usage, a denied permission, a bug. */
  failure: 125,
  /** The program is there but cannot be run. */
  cannotRun: 126,
  /** The program, its interpreter or a library is missing. */
  notFound: 127,
  /** Some tests failed. */
  testsFailed: 100,
} as const;

/** An error for the user. */
export class Failure extends Error {
  override readonly name: string = "Failure";
  readonly exitCode: number;
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(message: string, options: { exitCode?: number; hint?: string | undefined } = {}) {
    super(message);
    this.exitCode = options.exitCode ?? ExitCode.failure;
    this.hint = options.hint;
  }
}

/** What to tell the user about anything that was thrown. */
export interface FailureReport {
  /** One line. */
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: number;
}

/**
 * Describes anything that was thrown. Errors of other rooms count as {@link Failure} when they carry an exit code;
 * a permission that Deno denied names its flag; the rest is reported as a bug, without its stack.
 */
export function describeFailure(error: unknown): FailureReport {
  if (!(error instanceof Error)) return { message: oneLine(String(error)), hint: undefined, exitCode: 125 };
  const { exitCode, hint } = error as { exitCode?: unknown; hint?: unknown };
  if (typeof exitCode === "number") {
    return { message: oneLine(error.message), hint: typeof hint === "string" ? hint : undefined, exitCode };
  }
  // import() reports it as a TypeError.
  const what = /Requires (.*?), run again with the (--allow-\w+) flag/.exec(error.message);
  if (error instanceof Deno.errors.NotCapable || what) {
    return {
      message: what ? `Deno refused ${what[1]}` : oneLine(error.message),
      hint: what ? `run elftap with ${what[2]}` : undefined,
      exitCode: ExitCode.failure,
    };
  }
  // What the host's file system and network say (Deno.errors.*) needs no apology.
  const isHostError = Object.values(Deno.errors).some((kind) => error instanceof kind);
  return {
    message: isHostError ? oneLine(error.message) : `internal error: ${oneLine(error.message || error.name)}`,
    hint: isHostError ? undefined : "this is a bug in elftap",
    exitCode: ExitCode.failure,
  };
}

/** Where something was thrown, for those who want details; undefined for what is an answer to the user and no surprise. */
export function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof Deno.errors.NotCapable) return undefined;
  return typeof (error as { exitCode?: unknown }).exitCode === "number" ? undefined : error.stack;
}

function oneLine(text: string): string {
  const at = text.indexOf("\n");
  return at < 0 ? text : text.slice(0, at);
}
