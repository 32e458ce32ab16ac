/**
 * What a guest's Worker may do on the host: read its root, its binds and its program; write its read-write binds, and
 * core files where the user asked for them; nothing else. A guest that talks the kernel personality into opening
 * another host file is still refused by Deno.
 */
import { Failure } from "../failure.ts";
import { PROJECT } from "../project.ts";
import type { GuestSpec } from "./guest_spec.ts";

/** The part of a spec that decides about permissions. */
export type Reach = Pick<GuestSpec, "sysroot" | "hostFallback" | "binds" | "core">;

/**
 * The Worker's permissions for a guest with this reach.
 *
 * @param shim the native library of a hypervisor engine: the one file that may be loaded
 */
export function guestPermissions(
  { sysroot, hostFallback, binds, core }: Reach,
  shim?: string,
): Deno.PermissionOptionsObject {
  const read = new Set(binds.map((bind) => bind.host));
  if (sysroot !== undefined) read.add(sysroot);
  const write = new Set(binds.filter((bind) => !bind.readOnly).map((bind) => bind.host));
  // Only the kernel's crash reporter knows of this folder: it is not in the guest's tree.
  if (core !== undefined) write.add(core.folder);
  return {
    // Falling back to the host means: every path that elftap itself may read.
    read: hostFallback ? "inherit" : read.size > 0 ? [...read].sort() : false,
    write: write.size > 0 ? [...write].sort() : false,
    net: false,
    run: false,
    env: false,
    ffi: shim === undefined ? false : [shim],
    // Whose the host's files are: the guest sees its user as their owner.
    sys: grantedIds(),
    // Only elftap's own modules, which come from where this one came from.
    import: PROJECT.protocol === "file:" ? false : "inherit",
  };
}

function grantedIds(): ("uid" | "gid")[] | false {
  const granted = (["uid", "gid"] as const)
    .filter((kind) => Deno.permissions.querySync({ name: "sys", kind }).state === "granted");
  return granted.length > 0 ? granted : false;
}

/**
 * Checks that elftap itself holds what the Worker is to get: a Worker cannot have more than its parent.
 *
 * @throws {Failure} naming the first missing permission and its flag
 */
export function requirePermissions({ sysroot, hostFallback, binds, core }: Reach): void {
  if (sysroot !== undefined) require("read", sysroot, "the sysroot");
  for (const bind of binds) {
    require("read", bind.host, `the bind of ${bind.guest}`);
    if (!bind.readOnly) require("write", bind.host, `the read-write bind of ${bind.guest}`);
  }
  if (core !== undefined) require("write", core.folder, "core files");
  if (hostFallback && Deno.permissions.querySync({ name: "read" }).state === "denied") {
    throw new Failure("reading the host's files is denied", {
      hint: "run elftap with --allow-read, or give --no-host and --sysroot",
    });
  }
}

function require(name: "read" | "write", path: string, what: string): void {
  if (Deno.permissions.querySync({ name, path }).state === "granted") return;
  throw new Failure(`no ${name} permission for ${what}: ${path}`, { hint: `run elftap with --allow-${name}=${path}` });
}
