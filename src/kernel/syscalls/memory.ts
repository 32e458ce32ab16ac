/** Memory mapping calls: brk, mmap and its relatives, locks, membarrier, and reading other processes' memory. */
import { PAGE_SIZE } from "../../engine/engine.ts";
import { CAP_IPC_LOCK, CAP_SYS_ADMIN } from "../abi/capability.ts";
import { EACCES, EBADF, EINVAL, ENOMEM, ENOSPC, EOPNOTSUPP, EOVERFLOW, EPERM } from "../abi/errno.ts";
import { O_PATH } from "../abi/fcntl.ts";
import * as mman from "../abi/mman.ts";
import { RLIMIT_MEMLOCK } from "../abi/resource.ts";
import * as advise from "../mm/advise.ts";
import { brk } from "../mm/brk.ts";
import { fileObject } from "../mm/file_object.ts";
import { map, munmap, pageAlign, protect } from "../mm/map.ts";
import type { MapObject } from "../mm/map_object.ts";
import { mremap } from "../mm/remap.ts";
import { SharedMemory } from "../mm/shared_memory.ts";
import { Vm, VM_MAY_ALL } from "../mm/vma.ts";
import type { Task } from "../task/task.ts";
import { row, type SyscallRow } from "./row.ts";

const RIGHTS = mman.PROT_READ | mman.PROT_WRITE | mman.PROT_EXEC;

function mmap(
  task: Task,
  address: number,
  length: number,
  prot: number,
  flags: number,
  fd: number,
  off: number,
): number {
  if (off % PAGE_SIZE !== 0) return -EINVAL;
  if (!(flags & mman.MAP_ANONYMOUS)) return mapFile(task, address, length, prot, flags, fd, off);
  const type = flags & mman.MAP_TYPE;
  const refusal = checkFlags(task, length, flags);
  if (refusal < 0) return refusal;
  let object: MapObject | undefined, vmFlags = commonFlags(flags);
  if (type === mman.MAP_SHARED) {
    if (flags & mman.MAP_GROWSDOWN) return -EINVAL;
    if (length > task.mm.space.limit) return -ENOMEM;
    object = new SharedMemory(task.mm.engine, pageAlign(length) / PAGE_SIZE);
    vmFlags |= Vm.shared;
  } else if (type !== mman.MAP_PRIVATE) return -EINVAL;
  return place(task, { address, length, prot, flags, vmFlags, object, pageOffset: 0 });
}

function mapFile(
  task: Task,
  address: number,
  length: number,
  prot: number,
  flags: number,
  fd: number,
  off: number,
): number {
  const file = task.files.get(fd);
  if (file === undefined || file.flags & O_PATH) return -EBADF;
  // Huge pages come from hugetlbfs files only (man 2 mmap).
  if (flags & mman.MAP_HUGETLB) return -EINVAL;
  const refusal = checkFlags(task, length, flags);
  if (refusal < 0) return refusal;
  const pageOffset = off / PAGE_SIZE;
  if (pageOffset + pageAlign(length) / PAGE_SIZE > 2 ** 52) return -EOVERFLOW;
  let vmFlags = commonFlags(flags);
  const type = flags & mman.MAP_TYPE;
  if (type === mman.MAP_SHARED || type === mman.MAP_SHARED_VALIDATE) {
    if (type === mman.MAP_SHARED_VALIDATE && flags & ~mman.LEGACY_MAP_MASK) return -EOPNOTSUPP;
    if (prot & mman.PROT_WRITE && !file.writable) return -EACCES;
    vmFlags |= Vm.shared;
    if (!file.writable) vmFlags &= ~Vm.mayWrite;
  } else if (type !== mman.MAP_PRIVATE) return -EINVAL;
  if (!file.readable) return -EACCES;
  if (file.path?.mount.noExec) {
    if (prot & mman.PROT_EXEC) return -EPERM;
    vmFlags &= ~Vm.mayExec;
  }
  if (flags & mman.MAP_GROWSDOWN) return -EINVAL;
  const object = fileObject(file);
  if (typeof object === "number") return object;
  if (vmFlags & Vm.shared && object.isWriteSealed) {
    if (prot & mman.PROT_WRITE) return -EPERM;
    vmFlags &= ~Vm.mayWrite;
  }
  return place(task, { address, length, prot, flags, vmFlags, object, pageOffset });
}

/** What Linux checks of any mapping before it looks for a place. */
function checkFlags(task: Task, length: number, flags: number): number {
  if (!(length > 0)) return -EINVAL;
  if (flags & mman.MAP_HUGETLB) {
    // The kernel knows sizes from 64 KiB to 1 GiB, and has no huge page of any.
    const size = flags >>> mman.MAP_HUGE_SHIFT & mman.MAP_HUGE_MASK;
    return [0, 16, 21, 25, 30].includes(size) ? -ENOMEM : -EINVAL;
  }
  if (flags & mman.MAP_LOCKED && !task.capable(CAP_IPC_LOCK) && task.mm.softLimit(RLIMIT_MEMLOCK) === 0) return -EPERM;
  return 0;
}

function commonFlags(flags: number): number {
  return VM_MAY_ALL | (flags & mman.MAP_GROWSDOWN ? Vm.growsDown : 0) | (flags & mman.MAP_LOCKED ? Vm.locked : 0) |
    (flags & mman.MAP_NORESERVE ? Vm.noReserve : 0);
}

function place(
  task: Task,
  request: {
    address: number;
    length: number;
    prot: number;
    flags: number;
    vmFlags: number;
    object: MapObject | undefined;
    pageOffset: number;
  },
): number {
  const { flags } = request;
  const populate = (flags & (mman.MAP_POPULATE | mman.MAP_NONBLOCK)) === mman.MAP_POPULATE;
  const mayLock = task.capable(CAP_IPC_LOCK);
  return map(task.mm, { ...request, prot: request.prot & RIGHTS, populate, mayLock });
}

function mprotect(task: Task, start: number, length: number, prot: number): number {
  const grows = prot & (mman.PROT_GROWSDOWN | mman.PROT_GROWSUP);
  if (grows === (mman.PROT_GROWSDOWN | mman.PROT_GROWSUP) || !isAligned(task, start)) return -EINVAL;
  if (length === 0) return 0;
  const end = start + pageAlign(length);
  if (end > task.mm.addressLimit) return -ENOMEM;
  if (prot & ~(RIGHTS | mman.PROT_SEM | grows)) return -EINVAL;
  if (grows) {
    const vma = task.mm.vmas.intersecting(start, end);
    if (vma === undefined) return -ENOMEM;
    if (grows === mman.PROT_GROWSUP || !(vma.flags & Vm.growsDown)) return -EINVAL;
    start = vma.start;
  }
  return protect(task.mm, start, end, prot & RIGHTS);
}

/** Whether a call's first argument, `address`, is that of a page: a large number does not tell, the register does. */
const isAligned = (task: Task, address: number): boolean =>
  (Number.isSafeInteger(address) ? address : task.cpu.regs.xi(0)) % PAGE_SIZE === 0;

function mincore(task: Task, start: number, length: number, vector: number): number {
  if (!isAligned(task, start)) return -EINVAL;
  const end = start + pageAlign(length);
  if (end > task.mm.addressLimit) return -ENOMEM;
  // In pieces: a guest chooses the length.
  const piece = new Uint8Array(PAGE_SIZE);
  for (let at = start; at < end; at += PAGE_SIZE * PAGE_SIZE) {
    const pages = Math.min(PAGE_SIZE, (end - at) / PAGE_SIZE);
    const bytes = piece.subarray(0, pages).fill(0);
    const result = advise.mincore(task.mm, at, bytes);
    if (result < 0) return result;
    task.mm.writeBytes(vector + (at - start) / PAGE_SIZE, bytes);
  }
  return 0;
}

function mlock2(task: Task, start: number, length: number, flags: number): number {
  if (flags & ~mman.MLOCK_ONFAULT) return -EINVAL;
  return advise.mlock(task.mm, start, length, flags !== 0, task.capable(CAP_IPC_LOCK));
}

/** Registrations that the expedited commands need first (man 2 membarrier). */
const REGISTRATION: ReadonlyMap<number, number> = new Map([
  [mman.MEMBARRIER_CMD_PRIVATE_EXPEDITED, mman.MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED],
  [mman.MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, mman.MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE],
]);
const REGISTER = mman.MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | mman.MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED |
  mman.MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE;
const MEMBARRIER_COMMANDS = REGISTER | mman.MEMBARRIER_CMD_GLOBAL | mman.MEMBARRIER_CMD_GLOBAL_EXPEDITED |
  mman.MEMBARRIER_CMD_PRIVATE_EXPEDITED | mman.MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE;

/** Threads run one at a time and every switch is a barrier: nothing is left to do but the bookkeeping. */
function membarrier(task: Task, command: number, flags: number): number {
  if (flags !== 0) return -EINVAL;
  if (command === mman.MEMBARRIER_CMD_QUERY) return MEMBARRIER_COMMANDS;
  if (!(command & MEMBARRIER_COMMANDS) || (command & command - 1) !== 0) return -EINVAL;
  if (command & REGISTER) task.mm.membarrierRegistered |= command;
  const needed = REGISTRATION.get(command);
  return needed !== undefined && !(task.mm.membarrierRegistered & needed) ? -EPERM : 0;
}

/** pkey_mprotect with key -1 is mprotect; arm64 has no other keys here. */
function pkeyMprotect(task: Task, start: number, length: number, prot: number, key: number): number {
  return key === -1 ? mprotect(task, start, length, prot) : -EINVAL;
}

/** remap_file_pages(2), which Linux itself emulates with one mmap since 4.0. */
function remapFilePages(
  task: Task,
  address: number,
  size: number,
  prot: number,
  pageOffset: number,
  flags: number,
): number {
  const { mm } = task;
  if (prot !== 0) return -EINVAL;
  const start = address - address % PAGE_SIZE, length = size - size % PAGE_SIZE;
  if (length === 0) return -EINVAL;
  const vma = mm.vmas.find(start);
  if (vma === undefined || !vma.shared || vma.object === undefined) return -EINVAL;
  for (let at = start; at < start + length;) {
    const piece = mm.vmas.find(at);
    if (piece === undefined || piece.object !== vma.object || piece.flags !== vma.flags) return -EINVAL;
    at = piece.end;
  }
  const result = map(mm, {
    address: start,
    length,
    prot: vma.prot,
    flags: mman.MAP_FIXED,
    vmFlags: vma.flags,
    object: vma.object,
    pageOffset,
    populate: (flags & mman.MAP_NONBLOCK) === 0,
    mayLock: true,
  });
  return result < 0 ? result : 0;
}

export const rows: SyscallRow[] = [
  row(214, "brk", "addr:ptr =hex", (task, address) => brk(task.mm, address)),
  row(215, "munmap", "addr:ptr length:size", (task, address, length) => munmap(task.mm, address, length)),
  row(
    216,
    "mremap",
    "old_address:ptr old_size:size new_size:size flags:flags:mremap new_address:arg:mremap_address =hex",
    (task, from, oldSize, newSize, flags, to) => mremap(task.mm, from, oldSize, newSize, flags, to),
  ),
  row(222, "mmap", "addr:ptr length:size prot:flags:prot flags:flags:mmap fd:fd offset:hex =hex", mmap),
  row(226, "mprotect", "addr:ptr length:size prot:flags:prot", mprotect),
  row(
    227,
    "msync",
    "addr:ptr length:size flags:flags:msync",
    (task, start, length, flags) => isAligned(task, start) ? advise.msync(task.mm, start, length, flags) : -EINVAL,
  ),
  row(
    228,
    "mlock",
    "addr:ptr length:size",
    (task, start, length) => advise.mlock(task.mm, start, length, false, task.capable(CAP_IPC_LOCK)),
  ),
  row(229, "munlock", "addr:ptr length:size", (task, start, length) => advise.munlock(task.mm, start, length)),
  row(
    230,
    "mlockall",
    "flags:flags:mlockall",
    (task, flags) => advise.mlockall(task.mm, flags, task.capable(CAP_IPC_LOCK)),
  ),
  row(231, "munlockall", "", (task) => advise.munlockall(task.mm)),
  row(232, "mincore", "addr:ptr length:size vec:out:mincore", mincore),
  row(
    233,
    "madvise",
    "addr:ptr length:size advice:flags:madvise",
    (task, start, length, advice) => advise.madvise(task.mm, start, length, advice, task.capable(CAP_SYS_ADMIN)),
    "MADV_FREE, MADV_COLD and MADV_PAGEOUT keep the pages; no huge pages, no page sharing",
  ),
  row(
    234,
    "remap_file_pages",
    "addr:ptr size:size prot:flags:prot pgoff:ulong flags:flags:mmap",
    remapFilePages,
  ),
  row(283, "membarrier", "cmd:flags:membarrier flags:xint cpu_id:int:nothing =by:membarrier", membarrier),
  row(284, "mlock2", "addr:ptr length:size flags:flags:mlock2", mlock2),
  row(288, "pkey_mprotect", "addr:ptr length:size prot:flags:prot pkey:int", pkeyMprotect),
  row(
    289,
    "pkey_alloc",
    "flags:xint access_rights:xint",
    (_task, flags, rights) => flags || rights & ~3 ? -EINVAL : -ENOSPC,
  ),
  row(290, "pkey_free", "pkey:int", () => -EINVAL),
];
