/** prctl(2): arguments and result by option. */
import { capabilityName } from "../../../kernel/abi/capability.ts";
import { flagNames } from "../../../kernel/abi/flags.ts";
import * as pr from "../../../kernel/abi/prctl.ts";
import { signalName } from "../../../kernel/abi/signal.ts";
import { type Call, failed } from "./call.ts";
import { hex, pointer, quote, stringAt } from "./text.ts";

type ShowOption = (call: Call, value: number, index: number) => string;

const decimal: ShowOption = (_, value) => String(value);
const integerAt: ShowOption = (call, value) => failed(call) ? pointer(value) : `[${call.task.mm.readI32(value)}]`;

/** Arguments 2 to 5 of an option: fewer where it takes fewer. Those with `out` are filled in by the call. */
interface OptionArguments {
  readonly shows: readonly ShowOption[];
  readonly out?: boolean;
}

const none: OptionArguments = { shows: [] };
const one = (show: ShowOption): OptionArguments => ({ shows: [show] });
const out = (show: ShowOption): OptionArguments => ({ shows: [show], out: true });
/** The kernel insists that all of them are zero or given. */
const four: OptionArguments = { shows: [decimal, decimal, decimal, decimal] };

const OPTIONS = new Map<number, OptionArguments>([
  [pr.PR_SET_NAME, one(({ task, style }, value) => stringAt(task.mm, value, pr.TASK_COMM_LEN - 1, style.hexStrings))],
  [
    pr.PR_GET_NAME,
    out(({ task, style }, value) => quote(task.mm.readString(value, pr.TASK_COMM_LEN), false, style.hexStrings)),
  ],
  [pr.PR_SET_PDEATHSIG, one((_, value) => value === 0 ? "0" : signalName(value))],
  [
    pr.PR_GET_PDEATHSIG,
    out((call, value) => {
      if (failed(call)) return pointer(value);
      const signal = call.task.mm.readI32(value);
      return `[${signal === 0 ? "0" : signalName(signal)}]`;
    }),
  ],
  [pr.PR_SET_DUMPABLE, one((_, value) => flagNames("suid_dump", value))],
  [pr.PR_GET_DUMPABLE, none],
  [pr.PR_GET_KEEPCAPS, none],
  [pr.PR_SET_KEEPCAPS, one(decimal)],
  [pr.PR_GET_TIMING, none],
  [pr.PR_SET_TIMING, one(decimal)],
  [pr.PR_GET_SECCOMP, none],
  [pr.PR_SET_SECCOMP, one(decimal)],
  [pr.PR_CAPBSET_READ, one((_, value) => capabilityName(value))],
  [pr.PR_CAPBSET_DROP, one((_, value) => capabilityName(value))],
  [pr.PR_GET_SECUREBITS, none],
  [pr.PR_SET_SECUREBITS, one((_, value) => flagNames("securebits", value))],
  [pr.PR_SET_TIMERSLACK, one(decimal)],
  [pr.PR_GET_TIMERSLACK, none],
  [pr.PR_SET_CHILD_SUBREAPER, one(decimal)],
  [pr.PR_GET_CHILD_SUBREAPER, out(integerAt)],
  [pr.PR_SET_NO_NEW_PRIVS, four],
  [pr.PR_GET_NO_NEW_PRIVS, four],
  [pr.PR_SET_THP_DISABLE, four],
  [pr.PR_GET_THP_DISABLE, four],
  [pr.PR_MCE_KILL_GET, four],
  [pr.PR_SET_IO_FLUSHER, four],
  [pr.PR_GET_IO_FLUSHER, four],
  [
    pr.PR_CAP_AMBIENT,
    {
      shows: [
        (_, value) => flagNames("cap_ambient", value),
        ({ args }, value) => args[1] === pr.PR_CAP_AMBIENT_CLEAR_ALL ? String(value) : capabilityName(value),
        decimal,
        decimal,
      ],
    },
  ],
]);

/** Whether an argument is filled in by the call. */
export function prctlIsLate({ args }: Call): boolean {
  return OPTIONS.get(args[0]!)?.out ?? false;
}

/** An argument; undefined where the option takes no more. */
export function showPrctl(call: Call, value: number, index: number): string | undefined {
  const option = OPTIONS.get(call.args[0]!);
  return option ? option.shows[index - 1]?.(call, value, index) : hex(value);
}

/** The result with its meaning; undefined for a plain number. */
export function prctlResult({ args }: Call, result: number): string | undefined {
  if (args[0] === pr.PR_GET_DUMPABLE) return `${result} (${flagNames("suid_dump", result)})`;
  if (args[0] === pr.PR_GET_SECUREBITS && result !== 0) return `${hex(result)} (${flagNames("securebits", result)})`;
  return undefined;
}
