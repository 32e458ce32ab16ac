/**
 * Looks at what came over a socket before anything believes it: every field there, of the right type, and no other.
 */
import { Failure } from "../failure.ts";
import type { TraceSpec } from "../debug/trace/spec.ts";
import { type GuestOutcome, type GuestSpec, TIERS } from "../runner/guest_spec.ts";
import type { Message } from "./message_line.ts";
import { IDENTITY, type ToClient, type ToServer } from "./messages.ts";

/** Whether a value is one of those that are meant. */
type Shape = (value: unknown) => boolean;

const isText: Shape = (value) => typeof value === "string";
const isTruth: Shape = (value) => typeof value === "boolean";
const isNumber: Shape = (value) => Number.isFinite(value);
/** Of integers from 0 on. */
const upTo = (most: number): Shape => (value) =>
  Number.isInteger(value) && (value as number) >= 0 &&
  (value as number) <= most;
const isCount = upTo(Number.MAX_SAFE_INTEGER), isSize = upTo(0xffff), isId = upTo(0xffff_fffe);
/** Milliseconds that a timer of Deno's can take. */
const isTime: Shape = (value) => isNumber(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
const isBytes: Shape = (value) => value instanceof Uint8Array;
const isAbsolute: Shape = (value) => isText(value) && (value as string).startsWith("/");
const isObject: Shape = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const oneOf = (...values: readonly unknown[]): Shape => (value) => values.includes(value);
const listOf = (shape: Shape): Shape => (value) => Array.isArray(value) && value.every(shape);
const optional = (shape: Shape): Shape => (value) => value === undefined || shape(value);
const tableOf = (shape: Shape): Shape => (value) => isObject(value) && Object.values(value as object).every(shape);
const record = (fields: Readonly<Record<string, Shape>>): Shape => (value) =>
  isObject(value) && Object.keys(value as object).every((name) => Object.hasOwn(fields, name)) &&
  Object.entries(fields).every(([name, shape]) => shape((value as Record<string, unknown>)[name]));

type Fields<Checked> = { readonly [Field in keyof Checked]-?: Shape };

const INJECTION: Fields<TraceSpec["injections"][number]> = {
  calls: listOf(isCount),
  first: isCount,
  last: isCount,
  step: isCount,
  result: optional(isNumber),
  signal: optional(upTo(64)),
  delayEnter: optional(isTime),
  delayExit: optional(isTime),
};

const TRACE: Fields<TraceSpec> = {
  format: oneOf("text", "json", "perfetto"),
  shown: isTruth,
  calls: optional(listOf(isCount)),
  paths: optional(listOf(isText)),
  signals: optional(listOf(upTo(64))),
  statuses: optional(listOf(isText)),
  injections: listOf(record(INJECTION)),
  timestamps: oneOf("none", "seconds", "microseconds", "epoch"),
  relative: isTruth,
  durations: isTruth,
  descriptors: oneOf(0, 1, 2),
  stack: isTruth,
  summary: oneOf("none", "only", "also"),
  wallTime: isTruth,
  sort: oneOf("time", "calls", "errors", "name", "min", "max", "avg", "nothing"),
  limit: isCount,
  column: isCount,
  abbreviate: isTruth,
  hexStrings: oneOf(0, 1, 2),
  loader: isTruth,
  toFile: isTruth,
};

/** Where a stream of a guest goes that runs for somebody else. */
const isPiped = oneOf("piped", "null");
const isStream = oneOf("stdout", "stderr", "trace", "trace-file");

const SPEC: Fields<GuestSpec> = {
  path: isAbsolute,
  argv: listOf(isText),
  env: tableOf(isText),
  cwd: isAbsolute,
  sysroot: optional(isAbsolute),
  hostFallback: isTruth,
  binds: listOf(
    record({ host: isAbsolute, guest: isAbsolute, readOnly: isTruth, copyOnWrite: optional(isTruth) }),
  ),
  tmpfs: optional(listOf(isAbsolute)),
  uid: isId,
  gid: isId,
  hostname: isText,
  engine: oneOf("auto", "wasm", "hvf", "kvm"),
  tier: optional(oneOf(...TIERS)),
  cache: optional(isTruth),
  stats: optional(isTruth),
  watchdog: isTime,
  core: optional(record({ folder: isAbsolute, name: isText })),
  timeout: optional(isTime),
  verbose: oneOf(0, 1, 2),
  trace: optional(record(TRACE)),
  // Debuggers come to the process that started the guest.
  debug: (value) => value === undefined,
  stdin: isPiped,
  nullInput: (value) => value === undefined,
  stdout: isPiped,
  stderr: isPiped,
  farEnd: optional(record({
    terminals: listOf(oneOf("stdin", "stdout", "stderr")),
    size: optional(record({ columns: isSize, rows: isSize })),
  })),
};

const OUTCOME: Fields<GuestOutcome> = {
  ending: isObject,
  crashes: listOf(isObject),
  unimplemented: tableOf(isNumber),
  milliseconds: isNumber,
  instructions: isNumber,
  discarded: listOf(isText),
};

/** By type of message: the other fields. */
type Messages<Checked extends Message> = {
  readonly [Type in Checked["type"]]: Omit<Fields<Extract<Checked, { type: Type }>>, "type">;
};

const TO_SERVER: Messages<ToServer> = {
  run: { identity: isText, spec: record(SPEC) },
  interrupt: { signal: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 64 },
  resize: { columns: isSize, rows: isSize },
  stop: {},
  stdin: { bytes: optional(isBytes) },
  probed: { isNull: isTruth },
  taken: {},
  close: { stream: isStream },
};

const TO_CLIENT: Messages<ToClient> = {
  output: { stream: isStream, bytes: isBytes },
  pull: {},
  probe: {},
  raw: { raw: isTruth },
  outcome: { outcome: record(OUTCOME) },
};

function check<Checked extends Message>(message: Message, table: Messages<Checked>): Checked {
  const { type, ...values } = message as Message & Readonly<Record<string, unknown>>;
  if (!Object.hasOwn(table, type)) throw new Failure(`no message is called ${JSON.stringify(type.slice(0, 40))}`);
  const fields = table[type as Checked["type"]] as Readonly<Record<string, Shape>>;
  const wrong = Object.keys({ ...fields, ...values }).find((name) =>
    !Object.hasOwn(fields, name) || !fields[name]!(values[name])
  );
  if (wrong !== undefined) throw new Failure(`${type}: a bad ${wrong.slice(0, 40)}`);
  return message as Checked;
}

/** @throws {Failure} when it is no message to a server */
export function checkToServer(message: Message): ToServer {
  return check<ToServer>(message, TO_SERVER);
}

/** @throws {Failure} when it is no message to a client */
export function checkToClient(message: Message): ToClient {
  return check<ToClient>(message, TO_CLIENT);
}

/**
 * The first message.
 *
 * @throws {Failure} when it does not ask for a guest, or comes from another elftap
 */
export function checkRequest(message: Message): GuestSpec {
  // Another version's may look otherwise: that comes first.
  const { identity } = message as { readonly identity?: unknown };
  if (message.type === "run" && isText(identity) && identity !== IDENTITY) {
    throw new Failure(`the server is another elftap: ${IDENTITY}, not ${(identity as string).slice(0, 200)}`, {
      hint: "start it anew, or unset ELFTAP_SERVER",
    });
  }
  const checked = checkToServer(message);
  if (checked.type !== "run") throw new Failure(`${checked.type}: no guest runs yet`);
  return checked.spec;
}
