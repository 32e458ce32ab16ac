/** What travels with the bytes of a socket call: addresses, flags and control messages (sendmsg(2), cmsg(3)). */
import type { FileContext, OpenFile } from "../fs/file.ts";
import type { UserNamespace } from "../task/user_namespace.ts";

/** struct ucred: a process as SCM_CREDENTIALS and SO_PEERCRED show it. */
export interface Ucred {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** A control message as it is in guest memory. */
export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/** What a send call gives besides the bytes. */
export interface Sending {
  /** MSG_* */
  flags: number;
  /** sockaddr as the guest passed it. */
  address: Uint8Array | undefined;
  /** SCM_RIGHTS: a reference each, which a successful send takes over. */
  rights: OpenFile[] | undefined;
  /** SCM_CREDENTIALS, checked. */
  credentials: Ucred | undefined;
  /** Everything else. */
  control: readonly ControlMessage[];
}

/** A send without anything but bytes and flags. */
export function plainSending(flags: number): Sending {
  return { flags, address: undefined, rights: undefined, credentials: undefined, control: [] };
}

/** What a receive call found besides the bytes. */
export class Received {
  /** sockaddr of the sender. */
  address: Uint8Array | undefined = undefined;
  /** MSG_TRUNC, MSG_EOR, MSG_OOB… */
  flags = 0;
  /** SCM_RIGHTS: a reference each, for the receiver to take over. */
  rights: OpenFile[] | undefined = undefined;
  control: ControlMessage[] = [];
}

/** Identity of the caller as SCM_CREDENTIALS reports it by default: real ids. */
export function senderCredentials(context: FileContext): Ucred {
  const { credentials } = context;
  return credentials
    ? { pid: context.pid, uid: credentials.uid, gid: credentials.gid }
    : { pid: context.pid, uid: context.uid, gid: context.gid };
}

/** Identity of the caller as SO_PEERCRED reports it: effective ids. */
export function peerCredentials(context: FileContext): Ucred {
  const { credentials } = context;
  return credentials
    ? { pid: context.pid, uid: credentials.euid, gid: credentials.egid }
    : { pid: context.pid, uid: context.uid, gid: context.gid };
}

/** The bytes of a struct ucred. */
export function encodeUcred(ucred: Ucred): Uint8Array {
  return new Uint8Array(new Int32Array([ucred.pid, ucred.uid, ucred.gid]).buffer);
}

/** A struct ucred of the kernel's ids, by the names they have in a user namespace; -1 is nobody's. */
export function ucredSeenFrom({ uids, gids }: UserNamespace, ucred: Uint8Array): Uint8Array {
  const [pid = 0, uid = 0, gid = 0] = new Int32Array(ucred.slice().buffer);
  if (uid === -1) return ucred;
  return encodeUcred({ pid, uid: uids.show(uid >>> 0), gid: gids.show(gid >>> 0) });
}

/** Drops references in flight. */
export function dropRights(rights: readonly OpenFile[] | undefined): void {
  if (rights !== undefined) { for (const file of rights) file.unref(); }
}
