/** fcntl(2): the third argument by command, and what results mean. */
import * as abi from "../../../kernel/abi/fcntl.ts";
import { flagNames, flagSet } from "../../../kernel/abi/flags.ts";
import { signalName } from "../../../kernel/abi/signal.ts";
import { type Call, failed } from "./call.ts";
import { typeNamed } from "./layout.ts";
import { descriptor } from "./scalar.ts";
import { hex, pointer } from "./text.ts";

/** The argument; undefined for commands without one. */
export function showFcntl(call: Call, value: number, index: number): string | undefined {
  const structure = (type: string) => value === 0 ? "NULL" : typeNamed(type).show(call, value, index);
  const result = (type: string) => failed(call) ? pointer(value) : structure(type);
  switch (call.args[1]) {
    case abi.F_DUPFD:
    case abi.F_DUPFD_CLOEXEC:
    case abi.F_SETPIPE_SZ:
      return String(value);
    case abi.F_SETFD:
      return flagNames("fd_flags", value | 0);
    case abi.F_SETFL:
      return flagNames("open", value | 0);
    case abi.F_SETOWN:
      return String(value | 0);
    case abi.F_SETSIG:
      return signalName(value);
    case abi.F_SETLK:
    case abi.F_SETLKW:
    case abi.F_OFD_SETLK:
    case abi.F_OFD_SETLKW:
      return structure("flock");
    case abi.F_GETLK:
    case abi.F_OFD_GETLK:
      return result("flock_found");
    case abi.F_SETOWN_EX:
      return structure("f_owner_ex");
    case abi.F_GETOWN_EX:
      return result("f_owner_ex");
    case abi.F_SETLEASE:
      return flagNames("flock_type", value | 0);
    case abi.F_NOTIFY:
      return flagNames("notify", value | 0);
    case abi.F_ADD_SEALS:
      return flagNames("seals", value | 0);
    case abi.F_GETFD:
    case abi.F_GETFL:
    case abi.F_GETOWN:
    case abi.F_GETSIG:
    case abi.F_GETLEASE:
    case abi.F_GETPIPE_SZ:
    case abi.F_GET_SEALS:
      return undefined;
    default:
      return flagSet("fcntl")?.values.has(call.args[1]!) ? pointer(value) : hex(value);
  }
}

/** The result with its meaning; undefined for a plain number. */
export function fcntlResult(call: Call, result: number): string | undefined {
  switch (call.args[1]) {
    case abi.F_DUPFD:
    case abi.F_DUPFD_CLOEXEC:
      return descriptor(call, result);
    case abi.F_GETFD:
      return result === 0 ? "0" : `${hex(result)} (flags ${flagNames("fd_flags", result)})`;
    case abi.F_GETFL:
      return `${hex(result)} (flags ${flagNames("open", result)})`;
    case abi.F_GETSIG:
      return result === 0 ? undefined : `${result} (${signalName(result)})`;
    case abi.F_GETLEASE:
      return `${hex(result)} (${flagNames("flock_type", result)})`;
    case abi.F_GET_SEALS:
      return result === 0 ? undefined : `${hex(result)} (seals ${flagNames("seals", result)})`;
    default:
      return undefined;
  }
}
