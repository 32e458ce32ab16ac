/** Whether a guest program did what its source says. */
import type { GuestSource } from "./source.ts";

/** What came of one run, on whatever ran it. */
export interface GuestRun {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit status, or 128+N after signal N. */
  readonly exit: number;
}

/** What is wrong with a run, in lines for a person; empty if nothing is. */
export function judge(source: GuestSource, run: GuestRun): string[] {
  const wrong: string[] = [];
  if (source.stdout !== undefined) {
    if (run.stdout !== source.stdout) {
      wrong.push(`stdout differs: got ${JSON.stringify(run.stdout.slice(-500))}`);
      wrong.push(`               want ${JSON.stringify(source.stdout.slice(-500))}`);
    }
  } else {
    const lines = run.stdout.split("\n");
    lines.forEach((line, i) => {
      if (!line.startsWith("not ok ") && !line.startsWith("Bail out!")) return;
      wrong.push(line);
      for (let next = i + 1; lines[next]?.startsWith("# "); next++) wrong.push(lines[next]!);
    });
    const results = lines.filter((line) => /^(not )?ok \d+ - /.test(line)).length;
    if (!lines.includes(`1..${results}`) || results === 0) wrong.push(`no plan for the ${results} results seen`);
  }
  if (run.exit !== source.exit && (wrong.length === 0 || run.exit !== 1)) {
    wrong.push(`exit status ${run.exit}, want ${source.exit}`);
  }
  if (wrong.length > 0 && run.stderr.trim() !== "") wrong.push(`stderr: ${run.stderr.trim().slice(-1000)}`);
  return wrong;
}
