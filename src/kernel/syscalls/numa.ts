/**
 * NUMA calls on a machine with one node (numa(7)): policies are checked and kept, and every page is on node 0.
 */
import { CAP_SYS_NICE } from "../abi/capability.ts";
import { E2BIG, EFAULT, EINVAL, ENODEV, ENOENT, EPERM, ESRCH } from "../abi/errno.ts";
import * as abi from "../abi/mempolicy.ts";

import { mappedBytes, pageAlign } from "../mm/map.ts";
import type { Mm } from "../mm/mm.ts";
import { mayAttach } from "../task/ptrace_access.ts";
import type { Task } from "../task/task.ts";
import { row, type SyscallRow } from "./row.ts";

interface Policy {
  readonly mode: number;
  readonly nodes: bigint;
}

const DEFAULT: Policy = { mode: abi.MPOL_DEFAULT, nodes: 0n };
const NODE_0 = 1n;
const policies = new WeakMap<Task, Policy>();

/** A node mask of `maxNode - 1` bits, as the kernel reads it; -EINVAL for bits of nodes that cannot be. */
function readNodes(mm: Mm, mask: number, maxNode: number): bigint | number {
  const bits = maxNode - 1;
  if (bits <= 0 || mask === 0) return 0n;
  if (bits > 4096 * 8) return -EINVAL;
  let nodes = 0n;
  for (let word = 0; word * 64 < bits; word++) {
    let value = mm.readU64(mask + word * 8);
    if (bits - word * 64 < 64) value &= (1n << BigInt(bits - word * 64)) - 1n;
    if (value !== 0n && word * 64 >= abi.MAX_NUMNODES) return -EINVAL;
    if (word === 0) nodes = value;
  }
  return nodes;
}

/** Checks a mode with its nodes (Linux: mpol_new, mpol_set_nodemask). */
function makePolicy(modeAndFlags: number, nodes: bigint): Policy | number {
  const flags = modeAndFlags & abi.MPOL_MODE_FLAGS, mode = modeAndFlags & ~abi.MPOL_MODE_FLAGS;
  if (mode < 0 || mode > abi.MPOL_PREFERRED_MANY) return -EINVAL;
  if ((flags & abi.MPOL_F_STATIC_NODES) && (flags & abi.MPOL_F_RELATIVE_NODES)) return -EINVAL;
  if (flags & abi.MPOL_F_NUMA_BALANCING && mode !== abi.MPOL_BIND) return -EINVAL;
  switch (mode) {
    case abi.MPOL_DEFAULT:
      return nodes !== 0n ? -EINVAL : DEFAULT;
    case abi.MPOL_LOCAL:
      return nodes !== 0n || flags ? -EINVAL : { mode, nodes: 0n };
    case abi.MPOL_PREFERRED:
      if (nodes === 0n) return flags ? -EINVAL : { mode: abi.MPOL_LOCAL, nodes: 0n };
      break;
  }
  return (nodes & NODE_0) === 0n ? -EINVAL : { mode: modeAndFlags, nodes: NODE_0 };
}

function setMempolicy(task: Task, mode: number, mask: number, maxNode: number): number {
  const nodes = readNodes(task.mm, mask, maxNode);
  if (typeof nodes === "number") return nodes;
  const policy = makePolicy(mode, nodes);
  if (typeof policy === "number") return policy;
  policies.set(task, policy);
  return 0;
}

function getMempolicy(
  task: Task,
  modeOut: number,
  maskOut: number,
  maxNode: number,
  address: number,
  flags: number,
): number {
  const { mm } = task;
  if (maskOut !== 0 && maxNode < 1) return -EINVAL; // nr_node_ids
  if (flags & ~(abi.MPOL_F_NODE | abi.MPOL_F_ADDR | abi.MPOL_F_MEMS_ALLOWED)) return -EINVAL;
  let policy = policies.get(task) ?? DEFAULT, mode = policy.mode, nodes = policy.nodes;
  if (flags & abi.MPOL_F_MEMS_ALLOWED) {
    if (flags & (abi.MPOL_F_NODE | abi.MPOL_F_ADDR)) return -EINVAL;
    mode = 0;
    nodes = NODE_0;
  } else if (flags & abi.MPOL_F_ADDR) {
    if (mm.vmas.find(address) === undefined) return -EFAULT;
    policy = DEFAULT;
    mode = flags & abi.MPOL_F_NODE ? 0 : policy.mode;
    nodes = policy.nodes;
  } else {
    if (address !== 0) return -EINVAL;
    if (flags & abi.MPOL_F_NODE) {
      if ((mode & ~abi.MPOL_MODE_FLAGS) !== abi.MPOL_INTERLEAVE) return -EINVAL;
      mode = 0;
    }
  }
  if (modeOut !== 0) mm.writeU32(modeOut, mode);
  if (maskOut !== 0) {
    mm.writeU64(maskOut, nodes);
    const bytes = Math.min(4096, Math.ceil((maxNode - 1) / 64) * 8);
    if (bytes > 8) mm.writeZeros(maskOut + 8, bytes - 8);
  }
  return 0;
}

function mbind(
  task: Task,
  start: number,
  length: number,
  mode: number,
  mask: number,
  maxNode: number,
  flags: number,
): number {
  const { mm } = task;
  if (flags & ~(abi.MPOL_MF_STRICT | abi.MPOL_MF_MOVE | abi.MPOL_MF_MOVE_ALL)) return -EINVAL;
  if (flags & abi.MPOL_MF_MOVE_ALL && !task.capable(CAP_SYS_NICE)) return -EPERM;
  const nodes = readNodes(mm, mask, maxNode);
  if (typeof nodes === "number") return nodes;
  if (start % 4096 !== 0) return -EINVAL;
  const end = start + pageAlign(length);
  if (end > 2 ** 63) return -EINVAL;
  const policy = makePolicy(mode, nodes);
  if (typeof policy === "number") return policy;
  if (end === start) return 0;
  return mappedBytes(mm, start, end) === end - start ? 0 : -EFAULT;
}

/** move_pages(2): says where pages are, and that they are where they should be. */
function movePages(
  task: Task,
  pid: number,
  count: number,
  pages: number,
  nodes: number,
  status: number,
  flags: number,
): number {
  if (flags & ~(abi.MPOL_MF_MOVE | abi.MPOL_MF_MOVE_ALL)) return -EINVAL;
  if (flags & abi.MPOL_MF_MOVE_ALL && !task.capable(CAP_SYS_NICE)) return -EPERM;
  const target = pid === 0 ? task : task.kernel.tasks.get(pid);
  if (target === undefined) return -ESRCH;
  if (!mayAttach(task, target)) return -EPERM;
  if (count > 2 ** 27) return -E2BIG;
  for (let i = 0; i < count; i++) {
    const address = task.mm.readNumber(pages + i * 8);
    if (nodes !== 0 && task.mm.readI32(nodes + i * 4) !== 0) return -ENODEV;
    const vma = target.mm.vmas.find(address);
    const state = vma === undefined ? -EFAULT : target.mm.resident.get(address) === 0 ? -ENOENT : 0;
    task.mm.writeI32(status + i * 4, state);
  }
  return 0;
}

function migratePages(task: Task, pid: number, maxNode: number, from: number, to: number): number {
  const old = readNodes(task.mm, from, maxNode);
  if (typeof old === "number") return old;
  const wanted = readNodes(task.mm, to, maxNode);
  if (typeof wanted === "number") return wanted;
  const target = pid === 0 ? task : task.kernel.tasks.get(pid);
  if (target === undefined) return -ESRCH;
  if (!mayAttach(task, target)) return -EPERM;
  return (wanted & NODE_0) === 0n ? (wanted === 0n ? -EINVAL : -EPERM) : 0;
}

export const rows: SyscallRow[] = [
  row(
    235,
    "mbind",
    "addr:ptr len:ulong mode:flags:mpol nodemask:ptr maxnode:ulong flags:flags:mpol_move",
    mbind,
    "one node",
  ),
  row(
    236,
    "get_mempolicy",
    "mode:out:i32 nodemask:ptr maxnode:ulong addr:ptr flags:bits:mpol_get",
    getMempolicy,
    "one node",
  ),
  row(237, "set_mempolicy", "mode:flags:mpol nodemask:ptr maxnode:ulong", setMempolicy, "one node"),
  row(238, "migrate_pages", "pid:pid maxnode:ulong old_nodes:ptr new_nodes:ptr", migratePages, "one node"),
  row(
    239,
    "move_pages",
    "pid:pid count:ulong pages:ptr nodes:ptr status:ptr flags:flags:mpol_move",
    movePages,
    "one node",
  ),
];
