/** The text of `/proc/PID/maps` and `smaps` (man 5 proc_pid_maps). */
import type { Mm } from "./mm.ts";
import { Page } from "./resident.ts";
import { Vm, type Vma } from "./vma.ts";

/** Column of the name: 25 + sizeof(void *) * 6 - 1 (fs/proc/task_mmu.c). */
const NAME_COLUMN = 72;

const hex = (value: number, width: number) => value.toString(16).padStart(width, "0");

/** The last column. */
function name(mm: Mm, vma: Vma): string {
  if (vma.object !== undefined) return vma.object.label();
  if (vma.start <= mm.brk && vma.end >= mm.startBrk && mm.startBrk !== 0) return "[heap]";
  if (vma.start <= mm.startStack && vma.end >= mm.startStack) return "[stack]";
  return "";
}

/** One line of maps, with its newline. */
export function mapsLine(mm: Mm, vma: Vma): string {
  const { object, prot } = vma;
  const rights = (prot & 1 ? "r" : "-") + (prot & 2 ? "w" : "-") + (prot & 4 ? "x" : "-") + (vma.shared ? "s" : "p");
  // Only what a file backs has an offset, a device and an inode.
  const file = object !== undefined && object.kind !== "special" ? object : undefined;
  const line = `${hex(vma.start, 8)}-${hex(vma.end, 8)} ${rights} ${hex(file ? vma.pageOffset * 4096 : 0, 8)} ` +
    `${hex(file?.major ?? 0, 2)}:${hex(file?.minor ?? 0, 2)} ${file?.ino ?? 0} `;
  const label = name(mm, vma);
  // A newline in a file name would forge a line (seq_file_path escapes it).
  return label === "" ? line + "\n" : line.padEnd(NAME_COLUMN + 1) + label.replaceAll("\n", "\\012") + "\n";
}

/** Text of `/proc/PID/maps`. */
export function mapsText(mm: Mm): string {
  let text = "";
  for (const vma of mm.vmas) text += mapsLine(mm, vma);
  return text;
}

/** VmFlags codes (Documentation/filesystems/proc.rst) by {@link Vm} flag, in the kernel's order. */
const FLAG_CODES: readonly (readonly [number, string])[] = [
  [Vm.shared, "sh"],
  [Vm.mayRead, "mr"],
  [Vm.mayWrite, "mw"],
  [Vm.mayExec, "me"],
  [Vm.growsDown, "gd"],
  [Vm.locked, "lo"],
  [Vm.sequentialRead, "sr"],
  [Vm.randomRead, "rr"],
  [Vm.dontFork, "dc"],
  [Vm.dontExpand, "de"],
  [Vm.noReserve, "nr"],
  [Vm.wipeOnFork, "wf"],
  [Vm.dontDump, "dd"],
  [Vm.hugePage, "hg"],
  [Vm.noHugePage, "nh"],
  [Vm.mergeable, "mg"],
];

/** Text of `/proc/PID/smaps`. Pages of frames count as shared, all others as dirty. */
export function smapsText(mm: Mm): string {
  let text = "";
  for (const vma of mm.vmas) {
    // Anonymous pages after a fork, not yet copied by either side, are shared and dirty.
    let privateKb = 0, forkedKb = 0, frameKb = 0;
    mm.resident.runs(vma.start, vma.end, (start, end, state) => {
      if (state !== Page.private) frameKb += (end - start) / 1024;
      else {
        for (let va = start; va < end; va += 4096) {
          if (mm.space.isShared(va)) forkedKb += 4;
          else privateKb += 4;
        }
      }
    });
    const rss = privateKb + forkedKb + frameKb;
    let flags = (vma.prot & 1 ? "rd " : "") + (vma.prot & 2 ? "wr " : "") + (vma.prot & 4 ? "ex " : "");
    for (const [bit, code] of FLAG_CODES) if (vma.flags & bit) flags += code + " ";
    const kb = (label: string, value: number) => `${(label + ":").padEnd(16)}${String(value).padStart(8)} kB\n`;
    text += mapsLine(mm, vma) +
      kb("Size", (vma.end - vma.start) / 1024) +
      kb("KernelPageSize", 4) +
      kb("MMUPageSize", 4) +
      kb("Rss", rss) +
      kb("Pss", rss) +
      kb("Shared_Clean", vma.shared ? 0 : frameKb) +
      kb("Shared_Dirty", forkedKb + (vma.shared ? frameKb : 0)) +
      kb("Private_Clean", 0) +
      kb("Private_Dirty", privateKb) +
      kb("Referenced", rss) +
      kb("Anonymous", privateKb + forkedKb) +
      kb("LazyFree", 0) +
      kb("AnonHugePages", 0) +
      kb("ShmemPmdMapped", 0) +
      kb("FilePmdMapped", 0) +
      kb("Shared_Hugetlb", 0) +
      kb("Private_Hugetlb", 0) +
      kb("Swap", 0) +
      kb("SwapPss", 0) +
      kb("Locked", vma.flags & Vm.locked ? rss : 0) +
      `THPeligible:    0\nVmFlags: ${flags}\n`;
  }
  return text;
}
