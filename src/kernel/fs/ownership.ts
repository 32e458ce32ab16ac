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
  const uid = hostId("uid", () => Deno.uid()), gid = hostId("gid", () => Deno.gid());
  return { uid: (host) => host === uid ? guestUid : host, gid: (host) => host === gid ? guestGid : host };
}

/**
 * Asking who we are needs a Deno permission (sys) that a worker may lack; -1 matches no file. Without it Deno would
 * ask the user when it has a terminal.
 */
function hostId(kind: "uid" | "gid", ask: () => number | null): number {
  const known = hostIds.get(kind);
  if (known !== undefined) return known;
  if (Deno.permissions.querySync({ name: "sys", kind }).state !== "granted") return -1;
  const id = ask() ?? -1;
  hostIds.set(kind, id);
  return id;
}

/** Nothing in Deno changes them. */
const hostIds = new Map<"uid" | "gid", number>();
