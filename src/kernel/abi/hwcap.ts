/** AT_HWCAP and AT_HWCAP2 (arm64 uapi/asm/hwcap.h; Documentation/arch/arm64/elf_hwcaps.rst) from the CPU's features. */

/** Names as in /proc/cpuinfo, with bit numbers: below 32 AT_HWCAP, from 64 on AT_HWCAP2. */
const BITS: readonly [cpuinfo: string, bit: number, feature: string][] = [
  ["fp", 0, "FP"],
  ["asimd", 1, "AdvSIMD"],
  ["evtstrm", 2, "EventStream"],
  ["aes", 3, "AES"],
  ["pmull", 4, "PMULL"],
  ["sha1", 5, "SHA1"],
  ["sha2", 6, "SHA256"],
  ["crc32", 7, "CRC32"],
  ["atomics", 8, "LSE"],
  ["fphp", 9, "FP16"],
  ["asimdhp", 10, "FP16"],
  ["cpuid", 11, "IDs"],
  ["asimdrdm", 12, "RDM"],
  ["jscvt", 13, "JSCVT"],
  ["fcma", 14, "FCMA"],
  ["lrcpc", 15, "LRCPC"],
  ["dcpop", 16, "DPB"],
  ["sha3", 17, "SHA3"],
  ["sm3", 18, "SM3"],
  ["sm4", 19, "SM4"],
  ["asimddp", 20, "DotProd"],
  ["sha512", 21, "SHA512"],
  ["asimdfhm", 23, "FHM"],
  ["dit", 24, "DIT"],
  ["ilrcpc", 26, "LRCPC2"],
  ["flagm", 27, "FlagM"],
  ["ssbs", 28, "SSBS"],
  ["sb", 29, "SB"],
  ["dcpodp", 64, "DPB2"],
  ["flagm2", 71, "FlagM2"],
  ["frint", 72, "FRINTTS"],
  ["i8mm", 77, "I8MM"],
  ["bf16", 78, "BF16"],
];

/**
 * What every engine has: the base FP and AdvSIMD, the event stream that ends WFE (which waits for nothing here), and ID
 * registers readable as Linux emulates them.
 */
const BASE = new Set(["FP", "AdvSIMD", "EventStream", "IDs"]);

const present = (features: ReadonlySet<string>) =>
  BITS.filter(([, , feature]) => BASE.has(feature) || features.has(feature));

export interface Hwcaps {
  readonly hwcap: bigint;
  readonly hwcap2: bigint;
}

/** By what an engine has, which stays the same: every program is told. */
const known = new WeakMap<ReadonlySet<string>, Hwcaps>();

export function hwcaps(features: ReadonlySet<string>): Hwcaps {
  let caps = known.get(features);
  if (caps === undefined) {
    let all = 0n;
    for (const [, bit] of present(features)) all |= 1n << BigInt(bit);
    known.set(features, caps = { hwcap: all & 0xffffffffn, hwcap2: all >> 64n });
  }
  return caps;
}

/** The "Features" line of /proc/cpuinfo. */
export const featureNames = (features: ReadonlySet<string>): string =>
  present(features).map(([name]) => name).join(" ");
