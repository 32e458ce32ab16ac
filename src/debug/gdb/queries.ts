/** Questions about threads and about what this side can do. */
import { type Command, type CommandTable, ERROR } from "./commands.ts";
import { hexNumber, textToHex } from "./hex.ts";
import { PACKET_SIZE } from "./packet.ts";
import { parseThreadId } from "./thread_id.ts";

/** What is supported whatever the peer says. */
const FEATURES = [
  `PacketSize=${PACKET_SIZE.toString(16)}`,
  "QStartNoAckMode+",
  "QNonStop+",
  "QPassSignals+",
  "QProgramSignals+",
  "QCatchSyscalls+",
  "QThreadEvents+",
  "QStartupWithShell+",
  "QEnvironmentHexEncoded+",
  "QEnvironmentReset+",
  "QEnvironmentUnset+",
  "QSetWorkingDir+",
  "ConditionalBreakpoints+",
  "binary-upload+",
  "vContSupported+",
  "qXfer:features:read+",
  "qXfer:auxv:read+",
  "qXfer:exec-file:read+",
  "qXfer:libraries-svr4:read+",
  "augmented-libraries-svr4-read+",
  "qXfer:threads:read+",
  "qXfer:siginfo:read+",
  "qXfer:siginfo:write+",
  "qXfer:osdata:read+",
];

/** `qSupported:FEATURE;…`: what the peer can do decides what it is told. */
const supported: Command = (session, packet) => {
  const theirs = new Set(packet.slice("qSupported".length).replace(/^:/, "").split(";"));
  const { agreed, tracees: { interests } } = session;
  agreed.multiprocess = theirs.has("multiprocess+");
  agreed.swbreak = theirs.has("swbreak+");
  agreed.hwbreak = theirs.has("hwbreak+");
  agreed.noResumed = theirs.has("no-resumed+");
  agreed.exec = interests.exec = theirs.has("exec-events+");
  interests.fork = theirs.has("fork-events+");
  interests.vfork = theirs.has("vfork-events+");
  const both = [
    "multiprocess+",
    "swbreak+",
    "hwbreak+",
    "no-resumed+",
    "exec-events+",
    "fork-events+",
    "vfork-events+",
  ];
  return [...FEATURES, ...both.filter((each) => theirs.has(each))].join(";");
};

const selectThread: Command = (session, packet) => {
  const id = parseThreadId(packet.slice(2)), operation = packet[1];
  if (!id) return ERROR.malformed;
  if (operation === "c") {
    session.continued = id;
    return "OK";
  }
  if (operation !== "g") return "";
  const task = session.find(id);
  if (!task) return ERROR.noThread;
  session.general = task;
  return "OK";
};

export const queryCommands: CommandTable = {
  qSupported: supported,
  H: selectThread,
  T: (session, packet) => {
    const id = parseThreadId(packet.slice(1));
    return id && id.tid > 0 && session.find(id) ? "OK" : ERROR.noThread;
  },
  qC: (session, packet) => {
    if (packet !== "qC") return "";
    const task = session.current();
    return task ? `QC${session.idOf(task)}` : ERROR.noThread;
  },
  qfThreadInfo: (session) => {
    const ids = Array.from(session.tracees.threads(), (task) => session.idOf(task));
    return ids.length > 0 ? `m${ids.join(",")}` : "l";
  },
  qsThreadInfo: () => "l",
  "qThreadExtraInfo,": (session, packet) => {
    const id = parseThreadId(packet.slice("qThreadExtraInfo,".length));
    const task = id && session.find(id);
    return task ? textToHex(`${task.name}${task.state === "blocked" ? ", waiting" : ""}`) : ERROR.noThread;
  },
  qAttached: (session, packet) => {
    const pid = packet.includes(":") ? hexNumber(packet.slice(packet.indexOf(":") + 1)) : undefined;
    const process = pid === undefined ? session.current()?.process : session.tracees.find(pid);
    return process && session.launched.has(process) ? "0" : "1";
  },
  qSymbol: () => "OK",
  qTStatus: () => "",
};
