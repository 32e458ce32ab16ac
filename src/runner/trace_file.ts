/** A file of the host that takes a trace. */
import { Failure } from "../failure.ts";
import { childPath, parentPath } from "./host_path.ts";

const SUFFIXES = { text: "strace", json: "jsonl", perfetto: "perfetto.json" } as const;

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

  /** The file of one attempt at a test, in a folder as the test's name says: `FOLDER/sub/name.strace`, `name.2.strace`. */
  static forTest(folder: string, name: string, attempt: number, format: keyof typeof SUFFIXES): TraceFile {
    // A name is a path as the user gave it: it must not lead out of the folder.
    const parts = name.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
    const file = `${parts.join("/") || "test"}${attempt > 1 ? `.${attempt}` : ""}.${SUFFIXES[format]}`;
    const path = childPath(folder, file);
    try {
      Deno.mkdirSync(parentPath(path), { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) {
        throw new Failure(`the folder for traces cannot be made: ${(error as Error).message.split("\n")[0]}`);
      }
      // Said by the constructor, which names the permission.
    }
    return new TraceFile(path);
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
