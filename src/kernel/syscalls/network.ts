/** The network of a kernel: made when its first socket is, and joined there to the file system and to signals. */
import { kernelSiginfo } from "../abi/siginfo.ts";
import { MAY_WRITE, permission } from "../fs/access.ts";
import type { FileContext, OpenFile } from "../fs/file.ts";
import type { Inode } from "../fs/inode.ts";
import { makeSocketNode } from "../fs/names.ts";
import { walkTo } from "../fs/path_walk.ts";
import type { Kernel } from "../kernel.ts";
import { PROC_NET_NAMES, procNetText } from "../net/proc_net.ts";
import { Network, type NetworkHost } from "../net/network.ts";
import type { Task } from "../task/task.ts";
import { signalOwner } from "./signal_owner.ts";

/** Every caller of a file operation is a thread. */
const threadOf = (context: FileContext) => context as Task;

function hostOf(kernel: Kernel): NetworkHost {
  return {
    clock: kernel.clock,
    createSocketFile(path: string, context: FileContext): Inode | number {
      const task = threadOf(context);
      const made = makeSocketNode(task, path.startsWith("/") ? task.fs.root : task.fs.cwd, path, 0o777);
      return typeof made === "number" ? made : made.dentry.inode;
    },
    findSocketFile(path: string, context: FileContext): Inode | number {
      const task = threadOf(context);
      const place = walkTo(task, path.startsWith("/") ? task.fs.root : task.fs.cwd, path, true);
      if (typeof place === "number") return place;
      const { inode } = place.dentry;
      return permission(task, inode, MAY_WRITE) || inode;
    },
    signalOwner: (file: OpenFile, signal: number) =>
      signalOwner(kernel, file, kernelSiginfo(file.ownerSignal || signal)),
  };
}

export const networkOf = (kernel: Kernel): Network => kernel.part(Network, () => new Network(hostOf(kernel)));

/** Adds the files of /proc/net. */
export function addProcNet(kernel: Kernel, directory: { text(name: string, read: () => string): void }): void {
  for (const name of PROC_NET_NAMES) directory.text(name, () => procNetText(networkOf(kernel), name)!);
}
