/** Bytes in and out of a file that is open on the host, at offsets. */
import { hostErrno } from "./host_error.ts";

/** Host calls move bytes through here: guest memory is not given to the host. */
const bounce = new Uint8Array(256 * 1024);

/** Reads until `into` is full or the file ends; the count or a negative errno. */
export function readAt(file: Deno.FsFile, into: Uint8Array, offset: number): number {
  try {
    file.seekSync(offset, Deno.SeekMode.Start);
    let done = 0;
    while (done < into.length) {
      const count = file.readSync(bounce.subarray(0, Math.min(bounce.length, into.length - done)));
      if (!count) break;
      into.set(bounce.subarray(0, count), done);
      done += count;
    }
    return done;
  } catch (error) {
    return hostErrno(error);
  }
}

/** Writes it all, or up to an error; the count, or the error where nothing was written. */
export function writeAt(file: Deno.FsFile, from: Uint8Array, offset: number): number {
  let done = 0;
  try {
    file.seekSync(offset, Deno.SeekMode.Start);
    while (done < from.length) {
      const count = Math.min(bounce.length, from.length - done);
      bounce.set(from.subarray(done, done + count));
      done += file.writeSync(bounce.subarray(0, count));
    }
    return done;
  } catch (error) {
    return done > 0 ? done : hostErrno(error);
  }
}
