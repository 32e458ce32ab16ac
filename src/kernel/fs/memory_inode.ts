/** What all inodes in memory share: attributes, extended attributes, and their place in the file system's budget. */
import { Inode } from "./inode.ts";
import type { TmpFs } from "./tmpfs.ts";

/** Attributes in memory, with user.* and trusted.* extended attributes. */
export abstract class MemoryInode extends Inode {
  declare readonly sb: TmpFs;
  #xattrs: Map<string, Uint8Array> | undefined;

  override extendedAttributes(): Map<string, Uint8Array> {
    return this.#xattrs ??= new Map();
  }
  override evict(): void {
    this.sb.chargeInode(-1);
  }
}
