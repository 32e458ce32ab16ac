/** Registers, memory, breakpoints and watchpoints. */
import type { WatchKind } from "../../engine/engine.ts";
import { readForced, writeForced } from "../../kernel/mm/forced_access.ts";
import type { Task } from "../../kernel/task/task.ts";
import { type Command, type CommandTable, ERROR } from "./commands.ts";
import { bytesToHex, hexNumber, hexPair, hexToBytes } from "./hex.ts";
import { crc32, searchMemory } from "./memory.ts";
import { escapeBinary, PACKET_SIZE, unescapeBinary } from "./packet.ts";
import type { Conditions } from "./points.ts";
import { readRegister, readRegisters, writeRegister, writeRegisters } from "./registers.ts";
import type { Session } from "./session.ts";

/** Bytes that one reply can carry when each may become two characters. */
const MAX_READ = (PACKET_SIZE - 16) / 2;
/** Bytes that `qCRC` looks at together, and at most. */
const CRC_PART = 1 << 20, CRC_MAX = 1 << 30;
/** Longest watchpoint: the rights of its pages have to be gone through. */
const MAX_WATCH = 1 << 28;

/** A command about the general thread. */
function onThread(serve: (session: Session, task: Task, packet: string) => string): Command {
  return (session, packet) => {
    const task = session.current();
    return task ? serve(session, task, packet) : ERROR.noThread;
  };
}

/** `ADDRESS,LENGTH:REST` */
function addressed(text: string): { va: number; length: number; rest: string } | undefined {
  const colon = text.indexOf(":");
  const pair = hexPair(colon < 0 ? text : text.slice(0, colon));
  return pair && { va: pair[0], length: pair[1], rest: colon < 0 ? "" : text.slice(colon + 1) };
}

function readCommand(task: Task, text: string, encode: (bytes: Uint8Array) => string): string {
  const at = addressed(text);
  if (!at) return ERROR.malformed;
  const bytes = readForced(task.mm, at.va, Math.min(at.length, MAX_READ));
  return bytes ? encode(bytes) : ERROR.unreadable;
}

function write(task: Task, text: string, decode: (text: string) => Uint8Array | undefined): string {
  const at = addressed(text), bytes = at && decode(at.rest);
  if (!bytes || bytes.length !== at.length) return ERROR.malformed;
  return writeForced(task.mm, at.va, bytes) === bytes.length ? "OK" : ERROR.unreadable;
}

const WATCHED: Readonly<Record<string, WatchKind>> = { "2": "write", "3": "read", "4": "access" };

/** `Z TYPE,ADDRESS,KIND[;CONDITIONS]` and its opposite. */
function setPoint(task: Task, packet: string, tracees: Session["tracees"]): string {
  try {
    return trySetPoint(task, packet, tracees);
  } catch (error) {
    if (error instanceof RangeError) return ERROR.refused;
    throw error;
  }
}

/** @throws RangeError where the engine cannot */
function trySetPoint(task: Task, packet: string, tracees: Session["tracees"]): string {
  const on = packet[0] === "Z", type = packet[1]!;
  const [place = "", ...options] = packet.slice(2).split(";");
  const pair = place.startsWith(",") ? hexPair(place.slice(1)) : undefined;
  if (!pair) return ERROR.malformed;
  const [va, kind] = pair, points = tracees.pointsOf(task);
  if (type === "0" || type === "1") {
    const conditions = readConditions(options);
    if (!conditions || va % 4 !== 0 || !(va < task.mm.space.limit)) return ERROR.malformed;
    points.setBreakpoint(va, type === "0" ? "software" : "hardware", on, conditions);
    return "OK";
  }
  const watched = WATCHED[type];
  if (!watched) return "";
  if (kind === 0 || kind > MAX_WATCH || va + kind > task.mm.addressLimit) return ERROR.refused;
  points.setWatchpoint(va, kind, watched, on);
  return "OK";
}

/** `XLENGTH,BYTECODE` each; undefined where they are malformed. What is to be done at a breakpoint (`cmds:`) is not offered. */
function readConditions(options: readonly string[]): Conditions | undefined {
  const conditions: Uint8Array[] = [];
  // Several conditions follow each other without a separator.
  for (const text of options.flatMap((each) => each.split(/(?=X)/)).filter((each) => each !== "")) {
    const [length, code = ""] = text.slice(1).split(",", 2);
    const bytes = hexToBytes(code);
    if (text[0] !== "X" || !bytes || bytes.length === 0 || bytes.length !== hexNumber(length)) return undefined;
    conditions.push(bytes);
  }
  return conditions;
}

function search(task: Task, packet: string): string {
  const [address, length, ...pattern] = packet.slice("qSearch:memory:".length).split(";");
  const va = hexNumber(address), size = hexNumber(length);
  if (va === undefined || size === undefined || pattern.length === 0) return ERROR.malformed;
  const found = searchMemory(task.mm, va, size, unescapeBinary(pattern.join(";")));
  return found === null ? ERROR.unreadable : found === undefined ? "0" : `1,${found.toString(16)}`;
}

function crc(task: Task, packet: string): string {
  const pair = hexPair(packet.slice("qCRC:".length));
  if (!pair || pair[1] > CRC_MAX) return ERROR.malformed;
  const [va, length] = pair;
  let value = 0xffffffff;
  for (let done = 0; done < length; done += CRC_PART) {
    const part = Math.min(CRC_PART, length - done), bytes = readForced(task.mm, va + done, part);
    if (bytes?.length !== part) return ERROR.unreadable;
    value = crc32(bytes, value);
  }
  return `C${value.toString(16)}`;
}

export const dataCommands: CommandTable = {
  g: onThread((_, task, packet) => packet === "g" ? readRegisters(task) : ERROR.malformed),
  G: onThread((_, task, packet) => writeRegisters(task, packet.slice(1)) ? "OK" : ERROR.malformed),
  p: onThread((_, task, packet) => readRegister(task, hexNumber(packet.slice(1)) ?? -1) ?? ERROR.malformed),
  P: onThread((_, task, packet) => {
    const [number, value = ""] = packet.slice(1).split("=", 2);
    return writeRegister(task, hexNumber(number) ?? -1, value) ? "OK" : ERROR.malformed;
  }),
  m: onThread((_, task, packet) => readCommand(task, packet.slice(1), bytesToHex)),
  x: onThread((_, task, packet) => readCommand(task, packet.slice(1), (bytes) => "b" + escapeBinary(bytes))),
  M: onThread((_, task, packet) => write(task, packet.slice(1), hexToBytes)),
  X: onThread((_, task, packet) => write(task, packet.slice(1), unescapeBinary)),
  Z: onThread((session, task, packet) => setPoint(task, packet, session.tracees)),
  z: onThread((session, task, packet) => setPoint(task, packet, session.tracees)),
  "qSearch:memory:": onThread((_, task, packet) => search(task, packet)),
  "qCRC:": onThread((_, task, packet) => crc(task, packet)),
};
