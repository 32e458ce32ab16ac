/**
 * Translated code on disk: one file per program and version of elftap. A file is the SHA-256 of what follows, and the
 * archive; one that does not agree is as good as none. Written aside and renamed, so any number of processes may use
 * a folder at once.
 */
import { writeAside } from "../write_aside.ts";

const HASH = 32;
/** Bytes of files kept in a folder; the oldest make room. */
const MAX_BYTES = 2 ** 30;
/** Milliseconds after which the folder of another version, in which nothing was kept since, is no longer wanted. */
const STALE = 30 * 86_400_000;
/** What {@link ../engine/wasm/image.ts} calls versions. */
const VERSION_NAME = /^[0-9a-f]{16}$/;

export class RegionCache {
  readonly #folder: string;
  #isMarked = false;

  /** @param folder for these versions of elftap and V8 alone; made when there is something to keep */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async load(program: string): Promise<Uint8Array | null> {
    const path = this.#path(program);
    try {
      const file = await Deno.readFile(path);
      const archive = file.subarray(HASH);
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", archive));
      this.#markUsed();
      return hash.every((byte, i) => byte === file[i]) ? archive : null;
    } catch {
      return null; // Not there yet, or not readable.
    }
  }

  async save(program: string, archive: Uint8Array): Promise<void> {
    const path = this.#path(program);
    const file = new Uint8Array(HASH + archive.length);
    file.set(archive, HASH);
    file.set(new Uint8Array(await crypto.subtle.digest("SHA-256", file.subarray(HASH))));
    const isFirst = !this.#exists();
    if (!writeAside(path, file)) return;
    this.#prune();
    if (isFirst) this.#dropStaleVersions();
  }

  /** A version is in use as long as something of it is, not only while it keeps more: once a run. */
  #markUsed(): void {
    if (this.#isMarked) return;
    this.#isMarked = true;
    const now = new Date();
    Deno.utime(this.#folder, now, now).catch(() => {}); // without the right, only what it keeps counts
  }

  #exists(): boolean {
    try {
      return Deno.statSync(this.#folder).isDirectory;
    } catch {
      return false;
    }
  }

  #path(program: string): string {
    if (!/^[0-9a-f]{16}$/.test(program)) throw new RangeError("not the name of a program");
    return `${this.#folder}/${program}`;
  }

  #prune(): void {
    try {
      const files = [...Deno.readDirSync(this.#folder)].map(({ name }) => {
        const path = `${this.#folder}/${name}`, { size, mtime } = Deno.statSync(path);
        return { path, size, time: mtime?.getTime() ?? 0 };
      });
      let bytes = files.reduce((sum, { size }) => sum + size, 0);
      for (const { path, size } of files.sort((a, b) => a.time - b.time)) {
        if (bytes <= MAX_BYTES) return;
        Deno.removeSync(path);
        bytes -= size;
      }
    } catch {
      // Another process was faster.
    }
  }

  /** A version that is new here is the time to part with those that have long not been used. */
  #dropStaleVersions(): void {
    const [, versions, own] = /^(.*\/regions)\/([^/]+)$/.exec(this.#folder) ?? [];
    if (versions === undefined || !VERSION_NAME.test(own!)) return; // What is beside it is not ours.
    try {
      for (const { name, isDirectory } of [...Deno.readDirSync(versions)]) {
        if (!isDirectory || name === own || !VERSION_NAME.test(name)) continue;
        const path = `${versions}/${name}`, changed = Deno.statSync(path).mtime?.getTime() ?? Date.now();
        if (Date.now() - changed > STALE) Deno.removeSync(path, { recursive: true });
      }
    } catch {
      // Another process was faster, or may more.
    }
  }
}
