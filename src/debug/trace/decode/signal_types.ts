/** Signal sets, actions, siginfo, and what notifies. */
import { parseSiginfo, type Siginfo, SIGINFO_SIZE, siginfoLayout } from "../../../kernel/abi/siginfo.ts";
import {
  CLD_EXITED,
  lowestSignal,
  SA_RESTORER,
  SI_KERNEL,
  SIG_DFL,
  SIG_IGN,
  signalBit,
  signalCodeName,
  signalName,
} from "../../../kernel/abi/signal.ts";
import { SIGEV_NONE, SIGEV_THREAD_ID } from "../../../kernel/abi/time.ts";
import { flagNames } from "../../../kernel/abi/flags.ts";
import type { CustomTypes } from "./layout.ts";
import { hex, pointer } from "./text.ts";

const bareName = (signal: number) => signalName(signal).replace(/^SIG/, "");

/** `[INT USR1]`, or `~[KILL]` for sets with more than two thirds of the signals, as strace does. */
export function sigsetText(signals: bigint): string {
  const set = BigInt.asUintN(64, signals);
  if (set === 0n) return "[]";
  const names = (bits: bigint): string => {
    const list: string[] = [];
    for (let rest = bits; rest !== 0n;) {
      const signal = lowestSignal(rest);
      list.push(bareName(signal));
      rest &= ~signalBit(signal);
    }
    return `[${list.join(" ")}]`;
  };
  let count = 0;
  for (let rest = set; rest !== 0n; rest &= rest - 1n) count++;
  return count >= 42 ? "~" + names(BigInt.asUintN(64, ~set)) : names(set);
}

/** `{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL}` */
export function siginfoText(given: Siginfo): string {
  const info = given.raw ? parseSiginfo(given.raw) : given;
  const code = signalCodeName(info.signo, info.code);
  const head = `si_signo=${signalName(info.signo)}, si_code=${code}` +
    (info.errno ? `, si_errno=${info.errno}` : "");
  const { pid = 0, uid = 0, value = 0n } = info;
  const sender = `si_pid=${pid}, si_uid=${uid}`;
  const carried = `si_int=${BigInt.asIntN(32, value)}, si_ptr=${
    value === 0n ? "NULL" : hex(BigInt.asUintN(64, value))
  }`;
  switch (siginfoLayout(info.signo, info.code)) {
    case "fault":
      return `{${head}, si_addr=${pointer(info.address ?? 0)}}`;
    case "child": {
      const { status = 0, utime = 0, stime = 0 } = info;
      const shown = info.code === CLD_EXITED ? String(status) : signalName(status);
      return `{${head}, ${sender}, si_status=${shown}, si_utime=${utime}, si_stime=${stime}}`;
    }
    case "timer":
      return `{${head}, si_timerid=${hex(info.timerId ?? 0)}, si_overrun=${info.overrun ?? 0}, ${carried}}`;
    case "poll":
      return `{${head}, si_band=${info.band ?? 0}, si_fd=${info.fd ?? 0}}`;
    case "syscall":
      return `{${head}, si_call_addr=${pointer(info.address ?? 0)}}`;
    default:
      if (info.code === SI_KERNEL && pid === 0 && uid === 0) return `{${head}}`;
      return value === 0n ? `{${head}, ${sender}}` : `{${head}, ${sender}, ${carried}}`;
  }
}

export const signalTypes: CustomTypes = {
  sigset: { size: 8, show: ({ task }, at) => sigsetText(task.mm.readU64(at)) },
  // The sixth argument of pselect6: a pointer to a set, and its size.
  sigset_arg: {
    size: 16,
    show: ({ task }, at) => {
      const set = task.mm.readNumber(at), size = task.mm.readNumber(at + 8);
      return `{sigmask=${set === 0 ? "NULL" : sigsetText(task.mm.readU64(set))}, sigsetsize=${size}}`;
    },
  },
  // struct sigaction: handler, flags, restorer, mask (asm-generic/signal.h).
  sigaction: {
    size: 32,
    show: ({ task: { mm } }, at) => {
      const handler = mm.readNumber(at), flags = mm.readI32(at + 8), high = mm.readU32(at + 12);
      const name = handler === SIG_DFL ? "SIG_DFL" : handler === SIG_IGN ? "SIG_IGN" : pointer(handler);
      const restorer = flags & SA_RESTORER ? `, sa_restorer=${pointer(mm.readNumber(at + 16))}` : "";
      const mask = sigsetText(mm.readU64(at + 24));
      // An int with SA_RESETHAND becomes a long with its sign.
      const more = high === 0 ? "" : `|${hex(BigInt(high) << 32n)}`;
      return `{sa_handler=${name}, sa_mask=${mask}, sa_flags=${flagNames("sa", flags)}${more}${restorer}}`;
    },
  },
  siginfo: {
    size: SIGINFO_SIZE,
    show: ({ task }, at) => siginfoText(parseSiginfo(task.mm.readBytes(at, SIGINFO_SIZE))),
  },
  sigevent: {
    size: 64,
    show: ({ task: { mm } }, at) => {
      const value = mm.readU64(at), signo = mm.readI32(at + 8), notify = mm.readI32(at + 12);
      const signal = notify === SIGEV_NONE ? String(signo) : signalName(signo);
      const carried = value === 0n && notify === SIGEV_NONE
        ? ""
        : `sigev_value={sival_int=${BigInt.asIntN(32, value)}, sival_ptr=${value === 0n ? "NULL" : hex(value)}}, `;
      const thread = notify === SIGEV_THREAD_ID ? `, sigev_notify_thread_id=${mm.readI32(at + 16)}` : "";
      return `{${carried}sigev_signo=${signal}, sigev_notify=${flagNames("sigev", notify)}${thread}}`;
    },
  },
};
