/** All System V IPC calls (sysvipc(7)). */
import type { SyscallRow } from "./row.ts";
import { rows as messageQueues } from "./sysv_msg.ts";
import { rows as semaphores } from "./sysv_sem.ts";
import { rows as sharedMemory } from "./sysv_shm.ts";

export const rows: SyscallRow[] = [...messageQueues, ...semaphores, ...sharedMemory];
