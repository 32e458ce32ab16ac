/**
 * How FIFOs and device nodes open: the rooms that own pipes, terminals and devices register here, so that file
 * systems do not know them.
 */
import { ENXIO } from "../abi/errno.ts";
import { S_IFBLK, S_IFCHR, S_IFIFO } from "../abi/stat.ts";
import type { Inode, Opener, OpenResult } from "./inode.ts";

/** Opens one device. */
export type DeviceOpener = (inode: Inode, flags: number, opener: Opener) => OpenResult;

export class SpecialFiles {
  /** Opens a FIFO; the pipe hangs on {@link Inode.attachment}. */
  fifo: DeviceOpener = () => -ENXIO;
  /** Character devices by st_rdev. */
  readonly #characters = new Map<number, DeviceOpener>();
  /** Character devices of a whole major number, asked when the exact number has none. */
  readonly #majors = new Map<number, DeviceOpener>();

  /** @param rdev as `makedev` packs it */
  registerCharacter(rdev: number, opener: DeviceOpener): void {
    this.#characters.set(rdev, opener);
  }

  /** All minors of a major number (136: /dev/pts). */
  registerMajor(major: number, opener: DeviceOpener): void {
    this.#majors.set(major, opener);
  }

  open(inode: Inode, flags: number, opener: Opener): OpenResult {
    switch (inode.type) {
      case S_IFIFO:
        return this.fifo(inode, flags, opener);
      case S_IFCHR: {
        const device = this.#characters.get(inode.rdev) ?? this.#majors.get(inode.rdev >>> 8 & 0xfff);
        return device ? device(inode, flags, opener) : -ENXIO;
      }
      case S_IFBLK:
        return -ENXIO;
      default: // sockets
        return -ENXIO;
    }
  }
}
