/** procfs (proc(5)): processes, the machine, and /proc/sys. */
import { CAP_SYS_ADMIN } from "../../abi/capability.ts";
import { DT_DIR } from "../../abi/dirent.ts";
import { EACCES, ENOENT, EROFS } from "../../abi/errno.ts";
import { PROC_SUPER_MAGIC } from "../../abi/statfs.ts";
import type { Actor } from "../access.ts";
import type { FileContext } from "../file.ts";
import type { DirectoryEntry, Inode, Opener } from "../inode.ts";
import type { Task } from "../../task/task.ts";
import { SuperBlock } from "../superblock.ts";
import type { StatFs } from "../../abi/statfs.ts";
import * as machine from "./machine_text.ts";
import { TaskDirectory } from "./pid_directory.ts";
import { SyntheticDirectory, SyntheticLink } from "./synthetic.ts";
import { SYSCTLS } from "./sysctl.ts";

/** File systems that mount(2) and the namespace know. */
const FILESYSTEMS = "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tdevpts\nnodev\tmqueue\nnodev\t" +
  "overlay\nnodev\tpipefs\nnodev\tsockfs\nnodev\tanon_inodefs\n\text4\n";

/** The names of the machine that a program is told. */
const utsOf = (program: Opener | FileContext) => (program as unknown as Task).uts;

/** A version 4 UUID, as /proc/sys/kernel/random/uuid gives. */
const uuid = () => crypto.randomUUID() + "\n";

export class ProcFs extends SuperBlock {
  override readonly type = "proc";
  override readonly dentries = "fresh";
  readonly root: ProcRoot;

  /** @param kernel undefined until {@link ProcRoot.kernel} is set: the tree is built before the kernel */
  constructor(kernel?: machine.ProcKernel) {
    super();
    this.source = "proc";
    this.root = new ProcRoot(this);
    this.root.kernel = kernel;
  }

  override statfs(): StatFs {
    return { type: PROC_SUPER_MAGIC, bsize: 4096, blocks: 0, bfree: 0, bavail: 0, files: 0, ffree: 0, namelen: 255 };
  }
}

/** /proc itself. Other rooms add their files with {@link SyntheticDirectory.text}. */
export class ProcRoot extends SyntheticDirectory {
  kernel: machine.ProcKernel | undefined;
  /** /proc/net: other rooms add their files with `net.text("tcp", …)`. */
  readonly net: SyntheticDirectory;

  constructor(sb: SuperBlock) {
    super(sb, 0o555, 0, 0, 1);
    this.net = new SyntheticDirectory(sb, 0o555, 0, 0);
    this.later(() => {
      this.#addLinks();
      this.#addMachine();
      const sys = this.directory("sys");
      sys.later(() => this.#addSysctls(sys));
    });
  }

  #addLinks(): void {
    const { sb } = this;
    this.add("self", new SyntheticLink(sb, 0, 0, undefined, (actor) => actor?.pid ? String(actor.pid) : -ENOENT));
    this.add(
      "thread-self",
      new SyntheticLink(
        sb,
        0,
        0,
        undefined,
        (actor) => actor?.pid && actor.tid ? `${actor.pid}/task/${actor.tid}` : -ENOENT,
      ),
    );
    this.add("mounts", new SyntheticLink(sb, 0, 0, undefined, () => "self/mounts"));
    this.add("net", new SyntheticLink(sb, 0, 0, undefined, () => "self/net"));
  }

  #addMachine(): void {
    const ask = (make: (kernel: machine.ProcKernel) => string) => () => this.kernel ? make(this.kernel) : "";
    this.text("cpuinfo", ask(machine.cpuInfoText));
    this.text("meminfo", ask(machine.memInfoText));
    this.text("uptime", ask(machine.uptimeText));
    this.text("stat", ask(machine.statText));
    this.text("loadavg", ask(machine.loadAverageText));
    this.text("vmstat", ask(machine.vmStatText));
    this.text("version", machine.versionText);
    this.text("filesystems", () => FILESYSTEMS);
    this.text("cmdline", () => "console=ttyS0\n");
    this.text(
      "devices",
      () => "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n136 pts\n\nBlock devices:\n",
    );
    this.text("partitions", () => "major minor  #blocks  name\n\n");
    this.text("swaps", () => "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    this.text(
      "interrupts",
      ask((kernel) =>
        "           " + Array.from({ length: kernel.cpuCount }, (_, cpu) => `CPU${cpu}`.padEnd(11)).join("") + "\n"
      ),
    );
    for (const name of ["diskstats", "modules", "locks", "crypto", "consoles", "misc", "buddyinfo"]) {
      this.text(name, () => "");
    }
    this.text(
      "sysvipc/msg",
      () =>
        "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n",
    );
    this.text(
      "sysvipc/sem",
      () => "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n",
    );
    this.text(
      "sysvipc/shm",
      () =>
        "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n",
    );
    this.text("pressure/cpu", () => "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
    this.directory("fs");
    this.directory("driver");
    this.directory("tty");
  }

  #addSysctls(sys: SyntheticDirectory): void {
    for (const [name, value] of Object.entries(SYSCTLS)) sys.text(name, () => value + "\n", () => -EROFS);
    sys.directory("fs/binfmt_misc");
    const bootId = uuid();
    sys.text("kernel/random/uuid", uuid);
    sys.text("kernel/random/boot_id", () => bootId);
    const name = (which: "hostname" | "domainname") =>
      sys.text(
        `kernel/${which}`,
        (opener) => utsOf(opener)[which] + "\n",
        (text, context) => {
          const uts = utsOf(context);
          if (!(context as unknown as Actor).capable(CAP_SYS_ADMIN, uts.owner)) return -EACCES;
          uts[which] = text.replace(/\n.*$/s, "").slice(0, 64);
          return 0;
        },
      );
    name("hostname");
    name("domainname");
  }

  protected override dynamicLookup(name: string): Inode | undefined {
    if (!/^[1-9]\d{0,9}$/.test(name)) return undefined;
    // Threads that are no leaders can be looked up by their id, though they are not listed.
    const process = this.kernel?.processes.get(Number(name));
    const task = process?.leader ?? this.kernel?.tasks.get(Number(name));
    return task && new TaskDirectory(this.sb, task, this.net, true);
  }

  protected override dynamicEntries(): DirectoryEntry[] {
    const pids = [...this.kernel?.processes.keys() ?? []].sort((a, b) => a - b);
    return pids.map((pid) => ({ name: String(pid), ino: pid * (1 << 20) + 1, type: DT_DIR }));
  }
}
