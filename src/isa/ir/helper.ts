/**
 * Helpers: functions shared by many instructions (soft floating point, wide multiplication, crypto rounds), written
 * with the same operators and statements. A helper runs on the calling thread's state (`b.sys("fpcr")` works) but
 * names no operands of the instruction and touches no guest memory.
 */
import { Builder, type Reg } from "./builder.ts";
import type { Local, Type, Value } from "./ops.ts";

export interface Helper<T extends Type = Type> {
  readonly name: string;
  readonly params: readonly Type[];
  readonly results: readonly T[];
  /** Builds the body; must end every path in `b.return`. */
  readonly build: (b: HelperBuilder, ...params: Local[]) => void;
}

/** Builder for a helper's body: no fields. */
export class HelperBuilder extends Builder {
  num(field: string): never {
    throw new Error(`a helper has no field ${field}`);
  }
  protected reg(field: string): Reg {
    throw new Error(`a helper has no operand ${field}`);
  }
}

/**
 * Defines a helper with one result. The body returns its value; early exits use `b.return`.
 *
 * ```ts
 * import { i64 } from "./ops.ts";
 * const twice = helper("twice", ["i64"], "i64", (_b, x) => i64.add(x, x));
 * ```
 */
export function helper<P extends readonly Type[], R extends Type>(
  name: string,
  params: readonly [...P],
  result: R,
  body: (b: HelperBuilder, ...params: { [K in keyof P]: Local<P[K]> }) => Value<R>,
): Helper<R> {
  return {
    name,
    params,
    results: [result],
    build: (b, ...locals) => b.return(body(b, ...locals as { [K in keyof P]: Local<P[K]> })),
  };
}

/** Defines a helper with any number of results (none, or several). */
export function helperMany<P extends readonly Type[]>(
  name: string,
  params: readonly [...P],
  results: readonly Type[],
  body: (b: HelperBuilder, ...params: { [K in keyof P]: Local<P[K]> }) => Value[],
): Helper {
  return {
    name,
    params,
    results,
    build: (b, ...locals) => b.return(...body(b, ...locals as { [K in keyof P]: Local<P[K]> })),
  };
}
