/**
 * A file system instance (Linux: `struct super_block`): what its inodes have in common.
 */
import type { Frame } from "../../engine/engine.ts";
import type { StatFs } from "../abi/statfs.ts";
import { makedev } from "../abi/stat.ts";
import type { Dentry } from "./dentry.ts";
import type { Inode } from "./inode.ts";

/** Where file pages get storage that can be mapped into guests; an engine is one. */
export interface FrameSource {
  /** A shared page with this content (at most one page; the rest is zero). */
  createFrame(content?: Uint8Array): Frame;
}

/** Disk-less file systems have device numbers with major 0; the minor is counted up for each instance. */
let lastMinor = 0;

/** One instance of a file system. Subclasses say what `statfs` reports and where the tree starts. */
export abstract class SuperBlock {
  /** st_dev of every inode. */
  readonly dev: number = makedev(0, ++lastMinor);
  /** The name in /proc/mounts and /proc/filesystems. */
  abstract readonly type: string;
  abstract readonly root: Inode;
  /** The first column of /proc/mounts. */
  source = "none";
  /** Mount options of its own kind for /proc/mounts, with a leading comma. */
  options = "";
  readOnly = false;
  /**
   * How far dentries can be trusted: `kept` when every change of names is a call of the guest; `checked` when the
   * host may change them, then {@link revalidate} is asked; `fresh` when names are made up at each look (proc).
   */
  readonly dentries: "kept" | "checked" | "fresh" = "kept";
  /** Pipes, sockets and their like: no tree; a dentry's name is the whole text that /proc/self/fd shows. */
  readonly nameless: boolean = false;
  /** Never in the tree: its files are named as deleted ones at its root, as Linux does for memfds. */
  unmounted = false;
  #lastIno = 0;

  /** The next free inode number. */
  nextIno(): number {
    return ++this.#lastIno;
  }

  abstract statfs(): StatFs;

  /** Writes cached changes to where they belong; 0 or a negative errno. */
  sync(): number {
    return 0;
  }

  /** Whether a remembered dentry still holds; asked only where dentries are `checked`. */
  revalidate(_dentry: Dentry): boolean {
    return false;
  }
}
