/**
 * What guests of this Worker have done to files of the host, as counts. Who remembers a look at the host remembers the
 * count too, and looks again when it has moved on: the same folder may be seen through several binds and layers.
 */
import { ESTALE } from "../abi/errno.ts";

let names = 0, contents = 0;

/** A name, or the attributes behind one, changed; or a new guest starts, before whom anything may have. */
export function namesChanged(): void {
  names++;
}

/** Bytes of a file changed. */
export function contentChanged(): void {
  contents++;
}

/** Changes of names so far. */
export function nameChanges(): number {
  return names;
}

/** Changes of any kind so far. */
export function hostChanges(): number {
  return names + contents;
}

/**
 * Does something to what a path leads to; once more where the host turns out to have put another file there since the
 * path was looked up (fs/namei.c: filename_lookup and do_filp_open with LOOKUP_REVAL).
 *
 * @param attempt looks the path up itself
 */
export function byPath<Result>(attempt: () => Result | number): Result | number {
  const result = attempt();
  if (result !== -ESTALE) return result;
  namesChanged();
  return attempt();
}
