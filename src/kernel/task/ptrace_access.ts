/** Who may look into which process: what ptrace(2) and half of /proc ask (kernel/ptrace.c: __ptrace_may_access). */
import { CAP_SYS_PTRACE } from "../abi/capability.ts";
import type { Task } from "./task.ts";
import type { UserNamespace } from "./user_namespace.ts";

/** Who looks, by the ids and capabilities that count for what is looked at. */
export interface Looker {
  readonly uid: number;
  readonly gid: number;
  readonly userNamespace: UserNamespace;
  readonly capabilities: bigint;
}

/** @param actor a thread, perhaps of elftap's own */
export function mayAccess(
  actor: { readonly pid?: number; capable(capability: number, over?: UserNamespace): boolean },
  { uid, gid, userNamespace, capabilities }: Looker,
  target: Task,
): boolean {
  const { process, credentials: other } = target;
  if (actor.pid === process.pid || actor.capable(CAP_SYS_PTRACE, other.userNamespace)) return true;
  const isSameUser = uid === other.euid && uid === other.suid && uid === other.uid &&
    gid === other.egid && gid === other.sgid && gid === other.gid;
  if (!isSameUser || process.dumpable !== 1) return false;
  // Nobody gets capabilities that way (security/commoncap.c: cap_ptrace_access_check).
  return userNamespace === other.userNamespace && (target.capabilities.permitted & ~capabilities) === 0n;
}

/** Whether a thread may do so by a system call: by its real ids (PTRACE_MODE_ATTACH_REALCREDS, PTRACE_MODE_READ_REALCREDS). */
export function mayAttach(task: Task, target: Task): boolean {
  const { credentials: { uid, gid, userNamespace }, capabilities: { permitted } } = task;
  return mayAccess(task, { uid, gid, userNamespace, capabilities: permitted }, target);
}
