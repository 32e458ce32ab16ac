/** nsfs: the files that /proc/PID/ns/TYPE lead to, one for each namespace (namespaces(7)). */
import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
} from "../abi/clone.ts";
import { ENOTTY } from "../abi/errno.ts";
import { NS_GET_NSTYPE } from "../abi/ioctl.ts";
import { S_IFREG } from "../abi/stat.ts";
import { NSFS_MAGIC } from "../abi/statfs.ts";
import { Dentry } from "./dentry.ts";
import type { UtsNamespace } from "../task/uts_namespace.ts";
import { OpenFile } from "./file.ts";
import { MountNamespace } from "./namespace.ts";
import type { OpenResult } from "./inode.ts";
import type { Path } from "./path.ts";
import { PseudoFs, PseudoInode } from "./pseudo_inode.ts";

/** The types, with the flags of clone(2) that stand for them. */
export const NAMESPACE_FLAGS = {
  cgroup: CLONE_NEWCGROUP,
  ipc: CLONE_NEWIPC,
  mnt: CLONE_NEWNS,
  net: CLONE_NEWNET,
  pid: CLONE_NEWPID,
  time: CLONE_NEWTIME,
  user: CLONE_NEWUSER,
  uts: CLONE_NEWUTS,
} as const;

export type NamespaceType = keyof typeof NAMESPACE_FLAGS;

const nsfs = new PseudoFs("nsfs", NSFS_MAGIC);

/** A namespace of which there may be several, but for user namespaces: those are told apart by their numbers. */
export type Namespace = MountNamespace | UtsNamespace;

/** Where the link to a namespace leads. @param ino its number, as the link shows it */
export function namespacePath(type: NamespaceType, ino: number, namespace?: Namespace): Path {
  const inode = new NamespaceInode(type, ino, namespace);
  return { mount: nsfs.mount, dentry: new Dentry(inode, undefined, inode.label) };
}

/** A namespace is to be mounted on a file: it lasts as long as the guest then. @returns whether the place is one */
export function keepNamespace({ dentry: { inode } }: Path): boolean {
  if (!(inode instanceof NamespaceInode)) return false;
  if (inode.which instanceof MountNamespace) inode.which.users++;
  return true;
}

class NamespaceInode extends PseudoInode {
  constructor(readonly namespace: NamespaceType, ino: number, readonly which: Namespace | undefined) {
    super(nsfs, S_IFREG | 0o444, 0, 0, `${namespace}:[%]`, ino);
  }

  override open(flags: number): OpenResult {
    return new NamespaceFile(this.namespace, flags, this, this.which);
  }
}

/** An open namespace, for setns(2). */
export class NamespaceFile extends OpenFile {
  constructor(
    readonly namespace: NamespaceType,
    flags: number,
    inode: PseudoInode,
    readonly which: Namespace | undefined,
  ) {
    super(flags, inode);
    if (which instanceof MountNamespace) which.users++;
  }

  override release(): void {
    if (this.which instanceof MountNamespace) this.which.release();
  }

  override ioctl(request: number): number {
    return request === NS_GET_NSTYPE ? NAMESPACE_FLAGS[this.namespace] : -ENOTTY;
  }
}
