/** The instructions around the one that crashed. */
import type { Task } from "../../kernel/task/task.ts";
import { describeAddress, locate } from "../symbols.ts";
import { hex } from "./frames.ts";

/** Instructions shown before and behind pc. */
const BEFORE = 6, BEHIND = 5;

/** Lines `   0x4006f0  ldr\tx0, [x0, #16]`, the one at pc with `=>`; empty where pc has no memory. */
export async function disassembly(task: Task): Promise<string[]> {
  const { mm, kernel } = task, pc = Number(task.cpu.regs.pc);
  if (pc % 4 !== 0 || !(mm.vmas.find(pc)?.prot ?? 0)) return [];
  const start = firstOf(task, pc), lines: string[] = [];
  for (let va = start; va < pc + 4 * (BEHIND + 1); va += 4) {
    const bytes = va < mm.space.limit ? mm.space.view(va, 4, "read", true) : undefined;
    if (bytes === undefined || bytes.length < 4) {
      if (va <= pc) lines.length = 0;
      continue;
    }
    const word = (bytes[0]! | bytes[1]! << 8 | bytes[2]! << 16 | bytes[3]! << 24) >>> 0;
    const text = (await kernel.engine.disassemble(word, va)).replaceAll("\t", " ");
    lines.push(`${va === pc ? "=> " : "   "}${hex(va)}  ${text}${targetOf(task, text)}`);
  }
  return lines;
}

/** Not before the function's own start: what lies there may be data. */
function firstOf(task: Task, pc: number): number {
  const location = locate(task.mm, pc, task);
  const room = location?.symbol === undefined ? BEFORE : Math.floor(location.offset / 4);
  return pc - 4 * Math.min(BEFORE, room);
}

/** ` <printf+0x0>` behind a branch or an address that is a function's. */
function targetOf(task: Task, text: string): string {
  const found = /^(?:bl?|b\.\w+|cbn?z|tbn?z|adrp?) (?:.*, )?([0-9a-f]{1,12})$/.exec(text);
  const name = found && describeAddress(task.mm, parseInt(found[1]!, 16), task);
  return name && !name.startsWith("(") ? ` <${name.slice(0, name.lastIndexOf(" ("))}>` : "";
}
