/** User, group and capability identities (credentials(7), capabilities(7)). */
import { CAP_FULL_SET } from "../abi/capability.ts";
import { INITIAL_USER_NAMESPACE, type UserNamespace } from "./user_namespace.ts";

/**
 * User and group identities of a thread, as for permission checks: ids of the initial user namespace. Threads may
 * share one object: a change makes a new one.
 */
export interface Credentials {
  uid: number;
  euid: number;
  suid: number;
  fsuid: number;
  gid: number;
  egid: number;
  sgid: number;
  fsgid: number;
  groups: number[];
  /** Where its capabilities count, and which names ids have for it. */
  userNamespace: UserNamespace;
}

/** Capability sets as bigints, bit n for capability n. Replaced as a whole, like {@link Credentials}. */
export interface Capabilities {
  readonly effective: bigint;
  readonly permitted: bigint;
  readonly inheritable: bigint;
  readonly bounding: bigint;
  readonly ambient: bigint;
  /** SECBIT_* (PR_SET_SECUREBITS), with SECBIT_KEEP_CAPS. */
  readonly securebits: number;
}

export const SECBIT_NOROOT = 1;
export const SECBIT_NO_SETUID_FIXUP = 4;
export const SECBIT_KEEP_CAPS = 16;
export const SECBIT_NO_CAP_AMBIENT_RAISE = 64;

/** One user and group for everything, in the initial user namespace. */
export function plainCredentials(uid: number, gid: number, groups: number[] = []): Credentials {
  const ids = { uid, euid: uid, suid: uid, fsuid: uid, gid, egid: gid, sgid: gid, fsgid: gid };
  return { ...ids, groups, userNamespace: INITIAL_USER_NAMESPACE };
}

/** What a process of this user starts with. */
export function initialCapabilities(uid: number): Capabilities {
  const all = uid === 0 ? CAP_FULL_SET : 0n;
  return {
    effective: all,
    permitted: all,
    inheritable: 0n,
    bounding: CAP_FULL_SET,
    ambient: 0n,
    securebits: 0,
  };
}

/** What the first thread of a user namespace has there (user_namespaces(7), "Capabilities"). */
export function namespaceCapabilities(): Capabilities {
  return initialCapabilities(0);
}

/** How the sets follow a change of user ids (capabilities(7), "Effect of user ID changes on capabilities"). */
export function capabilitiesAfterUidChange(
  capabilities: Capabilities,
  from: Credentials,
  to: Credentials,
): Capabilities {
  if (capabilities.securebits & SECBIT_NO_SETUID_FIXUP) return capabilities;
  let { effective, permitted, ambient } = capabilities;
  const root = from.userNamespace.uids.toKernel(0);
  const hadRoot = from.uid === root || from.euid === root || from.suid === root;
  const hasRoot = to.uid === root || to.euid === root || to.suid === root;
  if (hadRoot && !hasRoot) {
    if (!(capabilities.securebits & SECBIT_KEEP_CAPS)) permitted = effective = 0n;
    ambient = 0n;
  }
  if (from.euid === root && to.euid !== root) effective = 0n;
  if (from.euid !== root && to.euid === root) effective = permitted;
  return { ...capabilities, effective, permitted, ambient };
}

/** The sets after execve of a plain file (capabilities(7), "Transformation of capabilities during execve()"). */
export function capabilitiesAfterExec(capabilities: Capabilities, credentials: Credentials): Capabilities {
  const root = (capabilities.securebits & SECBIT_NOROOT) === 0, rootId = credentials.userNamespace.uids.toKernel(0);
  const { inheritable, bounding, ambient } = capabilities;
  const privileged = root && (credentials.euid === rootId || credentials.uid === rootId);
  const filePermitted = privileged ? CAP_FULL_SET : 0n;
  const fileEffective = root && credentials.euid === rootId;
  // Set-user-ID and set-group-ID programs have none (security/commoncap.c: cap_bprm_creds_from_file).
  const isSetId = credentials.euid !== credentials.uid || credentials.egid !== credentials.gid;
  const newAmbient = isSetId ? 0n : ambient;
  const permitted = (inheritable & filePermitted) | (filePermitted & bounding) | newAmbient;
  return {
    ...capabilities,
    permitted,
    effective: fileEffective ? permitted : newAmbient,
    ambient: newAmbient,
    securebits: capabilities.securebits & ~SECBIT_KEEP_CAPS,
  };
}
