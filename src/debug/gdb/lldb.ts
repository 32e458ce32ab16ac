/**
 * What lldb asks beyond gdb's packets (LLDB: docs/resources/lldbgdbremote.md): which system this is, and where memory
 * is mapped.
 */
import { pathName } from "../../kernel/fs/path.ts";
import { VERSION } from "../../version.ts";
import { type CommandTable, ERROR } from "./commands.ts";
import { hexNumber, textToHex } from "./hex.ts";
import { debugPointer } from "./libraries.ts";

const TRIPLE = textToHex("aarch64-unknown-linux-gnu");

/** `NAME:VALUE;…` */
const list = (fields: Readonly<Record<string, string | number>>): string =>
  Object.entries(fields).map(([name, value]) => `${name}:${value};`).join("");

export const lldbCommands: CommandTable = {
  // Only lldb asks; threads are chosen with H as by gdb.
  QThreadSuffixSupported: ({ agreed }) => {
    agreed.lldb = true;
    return "";
  },
  qHostInfo: ({ kernel }) =>
    list({
      triple: TRIPLE,
      ptrsize: 8,
      endian: "little",
      ostype: "linux",
      hostname: textToHex(kernel.uts.hostname),
      watchpoint_exceptions_received: "before",
      vm_page_size: 4096,
    }),
  qProcessInfo: (session) => {
    const task = session.current();
    if (!task) return ERROR.noThread;
    const { process, credentials } = task, hex = (value: number) => value.toString(16);
    return list({
      pid: hex(process.pid),
      "parent-pid": hex(process.ppid),
      "real-uid": hex(credentials.uid),
      "real-gid": hex(credentials.gid),
      "effective-uid": hex(credentials.euid),
      "effective-gid": hex(credentials.egid),
      triple: TRIPLE,
      ostype: "linux",
      endian: "little",
      ptrsize: 8,
    });
  },
  qGDBServerVersion: () => list({ name: "elftap", version: VERSION }),
  // `process detach --keep-stopped`: what has stopped stays so when the connection ends.
  "qSupportsDetachAndStayStopped:": () => "OK",
  D1: () => "OK",
  qWatchpointSupportInfo: () => list({ num: 0x7fffffff }),
  qGetWorkingDir: (session) => {
    const task = session.current();
    return task ? textToHex(pathName(task.fs.cwd, task.fs.root) ?? "/") : ERROR.noThread;
  },
  // Where lldb finds the pointer to the dynamic linker's list of libraries.
  qShlibInfoAddr: (session) => {
    const task = session.current(), at = task && debugPointer(task.mm);
    return at === undefined ? ERROR.refused : at.toString(16);
  },
  "qMemoryRegionInfo:": (session, packet) => {
    const task = session.current(), va = hexNumber(packet.slice("qMemoryRegionInfo:".length));
    if (!task) return ERROR.noThread;
    if (va === undefined) return ERROR.malformed;
    let start = 0;
    for (const vma of task.mm.vmas) {
      if (va < vma.start) return list({ start: start.toString(16), size: (vma.start - start).toString(16) });
      if (va < vma.end) {
        const name = vma.object?.label();
        return list({
          start: vma.start.toString(16),
          size: (vma.end - vma.start).toString(16),
          permissions: (vma.prot & 1 ? "r" : "") + (vma.prot & 2 ? "w" : "") + (vma.prot & 4 ? "x" : ""),
          ...(name ? { name: textToHex(name) } : {}),
        });
      }
      start = vma.end;
    }
    return list({ start: start.toString(16), size: (2n ** 64n - BigInt(start)).toString(16) });
  },
};
