/**
 * The Workers that guests run in. Starting one takes longer than many a test, so a Worker serves guest after guest, as
 * long as they have the same permissions; every guest gets a fresh kernel in it.
 */
import { type InterpreterImage, loadInterpreter, readInterpreter } from "../engine/wasm/image.ts";
import { VERSION } from "../version.ts";
import { DIST, INTERPRETER_FILE, isFresh, readStamp, WORKER_FILE } from "./build_product.ts";
import { guestPermissions, type Reach } from "./permissions.ts";

/** A Worker and what it may do. */
export interface PooledWorker {
  readonly worker: Worker;
  readonly key: string;
  /** Rejects when its engine cannot be made. */
  readonly equipped: Promise<void>;
}

/** Options of a {@link GuestPool}. */
export interface GuestPoolOptions {
  /** The Worker's module, when it is a stand-in for tests: it gets no engine. */
  readonly entry?: URL;
  /** Idle Workers that are kept at most. Default: 0, a Worker ends with its guest. */
  readonly keep?: number;
}

/** Starts Workers and keeps idle ones for reuse. */
export class GuestPool implements Disposable {
  /** A stand-in for tests. */
  readonly #entry: URL | undefined;
  readonly #keep: number;
  #idle: PooledWorker[] = [];
  #closed = false;

  constructor(options: GuestPoolOptions = {}) {
    this.#entry = options.entry;
    this.#keep = options.keep ?? 0;
  }

  /** A Worker with exactly the permissions for this reach; the caller releases or discards it. */
  acquire(reach: Reach): PooledWorker {
    const permissions = guestPermissions(reach);
    const key = JSON.stringify(permissions);
    const at = this.#idle.findIndex((each) => each.key === key);
    if (at >= 0) return this.#idle.splice(at, 1)[0]!;
    if (this.#entry) return { worker: startWorker(this.#entry, permissions), key, equipped: Promise.resolve() };
    const worker = startGuestWorker(permissions);
    const equip = async () => worker.postMessage({ type: "engine", image: await (image ??= loadImage()) });
    return { worker, key, equipped: equip() };
  }

  /** The guest has ended in good order: its Worker can serve another. */
  release(pooled: PooledWorker): void {
    pooled.worker.onmessage = null;
    pooled.worker.onerror = null;
    if (this.#closed || this.#keep === 0) return pooled.worker.terminate();
    this.#idle.push(pooled);
    if (this.#idle.length > this.#keep) this.#idle.shift()!.worker.terminate();
  }

  /** The Worker is in an unknown state: end it. */
  discard(pooled: PooledWorker): void {
    pooled.worker.terminate();
  }

  /** Ends the idle Workers; busy ones end with their guests. */
  [Symbol.dispose](): void {
    this.#closed = true;
    for (const { worker } of this.#idle.splice(0)) worker.terminate();
  }
}

function startWorker(entry: URL, permissions: Deno.PermissionOptionsObject): Worker {
  return new Worker(entry, { type: "module", name: "elftap guest", deno: { permissions } });
}

/** Whether the build is up to date; looked at once per process. */
let isBuilt: boolean | undefined;

/**
 * Starts a Worker from the build, if that is up to date, else from the sources. Looking at every source takes some
 * milliseconds: the first Worker starts meanwhile, and is ended if it must not be used.
 */
function startGuestWorker(permissions: Deno.PermissionOptionsObject): Worker {
  const stamp = isBuilt === undefined ? readStamp() : undefined;
  if (isBuilt || stamp) {
    const worker = startWorker(new URL(WORKER_FILE, DIST), permissions);
    isBuilt ??= isFresh(stamp!);
    if (isBuilt) return worker;
    worker.terminate();
  }
  isBuilt = false;
  return startWorker(new URL("./guest_worker.ts", import.meta.url), permissions);
}

/** Loaded once per process. */
let image: Promise<InterpreterImage> | undefined;

/** The interpreter of the build, or of the user's cache. */
async function loadImage(): Promise<InterpreterImage> {
  const built = isBuilt ? await readInterpreter(new URL(INTERPRETER_FILE, DIST)) : undefined;
  return built ?? await loadInterpreter(cacheFolder(), VERSION);
}

/** Where generated code is kept; undefined where elftap may not know or has no home. */
function cacheFolder(): string | undefined {
  const env = (name: string) =>
    Deno.permissions.querySync({ name: "env", variable: name }).state === "granted" ? Deno.env.get(name) : undefined;
  const own = env("ELFTAP_CACHE"), xdg = env("XDG_CACHE_HOME"), home = env("HOME");
  if (own) return own;
  if (xdg?.startsWith("/")) return `${xdg}/elftap`;
  if (!home?.startsWith("/")) return undefined;
  return Deno.build.os === "darwin" ? `${home}/Library/Caches/elftap` : `${home}/.cache/elftap`;
}
