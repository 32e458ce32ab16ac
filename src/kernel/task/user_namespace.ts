/**
 * User namespaces (user_namespaces(7)): ids and capabilities that count only inside.
 *
 * Everything in the kernel holds ids of the initial namespace; they are translated where a program says or sees one.
 * A capability is held in the namespace of its holder and in those below, so a check names the namespace that owns
 * what is to be touched.
 */
import { CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN } from "../abi/capability.ts";
import { EINVAL, EPERM } from "../abi/errno.ts";
import { IDENTITY, type IdExtent, IdMap, parseIdMap } from "./id_map.ts";

/** inode number of the initial one (linux/proc_ns.h); others follow those that Linux starts with. */
const PROC_USER_INIT_INO = 0xeffffffd;
const FIRST_INO = 0xf0000100;

/** Namespaces inside each other at most (user_namespaces(7)). */
export const MAX_DEPTH = 32;

/** What of a thread's identity decides on its capabilities. */
export interface CapabilityHolder {
  readonly credentials: { readonly euid: number; readonly egid: number; readonly userNamespace: UserNamespace };
  readonly capabilities: { readonly effective: bigint };
}

/** Which of the two maps. */
export type IdKind = "uids" | "gids";

export class UserNamespace {
  static #lastIno = FIRST_INO;

  readonly level: number;
  readonly ino: number;
  /** Without a map nobody has a name. Written once. */
  uids: IdMap;
  gids: IdMap;
  /** /proc/PID/setgroups */
  allowsSetgroups: boolean;

  /** @param owner kernel ids of who made it */
  constructor(readonly parent: UserNamespace | undefined, readonly owner: { uid: number; gid: number }) {
    this.level = parent ? parent.level + 1 : 0;
    this.ino = parent ? UserNamespace.#lastIno++ : PROC_USER_INIT_INO;
    this.uids = this.gids = parent ? new IdMap([]) : IDENTITY;
    this.allowsSetgroups = parent?.allowsSetgroups ?? true;
  }

  /** Text of uid_map or gid_map, for a reader in `viewer`. */
  mapText(kind: IdKind, viewer: UserNamespace): string {
    // Who looks from inside sees what the parent calls the ids (user_namespaces(7)).
    const outer = (viewer === this ? this.parent : viewer)?.[kind] ?? IDENTITY;
    const column = (value: number) => String(value).padStart(10);
    return this[kind].extents.map(({ inside, outside, count }) =>
      `${column(inside)} ${column(outer.fromKernel(outside) ?? 2 ** 32 - 1)} ${column(count)}\n`
    ).join("");
  }

  /** A write to uid_map or gid_map. @returns 0 or a negative errno */
  writeMap(kind: IdKind, text: string, writer: CapabilityHolder): number {
    const { parent } = this, from = writer.credentials.userNamespace;
    if (!parent || (from !== this && from !== parent)) return -EPERM;
    if (this[kind].extents.length > 0 || !isCapable(writer, this, CAP_SYS_ADMIN)) return -EPERM;
    const extents = parseIdMap(text);
    if (!extents) return -EINVAL;
    if (!this.#mayMap(kind, extents, writer)) return -EPERM;
    const mapped: IdExtent[] = [];
    for (const { inside, outside, count } of extents) {
      const first = parent[kind].toKernel(outside), last = parent[kind].toKernel(outside + count - 1);
      if (first === undefined || last !== first + count - 1) return -EPERM;
      mapped.push({ inside, outside: first, count });
    }
    this[kind] = new IdMap(mapped);
    return 0;
  }

  /** user_namespaces(7), "Defining user and group ID mappings: writing to uid_map and gid_map". */
  #mayMap(kind: IdKind, extents: readonly IdExtent[], writer: CapabilityHolder): boolean {
    const parent = this.parent!, { euid, egid } = writer.credentials, only = extents[0];
    if (extents.length === 1 && only!.count === 1 && this.owner.uid === euid) {
      const id = parent[kind].toKernel(only!.outside);
      if (kind === "uids" ? id === euid : id === egid && !this.allowsSetgroups) return true;
    }
    return isCapable(writer, parent, kind === "uids" ? CAP_SETUID : CAP_SETGID);
  }

  /** A write to /proc/PID/setgroups. @returns 0 or a negative errno */
  writeSetgroups(text: string, writer: CapabilityHolder): number {
    const word = text.replace(/\s+$/, "");
    if (word !== "allow" && word !== "deny") return -EINVAL;
    if (!isCapable(writer, this, CAP_SYS_ADMIN)) return -EPERM;
    if (word === "allow") return this.allowsSetgroups ? 0 : -EPERM;
    if (this.gids.extents.length > 0) return -EPERM;
    this.allowsSetgroups = false;
    return 0;
  }
}

/** The one that everything starts in. */
export const INITIAL_USER_NAMESPACE: UserNamespace = new UserNamespace(undefined, { uid: 0, gid: 0 });

/** Whether a thread has a capability over what `target` owns (security/commoncap.c: cap_capable). */
export function isCapable(holder: CapabilityHolder, target: UserNamespace, capability: number): boolean {
  const { userNamespace, euid } = holder.credentials;
  for (let at: UserNamespace | undefined = target; at; at = at.parent) {
    if (at === userNamespace) return (holder.capabilities.effective >> BigInt(capability) & 1n) === 1n;
    if (at.level <= userNamespace.level) return false;
    // Who made a namespace has all capabilities in it.
    if (at.parent === userNamespace && at.owner.uid === euid) return true;
  }
  return false;
}
