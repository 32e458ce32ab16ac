/** The dynamic section: which libraries a program or library asks its loader for, and where it says to look. */
import {
  DF_1_NODEFLIB,
  DT_FLAGS_1,
  DT_NEEDED,
  DT_NULL,
  DT_PREINIT_ARRAY,
  DT_RPATH,
  DT_RUNPATH,
  DT_SONAME,
  DT_STRSZ,
  DT_STRTAB,
  PT_DYNAMIC,
  PT_LOAD,
  SIZEOF_DYN,
} from "./constants.ts";
import type { ProgramHeader } from "./program_headers.ts";
import { type ElfSource, readClamped } from "./source.ts";
import { u64 } from "./u64.ts";

/** What the dynamic section says about libraries. Strings are byte strings (one char code per byte). */
export interface DynamicInfo {
  /** DT_NEEDED, in order. */
  readonly needed: readonly string[];
  readonly soname: string | undefined;
  /** DT_RPATH, ignored by loaders when there is a runpath. */
  readonly rpath: string | undefined;
  readonly runpath: string | undefined;
  /** DF_1_NODEFLIB: default directories are not searched. */
  readonly noDefaultLibs: boolean;
  /** DT_PREINIT_ARRAY: something of the program's is to run before its libraries are initialised. */
  readonly hasPreinit: boolean;
}

/** More entries than any linker writes; the rest of a hostile table is not read. */
const MAX_ENTRIES = 8192;
/** Longest name read: PATH_MAX for a library, several of them for a search path. */
const MAX_STRING = 16384;

/** File offset of an address inside a PT_LOAD's file part. */
export function fileOffset(headers: readonly ProgramHeader[], vaddr: number): number | undefined {
  for (const header of headers) {
    if (header.type !== PT_LOAD || vaddr < header.vaddr || vaddr >= header.vaddr + header.filesz) continue;
    return header.offset + (vaddr - header.vaddr);
  }
  return undefined;
}

/** NUL-terminated byte string at a file offset; undefined if it is cut off. */
export function readCString(source: ElfSource, offset: number, max: number): string | undefined {
  // Most names are short: one small read, and a large one only for what does not fit.
  for (const length of [Math.min(256, max), max]) {
    if (!(offset + 1 <= source.size)) return undefined;
    const bytes = source.read(offset, Math.min(length, source.size - offset));
    const end = bytes.indexOf(0);
    if (end >= 0) return latin1(bytes.subarray(0, end));
  }
  return undefined;
}

/** Bytes as a string of char codes 0–255: lossless for names that are not UTF-8. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}

/**
 * Reads PT_DYNAMIC; undefined if there is none. A damaged section gives what can be read of it: judging it is the
 * guest's own loader's work.
 */
export function parseDynamic(source: ElfSource, headers: readonly ProgramHeader[]): DynamicInfo | undefined {
  const segment = headers.find((header) => header.type === PT_DYNAMIC);
  if (!segment) return undefined;
  const bytes = readClamped(source, segment.offset, segment.filesz, MAX_ENTRIES * SIZEOF_DYN);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const neededAt: number[] = [];
  let strtab = -1, strsz = Infinity, soname = -1, rpath = -1, runpath = -1, flags1 = 0, hasPreinit = false;
  for (let at = 0; at + SIZEOF_DYN <= bytes.length; at += SIZEOF_DYN) {
    const tag = u64(view, at), value = u64(view, at + 8);
    if (tag === DT_NULL) break;
    else if (tag === DT_NEEDED) neededAt.push(value);
    else if (tag === DT_STRTAB) strtab = value;
    else if (tag === DT_STRSZ) strsz = value;
    else if (tag === DT_SONAME) soname = value;
    else if (tag === DT_PREINIT_ARRAY) hasPreinit = true;
    else if (tag === DT_RPATH) rpath = value;
    else if (tag === DT_RUNPATH) runpath = value;
    else if (tag === DT_FLAGS_1) flags1 = view.getUint32(at + 8, true);
  }
  const base = strtab < 0 ? undefined : fileOffset(headers, strtab);
  const string = (at: number): string | undefined =>
    at < 0 || base === undefined || at >= strsz
      ? undefined
      : readCString(source, base + at, Math.min(MAX_STRING, strsz - at));
  return {
    needed: neededAt.map(string).filter((name) => name !== undefined),
    soname: string(soname),
    rpath: string(rpath),
    runpath: string(runpath),
    noDefaultLibs: (flags1 & DF_1_NODEFLIB) !== 0,
    hasPreinit,
  };
}
