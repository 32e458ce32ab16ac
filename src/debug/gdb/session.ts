/**
 * One connection of a debugger: takes its packets, answers them, and tells it of stops.
 *
 * Two modes (GDB manual, "Remote Non-Stop"). All-stop: while the program runs nothing else is said; the first stop
 * holds all threads and is the answer to the command that let them go on. Non-stop: each thread stops on its own, and
 * stops are notifications that the debugger fetches one by one.
 */
import type { Kernel } from "../../kernel/kernel.ts";
import type { Process } from "../../kernel/task/process.ts";
import type { Task } from "../../kernel/task/task.ts";
import { commandFor } from "./commands.ts";
import type { LaunchRequest } from "./launch.ts";
import { frame, PACKET_SIZE, PacketReader } from "./packet.ts";
import type { Ended, Stop } from "./stop.ts";
import { endedReply, stopReply } from "./stop_reply.ts";
import { formatThreadId, matches, type ThreadId } from "./thread_id.ts";
import type { StopListener, Tracees } from "./tracees.ts";
import { GuestFiles } from "./vfile.ts";

/** What a session needs of its surroundings. */
export interface SessionHost {
  readonly kernel: Kernel;
  readonly tracees: Tracees;
  /** Bytes for the peer. */
  send(bytes: Uint8Array): void;
  /** Ends the connection. */
  close(): void;
  /** Starts a program. @returns its thread, held before its first instruction, or why not */
  launch(request: LaunchRequest): Task | string;
  /** The program of the command line. */
  readonly program: LaunchRequest;
  /** Switches the trace of system calls on or off. */
  setTrace(on: boolean): Promise<void>;
}

/** What the two sides have agreed on. */
export interface Agreements {
  multiprocess: boolean;
  swbreak: boolean;
  hwbreak: boolean;
  exec: boolean;
  noResumed: boolean;
  nonStop: boolean;
  noAck: boolean;
  /** The peer is lldb. */
  lldb: boolean;
  /** Extended mode: the connection outlives programs, and can start them. */
  extended: boolean;
}

export class Session implements StopListener {
  readonly agreed: Agreements = {
    multiprocess: false,
    swbreak: false,
    hwbreak: false,
    exec: false,
    noResumed: false,
    nonStop: false,
    noAck: false,
    lldb: false,
    extended: false,
  };
  readonly files: GuestFiles;
  /** The next launch: environment, working directory and program as the debugger changed them. */
  launchSettings: LaunchRequest;
  /** Processes that this debugger has started. */
  readonly launched = new Set<Process>();
  /** The thread that data packets are about. */
  general: Task | undefined;
  /** The threads that `c` and `s` are about. */
  continued: ThreadId = { pid: undefined, tid: -1 };

  readonly #reader = new PacketReader(2 * PACKET_SIZE);
  #last: Uint8Array | undefined;
  /** All-stop: a command that lets threads run has not been answered yet. */
  #running = false;
  /** All-stop: stops of ended processes that came when nobody had asked. Non-stop: what has to be fetched. */
  readonly #queue: string[] = [];
  /** All-stop: an interrupt came while nothing ran. */
  #interrupted = false;
  /** Non-stop: a notification has not been acknowledged. */
  #notified = false;

  constructor(readonly host: SessionHost) {
    this.files = new GuestFiles(host.kernel, () => this.general ?? this.anyThread());
    this.launchSettings = host.program;
  }

  get kernel(): Kernel {
    return this.host.kernel;
  }
  get tracees(): Tracees {
    return this.host.tracees;
  }

  /** Bytes from the peer. */
  receive(bytes: Uint8Array): void {
    for (const incoming of this.#reader.feed(bytes)) {
      switch (incoming.kind) {
        case "packet":
          if (!this.agreed.noAck) this.host.send(ACK);
          this.#answer(incoming.data);
          break;
        case "corrupt":
          // Without acknowledgements nobody would send it again.
          if (this.agreed.noAck) this.reply("E.corrupt packet");
          else this.host.send(NAK);
          break;
        case "nak":
          if (this.#last) this.host.send(this.#last);
          break;
        case "interrupt":
          this.interrupt();
          break;
        case "overlong":
          return this.host.close();
      }
    }
  }

  #answer(data: string): void {
    let reply;
    try {
      reply = commandFor(data)(this, data);
    } catch (error) {
      // A bug of ours: the debugger is told, the guest lives on.
      reply = `E.internal error: ${error instanceof Error ? error.message : error}`;
    }
    if (reply !== undefined) this.reply(reply);
  }

  /** Sends a packet. */
  reply(data: string): void {
    this.#last = frame(data);
    this.host.send(this.#last);
  }

  // ---- threads ------------------------------------------------------------------------------------------------

  /** How a thread is called towards the peer. */
  idOf(task: Task): string {
    return formatThreadId(task.process.pid, task.tid, this.agreed.multiprocess);
  }

  /** The thread that an id names; for "any" the present one if it fits, else the first. */
  find(id: ThreadId): Task | undefined {
    if (id.tid <= 0) {
      if (this.general && this.#isAlive(this.general) && matches(id, this.general)) return this.general;
      for (const thread of this.tracees.threads()) if (matches(id, thread)) return thread;
      return undefined;
    }
    const task = this.tracees.thread(id.tid);
    return task && matches(id, task) ? task : undefined;
  }

  /** The thread that data packets are about, if it still is. */
  current(): Task | undefined {
    if (!this.general || !this.#isAlive(this.general)) this.general = this.anyThread();
    return this.general;
  }

  anyThread(): Task | undefined {
    return this.tracees.threads().next().value ?? undefined;
  }

  #isAlive(task: Task): boolean {
    return this.tracees.thread(task.tid) === task;
  }

  // ---- stops --------------------------------------------------------------------------------------------------

  stopped(task: Task, stop: Stop): void {
    if (!this.agreed.nonStop) this.tracees.haltAll();
    this.#tell(stopReply(this, task, stop), task);
  }

  ended(what: Ended): void {
    if (!this.agreed.nonStop) this.tracees.haltAll();
    this.#tell(endedReply(this, what));
  }

  leaving(task: Task): void {
    if (this.agreed.nonStop || !this.#running || !this.agreed.noResumed) return;
    for (const thread of this.tracees.threads()) if (thread !== task && !thread.held) return;
    // The only thread that ran ends: nothing is left to stop.
    this.#tell("N");
  }

  #tell(reply: string, task?: Task): void {
    if (this.agreed.nonStop) {
      this.#queue.push(reply);
      // The end of the last process has to be fetched too, before the machine and the connection go.
      this.tracees.waiting = true;
      this.#notify();
    } else if (this.#running) {
      this.#running = false;
      if (task) this.general = task;
      this.reply(reply);
    } else if (!reply.startsWith("T")) this.#queue.push(reply);
  }

  #notify(): void {
    if (this.#notified || this.#queue.length === 0) return;
    this.#notified = true;
    this.host.send(frame(`Stop:${this.#queue[0]}`, "%"));
  }

  /** Non-stop, `vStopped`: the stop told of has been seen; the next one, or that there is none. */
  nextNotification(): string {
    this.#queue.shift();
    if (this.#queue.length > 0) return this.#queue[0]!;
    this.#notified = false;
    this.tracees.waiting = this.agreed.extended;
    this.kernel.ptracerChanged();
    return "OK";
  }

  /** Non-stop, `?`: all threads that have stopped are told of, as notifications are. */
  listStops(): string {
    this.#queue.length = 0;
    for (const thread of this.tracees.threads()) {
      const stop = this.tracees.stopOf(thread);
      if (stop) this.#queue.push(stopReply(this, thread, stop));
    }
    this.#notified = this.#queue.length > 0;
    return this.#queue[0] ?? "OK";
  }

  /** Threads go on: the answer comes with the next stop. @returns the answer to the command, if there is one now */
  resumed(): string | undefined {
    if (this.agreed.nonStop) return "OK";
    const waiting = this.#queue.shift();
    if (waiting !== undefined) {
      this.tracees.haltAll();
      return waiting;
    }
    this.#running = true;
    if (this.#interrupted) this.interrupt();
    return undefined;
  }

  /** Ctrl-C: some thread stops. */
  interrupt(): void {
    // It may have crossed a stop on its way, one that the debugger goes on from by itself: then it is due at once.
    this.#interrupted = !this.agreed.nonStop && !this.#running;
    const task = this.current();
    if (task === undefined || this.#interrupted || this.tracees.stopOf(task)) return;
    this.tracees.halt(task, "interrupt");
    this.stopped(task, this.tracees.stopOf(task)!);
  }

  /** The connection is gone. */
  end(): void {
    this.files.closeAll();
  }
}

const ACK = Uint8Array.of(0x2b), NAK = Uint8Array.of(0x2d);
