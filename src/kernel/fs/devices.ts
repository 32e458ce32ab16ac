/** The memory devices: /dev/null, /dev/zero, /dev/full, /dev/random, /dev/urandom (null(4), full(4), random(4)). */
import { EINVAL, ENOSPC, ENOTTY } from "../abi/errno.ts";
import { RNDGETENTCNT } from "../abi/ioctl.ts";
import { makedev } from "../abi/stat.ts";
import { SharedMemory } from "../mm/shared_memory.ts";
import { type FileContext, type Mappable, OpenFile } from "./file.ts";
import type { Inode } from "./inode.ts";
import type { SpecialFiles } from "./special_files.ts";
import type { FrameSource } from "./superblock.ts";

/** Devices without a position: any seek ends at 0. */
abstract class MemoryDevice extends OpenFile {
  override seek(): number {
    return 0;
  }
  override pread(into: Uint8Array, _offset: number, context: FileContext): number {
    return this.read(into, context);
  }
  override pwrite(from: Uint8Array, _offset: number, context: FileContext): number {
    return this.write(from, context);
  }
  override write(from: Uint8Array, _context: FileContext): number {
    return from.length;
  }
}

class NullDevice extends MemoryDevice {
  override read(): number {
    return 0;
  }
}

class ZeroDevice extends MemoryDevice {
  constructor(flags: number, inode: Inode, readonly frames: FrameSource) {
    super(flags, inode);
  }
  override read(into: Uint8Array, _context: FileContext): number {
    into.fill(0);
    return into.length;
  }
  override mappable(): Mappable {
    // Each mapping is memory of its own, shared with those who inherit it.
    return new SharedMemory(this.frames, Infinity);
  }
}

class FullDevice extends MemoryDevice {
  override read(into: Uint8Array, _context: FileContext): number {
    into.fill(0);
    return into.length;
  }
  override write(): number {
    return -ENOSPC;
  }
}

/** `crypto.getRandomValues` fills at most this much, and not all memory an engine has. */
const random = new Uint8Array(65536);

/** Fills with random bytes from the host. */
export function fillRandom(into: Uint8Array): void {
  for (let done = 0; done < into.length; done += random.length) {
    const piece = random.subarray(0, Math.min(random.length, into.length - done));
    crypto.getRandomValues(piece);
    into.set(piece, done);
  }
}

class RandomDevice extends MemoryDevice {
  override read(into: Uint8Array, _context: FileContext): number {
    // Linux gives at most 32 MiB - 1 a call.
    const piece = into.subarray(0, 0x1ffffff);
    fillRandom(piece);
    return piece.length;
  }
  override ioctl(request: number, argument: number, context: FileContext): number {
    if (request !== RNDGETENTCNT) return (request >>> 8 & 0xff) === 0x52 ? -EINVAL : -ENOTTY;
    context.memory.writeU32(argument, 256);
    return 0;
  }
}

export const DEV_NULL: number = makedev(1, 3);
export const DEV_ZERO: number = makedev(1, 5);
export const DEV_FULL: number = makedev(1, 7);
export const DEV_RANDOM: number = makedev(1, 8);
export const DEV_URANDOM: number = makedev(1, 9);

export function registerMemoryDevices(special: SpecialFiles, frames: FrameSource): void {
  special.registerCharacter(DEV_NULL, (inode, flags) => new NullDevice(flags, inode));
  special.registerCharacter(DEV_ZERO, (inode, flags) => new ZeroDevice(flags, inode, frames));
  special.registerCharacter(DEV_FULL, (inode, flags) => new FullDevice(flags, inode));
  special.registerCharacter(DEV_RANDOM, (inode, flags) => new RandomDevice(flags, inode));
  special.registerCharacter(DEV_URANDOM, (inode, flags) => new RandomDevice(flags, inode));
}
