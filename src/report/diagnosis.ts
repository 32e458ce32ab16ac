/**
 * The facts about an attempt that did not simply pass, as lines: the same in every report for people.
 */
import type { Attempt } from "../runner/events.ts";
import type { Crash } from "../runner/guest_spec.ts";
import { numbered } from "../runner/crash_text.ts";
import { pointFailed, type TapPoint } from "../runner/tap_reader.ts";
import { visible } from "./text.ts";

/** Signal, address, pc, and the backtrace below it. */
export function crashLines(crash: Crash): string[] {
  const where = crash.symbol === undefined ? "" : ` in ${crash.symbol}`;
  const lines = [
    // A signal that somebody sent has no address.
    `${crash.signalName} (${crash.code})${crash.code.startsWith("SI_") ? "" : ` at address ${crash.address}`}, pc ` +
    `${crash.pc}${where}` +
    `, ${visible(crash.program)} pid ${crash.pid}${crash.tid === crash.pid ? "" : ` tid ${crash.tid}`}`,
  ];
  if (crash.explanation !== undefined) lines.push(`  ${visible(crash.explanation)}`);
  lines.push(...backtraceLines(crash).map((line) => `  ${line}`));
  if (crash.core !== undefined) lines.push(`  core file: ${visible(crash.core)}`);
  if (crash.coreError !== undefined) lines.push(`  no core file: ${visible(crash.coreError)}`);
  if (crash.report !== undefined) lines.push(`  whole report: ${visible(crash.report)}`);
  return lines;
}

/** Frames that the short form shows. */
const MAX_FRAMES = 24;

/** The innermost frames with their numbers. */
export function backtraceLines({ backtrace }: Crash): string[] {
  const lines = numbered(backtrace).map(visible), left = lines.length - MAX_FRAMES;
  if (left <= 1) return lines;
  // The outermost ones say who began it.
  const outer = 4, inner = MAX_FRAMES - outer;
  return [...lines.slice(0, inner), `… ${left} more lines`, ...lines.slice(-outer)];
}

/** `name (12 times), name` */
export function unimplementedText(unimplemented: Attempt["unimplemented"]): string {
  return Object.entries(unimplemented).map(([name, count]) => count > 1 ? `${name} (${count} times)` : name).join(", ");
}

/** Failed points, innermost first, with the path of descriptions that leads to them. */
export function failedPoints(
  points: readonly TapPoint[],
  path: readonly string[] = [],
): { path: string[]; point: TapPoint }[] {
  return points.filter(pointFailed).flatMap((point) => {
    const here = [...path, point.description || `test ${point.number}`];
    const below = failedPoints(point.points ?? [], here);
    return below.length > 0 ? below : [{ path: here, point }];
  });
}

/** What elftap knows about an attempt beside its output. */
export function diagnosisLines(attempt: Attempt): string[] {
  const lines: string[] = [];
  if (attempt.hint !== undefined) lines.push(`hint: ${attempt.hint}`);
  for (const { path, point } of failedPoints(attempt.tap?.points ?? [])) {
    lines.push(`not ok ${visible(path.join(" > "))}`);
    if (point.diagnostics !== undefined) {
      lines.push(...visible(point.diagnostics).split("\n").map((line) => `  ${line}`));
    }
  }
  for (const crash of attempt.crashes) lines.push(...crashLines(crash));
  const unimplemented = unimplementedText(attempt.unimplemented);
  if (unimplemented !== "") lines.push(`system calls that are not implemented: ${unimplemented}`);
  if (attempt.discarded.length > 0) {
    lines.push(
      `written to the layer that is thrown away: ${attempt.discarded.slice(0, 5).map(visible).join(", ")}` +
        (attempt.discarded.length > 5 ? `, and ${attempt.discarded.length - 5} more` : ""),
    );
  }
  return lines;
}
