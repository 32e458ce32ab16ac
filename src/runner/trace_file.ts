/** A file of the host that takes a trace. */
import { Failure } from "../failure.ts";

export class TraceFile {
  readonly #file: Deno.FsFile;
  #broken = false;

  /** @throws {Failure} when it cannot be written */
  constructor(readonly path: string) {
    try {
      this.#file = Deno.openSync(path, { write: true, create: true, truncate: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) {
        throw new Failure(`no write permission for the trace: ${path}`, {
          hint: `run elftap with --allow-write=${path}`,
        });
      }
      throw new Failure(`the trace cannot be written to ${path}: ${(error as Error).message.split("\n")[0]}`);
    }
  }

  /** Writes all of it; what a full disk does not take is lost, and said so at {@link close}. */
  write(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length && !this.#broken;) at += this.#file.writeSync(bytes.subarray(at));
    } catch {
      this.#broken = true;
    }
  }

  /** @returns whether everything was written */
  close(): boolean {
    this.#file.close();
    return !this.#broken;
  }
}
