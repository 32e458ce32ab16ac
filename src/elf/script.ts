/** `#!` scripts: who interprets them (man 2 execve, "Interpreter scripts"). */
import { ENOEXEC } from "../kernel/abi/errno.ts";
import { latin1 } from "./dynamic.ts";
import { ElfError } from "./elf_error.ts";

/** Bytes of a file that Linux looks at to find out what it is (BINPRM_BUF_SIZE). */
export const EXEC_HEAD_SIZE = 256;

/** The first line of a script. */
export interface ScriptLine {
  /** Byte string. */
  readonly interpreter: string;
  /** All that follows it, as one argument; undefined if nothing does. */
  readonly argument: string | undefined;
}

/**
 * Reads the first line as Linux's binfmt_script does; undefined if the file is no script.
 *
 * @param head the file's first {@link EXEC_HEAD_SIZE} bytes, or all of a shorter file
 * @throws ElfError (ENOEXEC) for a line that names no interpreter or is cut inside of its name
 */
export function parseScriptLine(head: Uint8Array): ScriptLine | undefined {
  if (head[0] !== 0x23 || head[1] !== 0x21) return undefined;
  const bad = (message: string): ElfError => new ElfError(message, { errno: ENOEXEC, exitCode: 126 });
  const text = latin1(head.subarray(2, EXEC_HEAD_SIZE));
  const newline = text.search(/[\n\0]/);
  const complete = newline >= 0 || head.length < EXEC_HEAD_SIZE;
  const line = (newline >= 0 ? text.slice(0, newline) : text).replace(/^[ \t]+|[ \t]+$/g, "");
  const match = /^([^ \t]+)(?:[ \t]+([^]*))?$/.exec(line);
  if (!match) throw bad("a script whose #! line names no interpreter");
  // A cut argument is accepted (Linux does so too); a cut interpreter name might name another program.
  if (!complete && !/[ \t]/.test(text.replace(/^[ \t]+/, ""))) {
    throw bad(`a script whose #! line is longer than ${EXEC_HEAD_SIZE} bytes`);
  }
  return { interpreter: match[1]!, argument: match[2] };
}
