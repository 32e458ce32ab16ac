/**
 * Makes a profile's sysroot exist: downloads what is missing, several packages at a time, and unpacks on all cores
 * while the next ones arrive. Killed at any moment it leaves the store valid, and the next pull goes on from there.
 */
import { join } from "node:path";
import { Downloader, type DownloadOptions } from "./download.ts";
import { formatManifest, type ManifestEntry } from "./manifest.ts";
import { type MirrorOptions, mirrorsFor } from "./mirror.ts";
import { downloadSize, type PinnedPackage, type Profile } from "./profile.ts";
import { type PackageEntry, PackageWriter, type RootLayout } from "./package_writer.ts";
import { findProfile } from "./shipped_profiles.ts";
import { removeTree, Store } from "./store.ts";
import { explainHostError, SysrootError } from "./sysroot_error.ts";
import { SysrootTree } from "./sysroot_tree.ts";
import { packageTitle } from "./unpack_package.ts";
import { UnpackPool } from "./unpack_pool.ts";

/** What a pull tells while it works. Sizes are in bytes. */
export type PullEvent =
  /** Somebody else pulls or removes the same sysroot; we wait. */
  | { readonly type: "waiting" }
  | { readonly type: "started"; readonly profile: Profile; readonly packages: number; readonly size: number }
  /** The sum over all packages of what is there. */
  | { readonly type: "received"; readonly bytes: number }
  /** `count` packages are unpacked now. */
  | { readonly type: "unpacked"; readonly pinned: PinnedPackage; readonly count: number }
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
  if (await store.has(profile)) return await store.rootFolder(profile);
  requireLinkPermission();
  const mirrors = await mirrorsFor(profile, options);
  await store.prepare();
  try {
    using _blobs = await store.shareBlobs(options.signal);
    using _sysroot = await store.lockSysroot(await store.sysrootName(profile), {
      onWait: () => options.onProgress?.({ type: "waiting" }),
      signal: options.signal,
    });
    if (await store.has(profile)) return await store.rootFolder(profile);
    using downloader = new Downloader(store, mirrors);
    await new Pull(profile, store, downloader, options).run();
  } catch (error) {
    throw explainHostError(error, `write the store ${store.path}`);
  }
  return await store.rootFolder(profile);
}

/** Fails now rather than after the download when the links could not be made. */
function requireLinkPermission(): void {
  for (const name of ["read", "write"] as const) {
    if (Deno.permissions.querySync({ name }).state === "granted") continue;
    throw new SysrootError("cannot unpack a sysroot: Deno makes symbolic links only with full read and write access", {
      hint: "run elftap with --allow-read and --allow-write, without paths",
    });
  }
}

class Pull {
  readonly #profile: Profile;
  readonly #store: Store;
  readonly #downloader: Downloader;
  readonly #options: PullOptions;
  /** Bytes there of each package. */
  readonly #received: number[];
  #receivedSum = 0;
  #unpackedCount = 0;

  constructor(profile: Profile, store: Store, downloader: Downloader, options: PullOptions) {
    this.#profile = profile;
    this.#store = store;
    this.#downloader = downloader;
    this.#options = options;
    this.#received = profile.packages.map(() => 0);
  }

  async run(): Promise<void> {
    const { packages } = this.#profile;
    const name = await this.#store.sysrootName(this.#profile);
    await this.#store.clearStaging(name);
    const staging = this.#store.stagingFolder(name);
    await Deno.mkdir(join(staging, "root"), { recursive: true });
    this.#tell({
      type: "started",
      profile: this.#profile,
      packages: packages.length,
      size: downloadSize(this.#profile),
    });
    try {
      const { entries, bytes } = await this.#makeTree(join(staging, "root"));
      await Deno.writeTextFile(join(staging, "manifest.json"), formatManifest(entries));
      await Deno.writeTextFile(join(staging, "profile.json"), `${JSON.stringify(this.#profile)}\n`);
      await Deno.rename(staging, this.#store.sysrootFolder(name));
      this.#tell({ type: "finished", entries: entries.length, bytes });
    } catch (error) {
      // Best effort: the first failure is the one to hear of, and the next pull clears up as well.
      await removeTree(staging).catch(() => {});
      throw error;
    }
  }

  async #makeTree(root: string): Promise<{ entries: ManifestEntry[]; bytes: number }> {
    const { packages, mergedLinks, exclude, directories, files, links } = this.#profile;
    const own = `profile ${this.#profile.name}`;
    const tree = new SysrootTree(exclude);
    // Merged links first and by themselves: whatever comes later resolves them.
    using before = new PackageWriter({ root, mergedLinks: {}, exclude: [] }, own);
    for (const [path, mode] of Object.entries(directories)) before.addFolder(path, parseInt(mode, 8));
    for (const [path, target] of Object.entries(mergedLinks)) before.addLink(path, target);
    tree.add(before.entries, own);

    const layout = { root, mergedLinks, exclude };
    const unpacked = await this.#unpackAll(layout);
    for (const [index, pinned] of packages.entries()) tree.add(unpacked[index] ?? [], packageTitle(pinned));

    using after = new PackageWriter(layout, own);
    for (const [path, { text, mode }] of Object.entries(files)) {
      after.addFile(path, new TextEncoder().encode(text), parseInt(mode ?? "644", 8));
    }
    for (const [path, target] of Object.entries(links)) after.addLink(path, target);
    tree.add(after.entries, own);
    return { entries: tree.complete(root), bytes: tree.bytes };
  }

  /** Downloads and unpacks everything; the entries of each package, in profile order. */
  async #unpackAll(layout: RootLayout): Promise<(readonly PackageEntry[])[]> {
    const { packages } = this.#profile;
    // One failure ends everything else.
    const stop = new AbortController();
    const outer = this.#options.signal;
    const signal = outer === undefined ? stop.signal : AbortSignal.any([stop.signal, outer]);
    using pool = new UnpackPool(layout, this.#store.blobFolder);
    signal.addEventListener("abort", () => pool[Symbol.dispose]());
    // The largest first: a large one that comes last keeps one thread busy while the others have nothing to do.
    const order = [...packages.keys()].sort((a, b) => (packages[b]?.size ?? 0) - (packages[a]?.size ?? 0));
    const unpacked: Promise<void>[] = [];
    const results: (readonly PackageEntry[])[] = packages.map(() => []);
    let failure: { readonly error: unknown } | undefined;
    const fail = (error: unknown) => {
      failure ??= { error };
      stop.abort();
    };
    const download = async () => {
      for (let index = order.shift(); index !== undefined && failure === undefined; index = order.shift()) {
        const at = index;
        await this.#download(at, signal);
        unpacked.push(this.#unpack(pool, at, signal).then((entries) => void (results[at] = entries)).catch(fail));
      }
    };
    const jobs = Math.max(1, this.#options.jobs ?? DEFAULT_JOBS);
    await Promise.all(Array.from({ length: jobs }, () => download().catch(fail)));
    await Promise.all(unpacked);
    outer?.throwIfAborted();
    if (failure !== undefined) throw failure.error;
    return results;
  }

  async #download(index: number, signal: AbortSignal): Promise<void> {
    const pinned = this.#profile.packages[index] as PinnedPackage;
    signal.throwIfAborted();
    await this.#downloader.fetch(pinned, {
      ...this.#options.download,
      signal,
      onBytes: (bytes) => this.#count(index, bytes),
      onNotice: (line) => this.#tell({ type: "notice", line }),
    });
    this.#count(index, pinned.size);
  }

  async #unpack(pool: UnpackPool, index: number, signal: AbortSignal): Promise<readonly PackageEntry[]> {
    const pinned = this.#profile.packages[index] as PinnedPackage;
    const blob = this.#store.blobPath(pinned.sha256);
    let entries = await pool.unpack(pinned, blob);
    if (entries === undefined) {
      // The blob rotted on the disk since it was verified: it is worth nothing, get it again.
      this.#tell({ type: "notice", line: `${pinned.name}: the stored package is damaged; downloading it again` });
      await Deno.remove(blob).catch(() => {});
      await this.#download(index, signal);
      entries = await pool.unpack(pinned, blob);
    }
    if (entries === undefined) {
      throw new SysrootError(`${packageTitle(pinned)} is damaged as soon as it is stored`, {
        hint: `check the disk that holds ${this.#store.blobFolder}`,
      });
    }
    this.#unpackedCount++;
    this.#tell({ type: "unpacked", pinned, count: this.#unpackedCount });
    return entries;
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
