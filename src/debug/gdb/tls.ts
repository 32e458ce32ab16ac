/**
 * `qGetTLSAddr`: where a thread-local variable of a thread is. The dynamic thread vector of the C library leads there
 * (ELF Handling For Thread-Local Storage, variant I): glibc keeps its address in the word that TPIDR_EL0 points at,
 * musl in the word before. Modules are numbered in the order of the linker's list, those without TLS left out.
 */
import { AT_PHDR, AT_PHENT, AT_PHNUM } from "../../kernel/abi/auxv.ts";
import type { Mm } from "../../kernel/mm/mm.ts";
import type { Task } from "../../kernel/task/task.ts";
import { type CommandTable, ERROR } from "./commands.ts";
import { hexNumber } from "./hex.ts";
import { auxValue, linkMaps, readView } from "./libraries.ts";
import { parseThreadId } from "./thread_id.ts";

const PT_TLS = 7, EHDR_SIZE = 64, E_PHOFF = 32, E_PHENTSIZE = 54, E_PHNUM = 56;
/** Bytes of an entry of the vector: glibc has a pointer to free beside the address. */
const GLIBC_ENTRY = 16, MUSL_ENTRY = 8;
/** glibc: storage that is allotted when first used. */
const UNALLOCATED = 2n ** 64n - 1n;

function hasTls(mm: Mm, headers: number, size: number, count: number): boolean {
  const view = size >= 56 && count <= 1024 ? readView(mm, headers, size * count) : undefined;
  for (let n = 0; view && n < count; n++) if (view.getUint32(n * size, true) === PT_TLS) return true;
  return false;
}

function libraryHasTls(mm: Mm, base: number): boolean {
  const header = readView(mm, base, EHDR_SIZE);
  if (header?.getUint32(0, false) !== 0x7f454c46) return false;
  const headers = base + Number(header.getBigUint64(E_PHOFF, true));
  return hasTls(mm, headers, header.getUint16(E_PHENTSIZE, true), header.getUint16(E_PHNUM, true));
}

/** Number of a module, from 1; undefined where it has no TLS. @param lm its link_map; 0: the program */
function moduleOf(mm: Mm, lm: number): number | undefined {
  const program = hasTls(mm, auxValue(mm, AT_PHDR) ?? 0, auxValue(mm, AT_PHENT) ?? 0, auxValue(mm, AT_PHNUM) ?? 0);
  let module = program ? 1 : 0, isFirst = true;
  if (lm === 0) return program ? 1 : undefined;
  for (const library of linkMaps(mm)) {
    const present = isFirst ? program : libraryHasTls(mm, Number(library.base));
    if (!isFirst && present) module++;
    if (library.lm === lm) return present ? module : undefined;
    isFirst = false;
  }
  return undefined;
}

/** Address of the variable at `offset` in a module's TLS; undefined where the thread has none yet. */
export function tlsAddress(task: Task, offset: number, lm: number): bigint | undefined {
  const { mm } = task, tp = Number(task.cpu.regs.tpidr), module = moduleOf(mm, lm);
  if (tp === 0 || module === undefined) return undefined;
  const glibc = readView(mm, tp, 8)?.getBigUint64(0, true), isGlibc = glibc !== undefined && glibc !== 0n;
  const vector = isGlibc ? glibc : readView(mm, tp - 8, 8)?.getBigUint64(0, true);
  if (!vector) return undefined;
  const entry = Number(vector) + module * (isGlibc ? GLIBC_ENTRY : MUSL_ENTRY);
  const block = readView(mm, entry, 8)?.getBigUint64(0, true);
  return block === undefined || block === 0n || block === UNALLOCATED ? undefined : block + BigInt(offset);
}

export const tlsCommands: CommandTable = {
  "qGetTLSAddr:": (session, packet) => {
    const [thread = "", offset, lm] = packet.slice("qGetTLSAddr:".length).split(",");
    const id = parseThreadId(thread), at = hexNumber(offset), map = hexNumber(lm);
    if (!id || at === undefined || map === undefined) return ERROR.malformed;
    const task = session.find(id);
    if (!task) return ERROR.noThread;
    const address = tlsAddress(task, at, map);
    return address === undefined ? "E.no thread-local storage there" : address.toString(16);
  },
};
