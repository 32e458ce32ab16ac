/**
 * One row per system call: the single description from which dispatch, the trace and `docs/syscalls.md` come.
 */
import type { Task } from "../task/task.ts";
import type { Blocking } from "../wait.ts";

/**
 * How an argument is passed to the handler and shown by the trace. Handlers get JS numbers:
 * 32-bit signed for the `int` group, unsigned (exact below 2^53) for the pointer group, signed for the `long` group.
 *
 * What follows a colon is for the trace alone: the set of flags, the structure, the argument that holds a length.
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
  | "mode" // permission bits, octal
  | "filemode" // type and permission bits
  | "uint"
  | "xint" // hexadecimal
  | `flags:${string}` // named set of 32-bit flags or constants, see abi/flags.ts
  | `int:${string}` // what it means depends on other arguments: src/debug/trace/decode/dependent.ts
  // long group: signed 64-bit
  | "long"
  | "off"
  // pointer group: unsigned 64-bit
  | "ptr"
  | "size"
  | "ulong"
  | "hex"
  | `bits:${string}` // flags passed as unsigned long
  | "path" // pointer to a NUL-terminated path
  | "str" // pointer to a NUL-terminated string
  | "strv" // pointer to a NULL-terminated array of strings
  | "env" // the same, shown as their number
  | `buf:${string}` // pointer to bytes; names the argument that holds their number
  | "outbuf" // pointer to bytes that the call fills in: as many as it returns
  | "outbuf_x" // the same, in hexadecimal
  | "outbuf_z" // the same, with a NUL at the end
  | `struct:${string}` // pointer to a structure that the call reads
  | `out:${string}` // pointer to a structure that the call fills in
  | `inout:${string}` // pointer to a structure that the call changes
  | `array:${string}` // ELEMENT:COUNT, read by the call
  | `outarray:${string}` // ELEMENT, as many as the call returns; ELEMENT:COUNT
  | `arg:${string}`; // as int:, for the pointer group

/** How the trace shows a result; decimal without one. */
export type ResultFormat = "fd" | "hex" | "octal" | `flags:${string}` | `by:${string}`;

/** Serves one call. Returns the result, a negative errno, or a generator when it has to wait. Throws UserFault for EFAULT. */
export type Handler = (task: Task, ...args: number[]) => number | bigint | Blocking;

/** How much of Linux's behaviour is there. */
export type Support = "full" | "partial" | "none";

export interface SyscallRow {
  /** arm64 number (asm-generic/unistd.h). */
  readonly nr: number;
  readonly name: string;
  readonly args: readonly { readonly name: string; readonly format: ArgFormat }[];
  readonly result?: ResultFormat | undefined;
  readonly handler: Handler;
  readonly support: Support;
  /** For partial and none: what is missing. */
  readonly note?: string;
}

/**
 * Writes a row in one line.
 *
 * @param signature arguments as `name:format`, and the result's format behind `=` where it is no plain number:
 * `"dirfd:dirfd path:path flags:flags:open mode:mode =fd"`
 */
export function row(nr: number, name: string, signature: string, handler: Handler, partial?: string): SyscallRow {
  let args: SyscallRow["args"] | undefined;
  return {
    nr,
    name,
    handler,
    support: partial ? "partial" : "full",
    ...(partial ? { note: partial } : {}),
    // Read when asked for: of 350 calls a program makes some twenty.
    get args() {
      return args ??= signature.split(" ").filter((part) => part !== "" && !part.startsWith("=")).map((part) => {
        const colon = part.indexOf(":");
        return { name: part.slice(0, colon), format: part.slice(colon + 1) as ArgFormat };
      });
    },
    get result() {
      const equals = signature.lastIndexOf("=");
      return equals < 0 ? undefined : signature.slice(equals + 1) as ResultFormat;
    },
  };
}
