/** System V shared memory calls (shmget(2), shmop(2), shmctl(2)). */
import { PAGE_SIZE } from "../../engine/engine.ts";
import { EEXIST, EINVAL, ENOMEM, EPERM } from "../abi/errno.ts";
import * as ipc from "../abi/ipc.ts";
import { MAP_FIXED, MAP_FIXED_NOREPLACE, PROT_EXEC, PROT_READ, PROT_WRITE } from "../abi/mman.ts";
import { SharedSegment } from "../ipc/shared_segment.ts";
import type { IpcRegistry } from "../ipc/sysv_registry.ts";
import { map, munmap } from "../mm/map.ts";
import { Vm, VM_MAY_ALL } from "../mm/vma.ts";
import type { Task } from "../task/task.ts";
import { actorOf, lookUp, mayControl, seconds, sysvIpcOf } from "./ipc_namespace.ts";
import { row, type SyscallRow } from "./row.ts";

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
  row(194, "shmget", "key:int:ipc_key size:size shmflg:int:ipc_flags", shmget),
  row(195, "shmctl", "shmid:int cmd:flags:shmctl buf:arg:shmctl", shmctl),
  row(196, "shmat", "shmid:int shmaddr:ptr shmflg:flags:shmat =hex", shmat),
  row(197, "shmdt", "shmaddr:ptr", shmdt),
];
