/** The System V IPC objects of a kernel, and what its three families of calls have in common. */
import { CAP_IPC_OWNER, CAP_SYS_ADMIN } from "../abi/capability.ts";
import { SysvIpc } from "../ipc/sysv_ipc.ts";
import type { IpcActor, IpcObject, IpcRegistry } from "../ipc/sysv_registry.ts";
import type { Kernel } from "../kernel.ts";
import type { Task } from "../task/task.ts";
import { realtime } from "../time/clock.ts";

export const sysvIpcOf = (kernel: Kernel): SysvIpc => kernel.part(SysvIpc, () => new SysvIpc());

/** Adds the files of /proc/sysvipc. */
export function addProcSysvIpc(kernel: Kernel, root: { text(path: string, read: () => string): void }): void {
  for (const name of ["sem", "msg", "shm"] as const) root.text(`sysvipc/${name}`, () => sysvIpcOf(kernel).text(name));
}

/** Seconds since the epoch. */
export const seconds = (task: Task) => Number(realtime(task.kernel.clock) / 1_000_000_000n);
export const actorOf = (task: Task): IpcActor => ({
  credentials: task.credentials,
  mayAll: task.capable(CAP_IPC_OWNER),
});
/** IPC_SET and IPC_RMID: owner, creator or CAP_SYS_ADMIN. */
export const mayControl = (task: Task, object: IpcObject) =>
  object.isOwner({ credentials: task.credentials, mayAll: task.capable(CAP_SYS_ADMIN) });

/**
 * The object of a *_STAT call by index, or of another call by id; with read access checked unless it is *_STAT_ANY.
 */
export function lookUp<T extends IpcObject>(
  task: Task,
  registry: IpcRegistry<T>,
  id: number,
  byIndex: boolean,
  checked: boolean,
): T | number {
  const object = byIndex ? registry.at(id) : registry.find(id);
  if (typeof object === "number") return object;
  const denied = checked ? object.access(actorOf(task), 0o444) : 0;
  return denied || object;
}
