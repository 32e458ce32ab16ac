/** Where a core file goes: a file of its own in the folder the user gave. */
import type { Siginfo } from "../../kernel/abi/siginfo.ts";
import type { Task } from "../../kernel/task/task.ts";
import { writeCore } from "./write_core.ts";

/** The path of the core file that was written, or why there is none. */
export type CoreResult = { readonly core: string } | { readonly coreError: string };

/**
 * Writes `PREFIX.PROGRAM.PID`.
 *
 * @param prefix host path, its folder must be there
 * @param argv as text
 */
export function saveCore(task: Task, info: Siginfo, argv: readonly string[], prefix: string): CoreResult {
  const path = `${prefix}.${task.name.replace(/[^\w.+-]/g, "_")}.${task.pid}`;
  try {
    // Not through a link, and not into a file that somebody else has open.
    try {
      Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
    writeCore(task, info, argv.join(" "), {
      write(offset, bytes) {
        file.seekSync(offset, Deno.SeekMode.Start);
        // The guest's memory may be shared with other threads of ours, which writing refuses.
        const copy = bytes.slice();
        for (let done = 0; done < copy.length;) done += file.writeSync(copy.subarray(done));
      },
      truncate: (length) => file.truncateSync(length),
    });
    return { core: path };
  } catch (error) {
    if (!(error instanceof Error) || error instanceof RangeError || error instanceof TypeError) throw error;
    return { coreError: `${path}: ${error.message.split("\n")[0]}` };
  }
}
