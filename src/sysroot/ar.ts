/** Reads the common `ar` archive format, as `.deb` files use it (deb(5), ar(5)). */
import { show } from "./guest_path.ts";
import { SysrootError } from "./sysroot_error.ts";

/** One file in an archive. */
export interface ArMember {
  readonly name: string;
  readonly data: Uint8Array;
}

const MAGIC = "!<arch>\n";
const HEADER_BYTES = 60;

/**
 * Walks the members of an archive that is wholly in memory; their data are views, nothing is copied.
 *
 * @param where the archive's name, for messages.
 * @throws SysrootError on anything that is not an `ar` archive, or ends early.
 */
export function* arMembers(archive: Uint8Array, where: string): Generator<ArMember> {
  if (latin1(archive.subarray(0, MAGIC.length)) !== MAGIC) throw new SysrootError(`${where} is not an ar archive`);
  let at = MAGIC.length;
  while (at < archive.length) {
    if (archive.length - at < HEADER_BYTES) throw new SysrootError(`${where} ends in an ar header`);
    const header = latin1(archive.subarray(at, at + HEADER_BYTES));
    // Name 16, time 12, owner 6, group 6, mode 8, size 10 characters, then a two-byte mark.
    const name = header.slice(0, 16).trimEnd().replace(/\/$/, "");
    const digits = header.slice(48, 58).trimEnd();
    if (header.slice(58) !== "`\n" || !/^\d{1,10}$/.test(digits)) {
      throw new SysrootError(`${where}: damaged ar header at byte ${at}`);
    }
    const size = Number(digits);
    at += HEADER_BYTES;
    if (size > archive.length - at) {
      throw new SysrootError(`${where}: member ${show(name)} claims ${size} bytes, ${archive.length - at} are there`);
    }
    yield { name, data: archive.subarray(at, at + size) };
    at += size + (size & 1); // members begin at even offsets
  }
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
