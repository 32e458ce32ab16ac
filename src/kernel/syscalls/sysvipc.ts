/** System V IPC calls (sysvipc(7)): semaphores, message queues, shared memory. */
import { PAGE_SIZE } from "../../engine/engine.ts";
import { CAP_IPC_OWNER, CAP_SYS_ADMIN, CAP_SYS_RESOURCE } from "../abi/capability.ts";
import { E2BIG, EAGAIN, EEXIST, EINTR, EINVAL, ENOMEM, ENOMSG, EPERM, ERANGE, ERESTARTNOHAND } from "../abi/errno.ts";
import * as ipc from "../abi/ipc.ts";
import { MAP_FIXED, MAP_FIXED_NOREPLACE, PROT_EXEC, PROT_READ, PROT_WRITE } from "../abi/mman.ts";
import { NSEC_PER_SEC } from "../abi/time.ts";
import { MessageQueue } from "../ipc/message_queue.ts";
import { SemaphoreSet, type SemOperation } from "../ipc/semaphores.ts";
import { SharedSegment } from "../ipc/shared_segment.ts";
import { SysvIpc } from "../ipc/sysv_ipc.ts";
import type { IpcActor, IpcObject, IpcRegistry } from "../ipc/sysv_registry.ts";
import type { Kernel } from "../kernel.ts";
import { map, munmap } from "../mm/map.ts";
import { Vm, VM_MAY_ALL } from "../mm/vma.ts";
import type { Process } from "../task/process.ts";
import type { Task } from "../task/task.ts";
import { realtime } from "../time/clock.ts";
import type { Blocking } from "../wait.ts";
import { row, type SyscallRow } from "./row.ts";

const namespaces = new WeakMap<Kernel, SysvIpc>();

export function sysvIpcOf(kernel: Kernel): SysvIpc {
  let namespace = namespaces.get(kernel);
  if (namespace === undefined) {
    namespace = new SysvIpc();
    namespaces.set(kernel, namespace);
  }
  return namespace;
}

/** Adds the files of /proc/sysvipc. */
export function addProcSysvIpc(kernel: Kernel, root: { text(path: string, read: () => string): void }): void {
  for (const name of ["sem", "msg", "shm"] as const) root.text(`sysvipc/${name}`, () => sysvIpcOf(kernel).text(name));
}

/** Seconds since the epoch. */
const seconds = (task: Task) => Number(realtime(task.kernel.clock) / 1_000_000_000n);
const actorOf = (task: Task): IpcActor => ({
  credentials: task.credentials,
  mayAll: task.capable(CAP_IPC_OWNER),
});
/** IPC_SET and IPC_RMID: owner, creator or CAP_SYS_ADMIN. */
const mayControl = (task: Task, object: IpcObject) =>
  object.isOwner({ credentials: task.credentials, mayAll: task.capable(CAP_SYS_ADMIN) });

/**
 * The object of a *_STAT call by index, or of another call by id; with read access checked unless it is *_STAT_ANY.
 */
function lookUp<T extends IpcObject>(
  task: Task,
  registry: IpcRegistry<T>,
  id: number,
  byIndex: boolean,
  checked: boolean,
): T | number {
  const object = byIndex ? registry.slots[id] ?? -EINVAL : registry.find(id);
  if (typeof object === "number") return object;
  const denied = checked ? object.access(actorOf(task), 0o444) : 0;
  return denied || object;
}

// Semaphores

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

// Message queues

function msgget(task: Task, key: number, flags: number): number {
  const { queues } = sysvIpcOf(task.kernel);
  return queues.get(
    key,
    flags,
    actorOf(task),
    () => new MessageQueue(key, flags & 0o777, task.credentials, seconds(task)),
  );
}

function msgsnd(task: Task, id: number, va: number, size: number, flags: number): number | Blocking {
  const type = task.mm.readLong(va);
  if (size < 0 || size > ipc.MSGMAX || id < 0 || type < 1) return -EINVAL;
  const data = size === 0 ? new Uint8Array(0) : task.mm.readBytes(va + 8, size).slice();
  const queue = sysvIpcOf(task.kernel).queues.find(id);
  if (typeof queue === "number") return queue;
  const denied = queue.access(actorOf(task), 0o222);
  if (denied) return denied;
  const message = { type, data };
  const result = queue.send(message, task.pid, seconds(task));
  if (result !== -EAGAIN || flags & ipc.IPC_NOWAIT) return result;
  return (function* (): Blocking {
    for (;;) {
      const reason = yield { queues: [queue.wait] };
      const again = queue.send(message, task.pid, seconds(task));
      if (again !== -EAGAIN) return again;
      if (reason === "signal") return -ERESTARTNOHAND;
    }
  })();
}

function msgrcv(task: Task, id: number, va: number, size: number, type: number, flags: number): number | Blocking {
  if (id < 0 || size < 0 || size > Number.MAX_SAFE_INTEGER) return -EINVAL;
  if (flags & ipc.MSG_COPY && (flags & ipc.MSG_EXCEPT || !(flags & ipc.IPC_NOWAIT) || type < 0)) return -EINVAL;
  const queue = sysvIpcOf(task.kernel).queues.find(id);
  if (typeof queue === "number") return queue;
  const denied = queue.access(actorOf(task), 0o444);
  if (denied) return denied;
  const attempt = (): number => {
    const message = queue.receive(type, size, flags, task.pid, seconds(task));
    if (typeof message === "number") return message;
    const length = Math.min(size, message.data.length);
    task.mm.writeU64(va, BigInt(message.type));
    if (length > 0) task.mm.writeBytes(va + 8, message.data.subarray(0, length));
    return length;
  };
  const result = attempt();
  if (result !== -ENOMSG || flags & ipc.IPC_NOWAIT) return result;
  return (function* (): Blocking {
    for (;;) {
      const reason = yield { queues: [queue.wait] };
      const again = attempt();
      if (again !== -ENOMSG) return again;
      if (reason === "signal") return -ERESTARTNOHAND;
    }
  })();
}

function msgInfo(task: Task, queues: IpcRegistry<MessageQueue>, usage: boolean, va: number): number {
  let messages = 0, bytes = 0;
  for (const queue of queues.all()) {
    messages += queue.messages.length;
    bytes += queue.bytes;
  }
  // struct msginfo: pool, map, max, mnb, mni, ssz, tql, seg; MSG_INFO has use in pool, map and tql.
  const info = new Uint8Array(ipc.MSGINFO_SIZE), view = new DataView(info.buffer);
  const pool = Math.floor(ipc.MSGMNI * ipc.MSGMNB / 1024);
  [
    usage ? queues.count : pool,
    usage ? messages : ipc.MSGMNB,
    ipc.MSGMAX,
    ipc.MSGMNB,
    ipc.MSGMNI,
    16,
    usage ? bytes : ipc.MSGMNB,
  ].forEach((value, index) => view.setInt32(4 * index, value, true));
  view.setUint16(28, 0xffff, true);
  task.mm.writeBytes(va, info);
  return queues.highest;
}

function msgctl(task: Task, id: number, command: number, va: number): number {
  if (id < 0 || command < 0) return -EINVAL;
  const { queues } = sysvIpcOf(task.kernel), { mm } = task;
  switch (command) {
    case ipc.IPC_INFO:
    case ipc.MSG_INFO:
      return msgInfo(task, queues, command === ipc.MSG_INFO, va);
    case ipc.IPC_STAT:
    case ipc.MSG_STAT:
    case ipc.MSG_STAT_ANY: {
      const queue = lookUp(task, queues, id, command !== ipc.IPC_STAT, command !== ipc.MSG_STAT_ANY);
      if (typeof queue === "number") return queue;
      mm.writeBytes(va, queue.encode());
      return command === ipc.IPC_STAT ? 0 : queue.id;
    }
    case ipc.IPC_SET: {
      const bytes = mm.readBytes(va, ipc.MSQID_DS.size).slice(), view = new DataView(bytes.buffer);
      const queue = queues.find(id);
      if (typeof queue === "number") return queue;
      if (!mayControl(task, queue)) return -EPERM;
      const maxBytes = Number(view.getBigUint64(ipc.MSQID_DS.qbytes, true));
      if (maxBytes > ipc.MSGMNB && !task.capable(CAP_SYS_RESOURCE)) return -EPERM;
      queue.decodePerm(view);
      queue.maxBytes = maxBytes;
      queue.ctime = seconds(task);
      queue.wait.wake();
      return 0;
    }
    case ipc.IPC_RMID: {
      const queue = queues.find(id);
      if (typeof queue === "number") return queue;
      if (!mayControl(task, queue)) return -EPERM;
      queues.remove(queue);
      queue.wait.wake();
      return 0;
    }
    default:
      return -EINVAL;
  }
}

// Shared memory

function shmget(task: Task, key: number, size: number, flags: number): number {
  const { segments } = sysvIpcOf(task.kernel);
  return segments.get(
    key,
    flags,
    actorOf(task),
    () => {
      // What no address space holds cannot be attached.
      if (size < 1) return -EINVAL;
      if (size > task.mm.space.limit) return -ENOMEM;
      // There are no huge pages.
      if (flags & ipc.SHM_HUGETLB) return -ENOMEM;
      return new SharedSegment(
        key,
        flags & 0o777,
        task.credentials,
        size,
        task.pid,
        task.mm.engine,
        () => seconds(task),
        (segment) => segments.remove(segment),
      );
    },
    (segment) => size > segment.size ? -EINVAL : 0,
  );
}

function shmat(task: Task, id: number, address: number, flags: number): number {
  if (id < 0) return -EINVAL;
  let place = address;
  if (address % ipc.SHMLBA !== 0) {
    if (!(flags & ipc.SHM_RND)) return -EINVAL;
    place = Math.floor(address / ipc.SHMLBA) * ipc.SHMLBA;
    if (place === 0 && flags & ipc.SHM_REMAP) return -EINVAL;
  } else if (address === 0 && flags & ipc.SHM_REMAP) {
    return -EINVAL;
  }
  const segment = sysvIpcOf(task.kernel).segments.find(id);
  if (typeof segment === "number") return segment;
  const readOnly = (flags & ipc.SHM_RDONLY) !== 0, exec = (flags & ipc.SHM_EXEC) !== 0;
  const denied = segment.access(actorOf(task), (readOnly ? 0o444 : 0o666) | (exec ? 0o111 : 0));
  if (denied) return denied;
  const fixed = place === 0 ? 0 : flags & ipc.SHM_REMAP ? MAP_FIXED : MAP_FIXED_NOREPLACE;
  const result = map(task.mm, {
    address: place,
    length: segment.size,
    prot: PROT_READ | (readOnly ? 0 : PROT_WRITE) | (exec ? PROT_EXEC : 0),
    flags: fixed,
    vmFlags: (VM_MAY_ALL | Vm.shared) & ~(readOnly ? Vm.mayWrite : 0),
    object: segment.memory,
    pageOffset: 0,
  });
  // The place being taken is EINVAL here, not mmap's EEXIST.
  if (result < 0) return result === -EEXIST ? -EINVAL : result;
  segment.atime = seconds(task);
  segment.lastPid = task.pid;
  return result;
}

function shmdt(task: Task, address: number): number {
  const { mm } = task;
  if (address % ipc.SHMLBA !== 0) return -EINVAL;
  const first = mm.vmas.find(address);
  if (first === undefined || first.start !== address || first.pageOffset !== 0) return -EINVAL;
  const segment = [...sysvIpcOf(task.kernel).segments.all()].find(({ memory }) => memory === first.object);
  if (segment === undefined) return -EINVAL;
  // mprotect may have cut the attachment into pieces: all of them go.
  const end = address + Math.ceil(segment.size / PAGE_SIZE) * PAGE_SIZE;
  segment.lastPid = task.pid;
  for (let at = address; at < end;) {
    const vma = mm.vmas.find(at);
    if (vma === undefined || vma.object !== segment.memory || vma.pageIndex(at) !== (at - address) / PAGE_SIZE) {
      at += PAGE_SIZE;
      continue;
    }
    const next = Math.min(vma.end, end);
    const error = munmap(mm, at, next - at);
    if (error < 0) return error;
    at = next;
  }
  return 0;
}

function shmInfo(task: Task, segments: IpcRegistry<SharedSegment>, usage: boolean, va: number): number {
  if (usage) {
    // struct shm_info: used_ids, then pages: total, resident, swapped; swap attempts, successes.
    let total = 0, resident = 0;
    for (const { size, memory } of segments.all()) {
      total += Math.ceil(size / PAGE_SIZE);
      resident += memory.residentPages;
    }
    const fields = [segments.count, total, resident, 0, 0, 0].map(BigInt);
    task.mm.writeBytes(va, new Uint8Array(new BigUint64Array(fields).buffer));
  } else {
    // struct shminfo64: shmmax, shmmin, shmmni, shmseg, shmall.
    const most = BigInt(ipc.SHMMAX);
    const fields = [most, 1n, BigInt(ipc.SHMMNI), BigInt(ipc.SHMMNI), most, 0n, 0n, 0n, 0n];
    task.mm.writeBytes(va, new Uint8Array(new BigUint64Array(fields).buffer));
  }
  return segments.highest;
}

function shmctl(task: Task, id: number, command: number, va: number): number {
  if (id < 0 || command < 0) return -EINVAL;
  const { segments } = sysvIpcOf(task.kernel), { mm } = task;
  switch (command) {
    case ipc.IPC_INFO:
    case ipc.SHM_INFO:
      return shmInfo(task, segments, command === ipc.SHM_INFO, va);
    case ipc.IPC_STAT:
    case ipc.SHM_STAT:
    case ipc.SHM_STAT_ANY: {
      const segment = lookUp(task, segments, id, command !== ipc.IPC_STAT, command !== ipc.SHM_STAT_ANY);
      if (typeof segment === "number") return segment;
      mm.writeBytes(va, segment.encode());
      return command === ipc.IPC_STAT ? 0 : segment.id;
    }
  }
  const segment = segments.find(id);
  if (typeof segment === "number") return segment;
  switch (command) {
    case ipc.IPC_SET: {
      const bytes = mm.readBytes(va, ipc.SHMID_DS.size).slice();
      if (!mayControl(task, segment)) return -EPERM;
      segment.decodePerm(new DataView(bytes.buffer));
      segment.ctime = seconds(task);
      return 0;
    }
    case ipc.IPC_RMID:
      if (!mayControl(task, segment)) return -EPERM;
      // Its key is free at once; the memory stays for those who have it attached.
      segments.forgetKey(segment);
      segment.destroy();
      return 0;
    case ipc.SHM_LOCK:
    case ipc.SHM_UNLOCK:
      if (!mayControl(task, segment)) return -EPERM;
      // Nothing is ever swapped: only the mark is kept.
      if (command === ipc.SHM_LOCK) segment.mode |= ipc.SHM_LOCKED;
      else segment.mode &= ~ipc.SHM_LOCKED;
      return 0;
    default:
      return -EINVAL;
  }
}

export const rows: SyscallRow[] = [
  row(186, "msgget", "key:int msgflg:flags:ipc", msgget),
  row(187, "msgctl", "msqid:int cmd:int buf:ptr", msgctl),
  row(188, "msgrcv", "msqid:int msgp:ptr msgsz:size msgtyp:long msgflg:flags:ipc", msgrcv),
  row(189, "msgsnd", "msqid:int msgp:ptr msgsz:size msgflg:flags:ipc", msgsnd),
  row(190, "semget", "key:int nsems:int semflg:flags:ipc", semget),
  row(191, "semctl", "semid:int semnum:int cmd:int arg:ulong", semctl),
  row(192, "semtimedop", "semid:int sops:ptr nsops:uint timeout:struct:timespec", semtimedop),
  row(193, "semop", "semid:int sops:ptr nsops:uint", semop),
  row(194, "shmget", "key:int size:size shmflg:flags:ipc", shmget),
  row(195, "shmctl", "shmid:int cmd:int buf:ptr", shmctl),
  row(196, "shmat", "shmid:int shmaddr:ptr shmflg:flags:ipc", shmat),
  row(197, "shmdt", "shmaddr:ptr", shmdt),
];
