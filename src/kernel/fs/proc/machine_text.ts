/** The text files of /proc that are about the machine (proc(5)). */
import { featureNames } from "../../abi/hwcap.ts";
import type { Kernel } from "../../kernel.ts";
import { loadAverages } from "../../time/load_average.ts";

/** What procfs asks of the kernel. */
export type ProcKernel =
  & Pick<
    Kernel,
    "tasks" | "processes" | "clock" | "cpuCount" | "cpuMask" | "memory" | "init"
  >
  & { readonly engine: { readonly features: ReadonlySet<string>; readonly midr: number } };

/** The release that uname(2) and /proc/version tell. */
export const RELEASE = "6.1.0";

export function cpuInfoText(kernel: ProcKernel): string {
  const { features, midr } = kernel.engine;
  const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, "0")}`;
  // arch/arm64/kernel/cpuinfo.c, c_show: the fields of MIDR_EL1.
  const identity = `CPU implementer\t: ${hex(midr >>> 24, 2)}\nCPU architecture: 8\n` +
    `CPU variant\t: ${hex((midr >>> 20) & 15, 1)}\nCPU part\t: ${hex((midr >>> 4) & 0xfff, 3)}\n` +
    `CPU revision\t: ${midr & 15}\n\n`;
  let text = "";
  for (let cpu = 0; cpu < kernel.cpuCount; cpu++) {
    text += `processor\t: ${cpu}\nBogoMIPS\t: 125.00\nFeatures\t: ${featureNames(features)}\n${identity}`;
  }
  return text;
}

export function memInfoText(kernel: ProcKernel): string {
  const { total, free } = kernel.memory();
  const fields: [string, number][] = [
    ["MemTotal", total],
    ["MemFree", free],
    ["MemAvailable", free],
    ["Buffers", 0],
    ["Cached", 0],
    ["SwapCached", 0],
    ["Active", total - free],
    ["Inactive", 0],
    ["Active(anon)", total - free],
    ["Inactive(anon)", 0],
    ["Active(file)", 0],
    ["Inactive(file)", 0],
    ["Unevictable", 0],
    ["Mlocked", 0],
    ["SwapTotal", 0],
    ["SwapFree", 0],
    ["Dirty", 0],
    ["Writeback", 0],
    ["AnonPages", total - free],
    ["Mapped", 0],
    ["Shmem", 0],
    ["KReclaimable", 0],
    ["Slab", 0],
    ["SReclaimable", 0],
    ["SUnreclaim", 0],
    ["KernelStack", kernel.tasks.size * 16384],
    ["PageTables", 0],
    ["NFS_Unstable", 0],
    ["Bounce", 0],
    ["WritebackTmp", 0],
    ["CommitLimit", total / 2],
    ["Committed_AS", total - free],
    ["VmallocTotal", 2 ** 47],
    ["VmallocUsed", 0],
    ["VmallocChunk", 0],
    ["Percpu", 0],
    ["AnonHugePages", 0],
    ["ShmemHugePages", 0],
    ["ShmemPmdMapped", 0],
    ["FileHugePages", 0],
    ["FilePmdMapped", 0],
  ];
  const lines = fields.map(([name, bytes]) =>
    `${(name + ":").padEnd(16)}${String(Math.floor(bytes / 1024)).padStart(8)} kB\n`
  );
  return lines.join("") + "HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\n" +
    "HugePages_Surp:        0\nHugepagesize:       2048 kB\nHugetlb:               0 kB\n";
}

/** Seconds since boot, with hundredths. */
export function uptimeText(kernel: ProcKernel): string {
  const up = kernel.clock.monotonic() / 1e9;
  return `${up.toFixed(2)} ${(up * kernel.cpuCount).toFixed(2)}\n`;
}

export function statText(kernel: ProcKernel): string {
  let user = 0, system = 0, running = 0, forks = 0;
  for (const process of kernel.processes.values()) {
    user += process.userTime;
    system += process.cpuTime - process.userTime;
    forks++;
  }
  for (const task of kernel.tasks.values()) if (task.state === "runnable") running++;
  const ticks = (ns: number) => Math.floor(ns / 1e7), up = kernel.clock.monotonic();
  const line = (name: string, share: number, idle: number) =>
    `${name} ${ticks(user / share)} 0 ${ticks(system / share)} ${Math.max(0, ticks(idle))} 0 0 0 0 0 0\n`;
  let text = line("cpu ", 1, up * kernel.cpuCount - user - system);
  for (let cpu = 0; cpu < kernel.cpuCount; cpu++) {
    text += line(`cpu${cpu}`, kernel.cpuCount, up - (user + system) / kernel.cpuCount);
  }
  const boot = (kernel.clock.realtimeOffset) / 1_000_000_000n;
  return text + `intr 0\nctxt 0\nbtime ${boot}\nprocesses ${forks}\nprocs_running ${running}\nprocs_blocked 0\n` +
    "softirq 0 0 0 0 0 0 0 0 0 0 0\n";
}

export function loadAverageText(kernel: ProcKernel): string {
  let running = 0, last = 0;
  for (const task of kernel.tasks.values()) {
    if (task.state === "runnable") running++;
    last = Math.max(last, task.tid);
  }
  const loads = loadAverages(kernel).map((load) => load.toFixed(2));
  return `${loads.join(" ")} ${Math.max(1, running)}/${kernel.tasks.size} ${last}\n`;
}

export function versionText(): string {
  return `Linux version ${RELEASE} (elftap@elftap) (elftap) #1 SMP\n`;
}

export function vmStatText(kernel: ProcKernel): string {
  const { total, free } = kernel.memory();
  return `nr_free_pages ${Math.floor(free / 4096)}\nnr_anon_pages ${Math.floor((total - free) / 4096)}\n` +
    "nr_mapped 0\nnr_file_pages 0\nnr_dirty 0\nnr_writeback 0\npgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n" +
    "pgfault 0\npgmajfault 0\n";
}
