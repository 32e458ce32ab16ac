/** Counts the tasks that share a descriptor table or file system context (CLONE_FILES, CLONE_FS). */

/** Users beyond the first. */
const extra = new WeakMap<object, number>();

/** One more task uses it. */
export function share<T extends object>(shared: T): T {
  extra.set(shared, (extra.get(shared) ?? 0) + 1);
  return shared;
}

/** A task stops using it; true if it was the last. */
export function unshare(shared: object): boolean {
  const users = extra.get(shared) ?? 0;
  if (users === 0) return true;
  extra.set(shared, users - 1);
  return false;
}

/** Whether more than one task uses it. */
export function isShared(shared: object): boolean {
  return (extra.get(shared) ?? 0) > 0;
}
