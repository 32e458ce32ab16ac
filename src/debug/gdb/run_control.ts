/** Letting threads go on, attaching, detaching, starting and ending programs. */
import type { Process } from "../../kernel/task/process.ts";
import type { Task } from "../../kernel/task/task.ts";
import { type Command, type CommandTable, ERROR } from "./commands.ts";
import { hexNumber, hexToText } from "./hex.ts";
import { Reg, writeRegister } from "./registers.ts";
import { littleEndian } from "./hex.ts";
import type { Session } from "./session.ts";
import { linuxSignal } from "./signal_numbers.ts";
import { stopReply } from "./stop_reply.ts";
import { matches, parseThreadId, type ThreadId } from "./thread_id.ts";
import type { Resumption } from "./tracees.ts";

/** Every thread. */
const ALL: ThreadId = { pid: undefined, tid: -1 };

/** An action of vCont and whom it is for. */
interface Action {
  readonly how: Resumption | "stop";
  readonly threads: ThreadId;
}

/** `c`, `C SIGNAL`, `s`, `S SIGNAL`, `t`, `r START,END`; undefined where it is none. */
function readAction(text: string): Resumption | "stop" | undefined {
  const rest = text.slice(1);
  switch (text[0]) {
    case "c":
    case "s":
      return rest === "" ? { step: text[0] === "s" } : undefined;
    case "C":
    case "S": {
      const number = hexNumber(rest);
      if (number === undefined) return undefined;
      // A signal that Linux does not have cannot be taken.
      return { step: text[0] === "S", signal: number === 0 ? undefined : linuxSignal(number) };
    }
    case "t":
      return rest === "" ? "stop" : undefined;
    case "r": {
      const [start, end] = rest.split(",", 2).map(hexNumber);
      return start === undefined || end === undefined ? undefined : { step: true, range: { start, end } };
    }
    default:
      return undefined;
  }
}

function vCont(session: Session, packet: string): string | undefined {
  const actions: Action[] = [];
  for (const text of packet.slice("vCont;".length).split(";")) {
    const [action = "", id] = text.split(":", 2);
    const how = readAction(action), threads = id === undefined ? ALL : parseThreadId(id);
    if (!how || !threads) return ERROR.malformed;
    actions.push({ how, threads });
  }
  return apply(session, actions);
}

/** Each thread goes on by the first action that is for it; one that none is for stays as it is. */
function apply(session: Session, actions: readonly Action[]): string | undefined {
  const { tracees } = session;
  for (const process of tracees.processes) {
    const rest = actions.find(({ threads }) =>
      threads.tid <= 0 && (threads.pid ?? -1) <= 0 || isProcess(threads, process)
    );
    if (rest) tracees.setNewThreads(process, rest.how === "stop" ? "held" : "run");
    else if (!session.agreed.nonStop) tracees.setNewThreads(process, "held");
  }
  const halted: Task[] = [];
  for (const thread of [...tracees.threads()]) {
    const action = actions.find(({ threads }) => matches(threads, thread));
    if (!action) continue;
    if (action.how !== "stop") tracees.resume(thread, action.how);
    else if (!tracees.stopOf(thread)) halted.push(thread);
  }
  const reply = session.resumed();
  for (const thread of halted) {
    tracees.halt(thread, "halt");
    session.stopped(thread, tracees.stopOf(thread)!);
  }
  return reply;
}

const isProcess = (id: ThreadId, process: Process) => id.tid <= 0 && id.pid === process.pid;

/** `c [ADDRESS]`, `s [ADDRESS]`, `C SIGNAL[;ADDRESS]`, `S SIGNAL[;ADDRESS]`: for the threads of `Hc`; the others go on. */
function resume(session: Session, packet: string): string | undefined {
  const letter = packet[0]!, hasSignal = letter === "C" || letter === "S";
  const [first = "", second] = packet.slice(1).split(";", 2);
  const address = hasSignal ? second : first || undefined;
  const how = readAction(hasSignal ? letter + first : letter);
  if (!how) return ERROR.malformed;
  const { continued } = session;
  const task = session.find(continued.tid > 0 ? continued : ALL);
  if (!task) return ERROR.noThread;
  if (address !== undefined) {
    const pc = hexNumber(address);
    if (pc === undefined) return ERROR.malformed;
    writeRegister(task, Reg.pc, littleEndian(BigInt(pc), 8));
  }
  const threads: ThreadId = { pid: task.process.pid, tid: task.tid };
  // Only the thread that has stopped takes the signal; a step is one thread's.
  return apply(session, [{ how, threads }, { how: { step: false }, threads: ALL }]);
}

/** `?`: why the program has stopped. */
const reason: Command = (session, packet) => {
  if (packet !== "?") return ERROR.malformed;
  if (session.agreed.nonStop) return session.listStops();
  const { tracees } = session;
  // The thread with something to tell.
  const threads = [...tracees.threads()];
  const told = threads.find((task) => tracees.stopOf(task)?.kind === "signal") ?? session.current();
  if (!told) return "W00";
  session.general = told;
  tracees.halt(told, "halt");
  return stopReply(session, told, tracees.stopOf(told)!);
};

const detach: Command = (session, packet) => {
  const { tracees } = session;
  const pid = packet.startsWith("D;") ? hexNumber(packet.slice(2)) : undefined;
  if (packet !== "D" && pid === undefined) return ERROR.malformed;
  const processes = [...tracees.processes].filter((process) => pid === undefined || process.pid === pid);
  if (processes.length === 0) return ERROR.noThread;
  for (const process of processes) tracees.detach(process);
  return "OK";
};

const killAll: Command = (session, packet) => {
  if (packet !== "k") return "";
  for (const process of [...session.tracees.processes]) session.tracees.kill(process);
  // gdb expects no answer, and does not mind one; lldb waits for it.
  session.reply("X09");
  // GDB manual: in extended mode the connection stays.
  if (!session.agreed.extended) session.host.close();
  return undefined;
};

const kill: Command = (session, packet) => {
  const process = session.tracees.find(hexNumber(packet.slice("vKill;".length)) ?? -1);
  if (!process) return ERROR.noThread;
  session.tracees.kill(process);
  return "OK";
};

const attach: Command = (session, packet) => {
  const process = session.kernel.processes.get(hexNumber(packet.slice("vAttach;".length)) ?? -1);
  if (!process || process.zombie || session.tracees.traces(process)) return ERROR.noThread;
  session.tracees.attach(process);
  const task = process.leader.state === "dead" ? [...process.threads][0]! : process.leader;
  if (!session.agreed.nonStop) return takenUp(session, task);
  session.general = task;
  session.stopped(task, session.tracees.stopOf(task)!);
  return "OK";
};

/** A process has come under the debugger's control, stopped: the reply that says so. */
function takenUp(session: Session, task: Task): string {
  const { tracees } = session;
  if (!session.agreed.nonStop) tracees.haltAll();
  session.general = task;
  return stopReply(session, task, tracees.stopOf(task)!);
}

/** `vRun;FILE[;ARGUMENT]…`: FILE may be empty, for the program of before. */
const run: Command = (session, packet) => {
  const words = packet.slice("vRun;".length).split(";").map(hexToText);
  if (words.includes(undefined)) return ERROR.malformed;
  const [path, ...args] = words as string[];
  const settings = session.launchSettings, { env, cwd } = settings;
  session.launchSettings = path ? { path, args, env, cwd } : args.length > 0 ? { ...settings, args } : settings;
  return start(session);
};

function start(session: Session): string {
  const task = session.host.launch(session.launchSettings);
  if (typeof task === "string") return `E.${task}`;
  session.tracees.attach(task.process, "start");
  session.launched.add(task.process);
  // A stop packet in non-stop mode too, other than for vAttach (GDB manual, "Packets").
  return takenUp(session, task);
}

const restart: Command = (session, packet) => {
  if (!/^R[0-9a-fA-F]*$/.test(packet)) return "";
  for (const process of [...session.tracees.processes]) session.tracees.kill(process);
  start(session);
  return undefined;
};

export const runCommands: CommandTable = {
  "vCont;": vCont,
  "vCont?": () => "vCont;c;C;s;S;t;r",
  c: resume,
  C: resume,
  s: resume,
  S: resume,
  "?": reason,
  D: detach,
  k: killAll,
  "vKill;": kill,
  "vAttach;": attach,
  "vRun;": run,
  R: restart,
  vCtrlC: (session) => {
    session.interrupt();
    return "OK";
  },
  vStopped: (session) => session.nextNotification(),
  "!": (session) => {
    session.agreed.extended = true;
    session.tracees.waiting = true;
    return "OK";
  },
};
