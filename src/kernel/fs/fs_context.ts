/**
 * Where a process stands in the file tree: root, working directory and umask (Linux: `struct fs_struct`;
 * CLONE_FS shares it).
 */
import type { UserNamespace } from "../task/user_namespace.ts";
import type { MountNamespace } from "./namespace.ts";
import type { Path } from "./path.ts";

export class FsContext {
  constructor(readonly namespace: MountNamespace, public root: Path, public cwd: Path, public umask = 0o022) {
    namespace.users++;
  }

  /** What a child without CLONE_FS gets. */
  clone(): FsContext {
    return new FsContext(this.namespace, this.root, this.cwd, this.umask);
  }

  /** The same places in a mount namespace of its own. */
  inNewNamespace(owner: UserNamespace): FsContext {
    const { namespace, moved } = this.namespace.copy(owner);
    return new FsContext(namespace, moved(this.root), moved(this.cwd), this.umask);
  }

  /** Its last user is gone. */
  release(): void {
    this.namespace.release();
  }
}
