/** A minimal sysfs (sysfs(5)): what programs ask about CPUs, memory and interfaces. */
import { SYSFS_MAGIC } from "../abi/statfs.ts";
import { SyntheticFs, SyntheticLink } from "./proc/synthetic.ts";

/** @param cpus asked when a file is read: the kernel comes later than the tree */
export function createSysFs(cpus: () => number): SyntheticFs {
  const fs = new SyntheticFs("sysfs", SYSFS_MAGIC);
  fs.root.later(() => fill(fs, cpus));
  return fs;
}

const NOT_AFFECTED = "Not affected";

/** What Linux 6.1 asks of a CPU (ABI/testing/sysfs-devices-system-cpu), with what a Cortex-A53 is. */
const VULNERABILITIES: Readonly<Record<string, string>> = {
  gather_data_sampling: NOT_AFFECTED,
  indirect_target_selection: NOT_AFFECTED,
  itlb_multihit: NOT_AFFECTED,
  l1tf: NOT_AFFECTED,
  mds: NOT_AFFECTED,
  meltdown: NOT_AFFECTED,
  mmio_stale_data: NOT_AFFECTED,
  reg_file_data_sampling: NOT_AFFECTED,
  retbleed: NOT_AFFECTED,
  spec_rstack_overflow: NOT_AFFECTED,
  spec_store_bypass: NOT_AFFECTED,
  spectre_v1: "Mitigation: __user pointer sanitization",
  spectre_v2: NOT_AFFECTED,
  srbds: NOT_AFFECTED,
  tsa: NOT_AFFECTED,
  tsx_async_abort: NOT_AFFECTED,
};

function fill(fs: SyntheticFs, cpus: () => number): void {
  const { root } = fs;
  const range = () => cpus() > 1 ? `0-${cpus() - 1}\n` : "0\n";
  const cpu = "devices/system/cpu/";
  for (const name of ["online", "possible", "present"]) root.text(cpu + name, range);
  root.text(cpu + "offline", () => "\n");
  root.text(cpu + "kernel_max", () => "255\n");
  root.text(cpu + "isolated", () => "\n");
  for (let i = 0; i < 4; i++) {
    root.text(`${cpu}cpu${i}/topology/core_id`, () => `${i}\n`);
    root.text(`${cpu}cpu${i}/topology/physical_package_id`, () => "0\n");
    root.text(`${cpu}cpu${i}/topology/core_siblings`, () => (2 ** cpus() - 1).toString(16) + "\n");
    root.text(`${cpu}cpu${i}/topology/core_siblings_list`, range);
    root.text(`${cpu}cpu${i}/topology/thread_siblings`, () => (1 << i).toString(16) + "\n");
    root.text(`${cpu}cpu${i}/topology/thread_siblings_list`, () => `${i}\n`);
    root.text(`${cpu}cpu${i}/regs/identification/midr_el1`, () => "0x00000000410fd034\n");
  }
  for (const [name, state] of Object.entries(VULNERABILITIES)) {
    root.text(`${cpu}vulnerabilities/${name}`, () => state + "\n");
  }
  for (const name of ["online", "possible", "has_cpu", "has_memory", "has_normal_memory"]) {
    root.text("devices/system/node/" + name, () => "0\n");
  }
  root.text("devices/system/node/node0/cpulist", range);
  root.text("devices/system/node/node0/cpumap", () => (2 ** cpus() - 1).toString(16) + "\n");
  root.text("devices/system/node/node0/distance", () => "10\n");
  root.text("devices/system/clocksource/clocksource0/current_clocksource", () => "arch_sys_counter\n");
  root.text("devices/system/clocksource/clocksource0/available_clocksource", () => "arch_sys_counter\n");
  root.text("kernel/mm/transparent_hugepage/enabled", () => "always madvise [never]\n");
  root.text("kernel/mm/transparent_hugepage/hpage_pmd_size", () => "2097152\n");
  root.text("kernel/mm/transparent_hugepage/shmem_enabled", () => "always within_size advise [never] deny force\n");
  const lo: Readonly<Record<string, string>> = {
    address: "00:00:00:00:00:00",
    addr_len: "6",
    carrier: "1",
    flags: "0x9",
    ifindex: "1",
    iflink: "1",
    mtu: "65536",
    operstate: "unknown",
    type: "772",
    tx_queue_len: "1000",
  };
  for (const [name, value] of Object.entries(lo)) root.text(`devices/virtual/net/lo/${name}`, () => value + "\n");
  root.directory("class/net").add("lo", new SyntheticLink(fs, 0, 0, undefined, () => "../../devices/virtual/net/lo"));
  for (
    const path of ["block", "bus", "class/block", "dev/block", "dev/char", "firmware", "fs/cgroup", "module", "power"]
  ) {
    root.directory(path);
  }
}
