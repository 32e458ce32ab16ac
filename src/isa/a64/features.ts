/**
 * The features that are announced, and the ID register fields that announce them (Arm ARM D19.2). A feature is
 * listed once all of its instructions are there and tested; instructions of other features are undefined.
 */
import type { Feature } from "./row.ts";

export const FEATURES: ReadonlySet<Feature> = new Set<Feature>([
  "LSE",
  "CRC32",
  "RDM",
  "DotProd",
  "LRCPC",
  "LRCPC2",
  "FlagM",
  "FP16",
  "FHM",
  "FCMA",
  "JSCVT",
  "FRINTTS",
  "BF16",
  "I8MM",
  "AES",
  "PMULL",
  "SHA1",
  "SHA256",
  "SHA512",
  "SHA3",
  "SM3",
  "SM4",
  "FlagM2",
  "DPB",
  "DPB2",
  "SB",
  "DIT",
  "SSBS",
]);

/** Bits of PSTATE that FEAT_DIT and FEAT_SSBS add. */
export const PSTATE_DIT = 1 << 24, PSTATE_SSBS = 1 << 12;

/**
 * MIDR_EL1 of the project's own processor: implementer 0 is reserved for software use, architecture 15 says that the ID
 * registers tell.
 */
export const MIDR_EL1 = 0x000f0000;

/** ID registers that announce features. */
export type IdRegister = "ID_AA64ISAR0_EL1" | "ID_AA64ISAR1_EL1" | "ID_AA64PFR0_EL1" | "ID_AA64PFR1_EL1";

/**
 * Fields that Linux hides from EL0 read as what is safe to assume (arch/arm64/kernel/cpufeature.c, Linux 6.1): EL0 and
 * EL1 are AArch64 only; no granule of the MMU is known; Armv8 debug. All other registers and fields are zero.
 */
const HIDDEN: Readonly<Record<string, bigint>> = {
  ID_AA64PFR0_EL1: 0x11n,
  ID_AA64DFR0_EL1: 0x6n,
  ID_AA64MMFR0_EL1: 0x111ff000000n,
};

/** Field position and value for each feature; of several features in one field the highest value counts. */
const FIELDS: readonly [Feature, IdRegister, lsb: number, value: number][] = [
  ["AES", "ID_AA64ISAR0_EL1", 4, 1],
  ["PMULL", "ID_AA64ISAR0_EL1", 4, 2],
  ["SHA1", "ID_AA64ISAR0_EL1", 8, 1],
  ["SHA256", "ID_AA64ISAR0_EL1", 12, 1],
  ["SHA512", "ID_AA64ISAR0_EL1", 12, 2],
  ["CRC32", "ID_AA64ISAR0_EL1", 16, 1],
  ["LSE", "ID_AA64ISAR0_EL1", 20, 2],
  ["RDM", "ID_AA64ISAR0_EL1", 28, 1],
  ["SHA3", "ID_AA64ISAR0_EL1", 32, 1],
  ["SM3", "ID_AA64ISAR0_EL1", 36, 1],
  ["SM4", "ID_AA64ISAR0_EL1", 40, 1],
  ["DotProd", "ID_AA64ISAR0_EL1", 44, 1],
  ["FHM", "ID_AA64ISAR0_EL1", 48, 1],
  ["FlagM", "ID_AA64ISAR0_EL1", 52, 1],
  ["FlagM2", "ID_AA64ISAR0_EL1", 52, 2],
  ["DPB", "ID_AA64ISAR1_EL1", 0, 1],
  ["DPB2", "ID_AA64ISAR1_EL1", 0, 2],
  ["JSCVT", "ID_AA64ISAR1_EL1", 12, 1],
  ["FCMA", "ID_AA64ISAR1_EL1", 16, 1],
  ["LRCPC", "ID_AA64ISAR1_EL1", 20, 1],
  ["LRCPC2", "ID_AA64ISAR1_EL1", 20, 2],
  ["FRINTTS", "ID_AA64ISAR1_EL1", 32, 1],
  ["SB", "ID_AA64ISAR1_EL1", 36, 1],
  ["BF16", "ID_AA64ISAR1_EL1", 44, 1],
  ["I8MM", "ID_AA64ISAR1_EL1", 52, 1],
  ["FP16", "ID_AA64PFR0_EL1", 16, 1], // FP; AdvSIMD follows below
  ["FP16", "ID_AA64PFR0_EL1", 20, 1],
  ["DIT", "ID_AA64PFR0_EL1", 48, 1],
  ["SSBS", "ID_AA64PFR1_EL1", 4, 2], // with MRS and MSR
];

/**
 * An ID register as EL0 sees it through Linux's emulation.
 *
 * @param features what there is; default: what the project's own semantics cover
 */
export function idRegister(
  name: IdRegister | "ID_AA64DFR0_EL1" | "ID_AA64MMFR0_EL1",
  features: ReadonlySet<string> = FEATURES,
): bigint {
  const fields = new Map<number, number>();
  for (const [feature, register, lsb, value] of FIELDS) {
    if (register === name && features.has(feature)) fields.set(lsb, Math.max(value, fields.get(lsb) ?? 0));
  }
  let bits = HIDDEN[name] ?? 0n;
  for (const [lsb, value] of fields) bits |= BigInt(value) << BigInt(lsb);
  return bits;
}

/** The features that a CPU's own ID registers announce, as far as the project knows their names. */
export function featuresOf(registers: Readonly<Record<IdRegister, bigint>>): Set<Feature> {
  const found = new Set<Feature>();
  for (const [feature, register, lsb, value] of FIELDS) {
    const field = Number((registers[register] >> BigInt(lsb)) & 15n);
    // 15 is -1 in the signed fields of ID_AA64PFR0_EL1: not even the base; no unsigned field is that high.
    if (field !== 15 && field >= value) found.add(feature);
  }
  return found;
}
