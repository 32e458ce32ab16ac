/** User, group and capability identities (credentials(7), capabilities(7)). */
import { CAP_FULL_SET } from "../abi/capability.ts";

/**
 * User and group identities of a thread, as for permission checks. Threads may share one object: a change makes a
 * new one.
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

/** One user and group for everything. */
export function plainCredentials(uid: number, gid: number, groups: number[] = []): Credentials {
  return { uid, euid: uid, suid: uid, fsuid: uid, gid, egid: gid, sgid: gid, fsgid: gid, groups };
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

/** How the sets follow a change of user ids (capabilities(7), "Effect of user ID changes on capabilities"). */
export function capabilitiesAfterUidChange(
  capabilities: Capabilities,
  from: Credentials,
  to: Credentials,
): Capabilities {
  if (capabilities.securebits & SECBIT_NO_SETUID_FIXUP) return capabilities;
  let { effective, permitted, ambient } = capabilities;
  const hadRoot = from.uid === 0 || from.euid === 0 || from.suid === 0;
  const hasRoot = to.uid === 0 || to.euid === 0 || to.suid === 0;
  if (hadRoot && !hasRoot) {
    if (!(capabilities.securebits & SECBIT_KEEP_CAPS)) permitted = effective = 0n;
    ambient = 0n;
  }
  if (from.euid === 0 && to.euid !== 0) effective = 0n;
  if (from.euid !== 0 && to.euid === 0) effective = permitted;
  return { ...capabilities, effective, permitted, ambient };
}

/** The sets after execve of a plain file (capabilities(7), "Transformation of capabilities during execve()"). */
export function capabilitiesAfterExec(capabilities: Capabilities, credentials: Credentials): Capabilities {
  const root = (capabilities.securebits & SECBIT_NOROOT) === 0;
  const { inheritable, bounding, ambient } = capabilities;
  const privileged = root && (credentials.euid === 0 || credentials.uid === 0);
  const filePermitted = privileged ? CAP_FULL_SET : 0n;
  const fileEffective = root && credentials.euid === 0;
  const newAmbient = privileged ? 0n : ambient;
  const permitted = (inheritable & filePermitted) | (filePermitted & bounding) | newAmbient;
  return {
    ...capabilities,
    permitted,
    effective: fileEffective ? permitted : newAmbient,
    ambient: newAmbient,
    securebits: capabilities.securebits & ~SECBIT_KEEP_CAPS,
  };
}
