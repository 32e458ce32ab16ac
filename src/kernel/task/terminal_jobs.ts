/** What terminals may ask of a kernel's processes: see `tty/session.ts`. */
import { CAP_SYS_ADMIN } from "../abi/capability.ts";
import { O_CLOEXEC } from "../abi/fcntl.ts";
import { kernelSiginfo } from "../abi/siginfo.ts";
import type { FileContext, OpenFile } from "../fs/file.ts";
import type { Kernel } from "../kernel.ts";
import type { JobControl } from "../tty/session.ts";
import { RLIMIT_NOFILE } from "../abi/resource.ts";
import type { Session } from "./session.ts";
import { sendToGroup, sendToProcess } from "./send_signal.ts";
import type { Task } from "./task.ts";

/** Every caller of a file operation is a thread. */
const threadOf = (context: FileContext) => context as Task;

export class TerminalJobs implements JobControl {
  constructor(private readonly kernel: Kernel) {}

  get clock(): Kernel["clock"] {
    return this.kernel.clock;
  }
  get timers(): Kernel["timers"] {
    return this.kernel.timers;
  }
  sessionOf(context: FileContext): Session {
    return threadOf(context).process.session;
  }
  groupSession(pgid: number): Session | undefined {
    for (const process of this.kernel.processes.values()) if (process.pgid === pgid) return process.session;
    return undefined;
  }
  signalGroup(pgid: number, signal: number): void {
    sendToGroup(this.kernel, pgid, kernelSiginfo(signal));
  }
  signalLeader(session: Session, signal: number): void {
    const leader = this.kernel.processes.get(session.sid);
    if (leader?.session === session) sendToProcess(leader, kernelSiginfo(signal));
  }
  isAdministrator(context: FileContext): boolean {
    return threadOf(context).capable(CAP_SYS_ADMIN);
  }
  installFile(file: OpenFile, flags: number, context: FileContext): number {
    const task = threadOf(context);
    const fd = task.files.add(file, (flags & O_CLOEXEC) !== 0, task.process.rlimits[RLIMIT_NOFILE]![0]);
    if (fd < 0) file.unref();
    return fd;
  }
}
