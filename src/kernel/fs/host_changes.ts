/**
 * What guests of this Worker have done to files of the host, as counts. Who remembers a look at the host remembers the
 * count too, and looks again when it has moved on: the same folder may be seen through several binds and layers.
 */

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
