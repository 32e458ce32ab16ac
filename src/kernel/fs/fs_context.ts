/**
 * Where a process stands in the file tree: root, working directory and umask (Linux: `struct fs_struct`;
 * CLONE_FS shares it).
 */
import type { MountNamespace } from "./namespace.ts";
import type { Path } from "./path.ts";

export class FsContext {
  constructor(readonly namespace: MountNamespace, public root: Path, public cwd: Path, public umask = 0o022) {}

  /** What a child without CLONE_FS gets. */
  clone(): FsContext {
    return new FsContext(this.namespace, this.root, this.cwd, this.umask);
  }
}
