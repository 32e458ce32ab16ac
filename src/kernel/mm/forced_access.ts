/**
 * Memory as debuggers read and write it, whatever the guest's rights and without a trace in its accounts: elftap's own,
 * ptrace(2) and /proc/PID/mem (mm/gup.c: FOLL_FORCE).
 */
import { forceView } from "./fault.ts";
import type { Mm } from "./mm.ts";

/** A copy of the bytes from `va` on, as far as they can be read; undefined where not even the first can. */
export function readForced(mm: Mm, va: number, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const view = mm.users > 0 ? forceView(mm, va + done, length - done, "read") : undefined;
    if (view === undefined) break;
    bytes.set(view, done);
    done += view.length;
  }
  return done === 0 && length > 0 ? undefined : bytes.subarray(0, done);
}

/** Writes bytes, and returns how many could be written. Code that was there is forgotten. */
export function writeForced(mm: Mm, va: number, bytes: Uint8Array): number {
  let done = 0;
  while (done < bytes.length) {
    const view = mm.users > 0 ? forceView(mm, va + done, bytes.length - done, "write") : undefined;
    if (view === undefined) break;
    view.set(bytes.subarray(done, done + view.length));
    mm.space.invalidateCode(va + done, view.length);
    done += view.length;
  }
  return done;
}
