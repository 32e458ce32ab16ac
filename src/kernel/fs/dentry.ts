/**
 * The dentry: a name in a directory and the inode it leads to (Linux: `struct dentry`). Dentries form the tree in
 * which `..`, getcwd and mount points live; inodes do not know their names.
 */
import { ENOENT } from "../abi/errno.ts";
import type { Inode } from "./inode.ts";
import type { Mount } from "./path.ts";

/** A name and its inode. */
export class Dentry {
  /** The dentry of the directory that holds it; itself at the root of a file system. */
  parent: Dentry;
  /** The name was taken away (unlink, rmdir, replaced by rename). */
  deleted = false;
  /** Remembered children by name. */
  children: Map<string, Dentry> | undefined;
  /** What is mounted here, latest last; a dentry can show up in several mounts, so each mount knows its parent. */
  mounts: Mount[] | undefined;
  /** Something is mounted here or below, where names are made up when they are looked for: this one is kept. */
  #leadsToMount = false;

  constructor(readonly inode: Inode, parent: Dentry | undefined, public name: string) {
    this.parent = parent ?? this;
  }

  /** The child of this name, or a negative errno. */
  child(name: string): Dentry | number {
    const sb = this.inode.sb;
    const known = this.children?.get(name);
    if (known !== undefined) {
      if (sb.dentries === "kept" || known.mounts !== undefined || known.#leadsToMount || sb.revalidate(known)) {
        return known;
      }
      this.forget(known);
    }
    if (this.deleted) return -ENOENT;
    const inode = this.inode.lookup(name);
    if (typeof inode === "number") return inode;
    return sb.dentries === "fresh" ? new Dentry(inode, this, name) : this.remember(name, inode);
  }

  /** Adds a child. */
  remember(name: string, inode: Inode): Dentry {
    const dentry = new Dentry(inode, this, name);
    (this.children ??= new Map()).set(name, dentry);
    return dentry;
  }

  /** A child that no name leads to (O_TMPFILE). */
  nameless(inode: Inode, label: string): Dentry {
    const dentry = new Dentry(inode, this, label);
    dentry.deleted = true;
    return dentry;
  }

  /** Drops a child from memory; it stays usable for those who hold it. */
  forget(child: Dentry): void {
    if (this.children?.get(child.name) === child) this.children.delete(child.name);
  }

  /** Something is mounted here: the way to it stays. */
  keepWay(): void {
    const { parent } = this;
    if (parent === this || this.inode.sb.dentries !== "fresh") return;
    this.#leadsToMount = true;
    (parent.children ??= new Map()).set(this.name, this);
    parent.keepWay();
  }

  /** Nothing is mounted here any more. */
  forgetWay(): void {
    if (!this.#leadsToMount || this.mounts !== undefined || this.children?.size) return;
    this.#leadsToMount = false;
    this.parent.forget(this);
    this.parent.forgetWay();
  }

  /** The name is gone from the file system. */
  remove(child: Dentry): void {
    this.forget(child);
    child.deleted = true;
  }

  /** The name moved here, with everything below it. */
  adopt(child: Dentry, name: string): void {
    child.parent.forget(child);
    child.parent = this;
    child.name = name;
    (this.children ??= new Map()).set(name, child);
  }
}
