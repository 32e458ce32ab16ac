/**
 * The disassembler against GNU objdump: every encoding of Arm's table with random fields, random words, and the text of
 * real programs. ELFTAP_CORPUS_ROOT names the folder with those programs (default: the root of `deno task corpus`).
 */
import { strict as assert } from "node:assert";
import { disassemble } from "../../src/isa/a64/disasm/disassemble.ts";
import { fieldsOf, type Row } from "../../src/isa/a64/row.ts";
import { allRows } from "../../src/isa/a64/table.ts";
import { undefinedRows } from "../../src/isa/a64/undefined_rows.ts";
import { compareFile } from "./disasm_files.ts";
import { type Encoding, filled, matcher, randomWords, readEncodings } from "./encodings.ts";
import { objdumpVersion, objdumpWords } from "./objdump.ts";

const encodings = readEncodings();
const hasObjdump = objdumpVersion() !== undefined;
const corpus = Deno.env.get("ELFTAP_CORPUS_ROOT") ?? new URL("../corpus/build/root", import.meta.url).pathname;

const SEED = 20260;

/**
 * Where objdump 2.40 says something else than the architecture. Each with what the Arm ARM says.
 */
const OBJDUMP_DIFFERS: readonly {
  readonly why: string;
  readonly is: (word: number, encoding?: Encoding) => boolean;
}[] = [
  {
    why: "C5.1.3: op0 = 0b00 holds no system registers; unallocated there, objdump shows a generic MSR or MRS",
    is: (word) => (word & 0xffd80000) >>> 0 === 0xd5000000,
  },
  {
    why: "C6.2 LDPSW: an overlap of registers is CONSTRAINED UNPREDICTABLE, not UNDEFINED",
    is: (word) => (word & 0xfe400000) >>> 0 === 0x68400000,
  },
  {
    why: "C6.2 LD64B, ST64B, ST64BV, ST64BV0: UNDEFINED for Rt odd or above 22",
    is: (_, encoding) => encoding !== undefined && /^(LD|ST)64B/.test(encoding.mnemonic),
  },
  {
    why: "C7.2 FMLAL, FMLSL (vector): bit 22 of a set of encodings that objdump does not look at",
    is: (word) => (word & 0x9f60f400) >>> 0 === 0x0e60e400 || (word & 0xbf60fc00) >>> 0 === 0x2e60cc00,
  },
  {
    why: "C2.2: (0) and (1) bits are CONSTRAINED UNPREDICTABLE where wrong; objdump decodes some of them strictly",
    is: (word, encoding) => encoding !== undefined && ((word ^ encoding.value) & encoding.mask) !== 0,
  },
];

interface Difference {
  readonly word: number;
  readonly objdump: string;
  readonly here: string;
}

async function differences(words: readonly number[]): Promise<Difference[]> {
  const texts = await objdumpWords(words);
  const best = matcher(encodings ?? []);
  const found: Difference[] = [];
  words.forEach((word, i) => {
    const here = disassemble(word, 4 * i);
    if (here === texts[i]) return;
    const encoding = best(word);
    if (!OBJDUMP_DIFFERS.some(({ is }) => is(word, encoding))) found.push({ word, objdump: texts[i]!, here });
  });
  return found;
}

const show = (list: readonly Difference[]): string[] =>
  list.slice(0, 20).map(({ word, objdump, here }) => {
    return `${word.toString(16).padStart(8, "0")} objdump "${objdump}", here "${here}"`.replaceAll("\t", " ");
  });

Deno.test({
  name: `disassemble agrees with objdump on every encoding${
    encodings && hasObjdump ? "" : " (skipped: no encodings or no objdump)"
  }`,
  ignore: !encodings || !hasObjdump,
  fn: async () => {
    const random = randomWords(SEED);
    const words = encodings!.flatMap((e) => Array.from({ length: 64 }, () => filled(e, random())));
    const found = await differences(words);
    console.log(`${words.length} words of ${encodings!.length} encodings, ${found.length} differ (seed ${SEED})`);
    assert.deepEqual(show(found), []);
  },
});

Deno.test({
  name: `disassemble agrees with objdump on random words${
    encodings && hasObjdump ? "" : " (skipped: no encodings or no objdump)"
  }`,
  ignore: !encodings || !hasObjdump,
  fn: async () => {
    const random = randomWords(SEED + 1);
    const words: number[] = [];
    while (words.length < 200_000) {
      const word = random(), op0 = (word >>> 25) & 15;
      // SME and SVE (op0 0 and 2) are known to objdump and, but for what C libraries use, not here.
      if (op0 !== 0 && op0 !== 2) words.push(word);
    }
    const found = await differences(words);
    console.log(`${words.length} random words, ${found.length} differ (seed ${SEED + 1})`);
    assert.deepEqual(show(found), []);
  },
});

const PROGRAMS = [
  "usr/lib/aarch64-linux-gnu/libc.so.6",
  "usr/lib/aarch64-linux-gnu/libstdc++.so.6",
  "usr/bin/busybox",
  "usr/bin/python3.11",
  "usr/bin/openssl",
];
for (const program of PROGRAMS) {
  const path = `${corpus}/${program}`;
  let exists = true;
  try {
    Deno.statSync(path);
  } catch {
    exists = false;
  }
  Deno.test({
    name: `disassemble agrees with objdump on ${program.split("/").at(-1)}${
      exists && hasObjdump ? "" : " (skipped: no corpus root or no objdump)"
    }`,
    ignore: !exists || !hasObjdump,
    fn: async () => {
      const { instructions, different, kinds } = await compareFile(path);
      console.log(`${program}: ${instructions} instructions, ${different} differ`);
      assert.deepEqual([...kinds.values()].map(({ first }) => first), []);
      assert.notEqual(instructions, 0);
    },
  });
}

/** A word of the row with allocated fields, if random ones find it. */
function wordOf(row: Row, random: () => number): number | undefined {
  for (let attempt = 0; attempt < 2000; attempt++) {
    const word = ((random() & ~row.mask) | row.value) >>> 0;
    const fields = fieldsOf(row, word);
    if (row.allocated(fields) && row.valid(fields)) return word;
  }
  return undefined;
}

Deno.test("disassemble has a text for every row of the table", () => {
  const random = randomWords(SEED + 2);
  const missing = [...allRows, ...undefinedRows()].filter((row) => {
    const word = wordOf(row, random);
    return word === undefined || disassemble(word, 0).startsWith(".inst");
  });
  assert.deepEqual(missing.map((row) => row.name), []);
});

Deno.test("disassemble shows branch targets as absolute addresses that wrap", () => {
  assert.equal(disassemble(0x14000001, 0xffff_8000_0000), "b\tffff80000004");
  assert.equal(disassemble(0x17ffffff, 0), "b\tfffffffffffffffc");
  assert.equal(disassemble(0x90000000, 0x400123), "adrp\tx0, 400000");
});

Deno.test("disassemble writes unallocated words as objdump does", () => {
  assert.equal(disassemble(0xffffffff, 0), ".inst\t0xffffffff ; undefined");
});

Deno.test("disassemble names instructions of features that are not announced", () => {
  assert.equal(disassemble(0x9ac11000, 0), "irg\tx0, x0, x1");
  assert.equal(disassemble(0xd69f03e0, 0), "eret");
});
