/**
 * The store: a content-addressed folder under the user's cache that holds downloaded packages and unpacked sysroots.
 *
 * ```text
 * blobs/sha256/<hash>          a downloaded package, complete and verified
 * partial/<hash>               one being downloaded; the file is also its own lock
 * sysroots/<name>-<hash>/      an unpacked profile: root/, manifest.json, profile.json
 * staging/<name>-<hash>.<x>/   one being unpacked, or one being removed
 * locks/                       flock files: `store` (shared by pulls, alone for collecting), one per sysroot
 * ```
 *
 * What stands under `blobs` and `sysroots` got there by rename(2), so it is whole, whatever was killed when. Needs
 * `--allow-read` and `--allow-write` of the folder.
 */
import { join } from "node:path";
import { cacheDirectory } from "./cache_dir.ts";
import { type FileLock, lockFile, type LockOptions, tryLockFile } from "./file_lock.ts";
import { type Profile, profileHash } from "./profile.ts";
import { explainHostError } from "./sysroot_error.ts";

/** Digits of the profile's hash in a folder's name: enough for no accident, short enough to read. */
const SHOWN_HASH_DIGITS = 16;

/** The folder that holds blobs and sysroots. Making one touches nothing; {@link Store.prepare} makes the folders. */
export class Store {
  /** Host path of the store. */
  readonly path: string;

  /** @param path the store's folder; the user's cache folder unless given. */
  constructor(path: string = cacheDirectory()) {
    this.path = path;
  }

  /** Makes the store's own folders. */
  async prepare(): Promise<void> {
    try {
      for (const name of ["blobs/sha256", "partial", "sysroots", "staging", "locks"]) {
        await Deno.mkdir(join(this.path, name), { recursive: true });
      }
      // https://bford.info/cachedir/: backup programs leave such a folder out.
      await Deno.writeTextFile(
        join(this.path, "CACHEDIR.TAG"),
        "Signature: 8a477f597d28d172789f06886806bc55\n# Downloaded and unpacked sysroots; elftap can make them anew.\n",
      );
    } catch (error) {
      throw explainHostError(error, `write the store ${this.path}`);
    }
  }

  /** Folder of the verified packages. */
  get blobFolder(): string {
    return join(this.path, "blobs", "sha256");
  }

  /** Folder of the packages that are being downloaded, or were when a pull was killed. */
  get partialFolder(): string {
    return join(this.path, "partial");
  }

  /** Where a verified package lies, or will. */
  blobPath(sha256: string): string {
    return join(this.blobFolder, sha256);
  }

  /** Where a package lies while it is downloaded. */
  partialPath(sha256: string): string {
    return join(this.partialFolder, sha256);
  }

  /** Folder name of a profile's sysroot. */
  async sysrootName(profile: Profile): Promise<string> {
    return `${profile.name}-${(await profileHash(profile)).slice(0, SHOWN_HASH_DIGITS)}`;
  }

  /** Folder that holds `root/`, `manifest.json` and `profile.json` of one sysroot. */
  sysrootFolder(name: string): string {
    return join(this.path, "sysroots", name);
  }

  /** The guest's root folder of a profile, which exists when it was pulled. */
  async rootFolder(profile: Profile): Promise<string> {
    return join(this.sysrootFolder(await this.sysrootName(profile)), "root");
  }

  /** A fresh name for a folder in the making. */
  stagingFolder(name: string): string {
    return join(this.path, "staging", `${name}.${crypto.randomUUID()}`);
  }

  /** Whether a profile is unpacked. */
  async has(profile: Profile): Promise<boolean> {
    return await exists(this.sysrootFolder(await this.sysrootName(profile)));
  }

  /** Names of the folders under `sysroots/`, sorted. */
  async sysrootNames(): Promise<string[]> {
    return (await entryNames(join(this.path, "sysroots"))).sort();
  }

  /** Deletes what killed pulls and removals of one sysroot left in `staging/`. Its lock must be held. */
  async clearStaging(name: string): Promise<void> {
    for (const entry of await entryNames(join(this.path, "staging"))) {
      // The random part is a UUID, 36 characters: another name that merely begins alike is not ours.
      if (entry.startsWith(`${name}.`) && entry.length === name.length + 37) {
        await removeTree(join(this.path, "staging", entry));
      }
    }
  }

  /** Waits for the lock of one sysroot. */
  async lockSysroot(name: string, options: Omit<LockOptions, "exclusive">): Promise<FileLock> {
    return await lockFile(join(this.path, "locks", name), { exclusive: true, ...options });
  }

  /** The lock of one sysroot, if no pull or removal holds it. */
  async tryLockSysroot(name: string): Promise<FileLock | undefined> {
    return await tryLockFile(join(this.path, "locks", name), true);
  }

  /** Keeps blobs from being collected while they are used. */
  async shareBlobs(signal?: AbortSignal): Promise<FileLock> {
    return await lockFile(join(this.path, "locks", "store"), { exclusive: false, signal });
  }

  /** The right to collect blobs, if no pull is going on. */
  async tryOwnBlobs(): Promise<FileLock | undefined> {
    return await tryLockFile(join(this.path, "locks", "store"), true);
  }
}

/** Whether something stands at a path; a denied permission or any other trouble is thrown. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw explainHostError(error, `look at ${path}`);
  }
}

/** Names in a folder; none when the folder is missing. */
export async function entryNames(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(path)) names.push(entry.name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw explainHostError(error, `read the folder ${path}`);
  }
  return names;
}

/** Removes a folder and all below it; it may be gone already. */
export async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw explainHostError(error, `remove ${path}`);
  }
}
