/** devpts: /dev/pts/N for every pseudo-terminal that is open (pts(4)). */
import { DT_CHR } from "../abi/dirent.ts";
import { EPERM } from "../abi/errno.ts";
import { makedev, S_IFCHR } from "../abi/stat.ts";
import { DEVPTS_SUPER_MAGIC } from "../abi/statfs.ts";
import { type DirectoryEntry, Inode, type Opener, type OpenResult } from "./inode.ts";
import { SyntheticDirectory, SyntheticFs } from "./proc/synthetic.ts";
import type { SpecialFiles } from "./special_files.ts";
import type { SuperBlock } from "./superblock.ts";
import { DEV_PTMX } from "./dev_fs.ts";

/** Major number of terminals under /dev/pts. */
export const PTS_MAJOR = 136;

/** /dev/pts/N or /dev/pts/ptmx. */
export class TerminalNode extends Inode {
  constructor(sb: SuperBlock, readonly special: SpecialFiles, mode: number, uid: number, gid: number, rdev: number) {
    super(sb, S_IFCHR | mode, uid, gid, 3 + (rdev & 0xff));
    this.rdev = rdev;
  }
  override open(flags: number, opener: Opener): OpenResult {
    return this.special.open(this, flags, opener);
  }
  override truncate(): number {
    return 0;
  }
}

class PtsDirectory extends SyntheticDirectory {
  readonly nodes = new Map<number, TerminalNode>();

  protected override dynamicLookup(name: string): Inode | undefined {
    return /^(0|[1-9]\d{0,5})$/.test(name) ? this.nodes.get(Number(name)) : undefined;
  }
  protected override dynamicEntries(): DirectoryEntry[] {
    return [...this.nodes].map(([index, node]) => ({ name: String(index), ino: node.ino, type: DT_CHR }));
  }
  override create(): number {
    return -EPERM;
  }
}

/** The file system; the terminal room adds and removes nodes as pseudo-terminals come and go. */
export class DevPts extends SyntheticFs {
  override readonly root: PtsDirectory;

  constructor(readonly special: SpecialFiles) {
    super("devpts", DEVPTS_SUPER_MAGIC);
    this.root = new PtsDirectory(this, 0o755, 0, 0, 1);
    this.options = ",gid=5,mode=620,ptmxmode=000";
    this.root.add("ptmx", new TerminalNode(this, special, 0, 0, 0, DEV_PTMX));
  }

  /** A pseudo-terminal was opened; its slave is the user's, group tty. */
  addTerminal(index: number, uid: number, gid = 5): TerminalNode {
    const node = new TerminalNode(this, this.special, 0o620, uid, gid, makedev(PTS_MAJOR, index));
    this.root.nodes.set(index, node);
    return node;
  }

  removeTerminal(index: number): void {
    this.root.nodes.delete(index);
  }
}
