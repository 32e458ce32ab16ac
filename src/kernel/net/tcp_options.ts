/** Options at SOL_TCP (tcp(7)): kept and given back; on a loopback without packets none changes what happens. */
import { EINVAL, ENOENT, ENOPROTOOPT } from "../abi/errno.ts";
import * as abi from "../abi/socket.ts";
import { LOOPBACK } from "./network.ts";
import { intOption, optionInt } from "./socket_options.ts";

/** Name → default, lowest and highest value. */
const KEPT: ReadonlyMap<number, readonly [number, number, number]> = new Map([
  [abi.TCP_NODELAY, [0, -0x80000000, 0x7fffffff]],
  [abi.TCP_CORK, [0, -0x80000000, 0x7fffffff]],
  [abi.TCP_KEEPIDLE, [7200, 1, 32767]],
  [abi.TCP_KEEPINTVL, [75, 1, 32767]],
  [abi.TCP_KEEPCNT, [9, 1, 127]],
  [abi.TCP_SYNCNT, [6, 1, 127]],
  [abi.TCP_LINGER2, [60, -0x80000000, 0x7fffffff]],
  [abi.TCP_DEFER_ACCEPT, [0, -0x80000000, 0x7fffffff]],
  [abi.TCP_WINDOW_CLAMP, [0, 0, 0x7fffffff]],
  [abi.TCP_QUICKACK, [1, -0x80000000, 0x7fffffff]],
  [abi.TCP_USER_TIMEOUT, [0, 0, 0x7fffffff]],
  [abi.TCP_FASTOPEN, [0, 0, 0x7fffffff]],
  // There is nothing to be gained on the loopback: connect(2) does not wait for what is sent.
  [abi.TCP_FASTOPEN_CONNECT, [0, 0, 1]],
  [abi.TCP_NOTSENT_LOWAT, [0, -0x80000000, 0x7fffffff]],
]);
const FLAGS: ReadonlySet<number> = new Set([abi.TCP_NODELAY, abi.TCP_CORK, abi.TCP_QUICKACK]);
/** Bytes of a loopback segment without headers. */
const LOOPBACK_MSS = LOOPBACK.mtu - 53;
/** The MSS of a socket that is not connected. */
const DEFAULT_MSS = 536;

export class TcpOptions {
  readonly #kept = new Map<number, number>();
  #congestion = "cubic";

  inherit(from: TcpOptions): void {
    for (const [name, value] of from.#kept) this.#kept.set(name, value);
    this.#congestion = from.#congestion;
  }

  set(name: number, value: Uint8Array): number {
    if (name === abi.TCP_CONGESTION) {
      if (value.length < 1) return -EINVAL;
      const end = value.indexOf(0);
      const wanted = new TextDecoder().decode(value.subarray(0, Math.min(abi.TCP_CA_NAME_MAX - 1, end < 0 ? 15 : end)));
      if (wanted !== "cubic" && wanted !== "reno") return -ENOENT;
      this.#congestion = wanted;
      return 0;
    }
    if (value.length < 4) return -EINVAL;
    const int = optionInt(value);
    if (name === abi.TCP_MAXSEG) {
      if (int !== 0 && (int < 88 || int > 32767)) return -EINVAL;
      this.#kept.set(name, int);
      return 0;
    }
    const limits = KEPT.get(name);
    if (limits === undefined) return -ENOPROTOOPT;
    if (int < limits[1] || int > limits[2]) return -EINVAL;
    this.#kept.set(name, FLAGS.has(name) ? (int !== 0 ? 1 : 0) : int);
    return 0;
  }

  /** @param state TCP_* @param unsent bytes not yet at the other side */
  get(name: number, state: number, unsent: number, backlog: number): Uint8Array | number {
    switch (name) {
      case abi.TCP_CONGESTION: {
        const bytes = new Uint8Array(abi.TCP_CA_NAME_MAX);
        new TextEncoder().encodeInto(this.#congestion, bytes);
        return bytes;
      }
      case abi.TCP_MAXSEG:
        if (state !== abi.TCP_CLOSE && state !== abi.TCP_LISTEN) return intOption(LOOPBACK_MSS);
        return intOption(this.#kept.get(name) || DEFAULT_MSS);
      case abi.TCP_INFO:
        return info(state, unsent, backlog);
    }
    const limits = KEPT.get(name);
    return limits === undefined ? -ENOPROTOOPT : intOption(this.#kept.get(name) ?? limits[0]);
  }
}

/** struct tcp_info (linux/tcp.h): the state, and the figures of a connection that never lost anything. */
function info(state: number, unsent: number, backlog: number): Uint8Array {
  const bytes = new Uint8Array(abi.TCP_INFO_SIZE);
  const view = new DataView(bytes.buffer);
  const word = (index: number, value: number) => view.setUint32(8 + 4 * index, value, true);
  bytes[0] = state;
  // tcpi_options: timestamps, SACK and window scaling are in use; the scales are in the next byte.
  bytes[5] = 7;
  bytes[6] = 0x77;
  word(0, 204_000); // tcpi_rto, µs
  word(1, 40_000); // tcpi_ato, µs
  word(2, LOOPBACK_MSS); // tcpi_snd_mss
  word(3, DEFAULT_MSS); // tcpi_rcv_mss
  if (state === abi.TCP_LISTEN) word(5, backlog); // tcpi_sacked holds the backlog of a listener
  word(13, LOOPBACK.mtu); // tcpi_pmtu
  word(14, LOOPBACK_MSS); // tcpi_rcv_ssthresh
  word(15, 20); // tcpi_rtt, µs
  word(16, 10); // tcpi_rttvar, µs
  word(17, 0x7fffffff); // tcpi_snd_ssthresh
  word(18, 10); // tcpi_snd_cwnd
  word(19, LOOPBACK_MSS); // tcpi_advmss
  word(20, 3); // tcpi_reordering
  word(22, LOOPBACK_MSS); // tcpi_rcv_space
  view.setUint32(152, unsent, true); // tcpi_notsent_bytes
  return bytes;
}
