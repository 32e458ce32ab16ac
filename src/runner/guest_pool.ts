/**
 * The Workers that guests run in. Starting one takes longer than many a test, so a Worker serves guest after guest, as
 * long as they have the same permissions; every guest gets a fresh kernel in it.
 */
import { loadInterpreter, translatorName } from "../engine/wasm/image.ts";
import type { InterpreterImage } from "../engine/wasm/image_file.ts";
import { DIST, isBuilt, WORKER_FILE } from "../build_product.ts";
import { PROJECT } from "../project.ts";
import { VERSION } from "../version.ts";
import { type EngineChoice, engineFor } from "./engine_choice.ts";
import type { GuestSpec } from "./guest_spec.ts";
import { builtInterpreter, type FirstWorker, giveInterpreter, startWorker } from "./first_worker.ts";
import { guestPermissions, type Reach, requirePermissions } from "./permissions.ts";
import { RegionCache } from "./region_cache.ts";
import type { ToWorker } from "./worker_messages.ts";

/** A Worker and what it may do. */
export interface PooledWorker {
  readonly worker: Worker;
  readonly key: string;
  /** Paths of programs that it has run lately: what was translated of them is there still. */
  readonly paths: Set<string>;
  /** Rejects when its engine cannot be made. */
  readonly equipped: Promise<void>;
}

/** Options of a {@link GuestPool}. */
export interface GuestPoolOptions {
  /** The Worker's module, when it is a stand-in for tests: it gets no engine. */
  readonly entry?: URL;
  /** Idle Workers that are kept at most. Default: 0, a Worker ends with its guest. */
  readonly keep?: number;
  /** A Worker that has been started already, for the first guest that it suits. */
  readonly first?: FirstWorker | undefined;
  /** The engine, whatever guests ask for: for tests of one that elftap would not choose here. */
  readonly engine?: EngineChoice;
}

/**
 * Different programs, by their content, that a Worker runs at most. Measured: 474 MiB resident with the first 40
 * programs of Debian's, tests of GLib among them, 644 with 322.
 */
const MAX_PROGRAMS = 500;

/** Paths of programs that are remembered of a Worker. */
const MAX_PATHS = 1000;

/** Kinds of reach whose permissions are remembered. */
const MAX_WISHES = 1000;

/** Starts Workers and keeps idle ones for reuse. */
export class GuestPool implements Disposable {
  /** A stand-in for tests. */
  readonly #entry: URL | undefined;
  readonly #keep: number;
  readonly #engine: EngineChoice | undefined;
  #regions: RegionCache | undefined;
  #first: FirstWorker | undefined;
  #idle: PooledWorker[] = [];
  /** Permissions by what was asked for: finding out takes as long as many a message. */
  readonly #permissions = new Map<
    string,
    { readonly key: string; readonly permissions: Deno.PermissionOptionsObject }
  >();
  #closed = false;

  constructor(options: GuestPoolOptions = {}) {
    this.#entry = options.entry;
    this.#keep = options.keep ?? 0;
    this.#engine = options.engine;
    this.#first = options.first;
    if (this.#first && !this.#entry) image ??= this.#first.interpreter.catch(loadImage);
  }

  /** Translated code of earlier runs; undefined where none is kept. */
  get regions(): RegionCache | undefined {
    const folder = this.#regions ? undefined : regionFolder();
    return this.#regions ??= folder === undefined ? undefined : new RegionCache(folder);
  }

  /**
   * A Worker with exactly the permissions for this reach; the caller releases or discards it.
   *
   * @throws {Failure} when elftap lacks a permission that the guest needs
   */
  acquire(reach: Reach & Pick<GuestSpec, "engine" | "path">): PooledWorker {
    const pooled = this.#idleOrNew(reach);
    if (pooled.paths.size >= MAX_PATHS) pooled.paths.clear();
    pooled.paths.add(reach.path);
    return pooled;
  }

  #idleOrNew(reach: Reach & Pick<GuestSpec, "engine" | "path">): PooledWorker {
    const engine = this.#entry ? undefined : this.#engine ?? engineFor(reach.engine);
    const { key, permissions } = this.#permissionsFor(reach, engine?.shim);
    const fits = this.#idle.filter((each) => each.key === key);
    const best = fits.findLast(({ paths }) => paths.has(reach.path)) ?? fits.at(-1);
    if (best) {
      this.#idle = this.#idle.filter((each) => each !== best);
      return best;
    }
    const first = this.#takeFirst(key);
    const worker = first?.worker ??
      (this.#entry ? startWorker(this.#entry, permissions) : startGuestWorker(permissions));
    const equipIt = () => engine ? equip(worker, engine) : Promise.resolve();
    return {
      worker,
      key,
      paths: new Set(),
      equipped: first ? first.interpreter.then(() => {}, equipIt) : equipIt(),
    };
  }

  #permissionsFor({ sysroot, hostFallback, binds, core }: Reach, shim: string | undefined) {
    const wish = JSON.stringify([sysroot, hostFallback, binds, core?.folder, shim]);
    let known = this.#permissions.get(wish);
    if (known === undefined) {
      const reach = { hostFallback, binds, ...(sysroot === undefined ? {} : { sysroot }), ...(core ? { core } : {}) };
      requirePermissions(reach);
      const permissions = guestPermissions(reach, shim);
      known = { key: JSON.stringify(permissions), permissions };
      if (this.#permissions.size >= MAX_WISHES) this.#permissions.clear();
      this.#permissions.set(wish, known);
    }
    return known;
  }

  /** The Worker that was started ahead, if it is of use. */
  #takeFirst(key: string): FirstWorker | undefined {
    const first = this.#first;
    this.#first = undefined;
    if (first === undefined) return undefined;
    if (!first.isBroken && JSON.stringify(first.permissions) === key) return first;
    first.worker.terminate();
    return undefined;
  }

  /**
   * The guest has ended in good order: its Worker can serve another.
   *
   * @param programs different ones that the Worker has run so far
   */
  release(pooled: PooledWorker, programs: number): void {
    pooled.worker.onmessage = null;
    pooled.worker.onerror = null;
    const isWorn = programs >= MAX_PROGRAMS;
    if (this.#closed || this.#keep === 0 || isWorn) return pooled.worker.terminate();
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
    this.#first?.worker.terminate();
    for (const { worker } of this.#idle.splice(0)) worker.terminate();
  }
}

/** Whether the build is up to date. Looked at once per process, and before the commands in it are loaded. */
let builtOnce: boolean | undefined;
const usesBuild = () => builtOnce ??= import.meta.url.startsWith(DIST.href) || isBuilt();

function startGuestWorker(permissions: Deno.PermissionOptionsObject): Worker {
  const entry = usesBuild() ? new URL(WORKER_FILE, DIST) : new URL("src/runner/guest_worker.ts", PROJECT);
  return startWorker(entry, permissions);
}

/** Loaded once per process. */
let image: Promise<InterpreterImage> | undefined;

async function equip(worker: Worker, { name, shim }: EngineChoice): Promise<void> {
  if (name === "wasm") giveInterpreter(worker, await (image ??= usesBuild() ? loadBuilt() : loadImage()));
  else worker.postMessage({ type: "engine", engine: { name, shim: shim! } } satisfies ToWorker);
}

const loadBuilt = () => builtInterpreter().catch(loadImage);

/** The interpreter of the user's cache. */
function loadImage(): Promise<InterpreterImage> {
  return loadInterpreter(cacheFolder(), VERSION);
}

/** Where translated code of this version is kept; undefined where elftap may not read its own sources. */
function regionFolder(): string | undefined {
  const cache = cacheFolder();
  try {
    return cache === undefined ? undefined : `${cache}/regions/${translatorName(VERSION)}`;
  } catch {
    return undefined;
  }
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
