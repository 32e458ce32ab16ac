/**
 * Reads TAP from a guest's stdout while it runs: version 13 and 14, subtests by indentation, YAML diagnostics,
 * directives, plans and bail-outs (https://testanything.org/tap-version-14-specification.html). Lenient as the
 * specification asks: a line that is not TAP is not an error.
 */

/** A test point, with its subtests. */
export interface TapPoint {
  readonly ok: boolean;
  readonly number: number;
  readonly description: string;
  /** A failing `todo` point does not fail its test; a `skip` point passes. */
  readonly directive?: "skip" | "todo";
  /** What stands behind the directive. */
  readonly reason?: string;
  /** The lines of its YAML block, without their indentation. */
  readonly diagnostics?: string;
  readonly points?: readonly TapPoint[];
}

/** What a whole stream said. */
export interface TapDocument {
  readonly points: readonly TapPoint[];
  /** The plan's count; undefined without a plan. */
  readonly planned: number | undefined;
  /** The reason of `1..0 # SKIP reason`; undefined unless everything was skipped. */
  readonly skipAll: string | undefined;
  /** The reason of `Bail out!`. */
  readonly bailOut: string | undefined;
  /** What is wrong with the stream as a whole: a missing or broken plan, numbers out of sequence. */
  readonly problems: readonly string[];
}

/** Points and diagnostics kept at most; a guest may write without end. */
const MAX_POINTS = 100_000, MAX_DIAGNOSTICS = 64 * 1024;
/** Characters of a test point's line that are looked at. */
const MAX_LINE = 4096;
/** Subtests nest no deeper in practice; deeper ones are not TAP. */
const MAX_DEPTH = 32;

interface MutablePoint extends TapPoint {
  diagnostics?: string;
  points?: MutablePoint[];
}

/** One stream or subtest under way. */
interface Level {
  readonly points: MutablePoint[];
  planned: number | undefined;
  skipAll: string | undefined;
  bailOut: string | undefined;
  readonly problems: string[];
}

const newLevel = (): Level => ({
  points: [],
  planned: undefined,
  skipAll: undefined,
  bailOut: undefined,
  problems: [],
});

/** Takes TAP in pieces. */
export class TapReader {
  readonly #decoder = new TextDecoder();
  #rest = "";
  #levels: Level[] = [newLevel()];
  #yaml: { readonly indent: string; lines: string[]; size: number } | undefined;
  #sawVersion = false;
  #count = 0;

  /** @param onPoint called for each point outside of subtests as it is read */
  constructor(readonly onPoint: (point: TapPoint) => void = () => {}) {}

  /** The stream has shown that it is TAP: by its version line, or by a plan and points. */
  get isTap(): boolean {
    const top = this.#levels[0]!;
    return this.#sawVersion || (top.planned !== undefined && (top.points.length > 0 || top.skipAll !== undefined));
  }

  /** Takes the next bytes. */
  write(bytes: Uint8Array): void {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    let from = 0;
    for (let at; (at = this.#rest.indexOf("\n", from)) >= 0; from = at + 1) {
      this.#line(this.#rest.slice(from, at).replace(/\r$/, ""));
    }
    this.#rest = this.#rest.slice(from);
    // No line of TAP is this long: binary output must not gather in memory.
    if (this.#rest.length > MAX_DIAGNOSTICS) this.#rest = "";
  }

  /** Ends the stream; undefined when it was not TAP. */
  end(): TapDocument | undefined {
    if (this.#rest !== "") this.#line(this.#rest);
    this.#rest = "";
    while (this.#levels.length > 1) this.#levels.pop();
    if (!this.isTap) return undefined;
    const top = this.#levels[0]!;
    return { ...top, problems: [...top.problems, ...planProblems(top)] };
  }

  #line(line: string): void {
    if (this.#yaml) {
      if (this.#yamlLine(line)) return;
    }
    const spaces = /^ */.exec(line)![0].length;
    const text = line.slice(spaces, spaces + MAX_LINE);
    if (text === "" || text.startsWith("#")) return;
    if (text === "---" && spaces % 4 === 2) {
      this.#yaml = { indent: line.slice(0, spaces), lines: [], size: 0 };
      return;
    }
    if (spaces % 4 !== 0 || spaces / 4 > MAX_DEPTH) return;
    const depth = spaces / 4;
    if (/^TAP version 1[34]$/.test(text)) {
      if (depth === 0) this.#sawVersion = true;
      return;
    }
    const isOurs = /^(?:not )?ok(?=\s|$)|^\d+\.\.\d+|^Bail out!/.test(text);
    if (!isOurs) return;
    // Deeper: the subtest of a point that is still to come. A stray indented line in a stream that is not TAP
    // leaves levels that nobody asks for.
    while (this.#levels.length <= depth) this.#levels.push(newLevel());
    const bail = /^Bail out!\s*(.*)$/.exec(text);
    if (bail) {
      this.#levels[0]!.bailOut ??= bail[1]!;
      return;
    }
    const plan = /^(\d+)\.\.(\d+)\s*(?:#\s*(.*))?$/.exec(text);
    if (plan) return this.#plan(this.#levels[depth]!, plan);
    this.#point(depth, text);
  }

  #plan(level: Level, [, first, last, comment]: RegExpExecArray): void {
    if (level.planned !== undefined) level.problems.push("more than one plan");
    level.planned = Math.max(0, Number(last) - Number(first) + 1);
    if (level.planned === 0) level.skipAll = (comment ?? "").replace(/^skip\S*\s*/i, "");
  }

  #point(depth: number, text: string): void {
    const match = /^(not )?ok(?:\s+(\d+))?(?:\s+-)?\s*(.*)$/.exec(text);
    if (!match || ++this.#count > MAX_POINTS) return;
    const level = this.#levels[depth]!;
    const subtest = this.#levels.length > depth + 1 ? this.#levels[depth + 1] : undefined;
    this.#levels.length = depth + 1;
    // The directive's # is not escaped; one in the description is.
    const directive = /^((?:[^\\#]|\\.|#(?!\s*(?:skip|todo)))*?)\s*#\s*(skip|todo)\S*\s*(.*)$/i.exec(match[3]!);
    const point: MutablePoint = {
      ok: match[1] === undefined,
      number: match[2] === undefined ? level.points.length + 1 : Number(match[2]),
      description: (directive ? directive[1]! : match[3]!).replace(/\\([\\#])/g, "$1").trim(),
      ...(directive ? { directive: directive[2]!.toLowerCase() as "skip" | "todo", reason: directive[3]! } : {}),
      ...(subtest && subtest.points.length > 0 ? { points: subtest.points } : {}),
    };
    level.points.push(point);
    if (depth === 0) this.onPoint(point);
  }

  /** Whether the line belongs to the YAML block. */
  #yamlLine(line: string): boolean {
    const yaml = this.#yaml!;
    const isInside = line === "" || line.startsWith(yaml.indent);
    const ends = line === `${yaml.indent}...`;
    if (isInside && !ends) {
      yaml.size += line.length + 1;
      if (yaml.size <= MAX_DIAGNOSTICS) yaml.lines.push(line.slice(yaml.indent.length));
      return true;
    }
    this.#yaml = undefined;
    const depth = (yaml.indent.length - 2) / 4;
    const point = this.#levels[depth]?.points.at(-1);
    if (point) point.diagnostics ??= yaml.lines.join("\n");
    return ends;
  }
}

function planProblems({ planned, points }: Level): string[] {
  if (planned === undefined) return ["no plan"];
  if (planned !== points.length) return [`planned ${planned} tests, ran ${points.length}`];
  const numbers = new Set(points.map((point) => point.number));
  const missing = points.findIndex((_, at) => !numbers.has(at + 1));
  return missing < 0 ? [] : [`test ${missing + 1} is missing or has another number`];
}

/** Whether a point counts as failed. */
export function pointFailed(point: TapPoint): boolean {
  return !point.ok && point.directive === undefined;
}
