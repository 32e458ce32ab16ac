/** What the process's own standard streams are, where a guest is to have them. */
import { fstatSync } from "node:fs";

/** st_rdev of /dev/null. */
const NULL_DEVICE: Readonly<Record<string, number>> = { linux: 0x103, darwin: 0x3000002 };

/**
 * How a guest gets one of the process's streams. /dev/null is a device for the guest too, not a pipe at its end:
 * programs look. ripgrep without a folder searches standard input if that is a pipe, and the working directory if not.
 */
export function inheritedStream(fd: 0 | 1 | 2): "inherit" | "null" {
  try {
    const info = fstatSync(fd);
    return info.isCharacterDevice() && info.rdev === NULL_DEVICE[Deno.build.os] ? "null" : "inherit";
  } catch {
    return "inherit"; // closed
  }
}
