/**
 * Writes `docs/syscalls.md` from the table: `deno run --allow-read --allow-write src/kernel/syscalls/document.ts`.
 */
import { SYSCALL_NAMES } from "../abi/unistd.ts";
import { SYSCALLS } from "./table.ts";

/** The page, from the root of the repository. */
export const PAGE = new URL("../../../docs/syscalls.md", import.meta.url);

/** The page as Markdown. */
export function syscallsPage(): string {
  const rows = new Map(SYSCALLS.map((row) => [row.nr, row]));
  const count = (support: string) => SYSCALLS.filter((row) => row.support === support).length;
  const missing = SYSCALL_NAMES.filter((name, nr) => name !== undefined && !rows.has(nr)).length;
  const cells = [["nr", "name", "arguments", "support", "note"]];
  SYSCALL_NAMES.forEach((name, nr) => {
    if (name === undefined) return;
    const row = rows.get(nr);
    const args = row?.args.map((arg) => arg.name).join(", ") ?? "";
    cells.push([String(nr), name, args, row?.support ?? "ENOSYS", row?.note ?? ""]);
  });
  return `# System calls

Generated from the table in \`src/kernel/syscalls/\`; do not edit. Numbers and names are arm64 Linux 6.1's.

- **full**: behaves as Linux, as far as we know.
- **partial**: the note says what is missing.
- **none**: answers as a kernel that was built or configured without it.
- **ENOSYS**: not implemented. Each use is counted, and named in the report of a failing test.

${count("full")} full, ${count("partial")} partial, ${count("none")} none, ${missing} ENOSYS.

${tableText(cells)}`;
}

/** A Markdown table with aligned columns, the first one to the right. */
function tableText(cells: readonly (readonly string[])[]): string {
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${
      row.map((cell, column) => column === 0 ? cell.padStart(widths[0]!) : cell.padEnd(widths[column]!)).join(" | ")
    } |\n`;
  const rule = `| ${
    widths.map((width, column) => column === 0 ? "-".repeat(width - 1) + ":" : "-".repeat(width)).join(" | ")
  } |\n`;
  return line(cells[0]!) + rule + cells.slice(1).map(line).join("");
}

if (import.meta.main) Deno.writeTextFileSync(PAGE, syscallsPage());
