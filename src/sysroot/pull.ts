/**
 * Makes a profile's sysroot exist: downloads what is missing, several packages at a time, and unpacks each in order
 * while the next ones arrive. Killed at any moment it leaves the store valid, and the next pull goes on from there.
 */
import { join } from "node:path";
import { Downloader, type DownloadOptions } from "./download.ts";
import { makeLinks, requireLinkPermission } from "./host_links.ts";
import { formatManifest } from "./manifest.ts";
import { type MirrorOptions, mirrorsFor } from "./mirror.ts";
import { downloadSize, type PinnedPackage, type Profile } from "./profile.ts";
import { findProfile } from "./shipped_profiles.ts";
import { removeTree, Store } from "./store.ts";
import { explainHostError, SysrootError } from "./sysroot_error.ts";
import { UnpackThread } from "./unpack_thread.ts";
import type { UnpackedTree } from "./unpacker.ts";

/** What a pull tells while it works. Sizes are in bytes. */
export type PullEvent =
  /** Somebody else pulls or removes the same sysroot; we wait. */
  | { readonly type: "waiting" }
  | { readonly type: "started"; readonly profile: Profile; readonly packages: number; readonly size: number }
  /** The sum over all packages of what is there. */
  | { readonly type: "received"; readonly bytes: number }
  | { readonly type: "unpacked"; readonly pinned: PinnedPackage; readonly index: number }
  /** One line: something is tried again, or elsewhere. */
  | { readonly type: "notice"; readonly line: string }
  | { readonly type: "finished"; readonly entries: number; readonly bytes: number };

/** How to pull. */
export interface PullOptions extends Omit<MirrorOptions, "mirror"> {
  /** Base URL to download from, instead of `ELFTAP_MIRROR`, the host's apt mirrors and the snapshot archive. */
  readonly mirror?: string | undefined;
  /** Downloads at a time; 4 unless given. */
  readonly jobs?: number | undefined;
  /** The store; the user's unless given. */
  readonly store?: Store;
  readonly onProgress?: (event: PullEvent) => void;
  /** Gives up, leaving what was downloaded for the next pull. */
  readonly signal?: AbortSignal;
  /** Patience with mirrors; see {@link DownloadOptions}. */
  readonly download?: Pick<DownloadOptions, "stallMs" | "retryMs">;
}

const DEFAULT_JOBS = 4;

/**
 * Downloads and unpacks a profile, unless that is done already.
 *
 * Needs `--allow-net` of the mirror, what {@link mirrorsFor} says, and `--allow-read` and `--allow-write` without a
 * path: Deno makes symbolic links on no other terms. The thread that unpacks has less.
 *
 * @param what a profile, the name of a shipped one, or the path of a profile's `.json` file.
 * @returns the host path of the guest's root folder, which is only ever to be read.
 * @throws SysrootError with one line: what is missing, wrong, full or refused.
 *
 * @example
 * ```ts ignore
 * const root = await pull("debian-12-musl-aarch64", { onProgress: (event) => console.error(event.type) });
 * ```
 */
export async function pull(what: Profile | string, options: PullOptions = {}): Promise<string> {
  const profile = typeof what === "string" ? await findProfile(what) : what;
  const store = options.store ?? new Store();
  if (await store.has(profile)) return store.rootFolder(profile);
  requireLinkPermission();
  const mirrors = await mirrorsFor(profile, options);
  await store.prepare();
  try {
    using _blobs = await store.shareBlobs(options.signal);
    using _sysroot = await store.lockSysroot(store.sysrootName(profile), {
      onWait: () => options.onProgress?.({ type: "waiting" }),
      signal: options.signal,
    });
    if (await store.has(profile)) return store.rootFolder(profile);
    using downloader = new Downloader(store, mirrors);
    await new Pull(profile, store, downloader, options).run();
  } catch (error) {
    throw explainHostError(error, `write the store ${store.path}`);
  }
  return store.rootFolder(profile);
}

class Pull {
  readonly #profile: Profile;
  readonly #store: Store;
  readonly #downloader: Downloader;
  readonly #options: PullOptions;
  /** Bytes there of each package. */
  readonly #received: number[];
  #receivedSum = 0;

  constructor(profile: Profile, store: Store, downloader: Downloader, options: PullOptions) {
    this.#profile = profile;
    this.#store = store;
    this.#downloader = downloader;
    this.#options = options;
    this.#received = profile.packages.map(() => 0);
  }

  async run(): Promise<void> {
    const { packages } = this.#profile;
    const name = this.#store.sysrootName(this.#profile);
    await this.#store.clearStaging(name);
    const staging = this.#store.stagingFolder(name);
    await Deno.mkdir(staging);
    this.#tell({
      type: "started",
      profile: this.#profile,
      packages: packages.length,
      size: downloadSize(this.#profile),
    });
    // One failure ends the other downloads, and with them the whole pull.
    const stop = new AbortController();
    const outer = this.#options.signal;
    const signal = outer === undefined ? stop.signal : AbortSignal.any([stop.signal, outer]);
    const arrivals = packages.map(() => Promise.withResolvers<void>());
    for (const arrival of arrivals) arrival.promise.catch(() => {}); // each is awaited in turn, later
    const downloads = this.#downloadAll(arrivals, signal);
    let kept = false;
    try {
      const tree = await this.#unpackAll(staging, arrivals, outer);
      makeLinks(join(staging, "root"), tree.entries);
      await Deno.writeTextFile(join(staging, "manifest.json"), formatManifest(tree.entries));
      await Deno.writeTextFile(join(staging, "profile.json"), `${JSON.stringify(this.#profile)}\n`);
      await Deno.rename(staging, this.#store.sysrootFolder(name));
      kept = true;
      this.#tell({ type: "finished", entries: tree.entries.length, bytes: tree.bytes });
    } finally {
      stop.abort();
      await downloads;
      // Best effort: the first failure is the one to hear of, and the next pull clears up as well.
      if (!kept) await removeTree(staging).catch(() => {});
    }
  }

  async #downloadAll(arrivals: readonly PromiseWithResolvers<void>[], signal: AbortSignal): Promise<void> {
    const { packages } = this.#profile;
    let next = 0;
    const work = async () => {
      while (next < packages.length) {
        const index = next++;
        const pinned = packages[index] as PinnedPackage;
        const arrival = arrivals[index] as PromiseWithResolvers<void>;
        try {
          signal.throwIfAborted();
          await this.#download(index, pinned, signal);
          arrival.resolve();
        } catch (error) {
          arrival.reject(error);
        }
      }
    };
    await Promise.all(Array.from({ length: this.#options.jobs ?? DEFAULT_JOBS }, work));
  }

  async #download(index: number, pinned: PinnedPackage, signal: AbortSignal | undefined): Promise<void> {
    await this.#downloader.fetch(pinned, {
      ...this.#options.download,
      signal,
      onBytes: (bytes) => this.#count(index, bytes),
      onNotice: (line) => this.#tell({ type: "notice", line }),
    });
    this.#count(index, pinned.size);
  }

  async #unpackAll(
    staging: string,
    arrivals: readonly PromiseWithResolvers<void>[],
    signal: AbortSignal | undefined,
  ): Promise<UnpackedTree> {
    using thread = await UnpackThread.start(this.#store, staging, this.#profile);
    for (const [index, pinned] of this.#profile.packages.entries()) {
      await arrivals[index]?.promise;
      signal?.throwIfAborted();
      if (!(await thread.unpack(pinned))) {
        // The blob rotted on the disk since it was verified: it is worth nothing, get it again.
        this.#tell({ type: "notice", line: `${pinned.name}: the stored package is damaged; downloading it again` });
        await Deno.remove(this.#store.blobPath(pinned.sha256)).catch(() => {});
        await this.#download(index, pinned, signal);
        if (!(await thread.unpack(pinned))) {
          throw new SysrootError(`${pinned.name} ${pinned.version} is damaged as soon as it is stored`, {
            hint: `check the disk that holds ${join(this.#store.path, "blobs")}`,
          });
        }
      }
      this.#tell({ type: "unpacked", pinned, index });
    }
    return await thread.finish();
  }

  #count(index: number, bytes: number): void {
    const before = this.#received[index] ?? 0;
    if (before === bytes) return;
    this.#received[index] = bytes;
    this.#receivedSum += bytes - before;
    this.#tell({ type: "received", bytes: this.#receivedSum });
  }

  #tell(event: PullEvent): void {
    this.#options.onProgress?.(event);
  }
}
