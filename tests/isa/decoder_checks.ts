/**
 * The decoder against Arm's table of encodings, and against what objdump knows. What the table cannot tell, reserved
 * values of fields, is a list of its own.
 */
import { decode } from "../../src/isa/a64/decode.ts";
import { FEATURES } from "../../src/isa/a64/features.ts";
import { type Feature, insn } from "../../src/isa/a64/row.ts";
import { rows } from "../../src/isa/a64/table.ts";
import { type Encoding, filled, matcher, randomWords, readEncodings } from "./encodings.ts";
import { objdumpVersion, objdumpWords } from "./objdump.ts";
import { RESERVED } from "./reserved.ts";
import { UNANNOUNCED } from "./unannounced.ts";

const encodings = readEncodings();
const hasObjdump = objdumpVersion() !== undefined;
/** Fillings of an encoding. A quarter of its fields' values may be reserved, several times over. */
const FILLINGS = 256;

/** What a check has looked at, in one line, and what is wrong. */
export interface Finding {
  readonly counts: string;
  readonly differences: readonly string[];
}

/** One check; `missing` says what it lacks here. */
export interface Check {
  readonly name: string;
  readonly missing: string | undefined;
  /** @param words random words, where the check takes some */
  readonly run: (seed: number, words: number) => Finding | Promise<Finding>;
}

/** The mnemonic of an instruction that is executed; undefined where the word raises an exception. */
function accepted(word: number): string | undefined {
  const decoded = decode(word);
  return decoded?.row.lift && decoded.row.mnemonic(decoded.fields);
}

/** Classes whose mnemonic has a 2 where the upper half of a register is meant: one encoding, Q tells. */
const UPPER = /^simd_dp\/(asimddiff|asimdelem|asimdmisc|asimdshf)$/;

/** Whether a mnemonic is the encoding's, apart from how the table names them. */
function isSame(mnemonic: string, word: number, e: Encoding): boolean {
  if (mnemonic === e.mnemonic) return true;
  // All named hints are HINT; DC and IC are SYS; BFMLALB and BFMLALT are one encoding.
  if (mnemonic === "HINT") return e.path === "control/hints";
  if (mnemonic === "DC" || mnemonic === "IC") return e.mnemonic === "SYS";
  if (mnemonic === "BFMLALB" || mnemonic === "BFMLALT") return e.mnemonic === "BFMLAL";
  return mnemonic === `${e.mnemonic}2` && UPPER.test(e.path) && (word & 0x40000000) !== 0;
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, "0");

/** Checks words and keeps what was found. */
class Comparison {
  readonly differences: string[] = [];
  readonly reached = new Set<string>();
  words = 0;
  accepted = 0;
  readonly #best = matcher(encodings!);

  check(word: number): void {
    this.words++;
    const mnemonic = accepted(word);
    if (mnemonic === undefined) return;
    this.accepted++;
    const best = this.#best(word);
    if (best !== undefined) this.reached.add(best.name);
    if (best !== undefined && isSame(mnemonic, word, best)) return;
    this.differences.push(`${hex(word)}: here ${mnemonic}, table ${best?.name ?? "has none"}`);
  }
}

const noEncodings = encodings ? undefined : "no encodings: ELFTAP_SHARED names the folder that holds data/";
const noObjdump = hasObjdump ? undefined : "no aarch64-linux-gnu-objdump";

function onWords(seed: number, count: number): Finding {
  const comparison = new Comparison(), random = randomWords(seed);
  for (let i = 0; i < count; i++) comparison.check(random());
  const { words, accepted, differences } = comparison;
  return { counts: `${words} random words, ${accepted} accepted, ${differences.length} differ`, differences };
}

function onEncodings(seed: number): Finding {
  const comparison = new Comparison(), random = randomWords(seed);
  for (const e of encodings!) for (let i = 0; i < FILLINGS; i++) comparison.check(filled(e, random()));
  for (const { mask, value } of rows) {
    for (let i = 0; i < FILLINGS; i++) comparison.check(((random() & ~mask) | value) >>> 0);
  }
  const { words, accepted, differences } = comparison;
  return {
    counts: `${words} words of ${encodings!.length} encodings and ${rows.length} rows, ${accepted} accepted, ` +
      `${differences.length} differ`,
    differences,
  };
}

function onFeatures(seed: number): Finding {
  const comparison = new Comparison(), random = randomWords(seed);
  for (const e of encodings!) for (let i = 0; i < FILLINGS; i++) comparison.check(filled(e, random()));
  for (const { mask, value } of rows) comparison.check(((random() & ~mask) | value) >>> 0);
  const { reached } = comparison;
  const reason = (e: Encoding): string | undefined =>
    UNANNOUNCED.find(([feature, which]) => !FEATURES.has(feature as Feature) && which.test(`${e.path}/${e.name}`))
      ?.[0];
  const differences = encodings!.flatMap((e) => {
    const why = reason(e);
    if (reached.has(e.name)) return why === undefined ? [] : [`${e.name}: accepted, yet ${why} is not announced`];
    return why === undefined ? [`${e.name}: never accepted`] : [];
  });
  return { counts: `${reached.size} of ${encodings!.length} encodings accepted`, differences };
}

/** Where acceptance and objdump part: what EL0 may not do, and what objdump 2.40 takes for undefined. */
const OBJDUMP_DIFFERS: readonly (readonly [why: string, encodings: RegExp])[] = [
  ["C5.6: system registers that EL0 cannot access", /^M(RS|SR)_/],
  ["C5.5: system operations that EL0 cannot do", /^SYS_/],
  ["C6.2 LDPSW: an overlap of registers is CONSTRAINED UNPREDICTABLE", /^LDPSW_/],
];

async function onObjdump(seed: number): Promise<Finding> {
  const random = randomWords(seed);
  const wanted = encodings!.filter((e) => {
    const differs = OBJDUMP_DIFFERS.some(([, which]) => which.test(e.name));
    return !differs && !UNANNOUNCED.some(([, which]) => which.test(`${e.path}/${e.name}`));
  });
  const words = wanted.flatMap((e) => Array.from({ length: 128 }, () => filled(e, random())));
  const texts = await objdumpWords(words);
  const differences = words.flatMap((word, i) => {
    const here = accepted(word) !== undefined, there = !texts[i]!.includes("undefined");
    return here === there ? [] : [`${hex(word)}: here ${here ? "accepted" : "rejected"}, objdump ${texts[i]}`];
  });
  return { counts: `${words.length} words of ${wanted.length} encodings, ${differences.length} differ`, differences };
}

const reserved = RESERVED.map(([section, pattern]) => ({ section, ...insn(section, pattern, {}) }));
const reservedWords = (mask: number, value: number): number[] => {
  const random = randomWords(mask ^ value);
  return Array.from({ length: 64 }, () => ((random() & ~mask) | value) >>> 0);
};

function onReserved(): Finding {
  const differences = reserved.flatMap(({ section, mask, value }) =>
    reservedWords(mask, value).filter((word) => accepted(word) !== undefined).slice(0, 1)
      .map((word) => `${section}: ${hex(word)} accepted as ${accepted(word)}`)
  );
  return { counts: `${reserved.length} reserved values, ${64 * reserved.length} words`, differences };
}

async function reservedByObjdump(): Promise<Finding> {
  // Registers that EL0 cannot read have a name in objdump.
  const checked = reserved.filter(({ section }) => !section.startsWith("C5.6"));
  const texts = await objdumpWords(checked.flatMap(({ mask, value }) => reservedWords(mask, value)));
  const differences = checked.flatMap(({ section }, i) => {
    const known = texts.slice(64 * i, 64 * i + 64).find((text) => !text.includes("undefined"));
    return known === undefined ? [] : [`${section}: objdump has ${known}`];
  });
  return { counts: `${checked.length} reserved values`, differences };
}

export const DECODER_CHECKS: readonly Check[] = [
  { name: "decode accepts as X only what Arm's table calls X, on random words", missing: noEncodings, run: onWords },
  {
    name: "decode accepts as X only what Arm's table calls X, on every encoding and every row",
    missing: noEncodings,
    run: (seed) => onEncodings(seed + 1),
  },
  {
    name: "decode accepts every encoding of an announced feature, and none of another",
    missing: noEncodings,
    run: (seed) => onFeatures(seed + 2),
  },
  {
    name: "decode accepts what objdump decodes, and no more",
    missing: noEncodings ?? noObjdump,
    run: (seed) => onObjdump(seed + 3),
  },
  { name: "decode rejects reserved values of fields", missing: undefined, run: onReserved },
  { name: "the list of reserved values agrees with objdump", missing: noObjdump, run: reservedByObjdump },
];
