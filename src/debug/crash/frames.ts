/** Frames of a backtrace with names: functions, source lines, and the functions that were inlined. */
import type { CrashFrame } from "../../kernel/crash.ts";
import type { FileContext } from "../../kernel/fs/file.ts";
import type { Mm } from "../../kernel/mm/mm.ts";
import type { Backtrace, BacktraceFrame } from "../backtrace.ts";
import { demangle } from "../demangle/demangle.ts";
import { moduleAt } from "../modules.ts";
import { locate } from "../symbols.ts";

export const hex = (value: number | bigint): string => "0x" + BigInt.asUintN(64, BigInt(value)).toString(16);

/** For each frame of the stack the functions it stands for, innermost first: one, and more where some were inlined. */
export function describeFrames(mm: Mm, context: FileContext, frames: readonly BacktraceFrame[]): CrashFrame[][] {
  return frames.map((frame) => describeFrame(mm, context, frame));
}

function describeFrame(mm: Mm, context: FileContext, { pc, caller, signal }: BacktraceFrame): CrashFrame[] {
  // A call may be a function's last instruction: what it returns to is somebody else's.
  const back = caller && !signal ? 4 : 0, va = pc - back;
  const location = locate(mm, va, context);
  if (location === undefined) return [{ pc: hex(pc), ...(signal ? { signal } : {}) }];
  const common = { pc: hex(pc), object: location.file, objectOffset: hex(location.fileOffset + back) };
  const place = moduleAt(mm, va, context), sources = place?.module.info.lookup(place.address) ?? [];
  const own = {
    ...common,
    ...(location.symbol === undefined ? {} : { function: location.symbol, offset: location.offset + back }),
    ...(signal ? { signal } : {}),
  };
  if (sources.length === 0) return [own];
  return sources.map((source, level) => {
    const name = source.function === undefined ? undefined : demangle(source.function);
    const line = source.place ? { file: source.place.file, line: source.place.line } : {};
    // The outermost is the function of the symbol table; without one, of the debugging information.
    if (level === sources.length - 1) {
      return { ...own, ...(own.function === undefined && name !== undefined ? { function: name } : {}), ...line };
    }
    return { ...common, ...(name === undefined ? {} : { function: name }), ...line, inlined: true as const };
  });
}

/** One frame as a line: `0x4006f4 list_next+0xc (list) at list.c:14`. */
export function frameText(frame: CrashFrame): string {
  const { pc, object, objectOffset, offset } = frame;
  if (object === undefined) return frame.signal ? `${pc} <signal handler called>` : pc;
  const place = frame.file === undefined ? "" : ` at ${frame.file}:${frame.line}`;
  const name = frame.function === undefined
    ? `(${object}+${objectOffset})`
    : `${frame.function}${offset === undefined ? "" : `+${hex(offset)}`}${
      frame.inlined ? " (inlined)" : ""
    } (${object})`;
  return `${pc} ${name}${place}${frame.signal ? " <signal handler called>" : ""}`;
}

/** Runs of so many frames that read the same are shown as one and a count. */
const MIN_RUN = 4;

/** A backtrace as lines; what was left out of a deep one, or repeats the line above, is a line of its own. */
export function frameLines(frames: readonly (readonly CrashFrame[])[], omitted: Backtrace["omitted"]): string[] {
  const all = frames.flatMap((group, at) => [
    ...(omitted?.after === at ? [`… ${omitted.count} more frames`] : []),
    ...group.map(frameText),
  ]);
  const lines: string[] = [];
  for (let at = 0, end = 0; at < all.length; at = end) {
    while (end < all.length && all[end] === all[at]) end++;
    if (end - at < MIN_RUN) lines.push(...all.slice(at, end));
    else lines.push(all[at]!, `… ${end - at - 1} more frames like it`);
  }
  return lines;
}
