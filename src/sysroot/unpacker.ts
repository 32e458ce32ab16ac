/** Writes the files of one profile to a staging folder: its packages in order, then what the profile itself adds. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { readDeb } from "./deb.ts";
import type { ManifestEntry } from "./manifest.ts";
import type { PinnedPackage, Profile } from "./profile.ts";
import { DEFAULT_LIMITS, RootBuilder, type RootLimits } from "./root_builder.ts";
import { explainHostError } from "./sysroot_error.ts";

/** What a sysroot holds, and the bytes of all its files. */
export interface UnpackedTree {
  /** Files, folders and links, sorted by path. */
  readonly entries: readonly ManifestEntry[];
  readonly bytes: number;
}

/** Unpacks one profile. Call {@link Unpacker.unpack} for each package in order, then {@link Unpacker.finish}. */
export class Unpacker implements Disposable {
  readonly #profile: Profile;
  readonly #root: RootBuilder;

  /** @param staging an existing, empty host folder; the files go to `root/` in it. */
  constructor(staging: string, profile: Profile, limits: RootLimits = DEFAULT_LIMITS) {
    this.#profile = profile;
    const root = join(staging, "root");
    hostAction(`write ${root}`, () => Deno.mkdirSync(root));
    this.#root = new RootBuilder(root, limits);
    const own = `profile ${profile.name}`;
    for (const [path, mode] of Object.entries(profile.directories)) {
      this.#root.addFolder(path, parseInt(mode, 8), own);
    }
    for (const [path, target] of Object.entries(profile.mergedLinks)) this.#root.addLink(path, target, true, own);
  }

  /**
   * Adds the files of one package, after checking the package's hash.
   *
   * @returns false when the blob is not what the profile pins; then nothing of it was unpacked.
   */
  async unpack(pinned: PinnedPackage, blobPath: string): Promise<boolean> {
    const deb = hostAction(`read ${blobPath}`, () => {
      // A file that grew is not read as a whole.
      return Deno.statSync(blobPath).size === pinned.size ? Deno.readFileSync(blobPath) : undefined;
    });
    if (deb === undefined || createHash("sha256").update(deb).digest("hex") !== pinned.sha256) return false;
    const where = `${pinned.name} ${pinned.version}`;
    await readDeb(deb, this.#root.sink(where, this.#profile.exclude), where);
    return true;
  }

  /** Adds the profile's own files and links and checks all links, which are still to be made. */
  finish(): UnpackedTree {
    const profile = this.#profile;
    const own = `profile ${profile.name}`;
    for (const [path, file] of Object.entries(profile.files)) {
      this.#root.addFile(path, new TextEncoder().encode(file.text), parseInt(file.mode ?? "644", 8), own);
    }
    for (const [path, target] of Object.entries(profile.links)) this.#root.addLink(path, target, false, own);
    return { entries: this.#root.finish(profile.exclude), bytes: this.#root.totalBytes };
  }

  /** Closes what a failure left open. */
  [Symbol.dispose](): void {
    this.#root[Symbol.dispose]();
  }
}

function hostAction<T>(doing: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw explainHostError(error, doing);
  }
}
