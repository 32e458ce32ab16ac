/** SO_TIMESTAMP and SO_TIMESTAMPNS: when a message arrived, as a control message (socket(7)). */
import { SO_TIMESTAMP_NEW, SO_TIMESTAMP_OLD, SOL_SOCKET } from "../abi/socket.ts";
import type { ControlMessage } from "./message.ts";

/**
 * @param stamp CLOCK_REALTIME in ns
 * @param option the one that asked for it, SO_TIMESTAMP* of either kind: it is the message's type too
 */
export function timestampControl(stamp: bigint, option: number): ControlMessage {
  const second = 1_000_000_000n, rest = stamp % second;
  const inMicroseconds = option === SO_TIMESTAMP_OLD || option === SO_TIMESTAMP_NEW;
  const fields = new BigInt64Array([stamp / second, inMicroseconds ? rest / 1000n : rest]);
  return { level: SOL_SOCKET, type: option, data: new Uint8Array(fields.buffer) };
}
