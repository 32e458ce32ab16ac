/** The same guest programs on two engines: whether a program's result is the same on both, line by line. */

/** What a guest program left behind on an engine. */
export interface ProgramResult {
  readonly title: string;
  readonly exit: number;
  readonly stdout: string;
}

/** Lines of TAP's that say what was tested and how it went, without numbers: what was skipped counts on. */
const verdicts = (lines: readonly string[]): string[] =>
  lines.filter((line) => /^(not )?ok \d/.test(line) && !/# SKIP/i.test(line)).map((line) => line.replace(/ \d+/, ""));

/** Results that a program left out, as its processor lacks something. */
const skips = ({ stdout }: ProgramResult): number => stdout.match(/^ok \d.*# SKIP/gim)?.length ?? 0;

/**
 * What differs between two runs of a program, in lines for a person; empty if nothing does. Comments of TAP, which may
 * tell figures of the run, are left out. Where one run has skipped something, results that only the other has are no
 * difference.
 */
export function differences(one: ProgramResult, other: ProgramResult): string[] {
  const lines: string[] = [];
  if (one.exit !== other.exit) lines.push(`exit status ${one.exit} and ${other.exit}`);
  const results = ({ stdout }: ProgramResult) => stdout.split("\n").filter((line) => !line.startsWith("#"));
  let left = results(one), right = results(other);
  if (skips(one) !== skips(other)) {
    const [ofOne, ofOther] = [verdicts(left), verdicts(right)];
    left = skips(other) > 0 ? ofOne.filter((line) => ofOther.includes(line) || line.startsWith("not")) : ofOne;
    right = skips(one) > 0 ? ofOther.filter((line) => ofOne.includes(line) || line.startsWith("not")) : ofOther;
  }
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    if (left[i] !== right[i]) lines.push(`line ${i + 1}: ${left[i] ?? "(none)"} / ${right[i] ?? "(none)"}`);
  }
  return lines;
}

/** In a few words. */
export function summary({ exit, stdout }: ProgramResult): string {
  const ok = stdout.match(/^ok \d/gm)?.length ?? 0, notOk = stdout.match(/^not ok \d/gm)?.length ?? 0;
  const results = ok + notOk > 0 ? `${ok} ok${notOk > 0 ? `, ${notOk} not ok` : ""}` : `${stdout.length} bytes`;
  return `exit ${exit}, ${results}`;
}

/**
 * The comparison as a table, a row per program.
 *
 * @param names of the two engines
 */
export function table(
  names: readonly [string, string],
  pairs: readonly (readonly [ProgramResult, ProgramResult])[],
): { readonly text: string; readonly differing: number } {
  const width = Math.max(8, ...pairs.map(([{ title }]) => title.length)) + 2;
  const lines = ["program".padEnd(width) + names[0].padEnd(22) + names[1].padEnd(22)];
  let differing = 0;
  for (const [one, other] of pairs) {
    const different = differences(one, other);
    if (different.length > 0) differing++;
    const skipped = skips(one) === skips(other) ? "" : `, but skips ${skips(one)} and ${skips(other)}`;
    const verdict = different.length === 0 ? `same${skipped}` : `DIFFERS: ${different[0]}`;
    lines.push(one.title.padEnd(width) + summary(one).padEnd(22) + summary(other).padEnd(22) + verdict);
  }
  lines.push(`${pairs.length} programs: ${pairs.length - differing} the same, ${differing} differ`);
  return { text: lines.join("\n"), differing };
}
