/** Which lines of the shim's C were executed in the machine: gcov's counts, which the sanitized shims leave behind. */
import { basename, join } from "node:path";
import { COVERAGE_FOLDER } from "./sanitizers.ts";

/** What gcov says of one translation unit; see "gcov --json-format" in gcov(1). */
interface Report {
  readonly files: readonly {
    readonly file: string;
    readonly lines: readonly { readonly line_number: number; readonly count: number }[];
  }[];
}

function* filesBelow(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* filesBelow(path);
    else yield path;
  }
}

async function report(build: string, counts: string): Promise<Report> {
  const { success, stdout } = await new Deno.Command("aarch64-linux-gnu-gcov", {
    args: ["--json-format", "--stdout", counts],
    cwd: build,
    stdin: "null",
  }).output();
  if (!success) return { files: [] };
  return JSON.parse(new TextDecoder().decode(stdout)) as Report;
}

/**
 * A line per source file: how much of it was executed, and which lines were not.
 *
 * @param build where the shims were built, with gcc's notes
 * @param results what the machine left
 */
export async function coverage(build: string, results: string): Promise<string[]> {
  let counts: string[];
  try {
    counts = [...filesBelow(join(results, basename(COVERAGE_FOLDER)))].filter((path) => path.endsWith(".gcda"));
  } catch {
    return ["no coverage: the sanitized shims have left no counts"];
  }
  const sources = new Map<string, Map<number, number>>();
  for (const path of counts) {
    Deno.copyFileSync(path, join(build, basename(path)));
    for (const { file, lines } of (await report(build, basename(path))).files) {
      if (!file.includes("/ffi/") || !file.endsWith(".c")) continue;
      const known = sources.get(basename(file)) ?? new Map<number, number>();
      for (const { line_number, count } of lines) known.set(line_number, (known.get(line_number) ?? 0) + count);
      sources.set(basename(file), known);
    }
  }
  return [...sources].sort().map(([name, lines]) => {
    const missed = [...lines].filter(([, count]) => count === 0).map(([line]) => line).sort((a, b) => a - b);
    const executed = lines.size - missed.length;
    const rest = missed.length > 0 ? `; not ${missed.join(" ")}` : "";
    return `${name}: ${executed} of ${lines.size} lines executed${rest}`;
  });
}
