/**
 * strace's `-e` expressions: `trace=%file,!futex`, `signal=`, `status=`, `inject=`, `fault=`, `abbrev=`. Qualified
 * sets accumulate over several `-e` as in strace: the last one of a kind counts, injections add up.
 */
import { Failure } from "../../failure.ts";
import { ERRNO_NAMES } from "../../kernel/abi/errno.ts";
import { signalName, SIGRTMAX } from "../../kernel/abi/signal.ts";
import { SYSCALL_NAMES } from "../../kernel/abi/unistd.ts";
import { SYSCALLS } from "../../kernel/syscalls/table.ts";
import { callsOfClass, CLASS_NAMES } from "./classes.ts";
import type { Injection, Status, TraceSpec } from "./spec.ts";

/** What expressions may set. */
type Expressed = Pick<TraceSpec, "calls" | "signals" | "statuses" | "injections" | "abbreviate">;
type Parsed = { -readonly [K in keyof Expressed]?: Expressed[K] };

const STATUSES: readonly Status[] = ["successful", "failed", "unfinished", "unavailable", "detached"];

/** Highest number in `when=` (strace(1)). */
const MAX_WHEN = 65535;

/**
 * Reads the values of `-e`.
 *
 * @throws {Failure} naming what is not understood
 */
export function parseExpressions(expressions: readonly string[]): Parsed {
  const parsed: Parsed = {};
  const injections: Injection[] = [];
  for (const expression of expressions) {
    const match = /^(\w+)=(.*)$/s.exec(expression);
    // Without a qualifier it is a set of calls: -e open is -e trace=open.
    const [, kind, value] = match ?? [, "trace", expression];
    switch (kind) {
      case "trace":
      case "t":
        parsed.calls = callSet(value!, expression);
        break;
      case "signal":
      case "signals":
      case "s":
        parsed.signals = signalSet(value!, expression);
        break;
      case "status":
        parsed.statuses = statusSet(value!, expression);
        break;
      case "inject":
        injections.push(injection(value!, expression, undefined));
        break;
      case "fault":
        injections.push(injection(value!, expression, errnoNumber("ENOSYS", expression)));
        break;
      case "abbrev":
      case "a":
        // One switch for all calls: nobody abbreviates only some.
        if (value !== "none" && value !== "all") bad(expression, "abbrev= takes all or none");
        parsed.abbreviate = value === "all";
        break;
      default:
        bad(expression, `there is no ${kind}=`, "trace=, signal=, status=, inject=, fault=, abbrev=");
    }
  }
  if (injections.length > 0) parsed.injections = injections;
  return parsed;
}

function bad(expression: string, why: string, hint?: string): never {
  throw new Failure(`-e ${expression}: ${why}`, hint === undefined ? {} : { hint });
}

/** Splits `!a,b`: whether the set is inverted, and its members. */
function members(value: string, expression: string): { inverted: boolean; list: string[] } {
  // strace takes the exclamation mark before the whole set; before a single member is how people write it as well.
  const inverted = value.startsWith("!");
  const list = (inverted ? value.slice(1) : value).split(",");
  if (list.some((member) => member === "")) bad(expression, "the set has an empty member");
  return { inverted, list };
}

const ALL: readonly number[] = SYSCALL_NAMES.flatMap((name, nr) => name === undefined ? [] : [nr]);

/** Numbers of the calls in a set. */
function callSet(value: string, expression: string): readonly number[] {
  if (value === "") bad(expression, "the set is empty");
  const { inverted, list } = members(value, expression);
  const included = new Set<number>(), excluded = new Set<number>();
  list.forEach((member, index) => {
    const negated = index > 0 && member.startsWith("!");
    const numbers = callsNamed(negated ? member.slice(1) : member, expression);
    for (const nr of numbers) (negated ? excluded : included).add(nr);
  });
  const chosen = inverted ? ALL.filter((nr) => !included.has(nr)) : [...included];
  return chosen.filter((nr) => !excluded.has(nr)).sort((a, b) => a - b);
}

function callsNamed(member: string, expression: string): readonly number[] {
  if (member === "all") return ALL;
  if (member === "none") return [];
  const optional = member.startsWith("?");
  const name = (optional ? member.slice(1) : member).replace(/@64$/, "");
  if (/@(32|x32)$/.test(name)) return [];
  const test = testOf(name, expression);
  const numbers = ALL.filter((nr) => test(SYSCALL_NAMES[nr]!));
  const isClass = name.startsWith("%");
  if (numbers.length === 0 && !optional && !isClass && !name.startsWith("/")) {
    const near = ALL.map((nr) => SYSCALL_NAMES[nr]!).filter((each) => each.startsWith(name) || each.includes(name));
    bad(
      expression,
      `there is no system call ${name}`,
      near.length > 0 ? `there is ${near.slice(0, 3).join(", ")}` : undefined,
    );
  }
  return numbers;
}

function testOf(name: string, expression: string): (call: string) => boolean {
  if (name.startsWith("/")) {
    try {
      const pattern = new RegExp(name.slice(1));
      return (call) => pattern.test(call);
    } catch {
      bad(expression, `${name.slice(1)} is not a regular expression`);
    }
  }
  if (name.startsWith("%")) {
    const calls = callsOfClass(name.slice(1), SYSCALLS);
    if (!calls) bad(expression, `there is no class ${name}`, CLASS_NAMES.map((each) => "%" + each).join(" "));
    return (call) => calls.has(call);
  }
  if (/^\d+$/.test(name)) return (call) => SYSCALL_NAMES[Number(name)] === call;
  return (call) => call === name;
}

const SIGNAL_NUMBERS: ReadonlyMap<string, number> = new Map(
  Array.from({ length: SIGRTMAX }, (_, index) => [signalName(index + 1), index + 1]),
);

function signalNumber(text: string, expression: string): number {
  const upper = text.toUpperCase();
  const number = /^\d+$/.test(text)
    ? Number(text)
    : SIGNAL_NUMBERS.get(upper.startsWith("SIG") ? upper : "SIG" + upper) ?? 0;
  if (number < 1 || number > SIGRTMAX) bad(expression, `there is no signal ${text}`);
  return number;
}

function signalSet(value: string, expression: string): readonly number[] {
  const all = [...SIGNAL_NUMBERS.values()];
  const { inverted, list } = members(value, expression);
  const numbers = new Set(
    list.flatMap((each) => each === "all" ? all : each === "none" ? [] : [signalNumber(each, expression)]),
  );
  return all.filter((signal) => numbers.has(signal) !== inverted);
}

function statusSet(value: string, expression: string): readonly Status[] {
  const { inverted, list } = members(value, expression);
  const chosen = new Set<Status>();
  for (const each of list) {
    if (each === "all") STATUSES.forEach((status) => chosen.add(status));
    else if (each !== "none") {
      const status = STATUSES.find((status) => status === each);
      if (!status) bad(expression, `there is no status ${each}`, STATUSES.join(", "));
      chosen.add(status);
    }
  }
  return STATUSES.filter((status) => chosen.has(status) !== inverted);
}

function errnoNumber(text: string, expression: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 4095) return Number(text);
  for (const [number, name] of ERRNO_NAMES) if (name === text.toUpperCase() && number < 512) return number;
  bad(expression, `there is no error ${text}`);
}

/** Units of a delay in ns; without one it is microseconds (strace(1), time specification). */
const UNITS: Readonly<Record<string, number>> = { s: 1e9, ms: 1e6, us: 1e3, ns: 1, "": 1e3 };

function delayTime(text: string, expression: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|ms|us|ns|)$/.exec(text);
  const time = match ? Number(match[1]) * UNITS[match[2]!]! : NaN;
  if (!(time <= 86_400e9)) bad(expression, `${text} is no time`, "e.g. 500 (microseconds), 10ms, 1s");
  return Math.round(time);
}

/** `SYSCALL:error=ENOSPC:when=3+` @param fallback the error of `fault=` without one */
function injection(value: string, expression: string, fallback: number | undefined): Injection {
  const [calls, ...actions] = value.split(":");
  if (!calls) bad(expression, "names no system call");
  const found: { -readonly [K in keyof Injection]: Injection[K] } = {
    calls: callSet(calls, expression),
    first: 1,
    last: Number.MAX_SAFE_INTEGER,
    step: 1,
  };
  let results = 0;
  for (const action of actions) {
    const [, name, text] = /^(\w+)=(.*)$/.exec(action) ?? bad(expression, `${action} is no action`);
    switch (name) {
      case "error":
        found.result = -errnoNumber(text!, expression);
        results++;
        break;
      case "retval":
        if (!/^(0x[0-9a-f]+|\d+)$/i.test(text!)) bad(expression, `retval=${text} is no number`);
        found.result = Number(text);
        if (!Number.isSafeInteger(found.result)) bad(expression, `retval=${text} is too large`);
        results++;
        break;
      case "signal":
        found.signal = signalNumber(text!, expression);
        break;
      case "delay_enter":
        found.delayEnter = delayTime(text!, expression);
        break;
      case "delay_exit":
        found.delayExit = delayTime(text!, expression);
        break;
      case "syscall":
        // A call without side effects instead of none: as its result is replaced, nobody can tell whether it is made.
        if (!callsOfClass("pure", SYSCALLS)!.has(text!)) {
          bad(expression, `syscall=${text}: only calls without side effects can take another's place`, "see %pure");
        }
        break;
      case "when":
        Object.assign(found, when(text!, expression));
        break;
      default:
        bad(expression, `there is no ${name}=`, "error=, retval=, signal=, delay_enter=, delay_exit=, syscall=, when=");
    }
  }
  if (results > 1) bad(expression, "error= and retval= exclude each other");
  if (results === 0 && fallback !== undefined) found.result = -fallback;
  const { result, signal, delayEnter, delayExit } = found;
  if ([result, signal, delayEnter, delayExit].every((each) => each === undefined)) {
    bad(expression, "says nothing to do", "e.g. :error=ENOSPC");
  }
  return found;
}

/** `first[..last][+[step]]`: without a plus only the first. */
function when(text: string, expression: string): Pick<Injection, "first" | "last" | "step"> {
  const match = /^(\d+)(?:\.\.(\d+))?(\+(\d*))?$/.exec(text);
  if (!match) bad(expression, `when=${text} must be FIRST[..LAST][+[STEP]]`);
  const first = Number(match[1]);
  const last = match[2] === undefined ? (match[3] === undefined ? first : MAX_WHEN) : Number(match[2]);
  const step = match[4] ? Number(match[4]) : 1;
  if (first < 1 || first > MAX_WHEN || last < first || last > MAX_WHEN || step < 1 || step > MAX_WHEN) {
    bad(expression, `when=${text}: numbers go from 1 to ${MAX_WHEN}, LAST is not below FIRST`);
  }
  // An open end has no limit.
  return { first, last: match[2] === undefined && match[3] !== undefined ? Number.MAX_SAFE_INTEGER : last, step };
}
