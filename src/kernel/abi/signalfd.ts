/** struct signalfd_siginfo (linux/signalfd.h; signalfd(2)). */
import { type Siginfo, siginfoLayout } from "./siginfo.ts";

export const SIGNALFD_SIGINFO_SIZE = 128;

/** The record a signalfd delivers for a signal. */
export function encodeSignalfdSiginfo(info: Siginfo): Uint8Array {
  const bytes = new Uint8Array(SIGNALFD_SIGINFO_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, info.signo, true);
  view.setInt32(4, info.errno ?? 0, true);
  view.setInt32(8, info.code, true);
  const identity = () => {
    view.setUint32(12, info.pid ?? 0, true);
    view.setUint32(16, info.uid ?? 0, true);
  };
  switch (siginfoLayout(info.signo, info.code)) {
    case "timer":
      view.setUint32(24, info.timerId ?? 0, true);
      view.setUint32(32, info.overrun ?? 0, true);
      view.setInt32(44, Number(BigInt.asIntN(32, info.value ?? 0n)), true);
      view.setBigUint64(48, BigInt.asUintN(64, info.value ?? 0n), true);
      break;
    case "poll":
      view.setInt32(20, info.fd ?? 0, true);
      view.setUint32(28, info.band ?? 0, true);
      break;
    case "child":
      identity();
      view.setInt32(40, info.status ?? 0, true);
      view.setBigUint64(56, BigInt(info.utime ?? 0), true);
      view.setBigUint64(64, BigInt(info.stime ?? 0), true);
      break;
    case "fault":
    case "syscall":
      view.setBigUint64(72, BigInt(info.address ?? 0), true);
      break;
    case "rt":
      identity();
      view.setInt32(44, Number(BigInt.asIntN(32, info.value ?? 0n)), true);
      view.setBigUint64(48, BigInt.asUintN(64, info.value ?? 0n), true);
      break;
    default:
      identity();
  }
  return bytes;
}
