/** What terminals need of processes: sessions, groups and signals (credentials(7), ioctl_tty(2)). */
import type { FileContext, OpenFile } from "../fs/file.ts";
import type { Session } from "../task/session.ts";
import type { Clock } from "../time/clock.ts";
import type { TimerHeap } from "../time/timer_heap.ts";

export interface JobControl {
  readonly clock: Clock;
  readonly timers: TimerHeap;
  /** The caller's session. */
  sessionOf(context: FileContext): Session;
  /** The session that a process group belongs to; undefined if there is no such group. */
  groupSession(pgid: number): Session | undefined;
  /** Sends to every process of a group, on the kernel's account. */
  signalGroup(pgid: number, signal: number): void;
  /** Sends to the process that leads a session. */
  signalLeader(session: Session, signal: number): void;
  /** The caller's process has no controlling terminal any more, though its session has one (TIOCNOTTY). */
  detach(context: FileContext): void;
  isDetached(context: FileContext): boolean;
  /** Whether the caller may do what only the administrator may (CAP_SYS_ADMIN). */
  isAdministrator(context: FileContext): boolean;
  /** Gives an open file to the caller under a new descriptor, or returns a negative errno (TIOCGPTPEER). */
  installFile(file: OpenFile, flags: number, context: FileContext): number;
}
