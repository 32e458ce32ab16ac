/** A guest's file as the ELF reader sees it. */
import type { ElfSource } from "../../elf/source.ts";
import type { FileContext, OpenFile } from "../fs/file.ts";

/** Random access to an open file of the guest. A read that fails gives fewer bytes, as at the end of the file. */
export function openFileSource(file: OpenFile, context: FileContext): ElfSource {
  const size = file.inode.size;
  return {
    size,
    read(offset, length) {
      const into = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      let done = 0;
      while (done < into.length) {
        const count = file.pread(done === 0 ? into : into.subarray(done), offset + done, context);
        if (count <= 0) break;
        done += count;
      }
      return into.subarray(0, done);
    },
  };
}
