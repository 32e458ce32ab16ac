/**
 * Where debuggers connect: one address, one debugger at a time. The guests' Workers have no network; this thread
 * listens and passes bytes on as messages.
 */
import { Failure } from "../failure.ts";
import type { DebuggerEvent } from "./worker_messages.ts";

/** An address to listen on. */
export type DebugAddress =
  | { readonly transport: "tcp"; readonly hostname: string; readonly port: number }
  | { readonly transport: "unix"; readonly path: string };

/** A guest that can be debugged. */
export interface Debuggee {
  receive(event: DebuggerEvent): void;
}

/**
 * Reads `PORT` (of the loopback interface), `ADDRESS:PORT` or `unix:PATH`.
 *
 * @throws {Failure} when it is none of them
 */
export function parseDebugAddress(text: string): DebugAddress {
  if (text.startsWith("unix:") && text.length > 5) return { transport: "unix", path: text.slice(5) };
  const parts = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+):|:)?(\d{1,5})$/.exec(text);
  const port = Number(parts?.[2]);
  if (!parts || port > 65535) {
    throw new Failure(`--gdb ${text}: must be PORT, ADDRESS:PORT or unix:PATH`);
  }
  return { transport: "tcp", hostname: parts[1]?.replace(/^\[|\]$/g, "") ?? "127.0.0.1", port };
}

/** Listens, and brings debuggers and guests together. */
export class DebugPort implements Disposable {
  readonly #listener: Deno.Listener;
  /** Guests to be debugged, the most urgent first. */
  #guests: Debuggee[] = [];
  #connected: { readonly guest: Debuggee; readonly conn: Deno.Conn; sending: Promise<unknown> } | undefined;
  #closed = false;

  /**
   * @param log takes lines for the user
   * @throws {Failure} when the address cannot be listened on
   */
  constructor(readonly address: DebugAddress, private readonly log: (line: string) => void) {
    this.#listener = listen(address);
    void this.#accept();
  }

  /** How a debugger gets here, as gdb's `target remote` wants it. */
  get target(): string {
    const { addr } = this.#listener;
    if (addr.transport !== "tcp") return (addr as Deno.UnixAddr).path;
    return addr.hostname.includes(":") ? `[${addr.hostname}]:${addr.port}` : `${addr.hostname}:${addr.port}`;
  }

  /** A guest can be debugged. */
  offer(guest: Debuggee): void {
    if (!this.#guests.includes(guest)) this.#guests.push(guest);
  }

  /** A guest has stopped and waits for a debugger. */
  want(guest: Debuggee, why: string): void {
    this.offer(guest);
    if (this.#connected?.guest !== guest) this.log(`${why}; gdb: target remote ${this.target}`);
  }

  /** A guest has ended. */
  withdraw(guest: Debuggee): void {
    this.#guests = this.#guests.filter((each) => each !== guest);
    this.hangUp(guest);
  }

  /** Bytes of a guest for its debugger. */
  send(guest: Debuggee, bytes: Uint8Array): void {
    const line = this.#connected;
    if (line?.guest !== guest) return;
    line.sending = line.sending.then(() => writeAll(line.conn, bytes)).catch(() => {});
  }

  /** Ends the connection of a guest, when what was sent before is out. */
  hangUp(guest: Debuggee): void {
    const line = this.#connected;
    if (line?.guest === guest) void line.sending.then(() => close(line.conn));
  }

  /** Resolves when all that was sent is out. */
  async flush(): Promise<void> {
    await this.#connected?.sending;
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    close(this.#listener);
    if (this.#connected) close(this.#connected.conn);
    if (this.address.transport === "unix") {
      try {
        Deno.removeSync(this.address.path);
      } catch {
        // somebody else has done it
      }
    }
  }

  async #accept(): Promise<void> {
    while (!this.#closed) {
      let conn: Deno.Conn;
      try {
        conn = await this.#listener.accept();
      } catch {
        if (this.#closed) return;
        continue; // a peer that was gone before it was accepted
      }
      const guest = this.#guests[0];
      if (this.#connected || !guest) {
        this.log(guest ? "a second debugger was turned away" : "a debugger was turned away: no guest waits for one");
        close(conn);
        continue;
      }
      void this.#serve(guest, conn);
    }
  }

  async #serve(guest: Debuggee, conn: Deno.Conn): Promise<void> {
    this.#connected = { guest, conn, sending: Promise.resolve() };
    if (conn.remoteAddr.transport === "tcp") (conn as Deno.TcpConn).setNoDelay(true);
    guest.receive({ kind: "connected" });
    const buffer = new Uint8Array(65536);
    try {
      for (;;) {
        const count = await conn.read(buffer);
        if (count === null) break;
        guest.receive({ kind: "bytes", bytes: buffer.slice(0, count) });
      }
    } catch {
      // The peer has vanished, or this side has hung up.
    }
    close(conn);
    this.#connected = undefined;
    guest.receive({ kind: "disconnected" });
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

function close(resource: Deno.Conn | Deno.Listener): void {
  try {
    resource.close();
  } catch {
    // closed already
  }
}

function listen(address: DebugAddress): Deno.Listener {
  try {
    if (address.transport === "tcp") {
      requireNet(`${address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname}:${address.port}`);
      return Deno.listen({ hostname: address.hostname, port: address.port });
    }
    return Deno.listen(address) as unknown as Deno.Listener;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable && address.transport === "unix") {
      const { path } = address;
      throw new Failure(`no permission to listen for a debugger on ${path}`, {
        hint: `run elftap with --allow-write=${path} --allow-net=unix:${path}`,
      });
    }
    if (!(error instanceof Error) || error instanceof Failure || error instanceof Deno.errors.NotCapable) throw error;
    const where = address.transport === "tcp" ? `${address.hostname}:${address.port}` : address.path;
    const inUse = error instanceof Deno.errors.AddrInUse;
    throw new Failure(`cannot listen for a debugger on ${where}: ${error.message.split("\n")[0]}`, {
      hint: inUse ? "is another elftap there? choose another address with --gdb" : undefined,
    });
  }
}

function requireNet(host: string): void {
  if (Deno.permissions.querySync({ name: "net", host }).state === "granted") return;
  throw new Failure(`no permission to listen for a debugger on ${host}`, {
    hint: `run elftap with --allow-net=${host} (deno task gdb has it for the loopback interface)`,
  });
}
