/** The guest's stack under a call, for -k: a frame a line, as strace writes them. */
import type { Task } from "../../kernel/task/task.ts";
import { backtrace, startOf } from "../backtrace.ts";
import { locate } from "../symbols.ts";

/** `/lib/libc.so.6(write+0x10) [0xf8350]`, innermost first: the address in brackets is the file's. */
export function stackLines(task: Task): string[] {
  const { mm } = task;
  return backtrace(mm, task, startOf(task.cpu.regs)).frames.map(({ pc, caller }) => {
    const hex = (value: number) => "0x" + value.toString(16);
    // A return address belongs to the call before it.
    const location = locate(mm, caller ? pc - 4 : pc, task);
    if (location === undefined) return `unexpected_backtracing_error [${hex(pc)}]`;
    const { file, symbol } = location, more = caller ? 4 : 0;
    const vma = mm.vmas.find(pc)!;
    const inFile = hex(vma.pageOffset * 4096 + (pc - vma.start));
    return symbol === undefined
      ? `${file}() [${inFile}]`
      : `${file}(${symbol}+${hex(location.offset + more)}) [${inFile}]`;
  });
}
