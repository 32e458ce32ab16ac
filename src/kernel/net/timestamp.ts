/** SO_TIMESTAMP and SO_TIMESTAMPNS: when a message arrived, as a control message (socket(7)). */
import { SO_TIMESTAMP_OLD, SO_TIMESTAMPNS_OLD, SOL_SOCKET } from "../abi/socket.ts";
import type { ControlMessage } from "./message.ts";

/** @param stamp CLOCK_REALTIME in ns */
export function timestampControl(stamp: bigint, unit: "microseconds" | "nanoseconds"): ControlMessage {
  const second = 1_000_000_000n, rest = stamp % second;
  const fields = new BigInt64Array([stamp / second, unit === "microseconds" ? rest / 1000n : rest]);
  return {
    level: SOL_SOCKET,
    type: unit === "microseconds" ? SO_TIMESTAMP_OLD : SO_TIMESTAMPNS_OLD,
    data: new Uint8Array(fields.buffer),
  };
}
