/** The profiles that come with elftap, and which of them holds a loader or a library that a program lacks. */
import { checkProfile, parseProfile, type Profile, PROFILE_NAME } from "./profile.ts";
import { explainHostError, SysrootError } from "./sysroot_error.ts";

type ProfileModule = Promise<{ readonly default: unknown }>;

/**
 * Literal specifiers, so that the profiles are part of the module graph wherever the program was installed from.
 * Loaded on demand: a run that uses none does not pay for parsing them.
 */
const SHIPPED: Readonly<Record<string, () => ProfileModule>> = {
  "debian-12-glib-tests-aarch64": () =>
    import("../../sysroots/debian-12-glib-tests-aarch64.json", { with: { type: "json" } }),
  "debian-12-glibc-aarch64": () => import("../../sysroots/debian-12-glibc-aarch64.json", { with: { type: "json" } }),
  "debian-12-musl-aarch64": () => import("../../sysroots/debian-12-musl-aarch64.json", { with: { type: "json" } }),
};

/** Names of the shipped profiles, sorted. */
export const PROFILE_NAMES: readonly string[] = Object.keys(SHIPPED);

/** Every shipped profile, by name. Needs no permission: they are modules of the program. */
export async function loadProfiles(): Promise<readonly Profile[]> {
  return await Promise.all(PROFILE_NAMES.map(findProfile));
}

/**
 * A profile by its name, or from a `.json` file of one's own. Reading a file needs `--allow-read` of it.
 *
 * @throws SysrootError when there is none; the hint lists the names there are.
 */
export async function findProfile(nameOrFile: string): Promise<Profile> {
  const load = Object.hasOwn(SHIPPED, nameOrFile) ? SHIPPED[nameOrFile] : undefined;
  if (load !== undefined) return checkProfile((await load()).default, `profile ${nameOrFile}`);
  if (nameOrFile.endsWith(".json")) {
    try {
      return parseProfile(await Deno.readTextFile(nameOrFile), nameOrFile);
    } catch (error) {
      throw explainHostError(error, `read the profile ${nameOrFile}`);
    }
  }
  const what = PROFILE_NAME.test(nameOrFile) ? nameOrFile : JSON.stringify(nameOrFile);
  throw new SysrootError(`there is no sysroot profile ${what}`, {
    hint: `there are: ${PROFILE_NAMES.join(", ")}; or a profile's .json file`,
  });
}

/**
 * Names of the shipped profiles that hold a file, for the message about a missing loader or library.
 *
 * @param guestPathOrSoname a guest path (`/lib/ld-musl-aarch64.so.1`) or a DT_SONAME (`libz.so.1`).
 *
 * @example
 * ```ts ignore
 * await findProfilesProviding("/lib/ld-musl-aarch64.so.1"); // ["debian-12-musl-aarch64"]
 * ```
 */
export async function findProfilesProviding(guestPathOrSoname: string): Promise<string[]> {
  const wanted = guestPathOrSoname.startsWith("/") ? mergedUsr(guestPathOrSoname) : undefined;
  const names: string[] = [];
  for (const profile of await loadProfiles()) {
    const holds = wanted === undefined
      ? Object.hasOwn(profile.libraries, guestPathOrSoname)
      : profile.interpreters.some((path) => mergedUsr(path) === wanted) ||
        Object.values(profile.libraries).some((path) => mergedUsr(path) === wanted);
    if (holds) names.push(profile.name);
  }
  // The general ones first: who lacks libc wants a C library, not a test suite.
  return names.sort((a, b) => Number(a.includes("tests")) - Number(b.includes("tests")));
}

/** /lib/x and /usr/lib/x are the same file on a merged-/usr system, which all profiles are. */
function mergedUsr(path: string): string {
  return path.replace(/^\/(bin|sbin|lib)\//, "/usr/$1/");
}
