/** What it takes to start a program for a debugger (`vRun`). Strings are byte strings. */

export interface LaunchRequest {
  /** Guest path. */
  readonly path: string;
  /** Default: {@link path}. */
  readonly argv0?: string;
  /** Without argv[0]. */
  readonly args: readonly string[];
  /** `NAME=VALUE` */
  readonly env: readonly string[];
  /** Guest path of the working directory. */
  readonly cwd: string;
}

/** The environment with one variable set, or without it. */
export function withVariable(env: readonly string[], name: string, value: string | undefined): string[] {
  const others = env.filter((each) => !each.startsWith(`${name}=`));
  return value === undefined ? others : [...others, `${name}=${value}`];
}
