/**
 * A guest thread (Linux: `struct task_struct`) and the process it belongs to.
 */
import type { Cpu } from "../../engine/engine.ts";
import type { FdTable } from "../fs/fd_table.ts";
import type { FsContext } from "../fs/fs_context.ts";
import type { Kernel } from "../kernel.ts";
import type { Mm } from "../mm/mm.ts";

/** User and group identities of a process, as for permission checks (credentials(7)). */
export interface Credentials {
  uid: number;
  euid: number;
  suid: number;
  fsuid: number;
  gid: number;
  egid: number;
  sgid: number;
  fsgid: number;
  groups: number[];
}

/** A thread group: what threads of one process share. */
export interface Process {
  /** tgid */
  readonly pid: number;
  ppid: number;
  pgid: number;
  sid: number;
  readonly threads: Set<Task>;
  /** Resource limits by RLIMIT_* number: [soft, hard]; Infinity is RLIM_INFINITY. */
  readonly rlimits: [number, number][];
}

/** One thread. */
export interface Task {
  readonly tid: number;
  readonly process: Process;
  readonly kernel: Kernel;
  readonly cpu: Cpu;
  /** comm, at most 15 bytes. */
  name: string;
  credentials: Credentials;
  /** Address space and VMAs; shared by threads and by vfork until exec. Also the guest memory of system calls. */
  mm: Mm;
  /** Open descriptors (CLONE_FILES shares them). */
  files: FdTable;
  /** cwd, root, umask (CLONE_FS shares them). */
  fs: FsContext;
}
