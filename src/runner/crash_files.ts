/** The long form of crash reports: a text and a JSON file for each crash, in a folder the user gave. */
import { Failure } from "../failure.ts";
import type { Crash } from "../kernel/crash.ts";
import { childPath, parentPath } from "./host_path.ts";

/** A test's name as a file name of one component: what is between the slashes, joined. */
export function flatName(name: string, attempt = 1): string {
  const parts = name.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  const flat = parts.join("-").replace(/[^\w.+-]/g, "_").slice(-150) || "test";
  return attempt > 1 ? `${flat}.${attempt}` : flat;
}

/**
 * Writes `FOLDER/NAME.txt` and `.json`; `NAME.2.txt` for a second crash.
 *
 * @returns the crashes with the path of their report
 * @throws {Failure} when a file cannot be written
 */
export async function saveCrashReports(crashes: readonly Crash[], folder: string, name: string): Promise<Crash[]> {
  const { crashReportText } = await import("./crash_text.ts");
  return crashes.map((crash, index) => {
    const base = childPath(folder, index === 0 ? name : `${name}.${index + 1}`), report = `${base}.txt`;
    write(report, crashReportText(crash));
    write(`${base}.json`, JSON.stringify(crash, undefined, 2) + "\n");
    return { ...crash, report };
  });
}

function write(path: string, text: string): void {
  try {
    Deno.mkdirSync(parentPath(path), { recursive: true });
    Deno.writeTextFileSync(path, text);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new Failure(`no write permission for the crash report: ${path}`, {
        hint: `run elftap with --allow-write=${parentPath(path)}`,
      });
    }
    throw new Failure(`the crash report cannot be written to ${path}: ${(error as Error).message.split("\n")[0]}`);
  }
}
