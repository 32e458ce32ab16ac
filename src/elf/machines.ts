/** Which machine an ELF file is for, and what would run it: the answer to "wrong architecture". */

/** One e_machine value. */
export interface Machine {
  /** The constant's name, e.g. `EM_X86_64`. */
  readonly name: string;
  /** As people call it. */
  readonly title: string;
  /** qemu-user's program for it, where there is one. */
  readonly runner?: string;
}

const m = (name: string, title: string, runner?: string): Machine =>
  runner === undefined ? { name, title } : { name, title, runner };

/** e_machine values that are met in practice (gABI, "ELF Header"; the registry at the gABI's e_machine page). */
export const MACHINES: ReadonlyMap<number, Machine> = new Map([
  [0, m("EM_NONE", "no machine")],
  [2, m("EM_SPARC", "SPARC", "qemu-sparc")],
  [3, m("EM_386", "32-bit x86", "qemu-i386")],
  [4, m("EM_68K", "Motorola 68000", "qemu-m68k")],
  [8, m("EM_MIPS", "MIPS", "qemu-mips")],
  [15, m("EM_PARISC", "PA-RISC", "qemu-hppa")],
  [18, m("EM_SPARC32PLUS", "SPARC v8+", "qemu-sparc32plus")],
  [20, m("EM_PPC", "32-bit PowerPC", "qemu-ppc")],
  [21, m("EM_PPC64", "64-bit PowerPC", "qemu-ppc64")],
  [22, m("EM_S390", "IBM S/390", "qemu-s390x")],
  [40, m("EM_ARM", "32-bit Arm", "qemu-arm")],
  [42, m("EM_SH", "SuperH", "qemu-sh4")],
  [43, m("EM_SPARCV9", "64-bit SPARC", "qemu-sparc64")],
  [50, m("EM_IA_64", "Itanium")],
  [62, m("EM_X86_64", "x86-64", "qemu-x86_64")],
  [83, m("EM_AVR", "AVR")],
  [92, m("EM_OPENRISC", "OpenRISC", "qemu-or1k")],
  [94, m("EM_XTENSA", "Xtensa", "qemu-xtensa")],
  [105, m("EM_MSP430", "MSP430")],
  [164, m("EM_HEXAGON", "Qualcomm Hexagon", "qemu-hexagon")],
  [183, m("EM_AARCH64", "AArch64", "qemu-aarch64")],
  [189, m("EM_MICROBLAZE", "MicroBlaze", "qemu-microblaze")],
  [190, m("EM_CUDA", "NVIDIA CUDA")],
  [195, m("EM_ARC_COMPACT2", "ARC HS")],
  [224, m("EM_AMDGPU", "AMD GPU")],
  [243, m("EM_RISCV", "RISC-V", "qemu-riscv64")],
  [247, m("EM_BPF", "eBPF")],
  [252, m("EM_CSKY", "C-SKY", "qemu-cskyv2")],
  [258, m("EM_LOONGARCH", "LoongArch", "qemu-loongarch64")],
  [0x9026, m("EM_ALPHA", "Alpha", "qemu-alpha")],
]);

/** The machine as one phrase, e.g. `x86-64 (EM_X86_64)`. */
export function machineTitle(machine: number): string {
  const known = MACHINES.get(machine);
  return known ? `${known.title} (${known.name})` : `an unknown machine (e_machine ${machine})`;
}

/** One line on what would run a program for this machine. */
export function machineHint(machine: number): string {
  const runner = MACHINES.get(machine)?.runner;
  const own = "elftap runs aarch64 programs";
  if (machine === 62) return `${own}; an x86-64 Linux host runs this one directly, others with ${runner}`;
  if (runner) return `${own}; ${runner} (QEMU's user mode) would run this one`;
  return `${own}: build it with an aarch64-linux compiler`;
}
