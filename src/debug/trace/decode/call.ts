/**
 * What decoders work on. A decoder turns one argument of a call into text as strace shows it; it sees the whole call,
 * as the meaning of an argument often depends on others.
 */
import type { SyscallRow } from "../../../kernel/syscalls/row.ts";
import type { Task } from "../../../kernel/task/task.ts";
import type { HexStrings } from "./text.ts";

/** How much is shown, and how. */
export interface Style {
  /** Bytes of a string or buffer that are shown. */
  readonly limit: number;
  /** Descriptors with what they are: 0 not, 1 paths, 2 sockets' addresses and devices' numbers too. */
  readonly descriptors: 0 | 1 | 2;
  /** Large structures in their short form. */
  readonly abbreviate: boolean;
  /** Strings as hexadecimal bytes. */
  readonly hexStrings: HexStrings;
}

/** A call under way or just ended. */
export interface Call {
  readonly task: Task;
  readonly row: SyscallRow | undefined;
  readonly name: string;
  /** As the handler gets them: see ArgFormat. */
  readonly args: readonly number[];
  readonly style: Style;
  /** Its result; undefined until it has ended. */
  result: number | undefined;
  /** What decoders keep from the call's beginning for its end, by argument. */
  readonly before: (string | number | undefined)[];
}

/** Shows an argument; undefined where the call does not look at it, and it is left out. */
export type Show = (call: Call, value: number, index: number) => string | undefined;

/** Shows what is at an address. */
export type ShowAt = (call: Call, address: number, index: number) => string;

/** One argument of a row. */
export interface Shown {
  readonly show: Show;
  /** Waits for the end of the call, and all arguments after it do. */
  readonly late: boolean;
  /** Of a late one: the text where it is known at the beginning all the same; undefined where it is not. */
  readonly early?: Show;
  /** Keeps something of the beginning in `call.before`. */
  readonly prepare?: (call: Call, value: number, index: number) => void;
}

/** Whether the call has ended without success. */
export function failed({ result }: Call): boolean {
  return result !== undefined && result < 0 && result > -4096;
}
