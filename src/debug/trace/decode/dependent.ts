/** Arguments whose meaning depends on others: `int:NAME` and `arg:NAME` in a row's signature. */
import { EPOLL_CTL_DEL } from "../../../kernel/abi/epoll.ts";
import { O_CREAT, O_TMPFILE_BIT } from "../../../kernel/abi/fcntl.ts";
import { flagNames, flagSet } from "../../../kernel/abi/flags.ts";
import * as futex from "../../../kernel/abi/futex.ts";
import * as ipc from "../../../kernel/abi/ipc.ts";
import { MREMAP_DONTUNMAP, MREMAP_FIXED } from "../../../kernel/abi/mman.ts";
import { POLLFD_SIZE } from "../../../kernel/abi/poll.ts";
import * as abi from "../../../kernel/abi/socket.ts";
import { S_IFBLK, S_IFCHR, S_IFMT } from "../../../kernel/abi/stat.ts";
import { type Call, failed, type Show, type Shown } from "./call.ts";
import { showFcntl } from "./fcntl.ts";
import { ioctlIsLate, showIoctl, showIoctlRequest } from "./ioctl.ts";
import { typeNamed } from "./layout.ts";
import { prctlIsLate, showPrctl } from "./prctl.ts";
import { descriptor, device, permissions } from "./scalar.ts";
import { optionName } from "./socket_types.ts";
import { hex, pointer } from "./text.ts";

const now = (show: Show): Shown => ({ show, late: false });

/** What is at a pointer, NULL for none. */
export function at(type: string): Show {
  return (call, value, index) => value === 0 ? "NULL" : typeNamed(type).show(call, value, index);
}

/** The same, after the call; the address if it failed. */
export function filled(type: string): Show {
  return (call, value, index) =>
    value === 0 ? "NULL" : failed(call) ? pointer(value) : typeNamed(type).show(call, value, index);
}

const openMode: Show = ({ args }, mode, index) =>
  (args[index - 1]! & (O_CREAT | O_TMPFILE_BIT)) !== 0 ? permissions(mode >>> 0) : undefined;

// futex(2): which arguments an operation takes.
const FUTEX_WAITS = [
  futex.FUTEX_WAIT,
  futex.FUTEX_LOCK_PI,
  futex.FUTEX_LOCK_PI2,
  futex.FUTEX_WAIT_BITSET,
  futex.FUTEX_WAIT_REQUEUE_PI,
];
const FUTEX_TWO = [
  futex.FUTEX_REQUEUE,
  futex.FUTEX_CMP_REQUEUE,
  futex.FUTEX_CMP_REQUEUE_PI,
  futex.FUTEX_WAKE_OP,
  futex.FUTEX_WAIT_REQUEUE_PI,
];
const FUTEX_BITSETS = [futex.FUTEX_WAIT_BITSET, futex.FUTEX_WAKE_BITSET];
const futexOperation = ({ args }: Call) => args[1]! & ~(futex.FUTEX_PRIVATE_FLAG | futex.FUTEX_CLOCK_REALTIME);
const isFutex = (operations: readonly number[], call: Call) => operations.includes(futexOperation(call));
const knownFutex = (call: Call) => (flagSet("futex")?.values.has(futexOperation(call))) ?? false;

const futexValue: Show = (call, value) => {
  const operation = futexOperation(call);
  // The operations on PI futexes ignore the value.
  const { FUTEX_LOCK_PI, FUTEX_LOCK_PI2, FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI } = futex;
  if ([FUTEX_LOCK_PI, FUTEX_LOCK_PI2, FUTEX_UNLOCK_PI, FUTEX_TRYLOCK_PI].includes(operation)) return undefined;
  return String(value >>> 0);
};
const futexTime: Show = (call, value, index) => {
  if (!knownFutex(call)) return hex(value);
  if (isFutex(FUTEX_WAITS, call)) return at("timespec")(call, value, index);
  // A number here: how many to requeue.
  if (isFutex(FUTEX_TWO, call)) return String(value);
  return undefined;
};
const futexAddress: Show = (call, value) =>
  !knownFutex(call) ? hex(value) : isFutex(FUTEX_TWO, call) ? pointer(value) : undefined;
const FUTEX_OPS = ["SET", "ADD", "OR", "ANDN", "XOR"];
const FUTEX_COMPARES = ["EQ", "NE", "LT", "LE", "GT", "GE"];
const futexValue3: Show = (call, value) => {
  const operation = futexOperation(call), bits = value >>> 0;
  if (!knownFutex(call)) return hex(bits);
  if (isFutex(FUTEX_BITSETS, call)) {
    return value === futex.FUTEX_BITSET_MATCH_ANY ? "FUTEX_BITSET_MATCH_ANY" : hex(bits);
  }
  if (operation === futex.FUTEX_WAKE_OP) {
    const op = bits >>> 28 & 7, shift = bits >>> 31 ? "FUTEX_OP_OPARG_SHIFT<<28|" : "";
    return `${shift}FUTEX_OP_${FUTEX_OPS[op] ?? "???"}<<28|${hex(bits >>> 12 & 0xfff)}<<12|` +
      `FUTEX_OP_CMP_${FUTEX_COMPARES[bits >>> 24 & 0xf] ?? "???"}<<24|${hex(bits & 0xfff)}`;
  }
  return operation === futex.FUTEX_CMP_REQUEUE || operation === futex.FUTEX_CMP_REQUEUE_PI ? String(bits) : undefined;
};

/** `[{fd=3, events=POLLIN}]` */
const pollDescriptors: Show = (call, value, index) => {
  const { task: { mm }, args, style } = call, count = args[index + 1]! >>> 0;
  if (value === 0) return "NULL";
  const parts: string[] = [];
  for (let n = 0; n < Math.min(count, style.limit); n++) {
    const fd = mm.readI32(value + n * POLLFD_SIZE), events = mm.readU16(value + n * POLLFD_SIZE + 4);
    parts.push(fd < 0 ? `{fd=${fd}}` : `{fd=${descriptor(call, fd)}, events=${flagNames("poll", events)}}`);
  }
  if (count > style.limit) parts.push("...");
  return `[${parts.join(", ")}]`;
};

const protocol: Show = ({ args }, value) => {
  const domain = args[0];
  if (domain === abi.AF_INET || domain === abi.AF_INET6) return flagNames("protocol", value);
  return domain === abi.AF_NETLINK ? flagNames("netlink", value) : String(value);
};

const ipcFlags: Show = (_, value) => {
  const bits = value & ~0o777;
  const mode = permissions(value & 0o777);
  return bits === 0 ? mode : `${flagNames("ipc", bits)}|${mode}`;
};

const ioprio = (value: number) => `IOPRIO_PRIO_VALUE(${flagNames("ioprio_class", value >> 13 & 7)}, ${value & 0x1fff})`;
/** An I/O priority with its parts (ioprio_set(2)). */
export const ioprioText = ioprio;

/** A control call on System V IPC: what its last argument is depends on the command, args[index - 1]. */
function control(structure: string): Shown {
  return {
    // A command that fills in a structure does so before it returns; IPC_SET reads one.
    show: (call, value, index) => {
      const command = call.args[index - 1]!;
      if (value === 0) return "NULL";
      if (command === ipc.IPC_SET) return at(structure)(call, value, index);
      return command === ipc.IPC_STAT ? filled(structure)(call, value, index) : hex(value);
    },
    late: true,
  };
}

/** A late argument whose text may be known at the beginning already. */
function lateIf(isLate: (call: Call) => boolean, show: Show): Shown {
  return { show, late: true, early: (call, value, index) => isLate(call) ? undefined : show(call, value, index) };
}

/** All of them by name. */
export const DEPENDENT: Readonly<Record<string, Shown>> = {
  nothing: now(() => undefined),
  dev: now(({ args }, value) => {
    const type = args[2]! & S_IFMT;
    return type === S_IFCHR || type === S_IFBLK ? device(value >>> 0) : undefined;
  }),
  open_mode: now(openMode),
  mq_open_attr: now((call, value, index) =>
    (call.args[1]! & O_CREAT) === 0 ? undefined : at("mq_attr")(call, value, index)
  ),
  epoll_ctl_event: now((call, value, index) =>
    call.args[1] === EPOLL_CTL_DEL ? pointer(value) : at("epoll_event")(call, value, index)
  ),
  mremap_address: now(({ args }, value) => args[3]! & (MREMAP_FIXED | MREMAP_DONTUNMAP) ? pointer(value) : undefined),
  fcntl: lateIf(() => true, showFcntl),
  ioctl: lateIf(ioctlIsLate, showIoctl),
  ioctl_request: now(showIoctlRequest),
  prctl: lateIf(prctlIsLate, showPrctl),
  futex_val: now(futexValue),
  futex_time: now(futexTime),
  futex_address: now(futexAddress),
  futex_val3: now(futexValue3),
  pollfds: now(pollDescriptors),
  protocol: now(protocol),
  sockopt: now(({ args }, value) => optionName(args[1]!, value)),
  syslog: now((_, value) => `${value} /* ${flagNames("syslog", value)} */`),
  ipc_key: now((_, value) => value === 0 ? "IPC_PRIVATE" : hex(value >>> 0)),
  ipc_flags: now(ipcFlags),
  ioprio: now((_, value) => ioprio(value)),
  msgctl: control("msqid_ds"),
  shmctl: control("shmid_ds"),
  semctl: {
    late: true,
    show: (call, value, index) => {
      const command = call.args[2]!;
      if (command === ipc.IPC_SET || command === ipc.IPC_STAT) return control("semid_ds").show(call, value, index);
      return pointer(value);
    },
  },
};
