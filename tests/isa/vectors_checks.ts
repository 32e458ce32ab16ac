/**
 * Runs recorded single instructions: results of real hardware, of many operands for every form. The data is not part
 * of the repository; ELFTAP_SHARED names the folder that holds `data/vectors-visible`, ELFTAP_VECTORS another folder of
 * such files. FPSR is not recorded.
 */
import { Machine } from "../../src/engine/wasm/testing.ts";
import { FEATURES } from "../../src/isa/a64/features.ts";
import type { Feature } from "../../src/isa/a64/row.ts";
import { type Group, readVectors, type VectorFile } from "./vectors.ts";

const shared = Deno.env.get("ELFTAP_SHARED") ?? new URL("../../../shared", import.meta.url).pathname;
/** Where the vectors are looked for. */
export const VECTORS = Deno.env.get("ELFTAP_VECTORS") ?? `${shared}/data/vectors-visible`;

/** Names of the files that are there. */
export function vectorFiles(): string[] {
  try {
    return [...Deno.readDirSync(VECTORS)].map((entry) => entry.name).filter((name) => name.endsWith(".a64v.gz")).sort();
  } catch {
    return [];
  }
}

const announced = (feature: string): boolean =>
  feature === "FP" || feature === "AdvSIMD" || FEATURES.has(feature.replace(/^FEAT_/, "") as Feature);

let machine: Machine | undefined;

const hex = (bytes: Uint8Array): string => [...bytes].reverse().map((b) => b.toString(16).padStart(2, "0")).join("");
const littleEndian = (bytes: Uint8Array): bigint => BigInt(`0x${hex(bytes)}`);

/** Runs one group; returns a line for the first few records that differ, and how many did. */
function runGroup(on: Machine, file: VectorFile, group: Group): string[] {
  const vectors = new Uint8Array(512), after = new Uint8Array(512);
  const put = (reg: string, bytes: Uint8Array): void => {
    const number = Number(reg.slice(1));
    if (reg.startsWith("v")) vectors.set(bytes, 16 * number);
    else on.regs.setX(number, littleEndian(bytes));
  };
  const failures: string[] = [];
  let failed = 0;
  for (let index = 0; index < group.count; index++) {
    const record = file.record(group, index);
    const opcode = new DataView(record.buffer, record.byteOffset).getUint32(0, true);
    for (const [reg, bytes] of Object.entries(group.const)) put(reg, Uint8Array.fromHex(bytes));
    for (const { reg, at, size } of group.inputs) put(reg, record.subarray(at, at + size));
    on.regs.writeV(vectors);
    on.regs.fpcr = 0;
    // Both paths of the floating-point semantics: exact flags wanted, and inexact already recorded.
    on.regs.fpsr = index % 2 ? 0x10 : 0;
    const { kind } = on.step(opcode);
    const { reg, at, size } = group.out;
    let got: Uint8Array;
    if (reg === "nzcv") got = Uint8Array.of(on.regs.nzcv >>> 28, 0, 0, 0, 0, 0, 0, 0);
    else if (reg.startsWith("v")) {
      on.regs.readV(after);
      got = after.slice(16 * Number(reg.slice(1)), 16 * Number(reg.slice(1)) + size);
    } else {
      got = new Uint8Array(8);
      new DataView(got.buffer).setBigUint64(0, on.regs.x(Number(reg.slice(1))), true);
    }
    const want = record.subarray(at, at + size);
    if (kind === "fuel" && got.every((byte, i) => byte === want[i])) continue;
    if (failed++ >= 3) continue;
    const word = opcode.toString(16).padStart(8, "0");
    const inputs = group.inputs.map((f) => `${f.reg}=${hex(record.subarray(f.at, f.at + f.size))}`).join(" ");
    failures.push(
      `${group.name} #${index} ${word} ${group.asm[word] ?? ""} | ${inputs} | ${
        kind === "fuel" ? `got ${hex(got)}, want ${hex(want)}` : kind
      }`,
    );
  }
  if (failed > 0) failures.push(`${group.name}: ${failed} of ${group.count} records differ`);
  return failures;
}

/** What came of a file. */
export interface VectorResult {
  readonly forms: number;
  readonly records: number;
  /** Groups of features that are not announced. */
  readonly notRun: readonly string[];
  readonly failures: readonly string[];
}

/** Runs one file. */
export function runVectors(name: string): VectorResult {
  machine ??= new Machine();
  const file = readVectors(`${VECTORS}/${name}`), failures: string[] = [], notRun: string[] = [];
  let forms = 0, records = 0;
  for (const group of file.groups) {
    if (!announced(group.feature)) {
      notRun.push(`${group.name} (${group.feature}), ${group.count} records`);
      continue;
    }
    forms++;
    records += group.count;
    failures.push(...runGroup(machine, file, group));
  }
  return { forms, records, notRun, failures };
}
