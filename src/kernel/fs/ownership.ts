/**
 * Whose files host files are in the guest.
 *
 * - The sysroot was unpacked by whoever runs elftap: files of the owner of its root folder are root's, as in the
 *   packages. Files of others keep their number (a root made by root, with real owners).
 * - The host's own files (fallback, binds): those of the user who runs elftap are the guest user's, so that both
 *   agree on what may be read and written. Others keep their number.
 */
export interface Ownership {
  uid(host: number): number;
  gid(host: number): number;
}

/** For a sysroot whose root folder has these owners on the host. */
export function sysrootOwnership(rootUid: number, rootGid: number): Ownership {
  return { uid: (host) => host === rootUid ? 0 : host, gid: (host) => host === rootGid ? 0 : host };
}

/** For the host's own folders. */
export function hostOwnership(guestUid: number, guestGid: number): Ownership {
  const uid = hostId(() => Deno.uid()), gid = hostId(() => Deno.gid());
  return { uid: (host) => host === uid ? guestUid : host, gid: (host) => host === gid ? guestGid : host };
}

/** Asking who we are needs a Deno permission (sys) that a worker may lack; -1 matches no file. */
function hostId(ask: () => number | null): number {
  try {
    return ask() ?? -1;
  } catch {
    return -1;
  }
}
