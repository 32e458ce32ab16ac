/** argv and envp of execve: reading them from the caller, and the limits on their size (man 2 execve, E2BIG). */
import { E2BIG } from "../abi/errno.ts";
import type { GuestMemory } from "../mm/guest_memory.ts";

/** Longest single string with its NUL (MAX_ARG_STRLEN, 32 pages). */
export const MAX_ARG_STRLEN = 32 * 4096;
/** Least room for all strings and pointers, whatever RLIMIT_STACK is (ARG_MAX). */
const ARG_MAX = 131_072;
/** Most room: three quarters of the default stack limit. */
const MOST_ROOM = 6 * 1024 * 1024;

/** Bytes that argv, envp, their pointers and the file name may take (Linux: bprm_stack_limits). */
export function argumentRoom(stackLimit: number): number {
  return Math.max(ARG_MAX, Math.min(MOST_ROOM, Math.floor(stackLimit / 4)));
}

/**
 * Reads a NULL-terminated array of strings; a null array is empty (Linux accepts it). Byte strings without their
 * NUL, or -E2BIG.
 * @throws {UserFault} where the caller's memory ends.
 */
export function readStringVector(memory: GuestMemory, va: number): string[] | number {
  const strings: string[] = [];
  if (va === 0) return strings;
  let room = MOST_ROOM;
  for (let entry = va;; entry += 8) {
    const pointer = memory.readNumber(entry);
    if (pointer === 0) return strings;
    const text = memory.readString(pointer, MAX_ARG_STRLEN);
    room -= text.length + 1 + 8;
    if (text.length === MAX_ARG_STRLEN || room < 0) return -E2BIG;
    strings.push(text);
  }
}

/** 0, or -E2BIG if the strings are too many or too long for a stack of this limit. */
export function checkArguments(
  argv: readonly string[],
  envp: readonly string[],
  filename: string,
  stackLimit: number,
): number {
  let room = argumentRoom(stackLimit) - (Math.max(argv.length, 1) + envp.length) * 8 - (filename.length + 1);
  for (const vector of [argv, envp]) {
    for (const text of vector) {
      if (text.length >= MAX_ARG_STRLEN) return -E2BIG;
      room -= text.length + 1;
    }
  }
  return room < 0 ? -E2BIG : 0;
}
