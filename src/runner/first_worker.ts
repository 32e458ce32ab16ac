/**
 * The Worker of the first guest, started before the command is even loaded: both take their time, and at the same time.
 * It has the permissions that most guests get; one that needs others gets another Worker.
 */
import { DIST, INTERPRETER_FILE, WORKER_FILE } from "../build_product.ts";
import { type InterpreterImage, openImage } from "../engine/wasm/image_file.ts";
import { guestPermissions } from "./permissions.ts";
import type { ToWorker } from "./worker_messages.ts";

/** A Worker that waits for its first guest. */
export interface FirstWorker {
  readonly worker: Worker;
  readonly permissions: Deno.PermissionOptionsObject;
  /** The build's: it gets it as its engine, other Workers may share it. Rejects when it is missing or not whole. */
  readonly interpreter: Promise<InterpreterImage>;
  /** It could not be loaded: somebody else will find the same, and say so. */
  isBroken: boolean;
}

/** Options that lead to other permissions, or to no guest at all. */
const OTHERWISE = /^(--(no-host|bind|core|engine|help|version|list)\b|-[hV]$)/;

/**
 * Starts it, from the build; undefined where it would probably be of no use.
 *
 * @param args of the command; those of the guest among them do no harm
 */
export function startFirstWorker(args: readonly string[]): FirstWorker | undefined {
  // Where the host's CPU may execute guests, the Worker needs the right to load the shim.
  if (Deno.build.arch === "aarch64" || args.length === 0 || args.some((arg) => OTHERWISE.test(arg))) return undefined;
  const permissions = guestPermissions({ hostFallback: true, binds: [] });
  // Before: other threads compile it while this one waits for the Worker's.
  const interpreter = builtInterpreter();
  const first: FirstWorker = {
    worker: startWorker(new URL(WORKER_FILE, DIST), permissions),
    permissions,
    interpreter,
    isBroken: false,
  };
  first.worker.onerror = (event) => {
    event.preventDefault();
    first.isBroken = true;
  };
  // Without one whoever takes the Worker gives it another.
  interpreter.then((interpreter) => giveInterpreter(first.worker, interpreter), () => {});
  return first;
}

/** Starts a Worker for guests. */
export function startWorker(entry: URL, permissions: Deno.PermissionOptionsObject): Worker {
  return new Worker(entry, { type: "module", name: "elftap guest", deno: { permissions } });
}

/** The interpreter of the build. Like its other files it is not looked at for damage. */
export async function builtInterpreter(): Promise<InterpreterImage> {
  return await openImage(Deno.readFileSync(new URL(INTERPRETER_FILE, DIST)));
}

/** Makes it the Worker's engine. */
export function giveInterpreter(worker: Worker, interpreter: InterpreterImage): void {
  worker.postMessage({ type: "engine", engine: { name: "wasm", interpreter } } satisfies ToWorker);
}
