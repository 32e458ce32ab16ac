/** The sysroots that are there: listing and removing them. Filling the store is `pull.ts`'s business. */
import { join } from "node:path";
import { parseProfile, type Profile } from "./profile.ts";
import { findProfile, loadProfiles } from "./shipped_profiles.ts";
import { entryNames, removeTree, Store } from "./store.ts";
import { explainHostError, SysrootError } from "./sysroot_error.ts";

/** A line of `sysroot ls`. */
export interface ListedSysroot {
  readonly profile: Profile;
  /** `pulled`; `available` by a pull; `outdated`: pulled, but the program has another pin of that name by now. */
  readonly state: "pulled" | "available" | "outdated";
  /** Folder name in the store; what `rm` takes for an outdated one. */
  readonly name: string;
  /** Host path of the root folder, when it is there. */
  readonly path?: string;
}

/** The shipped profiles and whatever else was pulled. Needs `--allow-read` of the store. */
export async function list(store: Store = new Store()): Promise<ListedSysroot[]> {
  const pulled = new Set(await store.sysrootNames());
  const listed: ListedSysroot[] = [];
  const shippedNames = new Set<string>();
  for (const profile of await loadProfiles()) {
    const name = await store.sysrootName(profile);
    shippedNames.add(profile.name);
    if (pulled.delete(name)) listed.push({ profile, state: "pulled", name, path: await store.rootFolder(profile) });
    else listed.push({ profile, state: "available", name });
  }
  for (const name of pulled) {
    const profile = await storedProfile(store, name);
    if (profile === undefined) continue;
    const state = shippedNames.has(profile.name) ? "outdated" : "pulled";
    listed.push({ profile, state, name, path: await store.rootFolder(profile) });
  }
  return listed;
}

/** The profile that a folder of the store was made from; undefined when it cannot be read. */
export async function storedProfile(store: Store, name: string): Promise<Profile | undefined> {
  const path = join(store.sysrootFolder(name), "profile.json");
  try {
    return parseProfile(await Deno.readTextFile(path), path);
  } catch (error) {
    const explained = explainHostError(error, `read ${path}`);
    if (error instanceof Deno.errors.NotCapable || !(explained instanceof SysrootError)) throw explained;
    return undefined;
  }
}

/**
 * Folder names of the pulled sysroots that a user means: a profile's name stands for every pin of it, a folder's
 * name for itself, a `.json` file for what it describes.
 */
export async function pulledNames(nameOrFile: string, store: Store): Promise<string[]> {
  const there = await store.sysrootNames();
  if (there.includes(nameOrFile)) return [nameOrFile];
  if (nameOrFile.endsWith(".json")) {
    const name = await store.sysrootName(await findProfile(nameOrFile));
    return there.filter((each) => each === name);
  }
  return there.filter((each) =>
    each.startsWith(`${nameOrFile}-`) && /^[0-9a-f]{16}$/.test(each.slice(-16)) &&
    each.length === nameOrFile.length + 17
  );
}

/** What a removal did. */
export interface Removal {
  /** Folder names of the sysroots that are gone. */
  readonly sysroots: readonly string[];
  /** Bytes of packages that no sysroot needs any more, freed. */
  readonly blobBytes: number;
}

/**
 * Removes pulled sysroots, and the packages that no other one was made of. No program should be running in them.
 *
 * @throws SysrootError when it was not pulled, or is being pulled right now.
 */
export async function remove(nameOrFile: string, store: Store = new Store()): Promise<Removal> {
  const names = await pulledNames(nameOrFile, store);
  if (names.length === 0) {
    await findProfile(nameOrFile); // a name that is nobody's gets its own message
    throw new SysrootError(`the sysroot ${nameOrFile} was not pulled`, { hint: "elftap sysroot ls" });
  }
  await store.prepare();
  for (const name of names) {
    using lock = await store.tryLockSysroot(name);
    if (lock === undefined) throw new SysrootError(`the sysroot ${name} is being pulled or removed right now`);
    // Out of sight at one stroke: a removal that is killed leaves no half sysroot.
    const trash = store.stagingFolder(name);
    try {
      await Deno.rename(store.sysrootFolder(name), trash);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw explainHostError(error, `remove the sysroot ${name}`);
    }
    await removeTree(trash);
    await store.clearStaging(name);
  }
  return { sysroots: names, blobBytes: await collectBlobs(store) };
}

/** Deletes blobs that no pulled sysroot names; leaves all when a pull is going on, for the next removal to find. */
async function collectBlobs(store: Store): Promise<number> {
  using owned = await store.tryOwnBlobs();
  if (owned === undefined) return 0;
  const needed = new Set<string>();
  for (const name of await store.sysrootNames()) {
    const profile = await storedProfile(store, name);
    for (const pinned of profile?.packages ?? []) needed.add(pinned.sha256);
  }
  let freed = 0;
  for (const folder of [store.blobFolder, store.partialFolder]) {
    for (const sha256 of await entryNames(folder)) {
      if (needed.has(sha256)) continue;
      const path = join(folder, sha256);
      try {
        const { size } = await Deno.lstat(path);
        await Deno.remove(path);
        freed += size;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw explainHostError(error, `remove ${path}`);
      }
    }
  }
  return freed;
}
