/**
 * Downloads one pinned package into the store: resumed where it was cut off, verified before it counts, from the
 * first mirror that has it.
 */
import { createHash, type Hash } from "node:crypto";
import { type FileLock, lockFile } from "./file_lock.ts";
import { type Mirror, showUrl } from "./mirror.ts";
import type { PinnedPackage } from "./profile.ts";
import { exists, type Store } from "./store.ts";
import { explainHostError, oneLine, SysrootError } from "./sysroot_error.ts";

/** How to download. */
export interface DownloadOptions {
  /** Called with the bytes that are there, each time there are more; a restart may go back. */
  readonly onBytes?: (received: number) => void;
  /** Called with one line when something is tried again or elsewhere. */
  readonly onNotice?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte after which a connection counts as dead. */
  readonly stallMs?: number;
  /** Milliseconds before a second attempt; doubled for each further one. */
  readonly retryMs?: number;
}

const ATTEMPTS = 3;
const STALL_MS = 30_000;
const RETRY_MS = 500;

/** A mirror's failure that a second attempt, or another mirror, may heal. */
class MirrorFailure extends Error {
  /** Whether the same mirror may well answer in a moment. */
  readonly transient: boolean;

  constructor(message: string, transient: boolean, options?: ErrorOptions) {
    super(oneLine(message), options);
    this.transient = transient;
  }
}

/** Downloads from a fixed list of mirrors; remembers which of them are down. */
export class Downloader implements Disposable {
  readonly #store: Store;
  readonly #mirrors: readonly Mirror[];
  readonly #clients = new Map<Mirror, Deno.HttpClient>();
  readonly #down = new Map<Mirror, MirrorFailure>();

  constructor(store: Store, mirrors: readonly Mirror[]) {
    this.#store = store;
    this.#mirrors = mirrors;
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  /**
   * Sees to it that the package's blob is in the store.
   *
   * @throws SysrootError when no mirror has the very file that is pinned, or it cannot be written.
   */
  async fetch(pinned: PinnedPackage, options: DownloadOptions = {}): Promise<void> {
    const blob = this.#store.blobPath(pinned.sha256);
    if (await exists(blob)) return;
    try {
      using partial = await this.#openPartial(pinned, options.signal);
      if (partial === undefined) return;
      await this.#fill(partial.file, pinned, options);
      // On the disk before it gets its name: a blob is whole even after a power cut.
      await partial.file.syncData();
      await Deno.rename(this.#store.partialPath(pinned.sha256), blob);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw explainHostError(error, `write the store ${this.#store.path}`);
    }
  }

  /**
   * Opens and locks the partial file, which is its own lock; undefined when somebody else completed the blob
   * meanwhile.
   */
  async #openPartial(pinned: PinnedPackage, signal: AbortSignal | undefined): Promise<FileLock | undefined> {
    const path = this.#store.partialPath(pinned.sha256);
    while (true) {
      const lock = await lockFile(path, { exclusive: true, signal });
      let mine = false;
      try {
        // Whoever held it may have renamed it to the blob; then a file of this name, if any, is another one.
        mine = await sameFile(lock.file, path);
        if (mine && !(await exists(this.#store.blobPath(pinned.sha256)))) return lock;
      } catch (error) {
        lock[Symbol.dispose]();
        throw error;
      }
      const complete = await exists(this.#store.blobPath(pinned.sha256));
      if (complete && mine) await Deno.remove(path);
      lock[Symbol.dispose]();
      if (complete) return undefined;
    }
  }

  async #fill(file: Deno.FsFile, pinned: PinnedPackage, options: DownloadOptions): Promise<void> {
    const failures: string[] = [];
    for (const mirror of this.#mirrors) {
      const failure = this.#down.get(mirror) ?? await this.#tryMirror(mirror, file, pinned, options);
      if (failure === undefined) return;
      failures.push(failure.message);
      const next = this.#mirrors[this.#mirrors.indexOf(mirror) + 1];
      if (next !== undefined && !this.#down.has(mirror)) {
        options.onNotice?.(`${pinned.name}: ${failure.message}; trying ${showUrl(next.base)}`);
      }
      // Every package would run into the same wall.
      if (failure.transient) this.#down.set(mirror, failure);
    }
    throw new SysrootError(`cannot download ${pinned.name} ${pinned.version}: ${failures.join("; ")}`, {
      hint: "--mirror URL or ELFTAP_MIRROR names another mirror",
    });
  }

  async #tryMirror(
    mirror: Mirror,
    file: Deno.FsFile,
    pinned: PinnedPackage,
    options: DownloadOptions,
  ): Promise<MirrorFailure | undefined> {
    for (let attempt = 1;; attempt++) {
      try {
        await this.#attempt(mirror, file, pinned, options);
        return undefined;
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!(error instanceof MirrorFailure)) throw error;
        if (!error.transient || attempt === ATTEMPTS) return error;
        options.onNotice?.(`${pinned.name}: ${error.message}; trying again`);
        await pause((options.retryMs ?? RETRY_MS) * 2 ** (attempt - 1), options.signal);
      }
    }
  }

  /** One request, continuing what the file holds already. */
  async #attempt(mirror: Mirror, file: Deno.FsFile, pinned: PinnedPackage, options: DownloadOptions): Promise<void> {
    const url = new URL(pinned.path, mirror.base);
    const resumed = await hashFile(file, pinned.size, options.signal);
    let { hash, length } = resumed;
    options.onBytes?.(length);
    if (length < pinned.size) {
      await using response = await this.#request(mirror, url, length, pinned.size, options);
      if (!response.resumed) {
        length = 0;
        hash = createHash("sha256");
      }
      await file.truncate(length);
      await file.seek(length, Deno.SeekMode.Start);
      options.onBytes?.(length);
      for await (const chunk of response.chunks()) {
        length += chunk.length;
        if (length > pinned.size) {
          await file.truncate(0);
          throw new MirrorFailure(`${showUrl(url)} is longer than the ${pinned.size} bytes that are pinned`, false);
        }
        hash.update(chunk);
        await writeAll(file, chunk);
        options.onBytes?.(length);
      }
      if (length < pinned.size) {
        throw new MirrorFailure(`${showUrl(url)} ended after ${length} of ${pinned.size} bytes`, true);
      }
    }
    const actual = hash.digest("hex");
    if (actual !== pinned.sha256) {
      // Nothing of it may be built upon. If part of it came from an earlier run, that part may be the rotten one.
      await file.truncate(0);
      const wrong = `${showUrl(url)} has SHA-256 ${actual}, pinned is ${pinned.sha256}`;
      throw new MirrorFailure(wrong, resumed.length > 0);
    }
  }

  async #request(mirror: Mirror, url: URL, from: number, size: number, options: DownloadOptions) {
    const stall = new StallTimer(options.stallMs ?? STALL_MS);
    const signal = options.signal === undefined ? stall.signal : AbortSignal.any([stall.signal, options.signal]);
    let response: Response;
    try {
      const headers: Record<string, string> = { "accept-encoding": "identity" };
      if (from > 0) headers["range"] = `bytes=${from}-`;
      const client = this.#client(mirror);
      response = await fetch(url, { headers, signal, ...(client === undefined ? {} : { client }) });
    } catch (error) {
      stall.stop();
      throw this.#fetchFailure(error, url, stall);
    }
    const refuse = async (failure: MirrorFailure): Promise<never> => {
      stall.stop();
      await response.body?.cancel().catch(() => {});
      throw failure;
    };
    const { status } = response;
    if (status !== 200 && status !== 206 && status !== 416) {
      const transient = status >= 500 || status === 429 || status === 408;
      return await refuse(new MirrorFailure(`HTTP ${status} from ${showUrl(url)}`, transient));
    }
    const total = totalSize(response);
    if (total !== undefined && total !== size) {
      return await refuse(new MirrorFailure(`${showUrl(url)} has ${total} bytes, pinned are ${size}`, false));
    }
    if (status === 416 || (status === 206 && contentStart(response) !== from)) {
      await refuse(new MirrorFailure(`${showUrl(url)} cannot be resumed`, false));
    }
    const chunks = this.#chunks.bind(this);
    return {
      resumed: status === 206,
      chunks: () => chunks(response, url, stall),
      [Symbol.asyncDispose]: async () => {
        stall.stop();
        await response.body?.cancel().catch(() => {});
      },
    };
  }

  async *#chunks(response: Response, url: URL, stall: StallTimer): AsyncGenerator<Uint8Array> {
    if (response.body === null) return;
    const reader = response.body.getReader();
    try {
      while (true) {
        let next: ReadableStreamReadResult<Uint8Array>;
        try {
          next = await reader.read();
        } catch (error) {
          throw this.#fetchFailure(error, url, stall);
        }
        if (next.done) return;
        stall.restart();
        yield next.value;
      }
    } finally {
      reader.releaseLock();
    }
  }

  #client(mirror: Mirror): Deno.HttpClient | undefined {
    if (mirror.proxy === undefined) return undefined;
    let client = this.#clients.get(mirror);
    if (client === undefined) {
      client = Deno.createHttpClient({ proxy: { url: mirror.proxy } });
      this.#clients.set(mirror, client);
    }
    return client;
  }

  #fetchFailure(error: unknown, url: URL, stall: StallTimer): unknown {
    if (error instanceof Deno.errors.NotCapable) return explainHostError(error, `download from ${url.host}`);
    if (stall.expired) return new MirrorFailure(`${showUrl(url)}: no answer for ${stall.seconds} s`, true);
    if (!(error instanceof Error)) return error;
    return new MirrorFailure(`${showUrl(url)}: ${innermost(error)}`, true, { cause: error });
  }
}

/** Aborts its signal when nothing happens for a while. */
class StallTimer {
  readonly #controller = new AbortController();
  readonly #ms: number;
  #timer: ReturnType<typeof setTimeout>;
  expired = false;

  constructor(ms: number) {
    this.#ms = ms;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get seconds(): number {
    return this.#ms / 1000;
  }

  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #start(): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      this.expired = true;
      this.#controller.abort();
    }, this.#ms);
  }
}

/** Hashes what a file holds from its beginning; a file longer than `limit` is emptied. */
async function hashFile(
  file: Deno.FsFile,
  limit: number,
  signal?: AbortSignal,
): Promise<{ hash: Hash; length: number }> {
  const hash = createHash("sha256");
  const { size } = await file.stat();
  if (size > limit) {
    await file.truncate(0);
    return { hash, length: 0 };
  }
  await file.seek(0, Deno.SeekMode.Start);
  const buffer = new Uint8Array(Math.min(size, 1024 * 1024));
  let length = 0;
  while (length < size) {
    signal?.throwIfAborted();
    const count = await file.read(buffer);
    if (count === null) break;
    hash.update(buffer.subarray(0, count));
    length += count;
  }
  return { hash, length };
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

async function sameFile(file: Deno.FsFile, path: string): Promise<boolean> {
  try {
    const [mine, there] = [await file.stat(), await Deno.lstat(path)];
    return mine.ino === there.ino && mine.dev === there.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** First byte of a 206's `Content-Range: bytes first-last/size`. */
function contentStart(response: Response): number | undefined {
  const match = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "");
  return match === null ? undefined : Number(match[1]);
}

/** Bytes of the whole file, as far as the server says. */
function totalSize(response: Response): number | undefined {
  const digits = response.status === 200
    ? /^(\d+)$/.exec(response.headers.get("content-length") ?? "")
    : /\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  return digits === null ? undefined : Number(digits[1]);
}

/** The end of a chain of causes: Deno wraps "connection refused" in several layers. */
function innermost(error: Error): string {
  let inner = error;
  for (let depth = 0; depth < 8 && inner.cause instanceof Error; depth++) inner = inner.cause;
  // "error sending request for url (…): client error (Connect): tcp connect error: Connection refused (os error 111)"
  const last = inner.message.split(/(?<=\)): |: /).pop() ?? "";
  return (last === "" ? inner.message : last).replace(/ \(os error \d+\)$/, "");
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(finish, ms);
    function finish() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      resolve();
    }
    signal?.addEventListener("abort", finish);
  });
  signal?.throwIfAborted();
}
