/**
 * The DWARF readers beside binutils, over programs built here in every way a compiler offers, and over a C library:
 * lines against addr2line, frame rows against readelf, for addresses all over the text.
 */
import { deepEqual, ok } from "node:assert/strict";
import { DebugInfo } from "../../src/debug/dwarf/debug_info.ts";
import { DebugSections } from "../../src/debug/dwarf/debug_sections.ts";
import { type FrameDescription, FrameTable } from "../../src/debug/dwarf/frame_table.ts";
import { parseDebugFile } from "../../src/elf/debug_file.ts";
import { type ElfFile, parseElf } from "../../src/elf/parse.ts";
import { sectionBytes } from "../../src/elf/sections.ts";
import { bytesSource } from "../../src/elf/source.ts";
import { hasCommand } from "../guests/toolchain.ts";
import { temporaryFolder } from "../support/elftap.ts";

const GCC = "aarch64-linux-gnu-gcc", READELF = "aarch64-linux-gnu-readelf", ADDR2LINE = "aarch64-linux-gnu-addr2line";
const OBJCOPY = "aarch64-linux-gnu-objcopy";
const ignore = !hasCommand(GCC);
const LIBC = "/usr/aarch64-linux-gnu/lib/libc.so.6";

function run(command: string, ...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(command, { args, env: { LC_ALL: "C" } }).outputSync();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

const SOURCE = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct node { struct node *volatile next; volatile int value; };
static inline int value_of(struct node *n) { return n->next ? n->next->value * 3 : -1; }
static inline int twice(struct node *n) {
  int sum = value_of(n);
  if (sum > 100) puts("large");
  return sum + value_of(n->next);
}
__attribute__((noinline)) int compare(const void *a, const void *b) {
  return *(const int *) a - *(const int *) b;
}
__attribute__((noinline)) double mix(double a, double b, int n) {
  char text[200];
  for (int i = 0; i < n; i++) a = a * b + i;
  snprintf(text, sizeof text, "%f", a);
  return a + strlen(text);
}
int main(int argc, char **argv) {
  struct node last = { 0, 7 }, first = { &last, argc };
  int numbers[] = { 3, 1, 2 };
  qsort(numbers, 3, sizeof(int), compare);
  printf("%d %s %f\\n", twice(&first), argv[0], mix(argc, 2, 3));
  return numbers[0];
}
`;

function textOf(elf: ElfFile) {
  return elf.sections.find(({ name }) => name === ".text")!;
}

function addressesOf(elf: ElfFile, count: number): number[] {
  const { addr, size } = textOf(elf), step = Math.max(4, Math.floor(size / count / 4) * 4);
  return Array.from({ length: Math.floor(size / step) }, (_, n) => addr + n * step);
}

/** `function at file:line` of each address, inlined functions from the inside out. */
function oracleLines(path: string, addresses: readonly number[]): string[][] {
  const output = run(ADDR2LINE, "-a", "-i", "-f", "-e", path, ...addresses.map((each) => each.toString(16)));
  return output.split(/^0x[0-9a-f]{16}\n/m).slice(1).map((block) => {
    const lines = block.trimEnd().split("\n"), frames: string[] = [];
    for (let at = 0; at + 1 < lines.length; at += 2) {
      frames.push(`${lines[at]} at ${lines[at + 1]!.replace(/ \(discriminator \d+\)$/, "")}`);
    }
    return frames;
  });
}

function ourLines(info: DebugInfo, address: number): string[] {
  return info.lookup(address).map(({ function: name, place }) =>
    `${name ?? "??"} at ${place ? `${place.path}:${place.line}` : "??:0"}`
  );
}

const VARIANTS: readonly (readonly [string, readonly string[]])[] = [
  ["DWARF 5", ["-g", "-O2"]],
  ["DWARF 5 without optimisation", ["-g", "-O0"]],
  ["DWARF 4", ["-gdwarf-4", "-O2"]],
  ["DWARF 3", ["-gdwarf-3", "-gstrict-dwarf", "-O2"]],
  ["DWARF 2", ["-gdwarf-2", "-gstrict-dwarf", "-O2"]],
  ["zlib", ["-g", "-gz", "-O2"]],
  ["sections per function, collected", ["-g", "-O2", "-ffunction-sections", "-Wl,--gc-sections"]],
  ["a fixed address", ["-g", "-O2", "-no-pie"]],
];

for (const [title, flags] of VARIANTS) {
  Deno.test(`DebugInfo gives the lines that addr2line gives, inlined functions too: ${title}`, { ignore }, () => {
    using folder = temporaryFolder();
    Deno.writeTextFileSync(`${folder.path}/p.c`, SOURCE);
    run(GCC, ...flags, "-w", "-o", `${folder.path}/p`, `${folder.path}/p.c`);
    const elf = parseElf(bytesSource(Deno.readFileSync(`${folder.path}/p`)));
    const info = new DebugInfo(new DebugSections(elf));
    ok(info.present);
    const addresses = addressesOf(elf, 100_000), expected = oracleLines(`${folder.path}/p`, addresses);
    let compared = 0, inlined = 0;
    addresses.forEach((address, n) => {
      // What has no line has no function for us; addr2line then names the nearest symbol.
      if (expected[n]![0]!.endsWith(" at ??:?") || expected[n]![0]!.endsWith(":?")) return;
      deepEqual(ourLines(info, address), expected[n], `at ${address.toString(16)}`);
      compared++;
      if (expected[n]!.length > 1) inlined++;
    });
    // Nothing is inlined without optimisation, and DWARF 2 cannot tell where it was.
    ok(inlined > 0 || flags.includes("-O0") || flags.includes("-gdwarf-2"));
    ok(compared > 30, `${compared} addresses have lines`);
  });
}

// Formats that addr2line does not read, or not everywhere.
for (
  const [title, flag, compression] of [
    ["64-bit DWARF", "-gdwarf64", undefined],
    ["zlib in .zdebug sections", "-gz=zlib-gnu", undefined],
    ["zstd", "-g", "zstd"],
  ] as const
) {
  Deno.test(`DebugInfo gives the same lines whatever the format: ${title}`, { ignore }, () => {
    using folder = temporaryFolder();
    Deno.writeTextFileSync(`${folder.path}/p.c`, SOURCE);
    const [plain, other] = [[], [flag]].map((flags, n) => {
      run(GCC, "-g", "-O2", ...flags, "-w", "-o", `${folder.path}/p${n}`, `${folder.path}/p.c`);
      if (n > 0 && compression) run(OBJCOPY, `--compress-debug-sections=${compression}`, `${folder.path}/p${n}`);
      return parseElf(bytesSource(Deno.readFileSync(`${folder.path}/p${n}`)));
    });
    const expected = new DebugInfo(new DebugSections(plain!)), info = new DebugInfo(new DebugSections(other!));
    let inlined = 0;
    for (const address of addressesOf(plain!, 1000)) {
      const frames = ourLines(info, address);
      deepEqual(frames, ourLines(expected, address));
      if (frames.length > 1) inlined++;
    }
    ok(inlined > 0);
  });
}

Deno.test("DebugInfo reads split DWARF: lines without the .dwo file, inlined functions with it", { ignore }, () => {
  for (const version of ["-gdwarf-5", "-gdwarf-4"]) {
    using folder = temporaryFolder();
    Deno.writeTextFileSync(`${folder.path}/p.c`, SOURCE);
    const build = ["-O2", "-w", version, "-c", "-o", `${folder.path}/p.o`, `${folder.path}/p.c`];
    run(GCC, "-gsplit-dwarf", ...build);
    run(GCC, "-o", `${folder.path}/p`, `${folder.path}/p.o`);
    run(GCC, ...build.map((each) => each.replace(/p\.o$/, "q.o")));
    run(GCC, "-o", `${folder.path}/q`, `${folder.path}/q.o`);
    const elf = parseElf(bytesSource(Deno.readFileSync(`${folder.path}/p`)));
    const asked: string[] = [];
    const split = new DebugInfo(new DebugSections(elf), (name, directory) => {
      asked.push(`${directory}/${name}`);
      return new DebugSections(parseDebugFile(bytesSource(Deno.readFileSync(`${folder.path}/p.dwo`))));
    });
    const without = new DebugInfo(new DebugSections(elf));
    const whole = new DebugInfo(
      new DebugSections(parseElf(bytesSource(Deno.readFileSync(`${folder.path}/q`)))),
    );
    let inlined = 0;
    for (const address of addressesOf(elf, 1000)) {
      const expected = ourLines(whole, address);
      deepEqual(ourLines(split, address), expected, version);
      if (expected.length > 1) inlined++;
      const place = without.lookup(address)[0]?.place;
      deepEqual(place && `${place.path}:${place.line}`, expected[0]?.replace(/^.* at /, ""));
    }
    ok(inlined > 0);
    ok(asked.length > 0);
  }
});

/** readelf's table: the rows of all frames, with registers by name. */
function oracleFrames(path: string, kind: "frames" | "frames-interp") {
  const rows: { start: number; end: number; cfa: string; ra: string; fp: string }[] = [];
  let columns: string[] = [], last: typeof rows[number] | undefined, end = 0;
  for (const line of run(READELF, `--debug-dump=${kind}`, path).split("\n")) {
    const fde = /FDE cie=.* pc=([0-9a-f]+)\.\.([0-9a-f]+)/.exec(line);
    if (fde) {
      if (last) last.end = end;
      last = undefined;
      end = parseInt(fde[2]!, 16);
      columns = [];
      rows.push();
    } else if (/ CIE /.test(line) || line.startsWith("Contents")) {
      if (last) last.end = end;
      last = undefined;
      end = 0;
    } else if (/^ +LOC +CFA/.test(line)) columns = line.trim().split(/\s+/);
    else if (end > 0 && /^[0-9a-f]{16} /.test(line)) {
      const cells = line.trim().split(/\s+/), start = parseInt(cells[0]!, 16);
      const cell = (name: string) => cells[columns.indexOf(name)] ?? "u";
      if (last) last.end = start;
      // `ra` is how readelf names the column of the return address.
      last = { start, end, cfa: cells[1]!, ra: cell("ra"), fp: cell("x29") };
      rows.push(last);
    }
  }
  if (last) last.end = end;
  return rows.filter((row) => row.end > row.start);
}

function ruleText(description: FrameDescription, register: number): string {
  const rule = description.row.registers.get(register);
  switch (rule?.kind) {
    case undefined:
      return "u";
    case "offset":
      return `c${rule.offset >= 0 ? "+" : ""}${rule.offset}`;
    case "undefined":
      return "u";
    case "same":
      return "s";
    case "expression":
      return "exp";
    case "valueExpression":
      return "vexp";
    default:
      return rule!.kind;
  }
}

function cfaText({ row }: FrameDescription): string {
  return row.cfa.kind === "expression"
    ? "exp"
    : `${row.cfa.register === 31 ? "sp" : `x${row.cfa.register}`}${row.cfa.offset >= 0 ? "+" : ""}${row.cfa.offset}`;
}

function ehFrame(elf: ElfFile, withHeader: boolean): FrameTable {
  const section = (name: string) => {
    const found = elf.sections.find((each) => each.name === name)!;
    return { bytes: sectionBytes(elf.source, found, 1 << 28)!, address: found.addr };
  };
  return new FrameTable(section(".eh_frame"), "eh_frame", withHeader ? section(".eh_frame_hdr") : undefined);
}

function compareFrames(path: string, table: FrameTable): number {
  let compared = 0;
  for (const { start, end, cfa, ra, fp } of oracleFrames(path, "frames-interp")) {
    for (const pc of new Set([start, end - 4])) {
      const found = table.lookup(pc);
      ok(found, `${path}: nothing at ${pc.toString(16)}`);
      deepEqual(
        { cfa: cfaText(found), ra: ruleText(found, 30), fp: ruleText(found, 29) },
        { cfa, ra, fp },
        `${path} at ${pc.toString(16)}`,
      );
      compared++;
    }
  }
  return compared;
}

Deno.test("FrameTable gives the rows that readelf gives for the C library", { ignore }, () => {
  const elf = parseElf(bytesSource(Deno.readFileSync(LIBC)));
  const compared = compareFrames(LIBC, ehFrame(elf, true));
  ok(compared > 10_000, `${compared} rows`);
  // Without the sorted table the answers are the same.
  deepEqual(compareFrames(LIBC, ehFrame(elf, false)), compared);
});

Deno.test("FrameTable reads .debug_frame", { ignore }, () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/p.c`, SOURCE);
  for (const flags of [["-gdwarf-5"], ["-gdwarf-3"], ["-g", "-gdwarf64"]]) {
    const path = `${folder.path}/p.so`;
    const frames = ["-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-nostdlib", "-shared", "-fPIC"];
    run(GCC, ...flags, "-O2", "-fomit-frame-pointer", ...frames, "-w", "-o", path, `${folder.path}/p.c`);
    const bytes = new DebugSections(parseElf(bytesSource(Deno.readFileSync(path)))).get(".debug_frame");
    ok(bytes);
    ok(compareFrames(path, new FrameTable({ bytes, address: 0 }, "debug_frame")) > 10);
  }
});

Deno.test("FrameTable follows the signing of return addresses", { ignore }, () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/p.c`, SOURCE);
  run(GCC, "-O2", "-mbranch-protection=pac-ret", "-w", "-o", `${folder.path}/p`, `${folder.path}/p.c`);
  const elf = parseElf(bytesSource(Deno.readFileSync(`${folder.path}/p`)));
  const table = ehFrame(elf, true), { addr, size } = textOf(elf);
  const states = new Set<boolean>();
  for (let pc = addr; pc < addr + size; pc += 4) {
    const found = table.lookup(pc);
    if (found) states.add(found.row.signed);
  }
  deepEqual([...states].sort(), [false, true]);
});
