/** The ELF header: is this file a program for us, and if not, what is it? */
import { ENOEXEC } from "../kernel/abi/errno.ts";
import {
  EI_ABIVERSION,
  EI_CLASS,
  EI_DATA,
  EI_OSABI,
  ELFCLASS32,
  ELFDATA2MSB,
  EM_AARCH64,
  ET_CORE,
  ET_DYN,
  ET_EXEC,
  ET_REL,
  SIZEOF_EHDR,
  SIZEOF_PHDR,
} from "./constants.ts";
import { ElfError, WrongMachineError } from "./elf_error.ts";
import { machineHint, machineTitle } from "./machines.ts";
import { u64 } from "./u64.ts";

/** Elf64_Ehdr, with 64-bit fields as numbers (rounded above 2^53, where only nonsense lies). */
export interface ElfHeader {
  readonly osabi: number;
  readonly abiVersion: number;
  /** ET_EXEC or ET_DYN. */
  readonly type: number;
  readonly machine: number;
  readonly entry: number;
  readonly phoff: number;
  readonly shoff: number;
  readonly flags: number;
  readonly phentsize: number;
  readonly phnum: number;
  readonly shentsize: number;
  readonly shnum: number;
  readonly shstrndx: number;
}

const notExecutable = (message: string, hint?: string): ElfError =>
  new ElfError(message, { errno: ENOEXEC, exitCode: 126, ...(hint === undefined ? {} : { hint }) });

const wrongMachine = (message: string, hint: string): ElfError =>
  new WrongMachineError(message, { errno: ENOEXEC, exitCode: 126, hint });

/** First bytes of files that people hand over by mistake. */
const OTHER_FORMATS: readonly [prefix: string, what: string][] = [
  ["\xcf\xfa\xed\xfe", "a Mach-O program for macOS"],
  ["\xce\xfa\xed\xfe", "a Mach-O program for macOS"],
  ["\xca\xfe\xba\xbe", "a universal Mach-O program for macOS, or a Java class"],
  ["MZ", "a Windows program"],
  ["\0asm", "a WebAssembly module"],
  ["!<arch>\n", "a static library: link it into a program first"],
  ["BC\xc0\xde", "LLVM bitcode: compile and link it first"],
  ["\x1f\x8b", "gzip data"],
  ["PK\x03\x04", "a zip archive"],
];

/** What a file that is neither ELF nor script looks like, for the message. */
function describeOther(head: Uint8Array): string | undefined {
  const text = String.fromCharCode(...head.subarray(0, 16));
  for (const [prefix, what] of OTHER_FORMATS) if (text.startsWith(prefix)) return `it is ${what}`;
  if (head.length > 0 && head.every((byte) => byte === 9 || byte === 10 || byte === 13 || byte >= 32)) {
    return "it looks like text; a script needs #! and its interpreter in the first line";
  }
  return undefined;
}

/** True if these first bytes carry ELF's magic number. */
export function isElf(head: Uint8Array): boolean {
  return head.length >= 4 && head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

/**
 * Reads and checks the header as Linux's exec does: magic, type, machine and the program header's size. Linux looks
 * at neither EI_CLASS nor EI_DATA; they are read here only to explain a file that fails anyway.
 *
 * @param head the file's first bytes, 64 where it is long enough
 * @param size of the whole file
 */
export function parseHeader(head: Uint8Array, size: number): ElfHeader {
  if (size === 0) throw notExecutable("not an ELF file: it is empty");
  if (!isElf(head)) throw notExecutable("not an ELF file", describeOther(head));
  if (head.length < 20) throw notExecutable(`truncated ELF file: ${size} bytes, less than an ELF header`);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const big = head[EI_DATA] === ELFDATA2MSB;
  const machine = view.getUint16(18, true);
  if (machine !== EM_AARCH64) {
    const meant = view.getUint16(18, !big);
    if (big && meant === EM_AARCH64) {
      throw wrongMachine(
        "a big-endian AArch64 program",
        "elftap runs little-endian aarch64; qemu-aarch64_be would run this one",
      );
    }
    throw wrongMachine(`a program for ${machineTitle(meant)}, not for aarch64`, machineHint(meant));
  }
  const wide = head.length >= SIZEOF_EHDR && view.getUint16(54, true) === SIZEOF_PHDR;
  if (head[EI_CLASS] === ELFCLASS32 && !wide) {
    throw wrongMachine(
      "a 32-bit (ILP32) AArch64 program",
      "elftap runs 64-bit aarch64 programs, as Linux does: build without -mabi=ilp32",
    );
  }
  if (head.length < SIZEOF_EHDR) throw notExecutable(`truncated ELF file: ${size} bytes, less than an ELF header`);
  const type = view.getUint16(16, true);
  if (type === ET_REL) {
    throw notExecutable("an object file, not a program", "link it first: aarch64-linux-gnu-gcc file.o -o program");
  }
  if (type === ET_CORE) throw notExecutable("a core dump, not a program");
  if (type !== ET_EXEC && type !== ET_DYN) throw notExecutable(`not a program: unknown ELF type ${type}`);
  if (!wide) {
    throw notExecutable(
      `damaged ELF header: program headers of ${view.getUint16(54, true)} bytes instead of ${SIZEOF_PHDR}`,
    );
  }
  return {
    osabi: head[EI_OSABI]!,
    abiVersion: head[EI_ABIVERSION]!,
    type,
    machine,
    entry: u64(view, 24),
    phoff: u64(view, 32),
    shoff: u64(view, 40),
    flags: view.getUint32(48, true),
    phentsize: SIZEOF_PHDR,
    phnum: view.getUint16(56, true),
    shentsize: view.getUint16(58, true),
    shnum: view.getUint16(60, true),
    shstrndx: view.getUint16(62, true),
  };
}
