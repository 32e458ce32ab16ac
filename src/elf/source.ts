/** Random access to the bytes of a program file, so that a 100 MB binary is never read as a whole. */

/** A file of known size that can be read anywhere. */
export interface ElfSource {
  /** Length in bytes. */
  readonly size: number;
  /** Bytes at `offset`; fewer than `length` only where the file ends. The result is not changed by later reads. */
  read(offset: number, length: number): Uint8Array;
}

/** A source over bytes in memory. */
export function bytesSource(bytes: Uint8Array): ElfSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, Math.min(bytes.length, offset + length)),
  };
}

/** A source over an open host file; the caller keeps and closes the file. */
export function fileSource(file: Deno.FsFile): ElfSource {
  const size = file.statSync().size;
  return {
    size,
    read(offset, length) {
      const into = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      file.seekSync(offset, Deno.SeekMode.Start);
      let done = 0;
      while (done < into.length) {
        const count = file.readSync(into.subarray(done));
        if (count === null) break; // the file shrank under us
        done += count;
      }
      return into.subarray(0, done);
    },
  };
}

/** The part of `[offset, offset + length)` that lies in the file, at most `max` bytes: for ranges that the file itself claims. */
export function readClamped(source: ElfSource, offset: number, length: number, max: number): Uint8Array {
  if (offset >= source.size) return new Uint8Array();
  return source.read(offset, Math.min(length, max, source.size - offset));
}
