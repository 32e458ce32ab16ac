/**
 * What is wrong with a program file, in one line for the user and one errno for a guest's execve.
 *
 * This room reads ELF files: headers, segments, what the dynamic section asks for, symbols. It knows no Linux
 * memory layout (that is `src/kernel/exec/`) and trusts no byte of the file.
 */
import { ERRNO_NAMES } from "../kernel/abi/errno.ts";

/** How {@link ElfError} differs from a bare message. */
export interface ElfErrorDetails {
  /** The errno execve(2) gives the guest for it, as a positive number. */
  readonly errno: number;
  /** Exit status a shell would use: 126 found but not executable, 127 something is missing. */
  readonly exitCode: 126 | 127;
  /** One line that says what would help. */
  readonly hint?: string;
}

/**
 * A program that cannot be run. The only thing that reading a hostile file throws.
 *
 * @example
 * ```ts ignore
 * try {
 *   parseElf(bytesSource(bytes));
 * } catch (error) {
 *   if (error instanceof ElfError) console.error(`elftap: ${error.message}`, error.hint ?? "");
 * }
 * ```
 */
export class ElfError extends Error {
  override readonly name = "ElfError";
  readonly errno: number;
  readonly exitCode: 126 | 127;
  readonly hint: string | undefined;

  constructor(message: string, details: ElfErrorDetails) {
    super(message);
    this.errno = details.errno;
    this.exitCode = details.exitCode;
    this.hint = details.hint;
  }

  /** The errno by name, e.g. `ENOEXEC`. */
  get code(): string {
    return ERRNO_NAMES.get(this.errno) ?? `errno ${this.errno}`;
  }
}

/** A program for another machine: loaders that meet such a library search on. */
export class WrongMachineError extends ElfError {}
