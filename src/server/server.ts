/**
 * Runs guests for other elftap processes, `elftap run` with `ELFTAP_SERVER` set: a Worker that has run a program has
 * its code translated and compiled, and nothing but the guest itself has to start.
 */
import { Failure } from "../failure.ts";
import { failedOutcome } from "../runner/failed_outcome.ts";
import { Guest, type GuestOptions } from "../runner/guest.ts";
import type { GuestPool } from "../runner/guest_pool.ts";
import type { GuestSpec } from "../runner/guest_spec.ts";
import { checkRequest, checkToServer } from "./check.ts";
import { MessageLine } from "./message_line.ts";
import type { ToClient } from "./messages.ts";

/** Milliseconds between attempts to accept while the host lacks what it takes, as descriptors. */
const ACCEPT_PAUSE = 100;

/** Milliseconds that a client may take to say what it wants. */
const PATIENCE = 10_000;

/** Listens on a socket in the file system. */
export class GuestServer implements Disposable {
  readonly #listener: Deno.UnixListener;
  /** Of the socket's file. */
  readonly #inode: number | null;
  readonly #clients = new Set<MessageLine<ToClient>>();
  #closed = false;

  /**
   * @param path of the socket: whoever may connect to it may do what elftap may
   * @param pool where Workers come from, and stay between guests
   * @throws {Failure} when it cannot be listened on
   */
  constructor(readonly path: string, private readonly pool: GuestPool) {
    this.#listener = listen(path);
    Deno.chmodSync(path, 0o600);
    this.#inode = Deno.lstatSync(path).ino;
    void this.#accept();
  }

  /** Clients that are connected now: a guest each. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Hangs up. Guests that still run are told to stop, and end with their Workers at the latest. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#listener.close();
    for (const client of this.#clients) client.close();
    try {
      // Somebody else's that has come in its place stays.
      if (Deno.lstatSync(this.path).ino === this.#inode) Deno.removeSync(this.path);
    } catch {
      // somebody else has done it
    }
  }

  async #accept(): Promise<void> {
    while (!this.#closed) {
      try {
        void this.#serve(new MessageLine<ToClient>(await this.#listener.accept()));
      } catch {
        if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE));
      }
    }
  }

  async #serve(client: MessageLine<ToClient>): Promise<void> {
    this.#clients.add(client);
    const impatience = setTimeout(() => client.close(), PATIENCE);
    try {
      const request = await client.receive();
      clearTimeout(impatience);
      if (request !== null) await runFor(client, checkRequest(request), this.pool);
    } catch (error) {
      client.send({ type: "outcome", outcome: failedOutcome(error, 0) });
    }
    clearTimeout(impatience);
    await client.flush();
    client.close();
    this.#clients.delete(client);
  }
}

/** Runs one guest to its end. */
async function runFor(client: MessageLine<ToClient>, spec: GuestSpec, pool: GuestPool): Promise<void> {
  /** Outputs that the client has not taken, and the input that the guest waits for. */
  const untaken: (() => void)[] = [];
  let feed: ((bytes: Uint8Array | null) => void) | undefined;
  let probed: ((isNull: boolean) => void) | undefined;
  let isGone = false;
  const guest = start(spec, {
    pool,
    output: (stream, bytes) => {
      if (isGone) return;
      client.send({ type: "output", stream, bytes });
      return new Promise((resolve) => untaken.push(resolve));
    },
    input: () => {
      if (isGone) return Promise.resolve(null);
      client.send({ type: "pull" });
      return new Promise((resolve) => feed = resolve);
    },
    isNullInput: () => {
      if (isGone) return Promise.resolve(false);
      client.send({ type: "probe" });
      return new Promise((resolve) => probed = resolve);
    },
    setRaw: (raw) => client.send({ type: "raw", raw }),
  });
  void serveMessages().catch(() => {}).finally(() => {
    // Whoever started the guest is gone or talks nonsense: the guest goes, and nothing waits for an answer.
    isGone = true;
    guest.stop();
    for (const resolve of untaken.splice(0)) resolve();
    feed?.(null);
    probed?.(false);
  });
  client.send({ type: "outcome", outcome: await guest.outcome });

  async function serveMessages(): Promise<void> {
    for (let received; (received = await client.receive());) {
      const message = checkToServer(received);
      switch (message.type) {
        case "run":
          throw new Failure("run: one guest a connection");
        case "taken":
          untaken.shift()?.();
          break;
        case "stdin":
          feed?.(message.bytes ?? null);
          break;
        case "probed":
          probed?.(message.isNull);
          break;
        case "interrupt":
          guest.interrupt(message.signal);
          break;
        case "resize":
          guest.resize({ columns: message.columns, rows: message.rows });
          break;
        case "close":
          guest.closeOutput(message.stream);
          break;
        case "stop":
          guest.stop();
      }
    }
  }
}

/** @throws {Failure} when the server lacks a permission that the guest needs */
function start(spec: GuestSpec, options: GuestOptions): Guest {
  try {
    return new Guest(spec, options);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { message, exitCode, hint } = error;
    throw new Failure(`the server: ${message}`, { exitCode, hint: hint?.replace("run elftap", "start elftap serve") });
  }
}

function listen(path: string): Deno.UnixListener {
  try {
    return Deno.listen({ transport: "unix", path });
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new Failure(`no permission to listen on ${path}`, {
        hint:
          "run elftap with --allow-read, --allow-write and --allow-net; with --listen PATH they may be limited to " +
          "PATH, --allow-net to unix:PATH",
      });
    }
    throw new Failure(`cannot listen on ${path}: ${(error as Error).message.split("\n")[0]}`, {
      hint: error instanceof Deno.errors.AddrInUse
        ? "if no other server is there, remove the file"
        : "give --listen PATH, a short one",
    });
  }
}
