/** What a call returned: numbers, errors in words, and what the number means. */
import { ERESTART_RESTARTBLOCK, ERESTARTSYS, ERRNO_NAMES } from "../../../kernel/abi/errno.ts";
import { ERRNO_TEXTS } from "../../../kernel/abi/errno_text.ts";
import { flagNames } from "../../../kernel/abi/flags.ts";
import { POLLFD_SIZE } from "../../../kernel/abi/poll.ts";
import { signalName } from "../../../kernel/abi/signal.ts";
import { UserFault } from "../../../kernel/mm/user_fault.ts";
import type { ResultFormat } from "../../../kernel/syscalls/row.ts";
import type { Call } from "./call.ts";
import { ioprioText } from "./dependent.ts";
import { fcntlResult } from "./fcntl.ts";
import { fdSetText } from "./file_types.ts";
import { typeNamed } from "./layout.ts";
import { prctlResult } from "./prctl.ts";
import { descriptor, permissions } from "./scalar.ts";
import { hex } from "./text.ts";

/** The text of an error: `-1 ENOENT (No such file or directory)`, `? ERESTARTSYS (To be restarted …)`. */
const errors = new Map<number, string>();

/** @param result a negative errno */
export function errorText(result: number): string {
  let text = errors.get(result);
  if (text === undefined) {
    const errno = -result, name = ERRNO_NAMES.get(errno), words = ERRNO_TEXTS.get(errno);
    const restarts = errno >= ERESTARTSYS && errno <= ERESTART_RESTARTBLOCK;
    text = `${restarts ? "?" : "-1"} ${name ?? `(errno ${errno})`}${words === undefined ? "" : ` (${words})`}`;
    errors.set(result, text);
  }
  return text;
}

/** What comes behind `= ` for a successful call. */
export function resultText(call: Call, result: number, format: ResultFormat | undefined): string {
  switch (format) {
    case undefined:
      return String(result);
    case "fd":
      return descriptor(call, result);
    case "hex":
      return hex(result);
    case "octal":
      return permissions(result);
  }
  if (format.startsWith("flags:")) return `${result} (${flagNames(format.slice(6), result)})`;
  try {
    return MEANINGS[format.slice(3)]!(call, result) ?? String(result);
  } catch (error) {
    // Another thread may have unmapped what the call has filled in.
    if (!(error instanceof UserFault)) throw error;
    return String(result);
  }
}

type Meaning = (call: Call, result: number) => string | undefined;

function membarrierResult({ args }: Call, result: number): string | undefined {
  return args[0] === 0 && result > 0 ? `${hex(result)} (${flagNames("membarrier_set", result)})` : undefined;
}

/** ` (in [3], out [4], left {…})`: the sets as select leaves them. */
function selectResult(call: Call, result: number): string | undefined {
  const { args } = call;
  if (result === 0) return "0 (Timeout)";
  const parts: string[] = [];
  ["in", "out", "except"].forEach((name, index) => {
    const set = args[index + 1]!;
    if (set === 0) return;
    const text = fdSetText(call, set, args[0]!);
    if (text !== "[]") parts.push(`${name} ${text}`);
  });
  if (args[4] !== 0) parts.push(`left ${typeNamed("timespec").show(call, args[4]!, 4)}`);
  return parts.length === 0 ? undefined : `${result} (${parts.join(", ")})`;
}

/** ` ([{fd=3, revents=POLLIN}])` */
function pollResult(call: Call, result: number): string | undefined {
  const { args, task: { mm }, style } = call;
  if (result === 0) return "0 (Timeout)";
  const parts: string[] = [];
  for (let n = 0; n < args[1]! >>> 0 && parts.length < style.limit; n++) {
    const at = args[0]! + n * POLLFD_SIZE, revents = mm.readU16(at + 6);
    if (revents) parts.push(`{fd=${descriptor(call, mm.readI32(at))}, revents=${flagNames("poll", revents)}}`);
  }
  const left = args[2] === 0 ? "" : `, left ${typeNamed("timespec").show(call, args[2]!, 2)}`;
  return `${result} ([${parts.join(", ")}]${left})`;
}

const MEANINGS: Readonly<Record<string, Meaning>> = {
  fcntl: fcntlResult,
  prctl: prctlResult,
  membarrier: membarrierResult,
  select: selectResult,
  poll: pollResult,
  ioprio: (_, result) => `${hex(result)} (${ioprioText(result)})`,
  signal: (_, result) => `${result} (${signalName(result)})`,
  recvmmsg: (call, result) =>
    call.args[4] === 0 ? undefined : `${result} (left ${typeNamed("timespec").show(call, call.args[4]!, 4)})`,
};
