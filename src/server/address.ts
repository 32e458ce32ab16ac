/** Where the server is that runs guests for this elftap. */
import { Failure } from "../failure.ts";

/** The variable that names its socket: `PATH` or `PATH#BUILD`. Guests do not see it. */
export const SERVER_VARIABLE = "ELFTAP_SERVER";

/** A server as its clients know it. */
export interface ServerAddress {
  /** Of its socket, absolute. */
  readonly path: string;
  /** When the build was made that it runs, in ms since 1970: it has seen that this is up to date. */
  readonly build: number | undefined;
}

/** The value of {@link SERVER_VARIABLE}. */
export function formatAddress({ path, build }: ServerAddress): string {
  return build === undefined ? path : `${path}#${build}`;
}

/** The server that the environment names; undefined where it names none, or elftap may not know. */
export function serverAddress(): ServerAddress | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: SERVER_VARIABLE });
  const text = state === "granted" ? Deno.env.get(SERVER_VARIABLE) : undefined;
  if (!text) return undefined;
  const [, path, build] = /^(.*?)(?:#(\d+))?$/s.exec(text)!;
  return { path: path!, build: build === undefined ? undefined : Number(build) };
}

/** Attempts to connect while more clients wait than the host lets, and milliseconds between them. */
const ATTEMPTS = 100, PAUSE = 50;

/** @throws {Failure} when nobody answers there, or Deno does not allow it */
export async function connect(path: string): Promise<Deno.Conn> {
  try {
    for (let attempt = 1;; attempt++) {
      try {
        return await Deno.connect({ transport: "unix", path });
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock) || attempt === ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new Failure(`no permission to reach the server at ${path}`, {
        hint: `run elftap with --allow-read=${path} --allow-write=${path} --allow-net=unix:${path}`,
      });
    }
    const why = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.ConnectionRefused
      ? "nobody listens there"
      : (error as Error).message.split("\n")[0];
    throw new Failure(`no server at ${path}: ${why}`, { hint: `start elftap serve, or unset ${SERVER_VARIABLE}` });
  }
}
