/** From what a user says after `--sysroot` to a folder on the host. */
import { resolve } from "node:path";
import { type Profile, PROFILE_NAME } from "./profile.ts";
import { findProfile, PROFILE_NAMES } from "./shipped_profiles.ts";
import { Store } from "./store.ts";
import { explainHostError, SysrootError } from "./sysroot_error.ts";

/** A sysroot that programs can run in. */
export interface Sysroot {
  /** Host path of the guest's root folder. */
  readonly path: string;
  /** Its profile, when it is a managed one; such a folder must not be written to. */
  readonly profile?: Profile;
}

/**
 * What `--sysroot` means: a folder by its path, or a pulled profile by its name.
 *
 * A name without a slash is a profile's first; a folder of that name is `./NAME`.
 *
 * @throws SysrootError when there is no such folder, or the profile was not pulled (the hint says how).
 *
 * @example
 * ```ts ignore
 * const { path } = await resolveSysroot("debian-12-glibc-aarch64");
 * ```
 */
export async function resolveSysroot(nameOrPath: string, store?: Store): Promise<Sysroot> {
  if (PROFILE_NAMES.includes(nameOrPath) || nameOrPath.endsWith(".json")) {
    const profile = await findProfile(nameOrPath);
    const from = store ?? new Store();
    if (await from.has(profile)) return { path: await from.rootFolder(profile), profile };
    throw new SysrootError(`the sysroot ${profile.name} is not there yet`, {
      hint: `elftap sysroot pull ${nameOrPath}`,
    });
  }
  const path = resolve(nameOrPath);
  try {
    if ((await Deno.stat(path)).isDirectory) return { path };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && PROFILE_NAME.test(nameOrPath)) {
      throw new SysrootError(`${nameOrPath} is neither a sysroot profile nor a folder`, {
        hint: `profiles: ${PROFILE_NAMES.join(", ")}`,
      });
    }
    throw explainHostError(error, `use the sysroot ${path}`);
  }
  throw new SysrootError(`the sysroot ${path} is not a folder`);
}
