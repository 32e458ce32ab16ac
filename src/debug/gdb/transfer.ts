/** `qXfer`: objects that are read (and one that is written) piece by piece. */
import { decodeSiginfo } from "../../kernel/abi/siginfo.ts";
import { toBytes } from "../../kernel/fs/byte_string.ts";
import { pathName } from "../../kernel/fs/path.ts";
import { type CommandTable, ERROR } from "./commands.ts";
import { hexNumber, hexPair } from "./hex.ts";
import { librariesXml } from "./libraries.ts";
import { osdataXml } from "./osdata.ts";
import { escapeBinary, PACKET_SIZE, unescapeBinary } from "./packet.ts";
import type { Session } from "./session.ts";
import { stopSiginfo } from "./stop.ts";
import { TARGET_XML } from "./target_description.ts";
import { xmlText } from "./xml.ts";

/** Bytes of an object in one reply: each may be escaped. */
const PART = (PACKET_SIZE - 16) / 2;

/** Makes an object's content; undefined where there is none. */
type ObjectReader = (session: Session, annex: string) => string | Uint8Array | undefined;

const OBJECTS: Readonly<Record<string, ObjectReader>> = {
  features: (_, annex) => annex === "target.xml" ? TARGET_XML : undefined,
  auxv: (session) => session.current()?.mm.auxv,
  "exec-file": (session, annex) => {
    const pid = hexNumber(annex);
    const process = pid === undefined ? session.current()?.process : session.tracees.find(pid);
    const task = process?.threads.values().next().value, place = task?.mm.exeFile?.path;
    return place && pathName(place, task.fs.root);
  },
  "libraries-svr4": (session, annex) => {
    const task = session.current();
    return task && librariesXml(task.mm, annex);
  },
  threads: (session) => {
    let xml = '<?xml version="1.0"?>\n<threads>\n';
    for (const task of session.tracees.threads()) {
      xml += `<thread id="${session.idOf(task)}" core="0" name="${xmlText(task.name)}"/>\n`;
    }
    return xml + "</threads>\n";
  },
  siginfo: (session) => {
    const task = session.current(), stop = task && session.tracees.stopOf(task);
    return stop && stopSiginfo(task, stop);
  },
  osdata: (session, annex) => osdataXml(session.kernel, annex),
};

/** `qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH` */
function read(session: Session, packet: string): string {
  const [, object = "", operation, annex = "", range = "", ...more] = packet.split(":");
  if (object === "siginfo" && operation === "write") return writeSiginfo(session, packet);
  const reader = Object.hasOwn(OBJECTS, object) ? OBJECTS[object] : undefined;
  if (!reader || operation !== "read") return "";
  const part = hexPair(range);
  if (!part || more.length > 0) return ERROR.malformed;
  const content = reader(session, annex);
  if (content === undefined) return ERROR.malformed;
  const bytes = typeof content === "string" ? toBytes(content) : content;
  const [offset, length] = part;
  const slice = bytes.subarray(offset, offset + Math.min(length, PART));
  return (offset + slice.length >= bytes.length ? "l" : "m") + escapeBinary(slice);
}

/** `qXfer:siginfo:write::OFFSET:DATA`: what the thread will take instead of the signal it has stopped with. */
function writeSiginfo(session: Session, packet: string): string {
  const head = /^qXfer:siginfo:write:[^:]*:([0-9a-fA-F]+):/.exec(packet);
  const task = session.current(), stop = task && session.tracees.stopOf(task);
  if (!head || !stop) return ERROR.malformed;
  if (stop.kind !== "signal") return ERROR.refused;
  const offset = hexNumber(head[1])!, data = unescapeBinary(packet.slice(head[0].length));
  const bytes = stopSiginfo(task, stop);
  if (offset + data.length > bytes.length) return ERROR.malformed;
  bytes.set(data, offset);
  const signo = new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
  if (signo < 1 || signo > 64) return ERROR.malformed;
  stop.info = decodeSiginfo(bytes, signo);
  return data.length.toString(16);
}

export const transferCommands: CommandTable = { "qXfer:": read };
