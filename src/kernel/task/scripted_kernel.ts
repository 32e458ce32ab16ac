/** Runs a scripted program in a kernel of its own: the ground of the tests of processes, signals and waits. */
import { defaultLimits } from "../abi/resource.ts";
import { FdTable } from "../fs/fd_table.ts";
import { FsContext } from "../fs/fs_context.ts";
import type { MountNamespace } from "../fs/namespace.ts";
import { Kernel, type KernelOptions } from "../kernel.ts";
import { map } from "../mm/map.ts";
import { Mm } from "../mm/mm.ts";
import { VM_MAY_ALL } from "../mm/vma.ts";
import { rows as futex } from "../syscalls/futex.ts";
import { rows as process } from "../syscalls/process.ts";
import { rows as resource } from "../syscalls/resource.ts";
import { row, type SyscallRow } from "../syscalls/row.ts";
import { rows as sched } from "../syscalls/sched.ts";
import { rows as signal } from "../syscalls/signal.ts";
import { rows as time } from "../syscalls/time.ts";
import { initialCapabilities, plainCredentials } from "./credentials.ts";
import { ScriptedEngine, type Step, TEXT } from "./scripted_engine.ts";
import { Task } from "./task.ts";

/** Writable memory of every scripted program. */
export const DATA = 0x50_0000;
/** Top of its stack. */
export const STACK = 0x60_0000;
const DATA_SIZE = 0x10_0000;

/** Makes a kernel with one process, ready to run the program. */
export function scripted(
  program: readonly Step[],
  options: KernelOptions & { uid?: number; processors?: number; extra?: readonly SyscallRow[] } = {},
): { kernel: Kernel; task: Task } {
  const engine = new ScriptedEngine(program, options.processors);
  const rows = [...futex, ...process, ...resource, ...sched, ...signal, ...time, ...options.extra ?? []];
  const kernel = new Kernel(engine, rows, { cpus: 2, ...options });
  const first = kernel.createFirstProcess(defaultLimits());
  const mm = new Mm(engine);
  mm.limits = first.rlimits;
  map(mm, { address: DATA, length: DATA_SIZE, prot: 3, flags: 0x10, vmFlags: VM_MAY_ALL });
  const uid = options.uid ?? 1000;
  // No call of these tests walks a path.
  const fs = new FsContext({ users: 0, release: () => {} } as unknown as MountNamespace, undefined!, undefined!);
  const task = new Task(
    kernel,
    first,
    first.pid,
    engine.createCpu(),
    plainCredentials(uid, uid),
    initialCapabilities(uid),
    mm,
    new FdTable(),
    fs,
  );
  first.leader = task;
  task.name = "scripted";
  task.cpu.regs.pc = BigInt(TEXT);
  task.cpu.regs.sp = BigInt(STACK);
  kernel.addTask(task);
  return { kernel, task };
}

/** A call for tests: runs a function in the kernel. */
export function hook(nr: number, run: (task: Task) => number): SyscallRow {
  return row(nr, "hook", "", run);
}
