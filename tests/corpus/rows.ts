/** The rows of the corpus: what real programs did on a real kernel, and whether a run did the same. */

/** One program with its recorded behaviour. */
export interface Row {
  readonly id: string;
  readonly group: string;
  readonly exit: number;
  /** Of stdout, in hex; undefined where it varies. */
  readonly sha256: string | undefined;
  /** TAP results on stdout; undefined for programs that print none. */
  readonly tap: { readonly ok: number; readonly notOk: number } | undefined;
  /** Shell-quoted argv. */
  readonly command: string;
}

/** Reads the table: tab-separated, with a line of titles. */
export function parseRows(text: string): Row[] {
  const lines = text.split("\n").filter((line) => line !== "");
  const titles = lines.shift()?.split("\t") ?? [];
  const column = (name: string): number => {
    const at = titles.indexOf(name);
    if (at < 0) throw new Error(`the table has no column ${name}`);
    return at;
  };
  const id = column("id"), group = column("group"), exit = column("exit"), sha256 = column("stdout_sha256");
  const tap = column("tap"), command = column("command");
  return lines.map((line) => {
    const cells = line.split("\t");
    const counts = /^(\d+)\/(\d+)$/.exec(cells[tap] ?? "");
    return {
      id: cells[id] ?? "",
      group: cells[group] ?? "",
      exit: Number(cells[exit]),
      sha256: cells[sha256] === "-" ? undefined : cells[sha256],
      tap: counts ? { ok: Number(counts[1]), notOk: Number(counts[2]) } : undefined,
      command: cells[command] ?? "",
    };
  });
}

/** Counts of TAP result lines at the start of a line. */
export function countTap(stdout: string): { ok: number; notOk: number } {
  let ok = 0, notOk = 0;
  for (const line of stdout.split("\n")) {
    if (/^ok\b/.test(line)) ok++;
    else if (/^not ok\b/.test(line)) notOk++;
  }
  return { ok, notOk };
}

/** What differs from the recorded behaviour; empty if nothing does. */
export async function compare(row: Row, exit: number, stdout: Uint8Array): Promise<string[]> {
  const differences: string[] = [];
  if (exit !== row.exit) differences.push(`exit ${exit} instead of ${row.exit}`);
  if (row.tap) {
    const tap = countTap(new TextDecoder().decode(stdout));
    if (tap.ok !== row.tap.ok || tap.notOk !== row.tap.notOk) {
      differences.push(`TAP ${tap.ok}/${tap.notOk} instead of ${row.tap.ok}/${row.tap.notOk}`);
    }
  }
  if (row.sha256 !== undefined) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", stdout as Uint8Array<ArrayBuffer>));
    const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (hex !== row.sha256) differences.push(`stdout differs (${stdout.length} bytes)`);
  }
  return differences;
}
