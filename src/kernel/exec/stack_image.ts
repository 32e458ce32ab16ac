/**
 * The initial stack of a program (AAPCS64 leaves it to the system; Linux: create_elf_tables). From low to high:
 *
 * ```
 * sp →  argc
 *       argv[0] … argv[argc-1] NULL
 *       envp[0] … NULL
 *       auxiliary vector … AT_NULL
 *       AT_RANDOM's 16 bytes, "aarch64", up to 15 bytes of alignment
 *       the strings of argv, of envp, the file name
 *       8 zero bytes
 * top
 * ```
 */
import { AT_EXECFN, AT_NULL, AT_PLATFORM, AT_RANDOM } from "../abi/auxv.ts";

const PLATFORM = "aarch64";
const RANDOM_BYTES = 16;

/** What goes on the stack. */
export interface StackContent {
  readonly argv: readonly string[];
  readonly envp: readonly string[];
  /** AT_EXECFN. */
  readonly filename: string;
  /** AT_RANDOM's bytes. */
  readonly random: Uint8Array;
  /**
   * Types and values in order, without AT_NULL. The values of AT_RANDOM, AT_EXECFN and AT_PLATFORM are filled in here.
   */
  readonly auxv: readonly (readonly [type: number, value: bigint | number])[];
}

/** The bytes from sp to the top of the stack, and where things are. */
export interface StackImage {
  readonly bytes: Uint8Array;
  readonly sp: number;
  readonly argStart: number;
  readonly argEnd: number;
  readonly envStart: number;
  readonly envEnd: number;
  /** The auxiliary vector with AT_NULL. */
  readonly auxv: Uint8Array;
}

const align16 = (va: number) => va - va % 16;

/** Lays the stack out below `top`. */
export function buildStack(top: number, content: StackContent): StackImage {
  const { argv, envp, filename, random, auxv } = content;
  const length = (strings: readonly string[]) => strings.reduce((sum, text) => sum + text.length + 1, 0);

  const filenameAt = top - 8 - (filename.length + 1);
  const envEnd = filenameAt;
  const envStart = envEnd - length(envp);
  const argEnd = envStart;
  const argStart = argEnd - length(argv);
  const platformAt = align16(argStart) - (PLATFORM.length + 1);
  const randomAt = platformAt - RANDOM_BYTES;
  const words = 1 + argv.length + 1 + envp.length + 1 + 2 * (auxv.length + 1);
  const sp = align16(align16(randomAt) - words * 8);

  const bytes = new Uint8Array(top - sp);
  const view = new DataView(bytes.buffer);
  const text = (va: number, value: string): number => {
    for (let i = 0; i < value.length; i++) bytes[va - sp + i] = value.charCodeAt(i);
    return va + value.length + 1;
  };
  let at = 0;
  const word = (value: bigint | number) => {
    view.setBigUint64(at, BigInt(value), true);
    at += 8;
  };

  text(filenameAt, filename);
  text(platformAt, PLATFORM);
  bytes.set(random.subarray(0, RANDOM_BYTES), randomAt - sp);
  word(argv.length);
  let string = argStart;
  for (const vector of [argv, envp]) {
    for (const each of vector) {
      word(string);
      string = text(string, each);
    }
    word(0);
  }
  const auxvAt = at;
  for (const [type, value] of auxv) {
    word(type);
    word(type === AT_RANDOM ? randomAt : type === AT_EXECFN ? filenameAt : type === AT_PLATFORM ? platformAt : value);
  }
  word(AT_NULL);
  word(0);
  return { bytes, sp, argStart, argEnd, envStart, envEnd, auxv: bytes.slice(auxvAt, at) };
}
