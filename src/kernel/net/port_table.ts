/** Who holds which port of one protocol, who may share it, and who gets what arrives (bind(2), socket(7)). */
import { EADDRINUSE } from "../abi/errno.ts";
import { type Endpoint, type Ip, isAny, isV4 } from "./inet_address.ts";

/** A socket as the table sees it. */
export interface PortHolder {
  /** Local address; "any" of its family if bound to none. */
  readonly localIp: Ip;
  /** An IPv6 socket bound to :: that takes no IPv4 (IPV6_V6ONLY). */
  readonly v6Only: boolean;
  readonly reuseAddress: boolean;
  readonly reusePort: boolean;
  readonly ownerUid: number;
  readonly listening: boolean;
}

/** Ephemeral ports: net.ipv4.ip_local_port_range. */
const FIRST_EPHEMERAL = 32768;
const LAST_EPHEMERAL = 60999;

/** Whether some packet could be for both addresses. */
function overlap(a: PortHolder, b: PortHolder): boolean {
  const a4 = isV4(a.localIp), b4 = isV4(b.localIp);
  if (a4 === b4) return a.localIp === b.localIp || isAny(a.localIp) || isAny(b.localIp);
  // Of different families: only a dual-stack :: takes IPv4.
  const v6 = a4 ? b : a;
  return isAny(v6.localIp) && !v6.v6Only;
}

export class PortTable<Holder extends PortHolder> {
  readonly #ports = new Map<number, Set<Holder>>();
  #nextEphemeral = FIRST_EPHEMERAL;

  /** @param stream TCP's rule for SO_REUSEADDR: listeners share with nobody. */
  constructor(readonly stream: boolean) {}

  holders(port: number): ReadonlySet<Holder> | undefined {
    return this.#ports.get(port);
  }

  *all(): Generator<Holder> {
    for (const holders of this.#ports.values()) yield* holders;
  }

  /** Whether `holder` may have this port. */
  conflicts(holder: Holder, port: number): boolean {
    for (const other of this.#ports.get(port) ?? []) {
      if (other === holder || !overlap(holder, other)) continue;
      if (holder.reusePort && other.reusePort && holder.ownerUid === other.ownerUid) continue;
      if (holder.reuseAddress && other.reuseAddress && !(this.stream && other.listening)) continue;
      return true;
    }
    return false;
  }

  /** Takes a port: 0 stands for any ephemeral one. Returns it, or `-EADDRINUSE`. */
  claim(holder: Holder, port: number): number {
    if (port === 0) {
      port = this.#findEphemeral(holder);
      if (port === 0) return -EADDRINUSE;
    } else if (this.conflicts(holder, port)) {
      return -EADDRINUSE;
    }
    this.add(holder, port);
    return port;
  }

  #findEphemeral(holder: Holder): number {
    for (let tries = FIRST_EPHEMERAL; tries <= LAST_EPHEMERAL; tries++) {
      const port = this.#nextEphemeral;
      this.#nextEphemeral = port === LAST_EPHEMERAL ? FIRST_EPHEMERAL : port + 1;
      // A port handed out should be nobody else's, whatever could be shared.
      if (!this.#ports.has(port) || !this.#taken(holder, port)) return port;
    }
    return 0;
  }

  #taken(holder: Holder, port: number): boolean {
    for (const other of this.#ports.get(port) ?? []) if (overlap(holder, other)) return true;
    return false;
  }

  /** Adds a holder without a check: an accepted connection shares its listener's port. */
  add(holder: Holder, port: number): void {
    const holders = this.#ports.get(port);
    if (holders) holders.add(holder);
    else this.#ports.set(port, new Set([holder]));
  }

  remove(holder: Holder, port: number): void {
    const holders = this.#ports.get(port);
    if (!holders?.delete(holder)) return;
    if (holders.size === 0) this.#ports.delete(port);
  }

  /**
   * The holders that take what is sent to `to`, the most specific ones: those bound to the very address before those
   * bound to any, own family before dual stack. `eligible` says which count at all.
   */
  match(to: Endpoint, eligible: (holder: Holder) => boolean): Holder[] {
    let best: Holder[] = [], bestScore = 0;
    for (const holder of this.#ports.get(to.port) ?? []) {
      const score = this.#score(holder, to.ip);
      if (score === 0 || score < bestScore || !eligible(holder)) continue;
      if (score > bestScore) {
        best = [];
        bestScore = score;
      }
      best.push(holder);
    }
    return best;
  }

  #score(holder: Holder, ip: Ip): number {
    if (holder.localIp === ip) return 3;
    if (!isAny(holder.localIp)) return 0;
    if (isV4(holder.localIp) === isV4(ip)) return 2;
    return isV4(ip) && !holder.v6Only ? 1 : 0;
  }
}
