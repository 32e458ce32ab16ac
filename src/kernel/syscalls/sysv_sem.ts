/** System V semaphore calls (semget(2), semop(2), semctl(2)). */
import { E2BIG, EAGAIN, EINTR, EINVAL, EPERM, ERANGE } from "../abi/errno.ts";
import * as ipc from "../abi/ipc.ts";
import { NSEC_PER_SEC } from "../abi/time.ts";
import { SemaphoreSet, type SemOperation } from "../ipc/semaphores.ts";
import type { SysvIpc } from "../ipc/sysv_ipc.ts";
import type { IpcRegistry } from "../ipc/sysv_registry.ts";
import type { Process } from "../task/process.ts";
import type { Task } from "../task/task.ts";
import type { Blocking } from "../wait.ts";
import { actorOf, lookUp, mayControl, seconds, sysvIpcOf } from "./ipc_namespace.ts";
import { row, type SyscallRow } from "./row.ts";

function semget(task: Task, key: number, count: number, flags: number): number {
  if (count < 0 || count > ipc.SEMMSL) return -EINVAL;
  const { semaphores } = sysvIpcOf(task.kernel);
  return semaphores.get(
    key,
    flags,
    actorOf(task),
    () => count === 0 ? -EINVAL : new SemaphoreSet(key, flags & 0o777, task.credentials, count, seconds(task)),
    (set) => count > set.values.length ? -EINVAL : 0,
  );
}

/** What SEM_UNDO took comes back when the process ends, wherever that is. */
const undoing = new WeakSet<Process>();
function watchForUndo(process: Process, { semaphores }: SysvIpc): void {
  if (undoing.has(process)) return;
  undoing.add(process);
  const watcher = {
    notify: () => {
      process.exitWait.unwatch(watcher);
      for (const set of semaphores.all()) set.undo(process);
    },
  };
  process.exitWait.watch(watcher);
}

function semtimedop(task: Task, id: number, operationsVa: number, count: number, timeout: number): number | Blocking {
  if (count < 1 || id < 0) return -EINVAL;
  if (count > ipc.SEMOPM) return -E2BIG;
  const namespace = sysvIpcOf(task.kernel);
  const bytes = task.mm.readBytes(operationsVa, count * ipc.SEMBUF_SIZE);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const operations: SemOperation[] = [];
  for (let at = 0; at < bytes.length; at += ipc.SEMBUF_SIZE) {
    operations.push({
      number: view.getUint16(at, true),
      op: view.getInt16(at + 2, true),
      flags: view.getInt16(at + 4, true),
    });
  }
  let deadline = Infinity;
  if (timeout !== 0) {
    const whole = task.mm.readLong(timeout), rest = task.mm.readLong(timeout + 8);
    if (whole < 0 || rest < 0 || rest >= NSEC_PER_SEC) return -EINVAL;
    deadline = task.kernel.clock.monotonic() + whole * NSEC_PER_SEC + rest;
  }
  const set = namespace.semaphores.find(id);
  if (typeof set === "number") return set;
  const alters = operations.some(({ op }) => op !== 0);
  const denied = set.access(actorOf(task), alters ? 0o222 : 0o444);
  if (denied) return denied;
  const result = set.attempt(operations, task.process, seconds(task));
  if (set.hasUndo(task.process)) watchForUndo(task.process, namespace);
  return typeof result === "number" ? result : semWait(task, set, operations, result, deadline, namespace);
}

function* semWait(
  task: Task,
  set: SemaphoreSet,
  operations: readonly SemOperation[],
  first: SemOperation,
  deadline: number,
  namespace: SysvIpc,
): Blocking {
  let waitingFor = first;
  const queues = [set.wait];
  for (;;) {
    set.startWaiting(waitingFor);
    const reason = yield { queues, deadline };
    set.stopWaiting(waitingFor);
    const result = set.attempt(operations, task.process, seconds(task));
    if (set.hasUndo(task.process)) watchForUndo(task.process, namespace);
    if (typeof result === "number") return result;
    if (reason === "timeout") return -EAGAIN;
    // Never restarted (signal(7)).
    if (reason === "signal") return -EINTR;
    waitingFor = result;
  }
}

function semop(task: Task, id: number, operations: number, count: number): number | Blocking {
  return semtimedop(task, id, operations, count, 0);
}

function semInfo(task: Task, semaphores: IpcRegistry<SemaphoreSet>, usage: boolean, va: number): number {
  let total = 0;
  for (const set of semaphores.all()) total += set.values.length;
  // struct seminfo: map, mni, mns, mnu, msl, opm, ume, usz, vmx, aem; SEM_INFO has use in usz and aem.
  const info = [
    ipc.SEMMNS,
    ipc.SEMMNI,
    ipc.SEMMNS,
    ipc.SEMMNS,
    ipc.SEMMSL,
    ipc.SEMOPM,
    ipc.SEMOPM,
    usage ? semaphores.count : 20,
    ipc.SEMVMX,
    usage ? total : ipc.SEMVMX,
  ];
  task.mm.writeBytes(va, new Uint8Array(new Int32Array(info).buffer));
  return semaphores.highest;
}

function semctl(task: Task, id: number, number: number, command: number, argument: number): number {
  if (id < 0) return -EINVAL;
  const { semaphores } = sysvIpcOf(task.kernel), { mm } = task;
  switch (command) {
    case ipc.IPC_INFO:
    case ipc.SEM_INFO:
      return semInfo(task, semaphores, command === ipc.SEM_INFO, argument);
    case ipc.IPC_STAT:
    case ipc.SEM_STAT:
    case ipc.SEM_STAT_ANY: {
      const set = lookUp(task, semaphores, id, command !== ipc.IPC_STAT, command !== ipc.SEM_STAT_ANY);
      if (typeof set === "number") return set;
      mm.writeBytes(argument, set.encode());
      return command === ipc.IPC_STAT ? 0 : set.id;
    }
  }
  const set = semaphores.find(id);
  if (typeof set === "number") return set;
  const actor = actorOf(task);
  switch (command) {
    case ipc.IPC_RMID:
      if (!mayControl(task, set)) return -EPERM;
      semaphores.remove(set);
      set.wait.wake();
      return 0;
    case ipc.IPC_SET: {
      const bytes = mm.readBytes(argument, ipc.SEMID_DS.size).slice();
      if (!mayControl(task, set)) return -EPERM;
      set.decodePerm(new DataView(bytes.buffer));
      set.ctime = seconds(task);
      return 0;
    }
    case ipc.GETALL: {
      const denied = set.access(actor, 0o444);
      if (denied) return denied;
      mm.writeBytes(argument, new Uint8Array(set.values.slice().buffer));
      return 0;
    }
    case ipc.SETALL: {
      const denied = set.access(actor, 0o222);
      if (denied) return denied;
      const values = new Uint16Array(mm.readBytes(argument, set.values.length * 2).slice().buffer);
      if (values.some((value) => value > ipc.SEMVMX)) return -ERANGE;
      values.forEach((value, index) => set.setValue(index, value, task.process, seconds(task)));
      return 0;
    }
    case ipc.GETVAL:
    case ipc.GETPID:
    case ipc.GETNCNT:
    case ipc.GETZCNT:
    case ipc.SETVAL: {
      const denied = set.access(actor, command === ipc.SETVAL ? 0o222 : 0o444);
      if (denied) return denied;
      if (number < 0 || number >= set.values.length) return -EINVAL;
      if (command === ipc.GETVAL) return set.values[number]!;
      if (command === ipc.GETPID) return set.pids[number]!;
      if (command !== ipc.SETVAL) return set.waiters(number, command === ipc.GETZCNT);
      const value = argument | 0;
      if (value < 0 || value > ipc.SEMVMX) return -ERANGE;
      set.setValue(number, value, task.process, seconds(task));
      return 0;
    }
    default:
      return -EINVAL;
  }
}

export const rows: SyscallRow[] = [
  row(190, "semget", "key:int:ipc_key nsems:int semflg:int:ipc_flags", semget),
  row(191, "semctl", "semid:int semnum:int cmd:flags:semctl arg:arg:semctl", semctl),
  row(192, "semtimedop", "semid:int sops:array:sembuf:nsops nsops:uint timeout:struct:timespec", semtimedop),
  row(193, "semop", "semid:int sops:array:sembuf:nsops nsops:uint", semop),
];
