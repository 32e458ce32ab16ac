/**
 * `deno task disasm FILE…`: disassembles the executable sections of aarch64 ELF files and compares every instruction
 * with objdump. Prints the counts and, for what differs, the first of each kind; the exit code is 1 if anything does.
 */
import { disassemble } from "../../src/isa/a64/disasm/disassemble.ts";
import { listing, objdumpVersion } from "./objdump.ts";

export interface Agreement {
  readonly instructions: number;
  readonly different: number;
  /** By both mnemonics: how many, and the first. */
  readonly kinds: ReadonlyMap<string, { count: number; first: string }>;
}

/** Compares one file. */
export async function compareFile(path: string): Promise<Agreement> {
  let instructions = 0, different = 0;
  const kinds = new Map<string, { count: number; first: string }>();
  for await (const { pc, word, text } of listing(["-d", path])) {
    instructions++;
    const ours = disassemble(word, pc);
    if (ours === text) continue;
    different++;
    const kind = `${text.split("\t")[0]} / ${ours.split("\t")[0]}`;
    const known = kinds.get(kind);
    if (known) known.count++;
    else {
      const at = `${pc.toString(16)}: ${word.toString(16).padStart(8, "0")}`;
      kinds.set(kind, { count: 1, first: `${at}  objdump "${text}", here "${ours}"`.replaceAll("\t", " ") });
    }
  }
  return { instructions, different, kinds };
}

if (import.meta.main) {
  const version = objdumpVersion();
  if (version === undefined || Deno.args.length === 0) {
    console.error(
      version === undefined
        ? "disasm: aarch64-linux-gnu-objdump is missing (Debian: binutils-aarch64-linux-gnu)"
        : "usage: deno task disasm FILE…",
    );
    Deno.exit(125);
  }
  console.log(version);
  let failed = false;
  for (const path of Deno.args) {
    const { instructions, different, kinds } = await compareFile(path);
    console.log(`${path}: ${instructions} instructions, ${different} differ`);
    for (const { count, first } of kinds.values()) console.log(`  ${count}x  ${first}`);
    failed ||= different > 0 || instructions === 0;
  }
  Deno.exit(failed ? 1 : 0);
}
