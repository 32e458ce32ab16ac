/** The terminals of a kernel, joined to its processes, its file tree and the host's streams. */
import { CAP_SYS_ADMIN } from "../abi/capability.ts";
import { O_CLOEXEC, O_RDWR } from "../abi/fcntl.ts";
import { kernelSiginfo } from "../abi/siginfo.ts";
import { DEV_CONSOLE, DEV_PTMX, DEV_TTY } from "../fs/dev_fs.ts";
import { PTS_MAJOR } from "../fs/devpts.ts";
import type { FileContext, OpenFile } from "../fs/file.ts";
import type { Mount, Path } from "../fs/path.ts";
import { Dentry } from "../fs/dentry.ts";
import type { SpecialFiles } from "../fs/special_files.ts";
import type { SuperBlock } from "../fs/superblock.ts";
import type { HostStdio } from "../host_stdio.ts";
import { HostInputFile, HostOutputFile } from "../ipc/host_stream.ts";
import type { Kernel } from "../kernel.ts";
import { sendToGroup, sendToProcess } from "../task/send_signal.ts";
import type { Process } from "../task/process.ts";
import type { Session } from "../task/session.ts";
import type { Task } from "../task/task.ts";
import type { JobControl } from "../tty/session.ts";
import { type PtsNames, Terminals } from "../tty/terminals.ts";
import { installFd } from "./new_fd.ts";

/** Every caller of a file operation is a thread. */
const threadOf = (context: FileContext) => context as Task;

function jobControl(kernel: Kernel, tree: TerminalTree): JobControl {
  const detached = new WeakSet<Process>();
  return {
    detach: (context) => void detached.add(threadOf(context).process),
    isDetached: (context) => detached.has(threadOf(context).process),
    clock: kernel.clock,
    timers: kernel.timers,
    sessionOf: (context) => threadOf(context).process.session,
    groupSession(pgid: number): Session | undefined {
      for (const process of kernel.processes.values()) if (process.pgid === pgid) return process.session;
      return undefined;
    },
    signalGroup: (pgid, signal) => void sendToGroup(kernel, pgid, kernelSiginfo(signal)),
    signalLeader(session: Session, signal: number): void {
      const leader = kernel.processes.get(session.sid);
      if (leader) sendToProcess(leader, kernelSiginfo(signal));
    },
    isAdministrator: (context) => threadOf(context).capable(CAP_SYS_ADMIN),
    installFile(file: OpenFile, flags: number, context: FileContext): number {
      file.path ??= placeOf(file, tree);
      return installFd(threadOf(context), file, (flags & O_CLOEXEC) !== 0);
    },
  };
}

/** The parts of a guest's file tree that terminals plug into. */
export interface TerminalTree {
  readonly special: SpecialFiles;
  readonly devpts: PtsNames & SuperBlock;
  readonly namespace: { readonly mounts: ReadonlySet<Mount> };
}

/** Makes the terminals of a kernel and registers their devices. */
export function createTerminals(kernel: Kernel, tree: TerminalTree): Terminals {
  const terminals = new Terminals(jobControl(kernel, tree), tree.devpts);
  tree.special.registerCharacter(DEV_PTMX, (inode, flags, opener) => terminals.openMaster(inode, flags, opener));
  tree.special.registerMajor(PTS_MAJOR, (inode, flags, opener) => {
    return terminals.openPts(minorOf(inode.rdev), inode, flags, opener);
  });
  for (const rdev of [DEV_TTY, DEV_CONSOLE]) {
    tree.special.registerCharacter(rdev, (inode, flags, opener) => terminals.openControlling(inode, flags, opener));
  }
  return terminals;
}

/**
 * The guest's three standard streams. Those that are the host's terminal share one terminal of the guest, which
 * becomes the controlling terminal of the first process; the others are ends of pipes.
 *
 * @param session the session and the group of the first process
 */
export function standardStreams(
  terminals: Terminals,
  tree: TerminalTree,
  { stdin, stdout, stderr }: HostStdio,
  owner: { readonly uid: number; readonly gid: number },
  session: { readonly session: Session; readonly pgid: number },
): [OpenFile, OpenFile, OpenFile] {
  const screen = stdout.isTerminal ? stdout : stderr.isTerminal ? stderr : undefined;
  const isTerminal = [stdin.isTerminal && screen !== undefined, stdout.isTerminal, stderr.isTerminal];
  if (screen !== undefined) {
    const tty = terminals.addHostTty(stdin.isTerminal ? stdin : undefined, screen, owner.uid);
    tty.terminal.control(session.session, session.pgid);
  }
  const open = () => {
    const file = terminals.openHostTty(O_RDWR);
    file.path = placeOf(file, tree);
    return file;
  };
  const file = (index: number, make: () => OpenFile) => isTerminal[index] ? open() : make();
  return [
    file(0, () => new HostInputFile(stdin, owner.uid, owner.gid)),
    file(1, () => new HostOutputFile(stdout, owner.uid, owner.gid)),
    file(2, () => new HostOutputFile(stderr, owner.uid, owner.gid)),
  ];
}

/** Where a terminal is in the tree, so that ttyname(3) finds it. */
function placeOf(file: OpenFile, { namespace, devpts }: TerminalTree): Path | undefined {
  const mount = [...namespace.mounts].find(({ sb }) => sb === devpts);
  return mount && { mount, dentry: new Dentry(file.inode, mount.root, String(minorOf(file.inode.rdev))) };
}

function minorOf(rdev: number): number {
  return (rdev & 0xff) | (rdev >>> 12 & 0xfff00);
}
