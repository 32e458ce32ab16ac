/** Small configuration files of the guest. */
import { latin1 } from "./dynamic.ts";
import type { GuestFiles } from "./guest_files.ts";

/** A file's content as a byte string, cut at `max`; undefined if there is no such file. */
export function readWhole(files: GuestFiles, path: string, max: number): string | undefined {
  const file = files.open(path);
  if (!file) return undefined;
  try {
    return file.kind === "file" ? latin1(file.read(0, Math.min(file.size, max))) : undefined;
  } finally {
    file.close();
  }
}
