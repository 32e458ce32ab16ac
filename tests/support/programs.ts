/**
 * Guest programs of a few instructions, made without a compiler, for tests of everything around guests.
 */
import { buildElf } from "./elf_builder.ts";

/** Address of the code. */
const BASE = 0x400000;
const SVC = 0xd4000001;

const movz = (register: number, value: number) => (0xd2800000 | value << 5 | register) >>> 0;
/** adr register, words further on */
const adr = (register: number, words: number) => (0x10000000 | words << 5 | register) >>> 0;
const call = (nr: number) => [movz(8, nr), SVC];
const OPENAT = 56, LSEEK = 62, READ = 63, WRITE = 64, EXIT_GROUP = 94, KILL = 129, GETPID = 172, PPOLL = 73;

function program(words: readonly number[], data = ""): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(data);
  const content = new Uint8Array(words.length * 4 + text.length);
  const view = new DataView(content.buffer);
  words.forEach((word, at) => view.setUint32(at * 4, word, true));
  content.set(text, words.length * 4);
  // Room for the buffer of cat behind the code.
  return buildElf({ entry: BASE, segments: [{ vaddr: BASE, flags: 7, content, memsz: 0x3000 }] });
}

const exitWords = (code: number) => [movz(0, code), ...call(EXIT_GROUP)];

/** Ends with this status. */
export const exits = (code: number) => program(exitWords(code));

/** Counts down from a number below 2^32, then ends with this status. */
export function counts(from: number, code = 7): Uint8Array<ArrayBuffer> {
  const high = (0xf2a00000 | (from >>> 16) << 5 | 1) >>> 0; // movk x1, #high, lsl #16
  const loop = [0xf1000421, 0x54ffffe1]; // subs x1, x1, #1; b.ne to it
  return program([movz(1, from & 0xffff), high, ...loop, ...exitWords(code)]);
}

/** Writes a text to a descriptor, then ends with this status. */
export function prints(text: string, code = 0, fd = 1): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text).length;
  const words = [movz(0, fd), 0, movz(2, bytes), ...call(WRITE), ...exitWords(code)];
  words[1] = adr(1, words.length - 1);
  return program(words, text);
}

/** Asks for the position in a descriptor; ends with 0 or the error's number: 29 (ESPIPE) for a pipe. */
export const seeks = (fd: number) =>
  program([movz(0, fd), movz(1, 0), movz(2, 1), ...call(LSEEK), 0xcb0003e0, /* neg x0, x0 */ ...call(EXIT_GROUP)]);

/** Copies standard input to standard output. */
export function cats(): Uint8Array<ArrayBuffer> {
  return program([
    movz(0, 0), // read(0, buffer, 4096); the buffer is 4096 bytes behind the start
    0x10007fe1, // adr x1, buffer
    movz(2, 4096),
    ...call(READ),
    0xf100001f, // cmp x0, #0
    0x540000ed, // b.le end
    0xaa0003e2, // mov x2, x0
    0x10007f01, // adr x1, buffer
    movz(0, 1), // write(1, buffer, count)
    ...call(WRITE),
    0x17fffff4, // b start
    ...exitWords(0),
  ]);
}

/** Reads address 16. */
export const segfaults = () => program([movz(1, 16), 0xf9400020 /* ldr x0, [x1] */]);

/** Makes a pair of sockets and a pipe, has a child that sleeps, waits for it, and sleeps. */
export function usesMuch(): Uint8Array<ArrayBuffer> {
  const SOCKETPAIR = 199, PIPE2 = 59, CLONE = 220, WAIT4 = 260, PSELECT6 = 72, SIGCHLD = 17;
  /** A millisecond, as struct timespec: behind the words. */
  const time = "\0".repeat(8) + "\x40\x42\x0f" + "\0".repeat(5);
  type Word = number | ((at: number, end: number) => number);
  const toTime = (register: number): Word => (at, end) => adr(register, end - at);
  const toBuffer = (register: number): Word => (at) => adr(register, 0x800 - at);
  const zeros = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => movz(first + i, 0));
  // tbnz x0, #63, to the end with status 1
  const orFail: Word = (at, end) => (0xb7f80000 | (end - child.length - failure.length - at) << 5) >>> 0;
  const failure = exitWords(1);
  const child: Word[] = [...zeros(0, 3), toTime(2), ...call(PPOLL), ...exitWords(0)];
  const words: Word[] = [
    ...[movz(0, 1), movz(1, 1), movz(2, 0), toBuffer(3), ...call(SOCKETPAIR), orFail],
    ...[toBuffer(0), movz(1, 0), ...call(PIPE2), orFail],
    ...[movz(0, SIGCHLD), ...zeros(1, 4), ...call(CLONE), orFail],
    (at, end) => (0xb4000000 | (end - child.length - at) << 5) >>> 0, // cbz x0, child
    ...[0x92800000, /* mov x0, #-1 */ ...zeros(1, 3), ...call(WAIT4), orFail],
    ...[...zeros(0, 5), toTime(4), ...call(PSELECT6), orFail],
    ...exitWords(0),
    ...failure,
    ...child,
  ];
  return program(words.map((word, at) => typeof word === "number" ? word : word(at, words.length)), time);
}

/** Sends itself a signal. */
export const killsItself = (signal: number) =>
  program([...call(GETPID), movz(1, signal), ...call(KILL), ...exitWords(0)]);

/** Runs for ever. */
export const spins = () => program([0x14000000 /* b . */]);

/** Says `ready` and waits for ever. */
export function waits(): Uint8Array<ArrayBuffer> {
  const words = [movz(0, 1), 0, movz(2, 6), ...call(WRITE)];
  words.push(movz(0, 0), movz(1, 0), movz(2, 0), movz(3, 0), ...call(PPOLL), ...exitWords(0));
  words[1] = adr(1, words.length - 1);
  return program(words, "ready\n");
}

/** Makes a system call that no kernel has. */
export const callsUnknown = (nr: number) => program([...call(nr), ...exitWords(1)]);

/** Prints its first argument. */
export const printsArgument = () =>
  program([
    0xf9400be1, // ldr x1, [sp, #16]
    0xaa0103e2, // mov x2, x1
    0x38401443, // ldrb w3, [x2], #1
    0x35ffffe3, // cbnz w3, -1
    0xcb010042, // sub x2, x2, x1
    0xd1000442, // sub x2, x2, #1
    movz(0, 1),
    ...call(WRITE),
    ...exitWords(0),
  ]);

/** Writes the first 4096 bytes of a file to standard output; where it cannot be opened, ends with the errno. */
export function readsFile(path: string): Uint8Array<ArrayBuffer> {
  return program([
    0x92800c60, // mov x0, #AT_FDCWD
    0x100002c1, // adr x1, path
    movz(2, 0),
    movz(3, 0),
    ...call(OPENAT),
    0xf100001f, // cmp x0, #0
    0x540001ab, // b.lt failed
    0x10007f01, // adr x1, buffer
    movz(2, 4096),
    ...call(READ),
    0xaa0003e2, // mov x2, x0
    movz(0, 1),
    0x10007e41, // adr x1, buffer
    ...call(WRITE),
    ...exitWords(0),
    0xcb0003e0, // failed: neg x0, x0
    ...call(EXIT_GROUP),
  ], path + "\0");
}
