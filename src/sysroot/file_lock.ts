/**
 * Locks between processes that end with their holder: flock(2), which the host's kernel releases when a process dies,
 * however it dies. So no lock is ever stale, and none needs a time limit.
 */

/** A held lock; `using` releases it. */
export interface FileLock extends Disposable {
  /** The open file that carries the lock. */
  readonly file: Deno.FsFile;
}

/** How to wait for a lock. */
export interface LockOptions {
  /** Whether nobody else may hold it, or others may share it. */
  readonly exclusive: boolean;
  /** Called once when somebody else holds it and we begin to wait. */
  readonly onWait?: (() => void) | undefined;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** Interval of looking again, in milliseconds: a blocking flock could not be given up. */
const POLL_MS = 50;

/** Takes the lock of a file, made when missing; waits while others hold it. */
export async function lockFile(path: string, options: LockOptions): Promise<FileLock> {
  const file = await Deno.open(path, { read: true, write: true, create: true });
  try {
    let waiting = false;
    while (!(await file.tryLock(options.exclusive))) {
      if (!waiting) options.onWait?.();
      waiting = true;
      await new Promise<void>((done) => setTimeout(done, POLL_MS));
      options.signal?.throwIfAborted();
    }
    return held(file);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Takes the lock if nobody holds it, else undefined. */
export async function tryLockFile(path: string, exclusive: boolean): Promise<FileLock | undefined> {
  const file = await Deno.open(path, { read: true, write: true, create: true });
  try {
    if (await file.tryLock(exclusive)) return held(file);
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return undefined;
}

function held(file: Deno.FsFile): FileLock {
  // Closing the last descriptor of the open file releases the lock.
  return { file, [Symbol.dispose]: () => file.close() };
}
