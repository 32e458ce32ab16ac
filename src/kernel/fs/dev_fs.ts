/** /dev: device nodes on a tmpfs, as devtmpfs makes them. */
import { makedev, S_IFCHR } from "../abi/stat.ts";
import { DEV_FULL, DEV_NULL, DEV_RANDOM, DEV_URANDOM, DEV_ZERO } from "./devices.ts";
import { DEFAULT_LIMITS, type FsServices, TmpFs } from "./tmpfs.ts";

export const DEV_TTY: number = makedev(5, 0), DEV_CONSOLE: number = makedev(5, 1), DEV_PTMX: number = makedev(5, 2);

class DevFs extends TmpFs {
  override readonly type = "devtmpfs";
}

export function createDevFs(services: FsServices): TmpFs {
  const fs = new DevFs(services, 0o755, DEFAULT_LIMITS), { root } = fs;
  fs.source = "udev";
  const nodes: readonly (readonly [string, number, number])[] = [
    ["null", 0o666, DEV_NULL],
    ["zero", 0o666, DEV_ZERO],
    ["full", 0o666, DEV_FULL],
    ["random", 0o666, DEV_RANDOM],
    ["urandom", 0o666, DEV_URANDOM],
    ["tty", 0o666, DEV_TTY],
    ["console", 0o600, DEV_CONSOLE],
    ["ptmx", 0o666, DEV_PTMX],
  ];
  for (const [name, permissions, rdev] of nodes) root.create(name, S_IFCHR | permissions, 0, 0, rdev);
  const links: readonly (readonly [string, string])[] = [
    ["fd", "/proc/self/fd"],
    ["stdin", "/proc/self/fd/0"],
    ["stdout", "/proc/self/fd/1"],
    ["stderr", "/proc/self/fd/2"],
  ];
  for (const [name, target] of links) root.symlink(name, target, 0, 0);
  for (const name of ["pts", "shm", "mqueue"]) root.mkdir(name, 0o040755, 0, 0);
  return fs;
}
