/**
 * setns(2). Of most namespaces there is one, so that a thread can only enter where it is, with all that this checks
 * (kernel/nsproxy.c, fs/namespace.c: mntns_install).
 */
import { CAP_SYS_ADMIN, CAP_SYS_CHROOT } from "../abi/capability.ts";
import { EBADF, EINVAL, EPERM, EUSERS } from "../abi/errno.ts";
import { O_PATH } from "../abi/fcntl.ts";
import { FsContext } from "../fs/fs_context.ts";
import { MountNamespace } from "../fs/namespace.ts";
import { NAMESPACE_FLAGS, NamespaceFile } from "../fs/nsfs.ts";
import { topOf } from "../fs/path_walk.ts";
import { isShared } from "./sharing.ts";
import type { Task } from "./task.ts";
import { UtsNamespace } from "./uts_namespace.ts";

/** @param nstype what the descriptor must be of, as a flag of clone(2); 0: of any type */
export function setNamespace(task: Task, fd: number, nstype: number): number {
  const file = task.files.get(fd);
  if (!file || file.flags & O_PATH) return -EBADF;
  if (!(file instanceof NamespaceFile)) return -EINVAL;
  const { namespace } = file, { fs } = task;
  if (nstype !== 0 && nstype !== NAMESPACE_FLAGS[namespace]) return -EINVAL;
  // The own one may not be entered again; another one could, with the right, if it were known by its number.
  if (namespace === "user") return file.inode.ino === task.credentials.userNamespace.ino ? -EINVAL : -EPERM;
  const isAlone = task.process.threads.size === 1;
  if (namespace === "time" && !isAlone) return -EUSERS;
  const { which } = file;
  if (!task.capable(CAP_SYS_ADMIN, which?.owner) || !task.capableInside(CAP_SYS_ADMIN)) return -EPERM;
  if (which instanceof UtsNamespace) task.uts = which;
  if (!(which instanceof MountNamespace)) return 0;
  if (!task.capableInside(CAP_SYS_CHROOT)) return -EPERM;
  if (isShared(fs)) return -EINVAL; // others stand in its working directory
  const root = topOf(which.root);
  task.fs = new FsContext(which, root, root, fs.umask);
  fs.release();
  return 0;
}
