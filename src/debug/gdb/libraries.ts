/**
 * The list of loaded libraries (GDB manual, "Library List Format for SVR4 Targets"), read from the dynamic linker's
 * own list in guest memory: DT_DEBUG of the program leads to `struct r_debug`, that to a chain of `struct link_map`
 * (<link.h>; glibc and musl alike).
 */
import { AT_NULL, AT_PHDR, AT_PHENT, AT_PHNUM } from "../../kernel/abi/auxv.ts";
import type { Mm } from "../../kernel/mm/mm.ts";
import { readForced } from "../../kernel/mm/forced_access.ts";
import { xmlText } from "./xml.ts";

const PT_PHDR = 6, PT_DYNAMIC = 2, DT_NULL = 0, DT_DEBUG = 21;
/** Offsets in struct r_debug and struct link_map. */
const R_MAP = 8, L_NAME = 8, L_LD = 16, L_NEXT = 24, L_PREV = 32, LINK_MAP = 40;
/** A chain that is longer is a loop or nonsense. */
const MAX_LIBRARIES = 4096, MAX_DYNAMIC = 512, MAX_PATH = 4096;

/** One entry of the linker's list. */
export interface Library {
  readonly lm: number;
  readonly base: bigint;
  readonly dynamic: number;
  readonly name: string;
  readonly next: number;
}

/** Guest bytes from `va` on, little-endian to be read; undefined where they are not all there. */
export function readView(mm: Mm, va: number, length: number): DataView | undefined {
  const bytes = va > 0 ? readForced(mm, va, length) : undefined;
  return bytes?.length === length ? new DataView(bytes.buffer, bytes.byteOffset, length) : undefined;
}

const u64 = (view: DataView, at: number) => Number(view.getBigUint64(at, true));

/** A value of the auxiliary vector. */
export function auxValue(mm: Mm, type: number): number | undefined {
  const { auxv } = mm, view = new DataView(auxv.buffer, auxv.byteOffset, auxv.length);
  for (let at = 0; at + 16 <= auxv.length; at += 16) {
    const found = u64(view, at);
    if (found === type) return u64(view, at + 8);
    if (found === AT_NULL) break;
  }
  return undefined;
}

/** Address of the dynamic section, by the program headers that the auxiliary vector names. */
function dynamicSection(mm: Mm): number | undefined {
  const phdr = auxValue(mm, AT_PHDR), size = auxValue(mm, AT_PHENT) ?? 56, count = auxValue(mm, AT_PHNUM) ?? 0;
  if (phdr === undefined || count > 1024 || size < 56) return undefined;
  const headers = readView(mm, phdr, size * count);
  if (!headers) return undefined;
  let bias: number | undefined, dynamic: number | undefined;
  for (let at = 0; at < size * count; at += size) {
    const type = headers.getUint32(at, true), vaddr = u64(headers, at + 16);
    if (type === PT_PHDR) bias = phdr - vaddr;
    else if (type === PT_DYNAMIC) dynamic = vaddr;
  }
  return dynamic === undefined || bias === undefined ? undefined : dynamic + bias;
}

/** Where the address of struct r_debug is kept; undefined in programs without a dynamic section. */
export function debugPointer(mm: Mm): number | undefined {
  const dynamic = dynamicSection(mm);
  if (dynamic === undefined) return undefined;
  for (let n = 0; n < MAX_DYNAMIC; n++) {
    const entry = readView(mm, dynamic + n * 16, 16);
    if (!entry) return undefined;
    const tag = u64(entry, 0);
    if (tag === DT_DEBUG) return dynamic + n * 16 + 8;
    if (tag === DT_NULL) return undefined;
  }
  return undefined;
}

/** Address of struct r_debug; undefined before the linker has filled it in. */
function debugStructure(mm: Mm): number | undefined {
  const at = debugPointer(mm), pointer = at === undefined ? undefined : readView(mm, at, 8);
  return pointer && u64(pointer, 0) ? u64(pointer, 0) : undefined;
}

function readLibrary(mm: Mm, lm: number): Library | undefined {
  const view = readView(mm, lm, LINK_MAP);
  if (!view) return undefined;
  const bytes = readForced(mm, u64(view, L_NAME), MAX_PATH), end = bytes?.indexOf(0) ?? -1;
  const name = bytes && end >= 0 ? String.fromCharCode(...bytes.subarray(0, end)) : "";
  return { lm, base: view.getBigUint64(0, true), dynamic: u64(view, L_LD), name, next: u64(view, L_NEXT) };
}

/** `start=ADDRESS;prev=ADDRESS`: where in the chain to begin. */
function startOf(annex: string): { start: number; prev: number } | undefined {
  const start = /(?:^|;)start=([0-9a-f]+)/.exec(annex), prev = /(?:^|;)prev=([0-9a-f]+)/.exec(annex);
  return start ? { start: parseInt(start[1]!, 16), prev: prev ? parseInt(prev[1]!, 16) : 0 } : undefined;
}

/** The linker's list, the program first; empty where there is no dynamic linker, or it has not got that far. */
export function* linkMaps(mm: Mm): Generator<Library> {
  const debug = debugStructure(mm), map = debug === undefined ? undefined : readView(mm, debug + R_MAP, 8);
  for (let at = map ? u64(map, 0) : 0, count = 0; at !== 0 && count < MAX_LIBRARIES; count++) {
    const library = readLibrary(mm, at);
    if (!library) return;
    yield library;
    at = library.next;
  }
}

/** The document; without libraries where there is no dynamic linker, or it has not got that far. */
export function librariesXml(mm: Mm, annex: string): string {
  const debug = debugStructure(mm), from = startOf(annex);
  const map = debug === undefined ? undefined : readView(mm, debug + R_MAP, 8);
  const first = map ? u64(map, 0) : 0;
  let xml = "", previous = from?.prev ?? 0;
  let at = from && from.start !== 0 ? from.start : first;
  for (let count = 0; at !== 0 && count < MAX_LIBRARIES; count++) {
    const library = readLibrary(mm, at);
    if (!library) break;
    // A link that does not lead back: the list is being changed.
    if (count > 0 || previous !== 0) {
      const back = readView(mm, at + L_PREV, 8);
      if (!back || u64(back, 0) !== previous) break;
    }
    // The program itself leads the list; it is not a library.
    if (at !== first) {
      xml += `<library name="${xmlText(library.name)}" lm="0x${at.toString(16)}" ` +
        `l_addr="0x${library.base.toString(16)}" l_ld="0x${library.dynamic.toString(16)}" lmid="0x0"/>`;
    }
    previous = at;
    at = library.next;
  }
  const main = first !== 0 ? ` main-lm="0x${first.toString(16)}"` : "";
  return `<library-list-svr4 version="1.0"${main}>${xml}</library-list-svr4>`;
}
