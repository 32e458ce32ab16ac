/** User and group ids, groups and capabilities (credentials(7)). */
import {
  _LINUX_CAPABILITY_VERSION_1,
  _LINUX_CAPABILITY_VERSION_2,
  _LINUX_CAPABILITY_VERSION_3,
  CAP_FULL_SET,
  CAP_SETGID,
  CAP_SETPCAP,
  CAP_SETUID,
} from "../abi/capability.ts";
import { EINVAL, EPERM, ESRCH } from "../abi/errno.ts";
import { capabilitiesAfterUidChange, type Credentials, initialCapabilities } from "../task/credentials.ts";
import type { Task } from "../task/task.ts";
import type { IdKind } from "../task/user_namespace.ts";
import { row, type SyscallRow } from "./row.ts";

const NGROUPS_MAX = 65536;

/** Gives the thread new ids; capabilities and dumpability follow. */
function change(task: Task, changes: Partial<Credentials>): number {
  const before = task.credentials, after = { ...before, ...changes };
  task.credentials = after;
  task.capabilities = capabilitiesAfterUidChange(task.capabilities, before, after);
  const moved = before.euid !== after.euid || before.egid !== after.egid || before.fsuid !== after.fsuid ||
    before.fsgid !== after.fsgid;
  if (moved) {
    task.process.dumpable = 0;
    task.parentDeathSignal = 0;
  }
  return 0;
}

/** -1 in the argument of a set call: leave that id. */
const KEEP = -1;

/** The kernel's id for one that the thread says; KEEP stays itself, undefined has no mapping. Ids travel as int32. */
function id(task: Task, kind: IdKind, value: number): number | undefined {
  return value === KEEP ? KEEP : task.credentials.userNamespace[kind].toKernel(value >>> 0);
}

/** All of {@link id}; undefined if one has no mapping. */
function ids(task: Task, kind: IdKind, ...values: number[]): number[] | undefined {
  const all = values.map((value) => id(task, kind, value));
  return all.includes(undefined) ? undefined : all as number[];
}

/** An id as the thread knows it. */
function shown(task: Task, kind: IdKind, value: number): number {
  return task.credentials.userNamespace[kind].show(value);
}

function setuid(task: Task, value: number): number {
  const { credentials } = task, uid = id(task, "uids", value);
  if (uid === undefined || uid === KEEP) return -EINVAL;
  if (task.capableInside(CAP_SETUID)) return change(task, { uid, euid: uid, suid: uid, fsuid: uid });
  if (uid !== credentials.uid && uid !== credentials.suid) return -EPERM;
  return change(task, { euid: uid, fsuid: uid });
}

function setgid(task: Task, value: number): number {
  const { credentials } = task, gid = id(task, "gids", value);
  if (gid === undefined || gid === KEEP) return -EINVAL;
  if (task.capableInside(CAP_SETGID)) return change(task, { gid, egid: gid, sgid: gid, fsgid: gid });
  if (gid !== credentials.gid && gid !== credentials.sgid) return -EPERM;
  return change(task, { egid: gid, fsgid: gid });
}

function setreuid(task: Task, ruid: number, euid: number): number {
  const old = task.credentials, privileged = task.capableInside(CAP_SETUID), wanted = ids(task, "uids", ruid, euid);
  if (!wanted) return -EINVAL;
  const [uid = KEEP, effective = KEEP] = wanted.map((value, n) => value === KEEP ? [old.uid, old.euid][n] : value);
  if (ruid !== KEEP && uid !== old.uid && uid !== old.euid && !privileged) return -EPERM;
  if (euid !== KEEP && ![old.uid, old.euid, old.suid].includes(effective) && !privileged) return -EPERM;
  const suid = ruid !== KEEP || (euid !== KEEP && effective !== old.uid) ? effective : old.suid;
  return change(task, { uid, euid: effective, suid, fsuid: effective });
}

function setregid(task: Task, rgid: number, egid: number): number {
  const old = task.credentials, privileged = task.capableInside(CAP_SETGID), wanted = ids(task, "gids", rgid, egid);
  if (!wanted) return -EINVAL;
  const [gid = KEEP, effective = KEEP] = wanted.map((value, n) => value === KEEP ? [old.gid, old.egid][n] : value);
  if (rgid !== KEEP && gid !== old.gid && gid !== old.egid && !privileged) return -EPERM;
  if (egid !== KEEP && ![old.gid, old.egid, old.sgid].includes(effective) && !privileged) return -EPERM;
  const sgid = rgid !== KEEP || (egid !== KEEP && effective !== old.gid) ? effective : old.sgid;
  return change(task, { gid, egid: effective, sgid, fsgid: effective });
}

function setresuid(task: Task, ruid: number, euid: number, suid: number): number {
  const old = task.credentials, known = [old.uid, old.euid, old.suid], wanted = ids(task, "uids", ruid, euid, suid);
  if (!wanted) return -EINVAL;
  const foreign = wanted.some((value) => value !== KEEP && !known.includes(value));
  if (foreign && !task.capableInside(CAP_SETUID)) return -EPERM;
  const [uid = KEEP, effective = KEEP, saved = KEEP] = wanted.map((value, n) => value === KEEP ? known[n] : value);
  return change(task, { uid, euid: effective, suid: saved, fsuid: effective });
}

function setresgid(task: Task, rgid: number, egid: number, sgid: number): number {
  const old = task.credentials, known = [old.gid, old.egid, old.sgid], wanted = ids(task, "gids", rgid, egid, sgid);
  if (!wanted) return -EINVAL;
  const foreign = wanted.some((value) => value !== KEEP && !known.includes(value));
  if (foreign && !task.capableInside(CAP_SETGID)) return -EPERM;
  const [gid = KEEP, effective = KEEP, saved = KEEP] = wanted.map((value, n) => value === KEEP ? known[n] : value);
  return change(task, { gid, egid: effective, sgid: saved, fsgid: effective });
}

function write3(task: Task, a: number, b: number, c: number, values: readonly number[]): number {
  const { mm } = task;
  mm.writeU32(a, values[0]!);
  mm.writeU32(b, values[1]!);
  mm.writeU32(c, values[2]!);
  return 0;
}

/** setfsuid(2) tells the id before, whether it changed anything or not. */
function setfsuid(task: Task, value: number): number {
  const old = task.credentials, uid = id(task, "uids", value);
  const known = uid !== undefined && [old.uid, old.euid, old.suid, old.fsuid].includes(uid);
  if (uid !== undefined && uid !== KEEP && (known || task.capableInside(CAP_SETUID))) {
    task.credentials = { ...old, fsuid: uid };
  }
  return shown(task, "uids", old.fsuid);
}

function setfsgid(task: Task, value: number): number {
  const old = task.credentials, gid = id(task, "gids", value);
  const known = gid !== undefined && [old.gid, old.egid, old.sgid, old.fsgid].includes(gid);
  if (gid !== undefined && gid !== KEEP && (known || task.capableInside(CAP_SETGID))) {
    task.credentials = { ...old, fsgid: gid };
  }
  return shown(task, "gids", old.fsgid);
}

function getgroups(task: Task, size: number, list: number): number {
  const { groups } = task.credentials;
  if (size < 0) return -EINVAL;
  if (size === 0) return groups.length;
  if (groups.length > size) return -EINVAL;
  groups.forEach((group, index) => task.mm.writeU32(list + 4 * index, shown(task, "gids", group)));
  return groups.length;
}

function setgroups(task: Task, size: number, list: number): number {
  const { gids, allowsSetgroups } = task.credentials.userNamespace;
  // Without a map nobody knows which groups would be given up (user_namespaces(7), "The /proc/pid/setgroups file").
  if (!task.capableInside(CAP_SETGID) || !allowsSetgroups || gids.extents.length === 0) return -EPERM;
  if (size < 0 || size > NGROUPS_MAX) return -EINVAL;
  const bytes = task.mm.readBytes(list, 4 * size), view = new DataView(bytes.buffer);
  const groups = Array.from({ length: size }, (_, index) => gids.toKernel(view.getUint32(4 * index, true)));
  if (groups.includes(undefined)) return -EINVAL;
  task.credentials = { ...task.credentials, groups: (groups as number[]).sort((a, b) => a - b) };
  return 0;
}

/** How many 32-bit words per set a version has; 0 for one that is not known, which gets told (capget(2)). */
function capabilityWords(task: Task, header: number): number {
  const version = task.mm.readU32(header);
  if (version === _LINUX_CAPABILITY_VERSION_1) return 1;
  if (version === _LINUX_CAPABILITY_VERSION_2 || version === _LINUX_CAPABILITY_VERSION_3) return 2;
  task.mm.writeU32(header, _LINUX_CAPABILITY_VERSION_3);
  return 0;
}

function capget(task: Task, header: number, data: number): number {
  const { mm, kernel } = task, words = capabilityWords(task, header);
  if (words === 0) return data === 0 ? 0 : -EINVAL;
  const pid = mm.readI32(header + 4);
  if (pid < 0) return -EINVAL;
  const target = pid === 0 ? task : kernel.tasks.get(pid);
  // The processes without a program are root's.
  const capabilities = target?.capabilities ?? (kernel.findProcess(pid) && initialCapabilities(0));
  if (!capabilities) return -ESRCH;
  if (data === 0) return 0;
  const { effective, permitted, inheritable } = capabilities;
  for (let word = 0; word < words; word++) {
    [effective, permitted, inheritable].forEach((set, index) => {
      mm.writeU32(data + 12 * word + 4 * index, Number(set >> BigInt(32 * word) & 0xffffffffn));
    });
  }
  return 0;
}

function capset(task: Task, header: number, data: number): number {
  const { mm } = task, words = capabilityWords(task, header);
  if (words === 0) return -EINVAL;
  const pid = mm.readI32(header + 4);
  if (pid !== 0 && pid !== task.tid) return -EPERM;
  const sets = [0n, 0n, 0n];
  for (let word = 0; word < words; word++) {
    for (let index = 0; index < 3; index++) {
      sets[index]! |= BigInt(mm.readU32(data + 12 * word + 4 * index)) << BigInt(32 * word);
    }
  }
  const [effective, permitted, inheritable] = sets.map((set) => set & CAP_FULL_SET) as [bigint, bigint, bigint];
  const old = task.capabilities;
  if (permitted & ~old.permitted) return -EPERM;
  if (effective & ~permitted) return -EPERM;
  if (!task.capableInside(CAP_SETPCAP) && inheritable & ~(old.inheritable | old.permitted)) return -EPERM;
  if (inheritable & ~(old.inheritable | old.bounding)) return -EPERM;
  task.capabilities = { ...old, effective, permitted, inheritable, ambient: old.ambient & permitted & inheritable };
  return 0;
}

export const rows: SyscallRow[] = [
  row(90, "capget", "header:struct:cap_user_header dataptr:out:cap_user_data", capget),
  row(91, "capset", "header:struct:cap_user_header data:struct:cap_user_data", capset),
  row(143, "setregid", "rgid:gid egid:gid", setregid),
  row(144, "setgid", "gid:gid", setgid),
  row(145, "setreuid", "ruid:uid euid:uid", setreuid),
  row(146, "setuid", "uid:uid", setuid),
  row(147, "setresuid", "ruid:uid euid:uid suid:uid", setresuid),
  row(148, "getresuid", "ruidp:out:i32 euidp:out:i32 suidp:out:i32", (task, a, b, c) => {
    const { uid, euid, suid } = task.credentials;
    return write3(task, a, b, c, [uid, euid, suid].map((each) => shown(task, "uids", each)));
  }),
  row(149, "setresgid", "rgid:gid egid:gid sgid:gid", setresgid),
  row(150, "getresgid", "rgidp:out:i32 egidp:out:i32 sgidp:out:i32", (task, a, b, c) => {
    const { gid, egid, sgid } = task.credentials;
    return write3(task, a, b, c, [gid, egid, sgid].map((each) => shown(task, "gids", each)));
  }),
  row(151, "setfsuid", "uid:uid", setfsuid),
  row(152, "setfsgid", "gid:gid", setfsgid),
  row(158, "getgroups", "gidsetsize:int grouplist:outarray:u32", getgroups),
  row(159, "setgroups", "gidsetsize:int grouplist:array:u32:gidsetsize", setgroups),
  row(174, "getuid", "", (task) => shown(task, "uids", task.credentials.uid)),
  row(175, "geteuid", "", (task) => shown(task, "uids", task.credentials.euid)),
  row(176, "getgid", "", (task) => shown(task, "gids", task.credentials.gid)),
  row(177, "getegid", "", (task) => shown(task, "gids", task.credentials.egid)),
];
