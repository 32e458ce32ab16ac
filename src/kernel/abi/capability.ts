/** Capability versions and numbers (linux/capability.h; capabilities(7)). Sets are bigints, bit n for capability n. */

export const _LINUX_CAPABILITY_VERSION_1 = 0x19980330;
export const _LINUX_CAPABILITY_VERSION_2 = 0x20071026;
export const _LINUX_CAPABILITY_VERSION_3 = 0x20080522;

export const CAP_CHOWN = 0;
export const CAP_DAC_OVERRIDE = 1;
export const CAP_DAC_READ_SEARCH = 2;
export const CAP_FOWNER = 3;
export const CAP_FSETID = 4;
export const CAP_KILL = 5;
export const CAP_SETGID = 6;
export const CAP_SETUID = 7;
export const CAP_SETPCAP = 8;
export const CAP_LINUX_IMMUTABLE = 9;
export const CAP_NET_RAW = 13;
export const CAP_IPC_LOCK = 14;
export const CAP_IPC_OWNER = 15;
export const CAP_SYS_CHROOT = 18;
export const CAP_SYS_PTRACE = 19;
export const CAP_SYS_ADMIN = 21;
export const CAP_SYS_NICE = 23;
export const CAP_SYS_RESOURCE = 24;
export const CAP_MKNOD = 27;
export const CAP_LEASE = 28;
export const CAP_WAKE_ALARM = 35;
export const CAP_LAST_CAP = 40;
/** All capabilities. */
export const CAP_FULL_SET = (1n << BigInt(CAP_LAST_CAP + 1)) - 1n;

/** Names by number, without their CAP_. */
const NAMES = ("CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE " +
  "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE " +
  "SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE " +
  "AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF " +
  "CHECKPOINT_RESTORE").split(" ");

/** `CAP_SYS_ADMIN`, or the number as text. */
export function capabilityName(capability: number): string {
  const name = NAMES[capability];
  return name === undefined ? String(capability) : `CAP_${name}`;
}

/** `1<<CAP_CHOWN|1<<CAP_KILL`, `0` */
export function capabilityNames(set: bigint): string {
  const parts = NAMES.map((_, n) => n).filter((n) => set >> BigInt(n) & 1n).map((n) => `1<<${capabilityName(n)}`);
  return parts.length === 0 ? "0" : parts.join("|");
}
