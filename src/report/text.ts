/**
 * Text for reports: times, control characters, excerpts of output.
 */

/** Milliseconds as seconds with three digits, e.g. `1.234`. */
export function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

/** A time for people: `12 ms`, `1.23 s`, `2 min 05 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(2)} s`;
  const total = Math.round(milliseconds / 1000);
  return `${Math.floor(total / 60)} min ${String(total % 60).padStart(2, "0")} s`;
}

/** Control characters other than newline and tab made visible: a guest's output must not steer the reader's terminal. */
export function visible(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\r\n/g, "\n").replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
  });
}

/**
 * About so many lines of an output, with a note of how many were left out: most say what went wrong at their end, so two
 * thirds are from there; a sanitizer says it first.
 */
export function someLines(text: string, count: number): string[] {
  const lines = visible(text).replace(/\n$/, "").split("\n");
  if (lines.length === 1 && lines[0] === "") return [];
  const left = lines.length - count, first = Math.floor(count / 3);
  return left > 1 ? [...lines.slice(0, first), `… ${left} lines left out`, ...lines.slice(first + left)] : lines;
}

/** Cuts a line to a width, marking the cut. */
export function fit(text: string, width: number): string {
  return text.length <= width ? text : text.slice(0, Math.max(0, width - 1)) + "…";
}
