/**
 * Where a process stands in the file tree: root, working directory and umask (Linux: `struct fs_struct`;
 * CLONE_FS shares it).
 */
import type { Path } from "./path.ts";

export class FsContext {
  constructor(public root: Path, public cwd: Path, public umask = 0o022) {}

  /** What a child without CLONE_FS gets. */
  clone(): FsContext {
    return new FsContext(this.root, this.cwd, this.umask);
  }
}
