/** A crash report as text: everything that is known, in the order in which people read it. */
import type { Crash, CrashThread } from "../kernel/crash.ts";

/** The report, with a newline at its end. */
export function crashReportText(crash: Crash): string {
  const { signalName, code, explanation, executable, argv, program, pid, tid } = crash;
  const others = (crash.threads ?? []).slice(1);
  const sections: string[][] = [
    [
      `${program} (pid ${pid}${tid === pid ? "" : `, thread ${tid}`}) was killed by ${signalName}`,
      ...facts([
        ["signal", `${signalName} (${crash.signal}), ${code}`],
        ["address", code.startsWith("SI_") ? undefined : crash.address],
        ["meaning", explanation],
        ["pc", `${crash.pc}${crash.symbol === undefined ? "" : ` ${crash.symbol}`}`],
        ["program", executable],
        ["arguments", argv && argv.length > 0 ? argv.map((each) => JSON.stringify(each)).join(" ") : undefined],
        ["core file", crash.core ?? (crash.coreError === undefined ? undefined : `none: ${crash.coreError}`)],
      ]),
    ],
    titled("Backtrace", numbered(crash.backtrace)),
    titled("Instructions", crash.disassembly ?? []),
    titled("Registers", registerLines(crash.registers)),
    ...others.map((each) => titled(threadTitle(each), numbered(each.backtrace))),
    titled("Last system calls", crash.syscalls ?? []),
    titled("Open files", crash.files ?? []),
    titled("Memory map", crash.maps ?? []),
  ];
  return sections.filter((lines) => lines.length > 0).map((lines) => lines.map(clean).join("\n")).join("\n\n") + "\n";
}

const threadTitle = ({ tid, name, state }: CrashThread) => `Thread ${tid} ${name}, ${state}`;

function facts(list: readonly (readonly [string, string | undefined])[]): string[] {
  return list.flatMap(([name, value]) => value === undefined ? [] : [`  ${`${name}:`.padEnd(11)} ${value}`]);
}

function titled(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];
}

/** Frames with gdb's numbers; what was left out has none. */
export function numbered(backtrace: readonly string[]): string[] {
  let depth = 0;
  return backtrace.map((line) => {
    const omitted = /^… (\d+) more/.exec(line);
    if (!omitted) return `#${depth++} ${line}`;
    depth += Number(omitted[1]);
    return line;
  });
}

function registerLines(registers: Crash["registers"]): string[] {
  const cells = Object.entries(registers).map(([name, value]) =>
    `${name.padStart(6)} ${value.replace(/^0x/, "").padStart(16, "0")}`
  );
  const lines: string[] = [];
  for (let at = 0; at < cells.length; at += 4) lines.push(cells.slice(at, at + 4).join(" ").trimEnd());
  return lines;
}

/** Names are the guest's: a control character must not steer the reader's terminal. */
function clean(line: string): string {
  // deno-lint-ignore no-control-regex
  return line.replace(/[\x00-\x1f\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
