/** The notes of a crashed process's core file, in Linux's order: the crashed thread first, then what all share. */
import {
  encodeFiles,
  encodeFpsimd,
  encodeNote,
  encodePrpsinfo,
  encodePrstatus,
  encodeU64,
  NT_ARM_SYSTEM_CALL,
  NT_ARM_TLS,
  NT_AUXV,
  NT_FILE,
  NT_FPREGSET,
  NT_PRPSINFO,
  NT_PRSTATUS,
  NT_SIGINFO,
} from "../../kernel/abi/core_note.ts";
import { encodeSiginfo, type Siginfo } from "../../kernel/abi/siginfo.ts";
import { FileObject } from "../../kernel/mm/file_object.ts";
import type { Task } from "../../kernel/task/task.ts";

/** Threads in a core file at most. */
const MAX_THREADS = 4096;

/** @param args the arguments with spaces between, a byte string */
export function coreNotes(task: Task, info: Siginfo, args: string): Uint8Array[] {
  const { process, mm } = task;
  const files = [...mm.vmas].flatMap((vma) =>
    vma.object instanceof FileObject
      ? [{ start: vma.start, end: vma.end, pageOffset: vma.pageOffset, path: vma.object.label() }]
      : []
  );
  const [status, ...registers] = threadNotes(task, info);
  const others = [...process.threads].filter((each) => each !== task && each.state !== "dead").slice(0, MAX_THREADS);
  return [
    status!,
    encodeNote(
      "CORE",
      NT_PRPSINFO,
      encodePrpsinfo({
        ...ids(task),
        pid: process.pid,
        uid: task.credentials.uid,
        gid: task.credentials.gid,
        nice: task.sched.nice,
        name: process.leader.name,
        args,
      }),
    ),
    encodeNote("CORE", NT_SIGINFO, encodeSiginfo(info)),
    encodeNote("CORE", NT_AUXV, mm.auxv),
    encodeNote("CORE", NT_FILE, encodeFiles(files)),
    ...registers,
    ...others.flatMap((each) => threadNotes(each, info)),
  ];
}

const ids = ({ process }: Task) => ({ ppid: process.ppid, pgid: process.pgid, sid: process.sid });

/** A thread's notes; its status first. */
function threadNotes(task: Task, info: Siginfo): Uint8Array[] {
  const { regs } = task.cpu, vectors = new Uint8Array(512);
  regs.readV(vectors);
  const callNumber = new Uint8Array(4);
  new DataView(callNumber.buffer).setInt32(0, task.callNumber, true);
  return [
    encodeNote(
      "CORE",
      NT_PRSTATUS,
      encodePrstatus({
        ...ids(task),
        tid: task.tid,
        signal: info.signo,
        code: info.code,
        errno: info.errno ?? 0,
        pending: 0n,
        blocked: BigInt.asUintN(64, task.blocked),
        utime: task.usage.utime,
        stime: task.usage.stime,
        registers: [
          ...Array.from({ length: 31 }, (_, n) => regs.x(n)),
          regs.sp,
          BigInt.asUintN(64, regs.pc),
          BigInt(regs.flags >>> 0),
        ],
      }),
    ),
    encodeNote("CORE", NT_FPREGSET, encodeFpsimd(vectors, regs.fpsr, regs.fpcr)),
    encodeNote("LINUX", NT_ARM_TLS, encodeU64(regs.tpidr)),
    encodeNote("LINUX", NT_ARM_SYSTEM_CALL, callNumber),
  ];
}
