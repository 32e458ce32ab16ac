/** What a debugger sets: how packets are acknowledged, which stops it wants, and how programs are started. */
import { type Command, type CommandTable, ERROR } from "./commands.ts";
import { hexNumber, hexToText } from "./hex.ts";
import { withVariable } from "./launch.ts";
import type { Session } from "./session.ts";
import { linuxSignal } from "./signal_numbers.ts";

/** What is behind the colon. */
const argument = (packet: string): string => packet.includes(":") ? packet.slice(packet.indexOf(":") + 1) : "";

/** A switch: `:0` or `:1`. */
function onOff(set: (session: Session, on: boolean) => void): Command {
  return (session, packet) => {
    const value = argument(packet);
    if (value !== "0" && value !== "1") return ERROR.malformed;
    set(session, value === "1");
    return "OK";
  };
}

/** A list of signals by the protocol's numbers; undefined where it is malformed. Those that Linux lacks are left out. */
function signals(packet: string): Set<number> | undefined {
  const numbers = argument(packet).split(";").filter((each) => each !== "").map(hexNumber);
  if (numbers.includes(undefined)) return undefined;
  return new Set(numbers.map((each) => linuxSignal(each!)).filter((each) => each !== undefined));
}

const catchSyscalls: Command = (session, packet) => {
  const [on, ...numbers] = argument(packet).split(";");
  const process = session.current()?.process;
  if (!process) return ERROR.noThread;
  const wanted = numbers.map(hexNumber);
  if ((on !== "0" && on !== "1") || wanted.includes(undefined)) return ERROR.malformed;
  const caught = on === "0" ? undefined : wanted.length === 0 ? "all" : new Set(wanted as number[]);
  session.tracees.setCatchCalls(process, caught);
  return "OK";
};

/** `QEnvironmentHexEncoded:NAME=VALUE`, `QEnvironmentUnset:NAME`, hexadecimal both. */
const setVariable: Command = (session, packet) => {
  const text = hexToText(argument(packet));
  if (!text) return ERROR.malformed;
  const equals = packet.startsWith("QEnvironmentUnset") ? -1 : text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals), settings = session.launchSettings;
  const value = equals < 0 ? undefined : text.slice(equals + 1);
  session.launchSettings = { ...settings, env: withVariable(settings.env, name, value) };
  return "OK";
};

export const settingCommands: CommandTable = {
  QStartNoAckMode: (session) => {
    session.agreed.noAck = true;
    return "OK";
  },
  QNonStop: onOff((session, on) => session.agreed.nonStop = on),
  QPassSignals: (session, packet) => {
    const set = signals(packet);
    if (!set) return ERROR.malformed;
    session.tracees.interests.passSignals = set;
    return "OK";
  },
  QProgramSignals: (session, packet) => {
    const set = signals(packet);
    if (!set) return ERROR.malformed;
    session.tracees.interests.programSignals = set;
    return "OK";
  },
  QCatchSyscalls: catchSyscalls,
  QThreadEvents: onOff((session, on) => session.tracees.interests.threads = on),
  // Arguments come taken apart, and a guest need not have a shell: programs are started as they are either way.
  QStartupWithShell: onOff(() => {}),
  QEnvironmentHexEncoded: setVariable,
  QEnvironmentUnset: setVariable,
  QEnvironmentReset: (session) => {
    session.launchSettings = { ...session.launchSettings, env: session.host.program.env };
    return "OK";
  },
  QSetWorkingDir: (session, packet) => {
    const text = hexToText(argument(packet));
    if (text === undefined) return ERROR.malformed;
    session.launchSettings = { ...session.launchSettings, cwd: text || session.host.program.cwd };
    return "OK";
  },
};
