/**
 * The vDSO: a tiny shared library that the kernel maps into every program (man 7 vdso).
 *
 * It holds the signal-return trampoline, whose two instructions unwinders and debuggers know by sight, and the three
 * time calls that C libraries look for. These make the system call: an engine's exit is cheap, and one place then
 * decides what the time is.
 */
import { type Frame, PAGE_SIZE } from "../../engine/engine.ts";
import { SYSCALL_NAMES } from "../abi/unistd.ts";
import type { MapObject } from "../mm/map_object.ts";
import type { MmEngine } from "../mm/mm.ts";

const EHDR = 64, PHDR = 56, SYM = 24, DYN = 16;
const VERSION = "LINUX_2.6.39";
const SONAME = "linux-vdso.so.1";

/** A64: MOVZ X8, #number; SVC #0; RET; NOP. */
const movX8 = (call: string) => (0xd2800008 | SYSCALL_NAMES.indexOf(call) << 5) >>> 0;
const SVC = 0xd4000001, RET = 0xd65f03c0, NOP = 0xd503201f;

/** The functions and their code. */
const FUNCTIONS: readonly (readonly [string, readonly number[]])[] = [
  ["__kernel_rt_sigreturn", [movX8("rt_sigreturn"), SVC]],
  ["__kernel_gettimeofday", [movX8("gettimeofday"), SVC, RET]],
  ["__kernel_clock_gettime", [movX8("clock_gettime"), SVC, RET]],
  ["__kernel_clock_getres", [movX8("clock_getres"), SVC, RET]],
];

/** System V gABI, hash table section. */
function elfHash(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) {
    hash = (hash << 4) + name.charCodeAt(i) >>> 0;
    const high = hash & 0xf0000000;
    hash = (hash ^ high >>> 24) & ~high;
  }
  return hash >>> 0;
}

/** A function of the vDSO: its name and offsets from the start of the image. */
export interface VdsoFunction {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** The image, one page, and what is in it. */
export interface VdsoImage {
  readonly bytes: Uint8Array;
  /** Offset of the signal trampoline. */
  readonly sigreturn: number;
  readonly functions: readonly VdsoFunction[];
}

/** Builds the image. Every address in it is an offset from its start. */
export function buildVdso(): VdsoImage {
  const bytes = new Uint8Array(PAGE_SIZE);
  const view = new DataView(bytes.buffer);
  const u16 = (at: number, value: number) => view.setUint16(at, value, true);
  const u32 = (at: number, value: number) => view.setUint32(at, value, true);
  const u64 = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);

  let strings = "\0";
  const string = (text: string): number => {
    const at = strings.length;
    strings += text + "\0";
    return at;
  };
  const soname = string(SONAME), version = string(VERSION);
  const names = FUNCTIONS.map(([name]) => string(name));
  const symbols = FUNCTIONS.length + 1;

  let at = EHDR + 2 * PHDR;
  const place = (size: number, align: number): number => {
    const start = Math.ceil(at / align) * align;
    at = start + size;
    return start;
  };
  const hash = place(8 + 4 + 4 * symbols, 8);
  const dynsym = place(SYM * symbols, 8);
  const dynstr = place(strings.length, 1);
  const versym = place(2 * symbols, 2);
  const verdef = place(2 * 28, 8);
  const dynamic = place(11 * DYN, 8);
  const text = place(0, 64);

  for (let i = 0; i < strings.length; i++) bytes[dynstr + i] = strings.charCodeAt(i);

  // Code. The NOP before the trampoline serves unwinders that look at the address before the return address.
  let code = text;
  const emit = (word: number) => {
    u32(code, word);
    code += 4;
  };
  emit(NOP);
  let sigreturn = 0;
  const functions: VdsoFunction[] = [];
  FUNCTIONS.forEach(([name, words], index) => {
    const start = code;
    if (name === "__kernel_rt_sigreturn") sigreturn = start;
    words.forEach(emit);
    functions.push({ name, start, end: code });
    const symbol = dynsym + SYM * (index + 1);
    u32(symbol, names[index]!);
    bytes[symbol + 4] = 0x12; // STB_GLOBAL, STT_FUNC
    u16(symbol + 6, 1); // defined: any section
    u64(symbol + 8, start);
    u64(symbol + 16, code - start);
    u16(versym + 2 * (index + 1), 2);
  });
  at = code;

  // One bucket with all symbols in a chain: four of them are found at once.
  u32(hash, 1);
  u32(hash + 4, symbols);
  u32(hash + 8, 1);
  for (let i = 1; i < symbols; i++) u32(hash + 12 + 4 * i, i + 1 < symbols ? i + 1 : 0);

  // Two version definitions: the library itself (VER_FLG_BASE), and the one of its functions.
  [soname, version].forEach((name, index) => {
    const entry = verdef + 28 * index;
    u16(entry, 1);
    u16(entry + 2, index === 0 ? 1 : 0);
    u16(entry + 4, index + 1);
    u16(entry + 6, 1);
    u32(entry + 8, elfHash(index === 0 ? SONAME : VERSION));
    u32(entry + 12, 20);
    u32(entry + 16, index === 0 ? 28 : 0);
    u32(entry + 20, name);
  });

  const entries: readonly (readonly [number, number])[] = [
    [4, hash], // DT_HASH
    [5, dynstr], // DT_STRTAB
    [6, dynsym], // DT_SYMTAB
    [10, strings.length], // DT_STRSZ
    [11, SYM], // DT_SYMENT
    [14, soname], // DT_SONAME
    [0x6ffffff0, versym], // DT_VERSYM
    [0x6ffffffc, verdef], // DT_VERDEF
    [0x6ffffffd, 2], // DT_VERDEFNUM
    [0, 0],
  ];
  entries.forEach(([tag, value], index) => {
    u64(dynamic + DYN * index, tag);
    u64(dynamic + DYN * index + 8, value);
  });

  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  u16(16, 3); // ET_DYN
  u16(18, 183); // EM_AARCH64
  u32(20, 1);
  u64(24, text);
  u64(32, EHDR);
  u16(52, EHDR);
  u16(54, PHDR);
  u16(56, 2);
  const header = (index: number, type: number, flags: number, offset: number, size: number, align: number) => {
    const start = EHDR + PHDR * index;
    u32(start, type);
    u32(start + 4, flags);
    u64(start + 8, offset);
    u64(start + 16, offset);
    u64(start + 24, offset);
    u64(start + 32, size);
    u64(start + 40, size);
    u64(start + 48, align);
  };
  header(0, 1, 5, 0, at, PAGE_SIZE); // PT_LOAD, R X
  header(1, 2, 4, dynamic, 11 * DYN, 8); // PT_DYNAMIC
  return { bytes, sigreturn, functions };
}

let image: VdsoImage | undefined;

/** The one image; building it is done when first needed. */
function vdsoImage(): VdsoImage {
  return image ??= buildVdso();
}

/** The functions of the vDSO, for backtraces. */
export function vdsoFunctions(): readonly VdsoFunction[] {
  return vdsoImage().functions;
}

/** The vDSO as VMAs map it. */
class VdsoPages implements MapObject {
  readonly kind = "special";
  readonly major = 0;
  readonly minor = 0;
  readonly ino = 0;

  constructor(readonly page: Frame, readonly sigreturn: number) {}

  frame(pageIndex: number): Frame | undefined {
    return pageIndex === 0 ? this.page : undefined;
  }
  label(): string {
    return "[vdso]";
  }
  ref(): number {
    return 0;
  }
  unref(): void {}
}

const objects = new WeakMap<MmEngine, VdsoPages>();

/** The engine's vDSO, made once: decoded code belongs to its page. */
export function vdsoObject(engine: MmEngine): MapObject & { readonly sigreturn: number } {
  let object = objects.get(engine);
  if (object === undefined) {
    const { bytes, sigreturn } = vdsoImage();
    object = new VdsoPages(engine.createFrame(bytes), sigreturn);
    objects.set(engine, object);
  }
  return object;
}
