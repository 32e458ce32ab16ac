/**
 * An arm64 Linux with /dev/kvm, emulated: QEMU with virtualization, Debian's own kernel, Deno for arm64. It is how the
 * hypervisor engines are tested on hosts that have no arm64 processor. Slow, so it is booted once for many tests, and
 * everything that can be is prepared on the host; what does not change is kept in `build/`.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { RootUnavailable, unpackArm64 } from "../support/arm64_root.ts";

export const HERE = dirname(fileURLToPath(import.meta.url));
const BUILD = join(HERE, "build");

/** Why there is no machine; tests that need it are skipped with this. */
export class MachineUnavailable extends Error {}

/** Programs of the host, and the Debian packages that have them. */
const TOOLS = [
  ["qemu-system-aarch64", "qemu-system-arm"],
  ["mke2fs", "e2fsprogs"],
  ["cpio", "cpio"],
  ["npm", "npm"],
] as const;

/** Virtio block devices are modules in Debian's cloud kernel (6.1). */
const MODULES = [
  "virtio",
  "virtio_ring",
  "virtio_pci_legacy_dev",
  "virtio_pci_modern_dev",
  "virtio_pci",
  "virtio_blk",
];

/** Runs a command of the host and returns its output. */
async function sh(command: string, args: string[], options: Deno.CommandOptions = {}): Promise<string> {
  const output = await new Deno.Command(command, { args, stdin: "null", ...options }).output().catch((error) => {
    throw new MachineUnavailable(`${command} cannot be run: ${(error as Error).message}`);
  });
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (output.success) return text(output.stdout);
  throw new MachineUnavailable(`${command} failed: ${text(output.stderr).split("\n").at(-1) ?? ""}`);
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Installs the host's tools where that is possible. */
async function prepareTools(): Promise<void> {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin"];
  const missing = () => TOOLS.filter(([program]) => !folders.some((folder) => exists(`${folder}/${program}`)));
  if (missing().length === 0) return;
  const packages = [...missing().map(([, name]) => name), "ipxe-qemu"];
  if (Deno.uid() !== 0 || !exists("/usr/bin/apt-get")) {
    throw new MachineUnavailable(`missing: ${packages.join(" ")}; apt-get install --no-install-recommends them`);
  }
  console.error(`installing ${packages.join(" ")}`);
  const install = () =>
    sh("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], {
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
  await install().catch(() => sh("apt-get", ["update", "-qq"]).then(install));
}

/** Debian's kernel package for clouds: the metapackage's dependency. */
async function kernelPackage(state: string): Promise<string> {
  const text = await sh("apt-cache", ["depends", "linux-image-cloud-arm64"], {
    env: { APT_CONFIG: join(state, "apt.conf") },
  });
  const name = /Depends: (linux-image-\S+-cloud-arm64)/.exec(text)?.[1];
  if (name === undefined) throw new MachineUnavailable("apt knows no linux-image-cloud-arm64 for arm64");
  return name;
}

/** The initial RAM disk: BusyBox, the modules, and a script that mounts the disks and runs the payload's. */
async function makeInitrd(root: string, modules: string): Promise<void> {
  const folder = join(BUILD, "initrd");
  for (const name of ["bin", "dev", "proc", "root", "modules"]) {
    Deno.mkdirSync(join(folder, name), { recursive: true });
  }
  Deno.copyFileSync(join(root, "bin/busybox"), join(folder, "bin/busybox"));
  for (const name of MODULES) {
    const path = await sh("find", [modules, "-name", `${name}.ko`]);
    if (path !== "") Deno.copyFileSync(path, join(folder, "modules", `${name}.ko`));
  }
  Deno.copyFileSync(join(HERE, "init.sh"), join(folder, "init"));
  Deno.chmodSync(join(folder, "init"), 0o755);
  await sh("sh", ["-c", "find . | cpio -o -H newc --quiet -R 0:0 > ../initrd.cpio"], { cwd: folder });
}

/** Deno for arm64 of the version that runs, from npm. */
async function unpackDeno(into: string): Promise<void> {
  const name = `@deno/linux-arm64-glibc@${Deno.version.deno}`;
  const folder = join(BUILD, "npm");
  Deno.mkdirSync(folder, { recursive: true });
  const file = (await sh("npm", ["pack", "--silent", name], { cwd: folder })).split("\n").at(-1)!;
  await sh("tar", ["-xzf", file, "--strip-components=1", "package/deno"], { cwd: folder });
  Deno.renameSync(join(folder, "deno"), join(into, "usr/bin/deno"));
  Deno.chmodSync(join(into, "usr/bin/deno"), 0o755);
}

/** Kernel, initrd and root disk, made once per Deno version. */
async function prepareBase(): Promise<void> {
  const stamp = join(BUILD, `base-${Deno.version.deno}`);
  await prepareTools();
  if (exists(stamp)) {
    await makeInitrd(join(BUILD, "base"), join(BUILD, "kernel"));
    return;
  }
  console.error("preparing an arm64 machine: Debian's kernel, BusyBox, Deno (once; 110 MB to download)");
  const root = join(BUILD, "base"), kernel = join(BUILD, "kernel"), state = join(BUILD, "apt");
  for (const folder of [root, kernel]) if (exists(folder)) Deno.removeSync(folder, { recursive: true });
  try {
    await unpackArm64(root, ["busybox-static", "libc6", "libgcc-s1"], { state, dependencies: false });
    await unpackArm64(kernel, [await kernelPackage(state)], { state, dependencies: false });
  } catch (error) {
    if (error instanceof RootUnavailable) throw new MachineUnavailable(error.message);
    throw error;
  }
  const image = [...Deno.readDirSync(join(kernel, "boot"))].find(({ name }) => name.startsWith("vmlinuz"));
  Deno.renameSync(join(kernel, "boot", image!.name), join(BUILD, "vmlinuz"));
  for (const name of ["dev", "proc", "sys", "tmp", "payload", "results", "etc", "root"]) {
    Deno.mkdirSync(join(root, name), { recursive: true });
  }
  await unpackDeno(root);
  await makeInitrd(root, kernel);
  await makeDisk(root, join(BUILD, "base.ext4"));
  Deno.writeTextFileSync(stamp, "");
}

/** An ext4 file system with a folder's content and a little room. */
export async function makeDisk(folder: string, file: string): Promise<void> {
  const [bytes] = (await sh("du", ["-sb", folder])).split("\t");
  const inodes = Number(await sh("sh", ["-c", `find "$1" | wc -l`, "sh", folder])) + 256;
  const mib = Math.ceil(Number(bytes) * 1.15 / 2 ** 20) + Math.ceil(inodes / 200) + 24;
  if (exists(file)) Deno.removeSync(file);
  const options = ["-q", "-t", "ext4", "-O", "^has_journal", "-N", String(inodes), "-m", "0", "-E", "root_owner=0:0"];
  await sh("mke2fs", [...options, "-d", folder, file, `${mib}M`], {
    env: { PATH: `${Deno.env.get("PATH")}:/usr/sbin:/sbin` },
  });
}

/** What to run. */
export interface MachineRun {
  /** Folder that the machine sees as /payload. Its `run.sh` is run by root, with /results to write to. */
  readonly payload: string;
  /** Image of a file system that the machine sees, read-only, at this folder of /payload. */
  readonly disk?: { readonly image: string; readonly folder: string };
  /** QEMU's name of the processor: `max` has all features, `cortex-a72` neither LSE nor PAuth. */
  readonly cpu?: string;
  /** Seconds. */
  readonly timeLimit?: number;
  /** Takes the machine's console line by line. */
  readonly line?: (text: string) => void;
}

/**
 * Boots the machine, runs the payload's script, and returns the folder with what it put into /results.
 *
 * @throws MachineUnavailable if this host cannot have one
 */
export async function runMachine(
  { payload, disk: extra, cpu = "max", timeLimit = 600, line }: MachineRun,
): Promise<string> {
  await prepareBase();
  const name = cpu.replace(/\W/g, "-");
  const disk = join(BUILD, `payload-${name}.ext4`), results = join(BUILD, `results-${name}`);
  await makeDisk(payload, disk);
  const out = join(BUILD, `results-${name}.tar`);
  const mount = extra ? ` elftap.mount=/payload/${extra.folder}` : "";
  Deno.writeFileSync(out, new Uint8Array());
  Deno.truncateSync(out, 64 * 2 ** 20);
  const block = (id: string, file: string, options = ""): string[] => [
    "-drive",
    `file=${file},format=raw,if=none,id=${id}${options}`,
    "-device",
    `virtio-blk-pci,drive=${id}`,
  ];
  const args = [
    ...["-M", "virt,virtualization=on,gic-version=3", "-cpu", cpu === "max" ? "max,pauth-impdef=on" : cpu],
    ...["-accel", "tcg,thread=multi", "-smp", "2", "-m", "4096"],
    ...["-nographic", "-nodefaults", "-serial", "stdio", "-no-reboot"],
    ...["-kernel", join(BUILD, "vmlinuz"), "-initrd", join(BUILD, "initrd.cpio")],
    ...["-append", `console=ttyAMA0 panic=-1 quiet${mount}`],
    ...block("base", join(BUILD, "base.ext4"), ",readonly=on"),
    ...block("payload", disk),
    ...block("results", out),
    ...(extra ? block("extra", extra.image, ",readonly=on") : []),
  ];
  const machine = new Deno.Command("qemu-system-aarch64", { args, stdin: "null", stdout: "piped", stderr: "inherit" })
    .spawn();
  let outOfTime = false;
  const timer = setTimeout(() => {
    outOfTime = true;
    machine.kill("SIGKILL");
  }, timeLimit * 1000);
  let rest = "";
  for await (const text of machine.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text.replaceAll("\r", "")).split("\n");
    rest = lines.pop()!;
    for (const each of lines) line?.(each);
  }
  await machine.status;
  clearTimeout(timer);
  if (exists(results)) Deno.removeSync(results, { recursive: true });
  Deno.mkdirSync(results);
  // The rest of the disk behind the archive is zeros; without an archive there is nothing to unpack.
  await sh("tar", ["-xf", out, "-C", results]).catch(() => {});
  if (outOfTime) throw new Error(`the machine took more than ${timeLimit} seconds`);
  return results;
}
