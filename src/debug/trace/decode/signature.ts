/** A row's signature compiled for the trace: for each argument how to show it and when. */
import { UserFault } from "../../../kernel/mm/user_fault.ts";
import type { ArgFormat, SyscallRow } from "../../../kernel/syscalls/row.ts";
import * as clone from "../../../kernel/abi/clone.ts";
import { flagNames } from "../../../kernel/abi/flags.ts";
import { type Call, failed, type Show, type ShowAt, type Shown } from "./call.ts";
import { at, DEPENDENT, filled } from "./dependent.ts";
import { fileTypes } from "./file_types.ts";
import { addCustomTypes, customType, isNumberType, typeNamed } from "./layout.ts";
import { processTypes } from "./process_types.ts";
import { numberFormat } from "./scalar.ts";
import { signalTypes } from "./signal_types.ts";
import { socketTypes } from "./socket_types.ts";
import { bufferAt, bytesAt, hex, pointer, quote, quoteHex, stringAt } from "./text.ts";

for (const types of [fileTypes, signalTypes, processTypes, socketTypes]) addCustomTypes(types);

/** Longest path that is shown: PATH_MAX. */
const MAX_PATH = 4096;

/** How a call's arguments are shown. */
export interface Signature {
  readonly args: readonly Shown[];
}

const signatures = new Map<SyscallRow, Signature>();

/** The signature of a row, compiled at its first use. */
export function signatureOf(row: SyscallRow): Signature {
  let signature = signatures.get(row);
  if (!signature) {
    const args = row.name === "clone" ? CLONE : row.args.map(({ format }) => guarded(shown(row, format)));
    signatures.set(row, signature = { args });
  }
  return signature;
}

/** A bad pointer is shown as such. */
function guarded(shown: Shown): Shown {
  const guard = (show: Show): Show => (call, value, index) => {
    try {
      return show(call, value, index);
    } catch (error) {
      if (!(error instanceof UserFault)) throw error;
      return pointer(value);
    }
  };
  const { show, early, prepare } = shown;
  return {
    ...shown,
    show: guard(show),
    ...(early ? { early: guard(early) } : {}),
    ...(prepare
      ? {
        prepare: (call, value, index) => {
          try {
            prepare(call, value, index);
          } catch (error) {
            if (!(error instanceof UserFault)) throw error;
          }
        },
      }
      : {}),
  };
}

const early = (show: Show): Shown => ({ show, late: false });
const late = (show: Show): Shown => ({ show, late: true });

function shown(row: SyscallRow, format: ArgFormat): Shown {
  const number = numberFormat(format);
  if (number) {
    // A double is exact to 2^53 only: the registers still have the arguments.
    return early((call, value, index) =>
      number(call, Number.isSafeInteger(value) ? value : call.task.cpu.regs.x(index))
    );
  }
  const colon = format.indexOf(":");
  const kind = colon < 0 ? format : format.slice(0, colon), rest = format.slice(colon + 1);
  switch (kind) {
    case "path":
      return early(({ task, style }, value) => stringAt(task.mm, value, MAX_PATH, style.hexStrings));
    case "str":
      return early(({ task, style }, value) => stringAt(task.mm, value, style.limit, style.hexStrings));
    case "strv":
      return early(stringVector);
    case "env":
      return early(environment);
    case "buf":
      return inputBuffer(row, rest);
    case "outbuf":
      return outputBuffer((call, value) => bufferAt(call.task.mm, value, call.result!, call.style));
    case "outbuf_x":
      return outputBuffer(({ task, result, style }, value) => {
        const length = Math.min(result!, style.limit);
        return quoteHex(bytesAt(task.mm, value, length), result! > length);
      });
    case "outbuf_z":
      return outputBuffer(({ task, style }, value) =>
        quote(task.mm.readString(value, MAX_PATH), false, style.hexStrings)
      );
    case "struct":
      return early(pointed(rest, at));
    case "out":
      return late(customType(rest)?.onFailure ? pointed(rest, at) : pointed(rest, filled));
    case "inout":
      return changed(rest);
    case "array":
      return array(row, rest, false);
    case "outarray":
      return array(row, rest, true);
    case "int":
    case "arg":
      return DEPENDENT[rest]!;
    default:
      throw new Error(`${row.name}: no format ${format}`);
  }
}

/** Numbers that are pointed to stand in brackets, structures in their braces. */
function pointed(type: string, show: (type: string) => Show): Show {
  if (!isNumberType(type)) return show(type);
  const inner = show(type);
  return (call, value, index) => {
    const text = inner(call, value, index)!;
    return value === 0 || failed(call) ? text : `[${text}]`;
  };
}

function outputBuffer(show: (call: Call, value: number) => string): Shown {
  return late((call, value) => value === 0 ? "NULL" : failed(call) ? pointer(value) : show(call, value));
}

/** The position of the argument that a format names. */
function position(row: SyscallRow, name: string): number {
  const index = row.args.findIndex((arg) => arg.name === name);
  if (index < 0) throw new Error(`${row.name} has no argument ${name}`);
  return index;
}

function inputBuffer(row: SyscallRow, length: string): Shown {
  const index = position(row, length);
  return early(({ task, args, style }, value) => {
    const size = args[index]!;
    return size < 0 ? pointer(value) : bufferAt(task.mm, value, size, style);
  });
}

/** `[5] => [9]`: a value before and after the call, once where it is the same. */
function changed(type: string): Shown {
  const custom = customType(type);
  if (custom?.change) {
    const { show, change } = custom;
    return {
      late: true,
      show: (call, value, index) => {
        const before = call.before[index] ?? (value === 0 ? "NULL" : pointer(value));
        const after = value === 0 || failed(call) || call.result === 0 ? "" : change(call, value, index);
        return after === "" ? String(before) : `${before} => ${after}`;
      },
      prepare: (call, value, index) => {
        if (value !== 0) call.before[index] = show(call, value, index);
      },
    };
  }
  if (custom?.late) {
    const { keep, late: show } = custom;
    return {
      late: true,
      show: (call, value, index) =>
        value === 0 ? "NULL" : call.before[index] === undefined ? pointer(value) : show(call, value, index),
      prepare: (call, value, index) => {
        if (value !== 0) call.before[index] = keep!(call, value);
      },
    };
  }
  const show = pointed(type, at);
  return {
    late: true,
    show: (call, value, index) => {
      const before = call.before[index];
      if (before === undefined || failed(call)) return before === undefined ? pointer(value) : String(before);
      const after = show(call, value, index);
      return after === before ? after : `${before} => ${after}`;
    },
    prepare: (call, value, index) => {
      call.before[index] = show(call, value, index);
    },
  };
}

/** ELEMENT or ELEMENT:COUNT */
function array(row: SyscallRow, rest: string, output: boolean): Shown {
  const [element, counted] = rest.split(":") as [string, string | undefined];
  const index = counted === undefined ? -1 : position(row, counted);
  const text: ShowAt = (call, address, n) => {
    const count = index < 0 ? call.result! : call.args[index]! >>> 0;
    return arrayText(call, address, count, element, n);
  };
  if (!output) return early((call, value, n) => value === 0 ? "NULL" : text(call, value, n));
  return late((call, value, n) => value === 0 ? "NULL" : failed(call) ? pointer(value) : text(call, value, n));
}

function arrayText(call: Call, address: number, count: number, element: string, index: number): string {
  const { size, show } = typeNamed(element), shown = Math.min(count, call.style.limit);
  const parts = Array.from({ length: shown }, (_, n) => show(call, address + n * size, index));
  if (count > shown) parts.push("...");
  return `[${parts.join(", ")}]`;
}

function stringVector({ task: { mm }, style }: Call, value: number): string {
  if (value === 0) return "NULL";
  const parts: string[] = [];
  for (let index = 0;; index++) {
    const at = mm.readNumber(value + 8 * index);
    if (at === 0) break;
    if (index === style.limit) {
      parts.push("...");
      break;
    }
    parts.push(stringAt(mm, at, style.limit, style.hexStrings));
  }
  return `[${parts.join(", ")}]`;
}

function environment(call: Call, value: number): string {
  if (value === 0) return "NULL";
  if (!call.style.abbreviate) return stringVector(call, value);
  const { mm } = call.task;
  let count = 0;
  while (count < 10_000 && mm.readNumber(value + 8 * count) !== 0) count++;
  return `${pointer(value)} /* ${count} ${count === 1 ? "var" : "vars"} */`;
}

/** clone(2) in strace's order, with the arguments that the flags make it look at. arm64: flags, stack, parent_tid, tls, child_tid. */
const CLONE: readonly Shown[] = [
  early(({ args }) => `child_stack=${pointer(args[1]!)}`),
  early(({ args }) => `flags=${flagNames("clone", args[0]!)}`),
  late((call) => {
    const { args, task } = call, parent = args[2]!;
    if (args[0]! & (clone.CLONE_PARENT_SETTID | clone.CLONE_PIDFD)) {
      try {
        return `parent_tid=${failed(call) ? pointer(parent) : `[${task.mm.readI32(parent)}]`}`;
      } catch (error) {
        if (!(error instanceof UserFault)) throw error;
        return `parent_tid=${pointer(parent)}`;
      }
    }
    return undefined;
  }),
  late(({ args }) => args[0]! & clone.CLONE_SETTLS ? `tls=${hex(args[3]!)}` : undefined),
  late(({ args }) =>
    args[0]! & (clone.CLONE_CHILD_SETTID | clone.CLONE_CHILD_CLEARTID) ? `child_tidptr=${pointer(args[4]!)}` : undefined
  ),
];
