/**
 * Whether a program is to find its stack where Linux has it, at the end of the 48-bit addresses, and not near as the
 * others.
 *
 * The address sanitizer's runtime takes the address of the stack for the end of memory and lays its shadow out below,
 * at an eighth of each address plus 2^36: with a stack that is near it finds no room. For everything else a near stack
 * is better: the wasm engine takes longer for far addresses.
 */
import { latin1 } from "../../elf/dynamic.ts";
import type { ElfFile } from "../../elf/parse.ts";
import type { ElfSource } from "../../elf/source.ts";

/** The runtime as a library: GCC's, and LLVM's with or without the architecture in its name. */
const RUNTIME = /(^|[/: =])lib(asan|clang_rt\.asan)[^/]*\.so/;
/** What the runtime reads from the environment: a sign of one that is linked into the program. */
const SIGN = "ASAN_OPTIONS\0";
/** Bytes of a program that are looked through for it, at most, and at a time. */
const MOST = 2 ** 28, PIECE = 2 ** 20;

/** What was found out, by the names of programs. */
const verdicts = new Map<string, boolean>();
const MAX_VERDICTS = 1000;

/** @param program a name made of the program's content @param envp byte strings */
export function wantsFarStack(program: string, elf: ElfFile, envp: readonly string[]): boolean {
  let verdict = verdicts.get(program);
  if (verdict === undefined) {
    if (verdicts.size >= MAX_VERDICTS) verdicts.clear();
    const { needed, hasPreinit } = elf.dynamic ?? { needed: [], hasPreinit: false };
    verdict = needed.some((name) => RUNTIME.test(name)) || (hasPreinit && contains(elf.source, SIGN));
    verdicts.set(program, verdict);
  }
  return verdict || envp.some((each) => each.startsWith("LD_PRELOAD=") && RUNTIME.test(each));
}

/** Whether a file has this text in it. */
function contains(source: ElfSource, text: string): boolean {
  const { size } = source;
  for (let at = 0; at < Math.min(size, MOST); at += PIECE) {
    if (latin1(source.read(at, Math.min(PIECE + text.length, size - at))).includes(text)) return true;
  }
  return false;
}
