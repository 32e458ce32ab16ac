/** Options at SOL_SOCKET (socket(7)): their values, limits and encoding. */
import { EACCES, EDOM, EINVAL, ENODEV, ENOENT, ENOPROTOOPT, EOPNOTSUPP, EPERM } from "../abi/errno.ts";
import * as abi from "../abi/socket.ts";

/** net.core.wmem_max, rmem_max and their defaults, in bytes. */
const BUFFER_MAX = 212992;
const MIN_SNDBUF = 4608;
const MIN_RCVBUF = 2304;
/** Seconds beyond which a timeout is none. */
const FOREVER_SECONDS = 4_000_000;

/** The int of an option value; absent bytes were checked before. */
export function optionInt(value: Uint8Array): number {
  return value[0]! | value[1]! << 8 | value[2]! << 16 | value[3]! << 24;
}

/** An int as an option value. */
export function intOption(value: number): Uint8Array {
  return new Uint8Array(new Int32Array([value]).buffer);
}

/** Values that every socket has. */
export class SocketOptions {
  reuseAddress = false;
  reusePort = false;
  keepAlive = false;
  broadcast = false;
  oobInline = false;
  passCredentials = false;
  passSecurity = false;
  /** The SO_TIMESTAMP* that is set; 0: none. */
  timestamp = 0;
  /** SO_LINGER: seconds, or undefined. */
  linger: number | undefined = undefined;
  /** SO_SNDBUF and SO_RCVBUF as getsockopt shows them: twice what was set. */
  sendBuffer = BUFFER_MAX;
  receiveBuffer = BUFFER_MAX;
  /** Set by hand: no automatic growth. */
  sendBufferLocked = false;
  receiveBufferLocked = false;
  receiveLowWater = 1;
  priority = 0;
  /** SO_RCVTIMEO, SO_SNDTIMEO in ns. */
  receiveTimeout: number | undefined = undefined;
  sendTimeout: number | undefined = undefined;
  device = "";
  /** Flags that are only kept: SO_DEBUG, SO_DONTROUTE, SO_NO_CHECK, SO_RXQ_OVFL… */
  readonly kept: Map<number, number> = new Map();

  /** What an accepted connection takes over from its listener. */
  inherit(from: SocketOptions): void {
    this.reuseAddress = from.reuseAddress;
    this.reusePort = from.reusePort;
    this.keepAlive = from.keepAlive;
    this.oobInline = from.oobInline;
    this.passCredentials = from.passCredentials;
    this.linger = from.linger;
    this.sendBuffer = from.sendBuffer;
    this.receiveBuffer = from.receiveBuffer;
    this.sendBufferLocked = from.sendBufferLocked;
    this.receiveBufferLocked = from.receiveBufferLocked;
    this.receiveLowWater = from.receiveLowWater;
    this.priority = from.priority;
    for (const [name, value] of from.kept) this.kept.set(name, value);
  }

  /** setsockopt; `root` is CAP_NET_ADMIN. */
  set(name: number, value: Uint8Array, root: boolean): number {
    if (name === abi.SO_BINDTODEVICE) return this.#bindToDevice(value);
    if (name === abi.SO_ATTACH_FILTER) return -ENOPROTOOPT;
    if (value.length < 4) return -EINVAL;
    const int = optionInt(value), on = int !== 0;
    switch (name) {
      case abi.SO_REUSEADDR:
        this.reuseAddress = on;
        return 0;
      case abi.SO_REUSEPORT:
        this.reusePort = on;
        return 0;
      case abi.SO_KEEPALIVE:
        this.keepAlive = on;
        return 0;
      case abi.SO_BROADCAST:
        this.broadcast = on;
        return 0;
      case abi.SO_OOBINLINE:
        this.oobInline = on;
        return 0;
      case abi.SO_PASSCRED:
        this.passCredentials = on;
        return 0;
      case abi.SO_PASSSEC:
        this.passSecurity = on;
        return 0;
      case abi.SO_TIMESTAMP_OLD:
      case abi.SO_TIMESTAMP_NEW:
      case abi.SO_TIMESTAMPNS_OLD:
      case abi.SO_TIMESTAMPNS_NEW:
        this.timestamp = on ? name : 0;
        return 0;
      case abi.SO_LINGER:
        if (value.length < 8) return -EINVAL;
        this.linger = on ? Math.max(0, optionInt(value.subarray(4))) : undefined;
        return 0;
      case abi.SO_SNDBUFFORCE:
      case abi.SO_RCVBUFFORCE:
        if (!root) return -EPERM;
        if (name === abi.SO_SNDBUFFORCE) this.#setSendBuffer(Math.max(0, int));
        else this.#setReceiveBuffer(Math.max(0, int));
        return 0;
      case abi.SO_SNDBUF:
        // Compared as unsigned: a negative size is a huge one (net/core/sock.c).
        this.#setSendBuffer(Math.min(int >>> 0, BUFFER_MAX));
        return 0;
      case abi.SO_RCVBUF:
        this.#setReceiveBuffer(Math.min(int >>> 0, BUFFER_MAX));
        return 0;
      case abi.SO_RCVLOWAT:
        this.receiveLowWater = int < 0 ? 0x7fffffff : int || 1;
        return 0;
      case abi.SO_SNDLOWAT:
        return -ENOPROTOOPT;
      case abi.SO_RCVTIMEO_OLD:
      case abi.SO_RCVTIMEO_NEW:
      case abi.SO_SNDTIMEO_OLD:
      case abi.SO_SNDTIMEO_NEW:
        return this.#setTimeout(name, value);
      case abi.SO_PRIORITY:
        if (!root && (int < 0 || int > 6)) return -EPERM;
        this.priority = int;
        return 0;
      case abi.SO_MARK:
        return root ? (this.kept.set(name, int), 0) : -EPERM;
      case abi.SO_DEBUG:
        return on && !root ? -EACCES : (this.kept.set(name, on ? 1 : 0), 0);
      case abi.SO_DONTROUTE:
      case abi.SO_NO_CHECK:
      case abi.SO_RXQ_OVFL:
        this.kept.set(name, on ? 1 : 0);
        return 0;
      case abi.SO_BUSY_POLL:
      case abi.SO_INCOMING_CPU:
        if (name === abi.SO_BUSY_POLL && int > 0 && !root) return -EPERM;
        this.kept.set(name, int);
        return 0;
      case abi.SO_ZEROCOPY:
      case abi.SO_PEEK_OFF:
        return -EOPNOTSUPP;
      case abi.SO_DETACH_FILTER:
        return -ENOENT;
      default:
        return -ENOPROTOOPT;
    }
  }

  #setSendBuffer(bytes: number): void {
    this.sendBufferLocked = true;
    this.sendBuffer = Math.max(bytes * 2, MIN_SNDBUF);
  }
  #setReceiveBuffer(bytes: number): void {
    this.receiveBufferLocked = true;
    this.receiveBuffer = Math.max(bytes * 2, MIN_RCVBUF);
  }

  #setTimeout(name: number, value: Uint8Array): number {
    if (value.length < 16) return -EINVAL;
    const view = new DataView(value.buffer, value.byteOffset);
    const seconds = Number(view.getBigInt64(0, true)), micros = Number(view.getBigInt64(8, true));
    if (micros < 0 || micros >= 1e6) return -EDOM;
    const ns = seconds * 1e9 + micros * 1e3;
    const timeout = seconds < 0 || (seconds === 0 && micros === 0) || seconds > FOREVER_SECONDS ? undefined : ns;
    if (name === abi.SO_RCVTIMEO_OLD || name === abi.SO_RCVTIMEO_NEW) this.receiveTimeout = timeout;
    else this.sendTimeout = timeout;
    return 0;
  }

  #bindToDevice(value: Uint8Array): number {
    const end = value.indexOf(0);
    const name = new TextDecoder().decode(value.subarray(0, Math.min(15, end < 0 ? value.length : end)));
    if (name !== "" && name !== "lo") return -ENODEV;
    this.device = name;
    return 0;
  }

  /** getsockopt of what is only a value; undefined for what the socket itself knows. */
  get(name: number): Uint8Array | undefined {
    const flag = (on: boolean) => intOption(on ? 1 : 0);
    switch (name) {
      case abi.SO_REUSEADDR:
        return flag(this.reuseAddress);
      case abi.SO_REUSEPORT:
        return flag(this.reusePort);
      case abi.SO_KEEPALIVE:
        return flag(this.keepAlive);
      case abi.SO_BROADCAST:
        return flag(this.broadcast);
      case abi.SO_OOBINLINE:
        return flag(this.oobInline);
      case abi.SO_PASSCRED:
        return flag(this.passCredentials);
      case abi.SO_PASSSEC:
        return flag(this.passSecurity);
      case abi.SO_TIMESTAMP_OLD:
      case abi.SO_TIMESTAMP_NEW:
      case abi.SO_TIMESTAMPNS_OLD:
      case abi.SO_TIMESTAMPNS_NEW:
        return flag(this.timestamp === name);
      case abi.SO_LINGER:
        return new Uint8Array(new Int32Array([this.linger === undefined ? 0 : 1, this.linger ?? 0]).buffer);
      case abi.SO_SNDBUF:
        return intOption(this.sendBuffer);
      case abi.SO_RCVBUF:
        return intOption(this.receiveBuffer);
      case abi.SO_RCVLOWAT:
        return intOption(this.receiveLowWater);
      case abi.SO_SNDLOWAT:
        return intOption(1);
      case abi.SO_RCVTIMEO_OLD:
      case abi.SO_RCVTIMEO_NEW:
        return timeval(this.receiveTimeout ?? 0);
      case abi.SO_SNDTIMEO_OLD:
      case abi.SO_SNDTIMEO_NEW:
        return timeval(this.sendTimeout ?? 0);
      case abi.SO_PRIORITY:
        return intOption(this.priority);
      case abi.SO_BINDTODEVICE:
        return new TextEncoder().encode(this.device === "" ? "" : this.device + "\0");
      case abi.SO_DEBUG:
      case abi.SO_DONTROUTE:
      case abi.SO_NO_CHECK:
      case abi.SO_RXQ_OVFL:
      case abi.SO_MARK:
      case abi.SO_BUSY_POLL:
        return intOption(this.kept.get(name) ?? 0);
      case abi.SO_INCOMING_CPU:
        return intOption(this.kept.get(name) ?? -1);
      case abi.SO_ZEROCOPY:
        return intOption(0);
      default:
        return undefined;
    }
  }
}

/** struct timeval of a number of ns. */
export function timeval(ns: number): Uint8Array {
  return new Uint8Array(
    new BigInt64Array([BigInt(Math.floor(ns / 1e9)), BigInt(Math.floor((ns % 1e9) / 1e3))]).buffer,
  );
}
