/** What the scripts inside the machine leave behind: a line of JSON per thing tested. */

/** One thing that was tested. */
export interface Row {
  readonly title: string;
  /** What is wrong; empty if nothing is. */
  readonly lines: readonly string[];
  /** Of a program: how it ended, and what it wrote. */
  readonly exit?: number;
  readonly stdout?: string;
  readonly seconds?: number;
}

/** Adds a row to a file. */
export function addRow(file: string, row: Row): void {
  Deno.writeTextFileSync(file, JSON.stringify(row) + "\n", { append: true, create: true });
}

/**
 * Runs a test and adds its row.
 *
 * @returns whether it passed
 */
export async function tested(file: string, title: string, test: () => void | Promise<void>): Promise<boolean> {
  try {
    await test();
    addRow(file, { title, lines: [] });
    return true;
  } catch (error) {
    addRow(file, { title, lines: (error as Error).message.split("\n") });
    return false;
  }
}

/** The rows of a file; none where there is no file. */
export function readRows(file: string): Row[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(file);
  } catch {
    return [];
  }
  return text.trim().split("\n").map((line) => JSON.parse(line) as Row);
}
