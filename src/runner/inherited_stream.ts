/** What the process's own standard streams are, where a guest is to have them. */

/** st_rdev of /dev/null. */
const NULL_DEVICE: Readonly<Record<string, number>> = { linux: 0x103, darwin: 0x3000002 };
const STREAMS = [Deno.stdin, Deno.stdout, Deno.stderr] as const;

/**
 * How a guest gets one of the process's streams. /dev/null is a device for the guest too, not a pipe at its end:
 * programs look. ripgrep without a folder searches standard input if that is a pipe, and the working directory if not.
 *
 * Call it when the guest's Worker is starting already: only node:fs tells, and it takes as long to load.
 */
export function inheritedStream(fd: 0 | 1 | 2): "inherit" | "null" {
  if (STREAMS[fd].isTerminal()) return "inherit";
  try {
    const info = globalThis.process.getBuiltinModule("node:fs").fstatSync(fd);
    return info.isCharacterDevice() && info.rdev === NULL_DEVICE[Deno.build.os] ? "null" : "inherit";
  } catch {
    return "inherit"; // closed
  }
}
