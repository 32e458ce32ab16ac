/** Job control for tests: one session, signals collected. */
import type { FileContext, OpenFile } from "../fs/file.ts";
import type { Inode } from "../fs/inode.ts";
import { anonInode } from "../fs/pseudo_inode.ts";
import { makedev } from "../abi/stat.ts";
import { Session } from "../task/session.ts";
import { TimerHeap } from "../time/timer_heap.ts";
import type { JobControl } from "./session.ts";
import { type PtsNames, Terminals } from "./terminals.ts";

export class FakeJobs implements JobControl {
  now = 1000;
  readonly clock = { monotonic: () => this.now, realtimeOffset: 0n };
  readonly timers = new TimerHeap();
  readonly sessions = new Map<number, Session>([[100, new Session(100)]]);
  /** Groups and their sessions. */
  readonly groups = new Map<number, Session>([[100, this.sessions.get(100)!]]);
  /** [group or -session, signal] */
  readonly signals: [number, number][] = [];
  readonly installed: OpenFile[] = [];
  administrator = false;

  sessionOf(context: FileContext): Session {
    return this.sessions.get(context.sid)!;
  }
  groupSession(pgid: number): Session | undefined {
    return this.groups.get(pgid);
  }
  signalGroup(pgid: number, signal: number): void {
    this.signals.push([pgid, signal]);
  }
  signalLeader(session: Session, signal: number): void {
    this.signals.push([-session.sid, signal]);
  }
  readonly #detached = new WeakSet<FileContext>();
  detach(context: FileContext): void {
    this.#detached.add(context);
  }
  isDetached(context: FileContext): boolean {
    return this.#detached.has(context);
  }
  isAdministrator(): boolean {
    return this.administrator;
  }
  installFile(file: OpenFile): number {
    return this.installed.push(file) + 9;
  }
  advance(ns: number): void {
    this.now += ns;
    this.timers.fire(this.now);
  }
}

export class FakeNames implements PtsNames {
  readonly nodes = new Map<number, Inode>();
  addTerminal(index: number): Inode {
    const inode = anonInode("[pts]");
    inode.rdev = makedev(136, index);
    this.nodes.set(index, inode);
    return inode;
  }
  removeTerminal(index: number): void {
    this.nodes.delete(index);
  }
}

export function fakeTerminals(): { terminals: Terminals; jobs: FakeJobs; names: FakeNames } {
  const jobs = new FakeJobs(), names = new FakeNames();
  return { terminals: new Terminals(jobs, names), jobs, names };
}
