/**
 * One row per system call: the single description from which dispatch, the trace and `docs/syscalls.md` come.
 */
import type { Task } from "../task/task.ts";
import type { Blocking } from "../wait.ts";

/**
 * How an argument is passed to the handler and shown by the trace. Handlers get JS numbers:
 * 32-bit signed for the `int` group, unsigned (exact below 2^53) for the pointer group, signed for the `long` group.
 */
export type ArgFormat =
  // int group: the low 32 bits, signed
  | "int"
  | "fd"
  | "dirfd"
  | "pid"
  | "signal"
  | "uid"
  | "gid"
  | "mode"
  | "uint"
  | `flags:${string}` // named set of 32-bit flags or constants, see abi/flags.ts
  // long group: signed 64-bit
  | "long"
  | "off"
  // pointer group: unsigned 64-bit
  | "ptr"
  | "size"
  | "ulong"
  | "path" // pointer to a NUL-terminated path
  | "str" // pointer to a NUL-terminated string
  | "buf" // pointer to bytes, shown by the length the call returned (read) or was given (write)
  | "strv" // pointer to a NULL-terminated array of strings
  | `struct:${string}`; // pointer to a structure the trace can decode

/** Serves one call. Returns the result, a negative errno, or a generator when it has to wait. Throws UserFault for EFAULT. */
export type Handler = (task: Task, ...args: number[]) => number | bigint | Blocking;

/** How much of Linux's behaviour is there. */
export type Support = "full" | "partial" | "none";

export interface SyscallRow {
  /** arm64 number (asm-generic/unistd.h). */
  readonly nr: number;
  readonly name: string;
  readonly args: readonly { readonly name: string; readonly format: ArgFormat }[];
  readonly handler: Handler;
  readonly support: Support;
  /** For partial and none: what is missing. */
  readonly note?: string;
}

/**
 * Writes a row in one line.
 *
 * @param signature arguments as `name:format`, e.g. `"dirfd:dirfd path:path flags:flags:open mode:mode"`
 */
export function row(nr: number, name: string, signature: string, handler: Handler, partial?: string): SyscallRow {
  const args = signature.split(" ").filter(Boolean).map((part) => {
    const colon = part.indexOf(":");
    return { name: part.slice(0, colon), format: part.slice(colon + 1) as ArgFormat };
  });
  return { nr, name, args, handler, support: partial ? "partial" : "full", ...(partial ? { note: partial } : {}) };
}
