/** The open descriptors of a crashed process, as lines. */
import { flagNames } from "../../kernel/abi/flags.ts";
import type { FdTable } from "../../kernel/fs/fd_table.ts";
import { describePath } from "../../kernel/fs/path.ts";
import { filePath } from "../../kernel/fs/pseudo_inode.ts";

/** Descriptors shown at most. */
const MAX_FILES = 256;

/** `3 /etc/passwd O_RDONLY, at 4096`. */
export function openFiles(files: FdTable): string[] {
  const lines: string[] = [];
  let count = 0;
  for (const [fd, file] of files.descriptors()) {
    if (++count > MAX_FILES) continue;
    const at = file.position > 0 ? `, at ${file.position}` : "";
    lines.push(`${fd} ${describePath(filePath(file), undefined)} ${flagNames("open", file.flags)}${at}`);
  }
  return count > MAX_FILES ? [...lines, `… ${count - MAX_FILES} more`] : lines;
}
