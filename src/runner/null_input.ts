/** Whether this process's standard input is /dev/null. */

/** st_rdev of /dev/null. */
const NULL_DEVICE: Readonly<Record<string, number>> = { linux: 0x103, darwin: 0x3000002 };

/** Takes 30 ms where elftap may not read /dev, which takes all permissions. */
export function isNullInput(): boolean {
  const isNull = (rdev: number | null) => rdev === NULL_DEVICE[Deno.build.os];
  try {
    const { isCharDevice, rdev } = Deno.statSync("/dev/stdin");
    return isCharDevice === true && isNull(rdev);
  } catch {
    // not ours to see, or closed
  }
  try {
    // Needs no permission, but takes longer to load than the whole kernel.
    const info = globalThis.process.getBuiltinModule("node:fs").fstatSync(0);
    return info.isCharacterDevice() && isNull(info.rdev);
  } catch {
    return false; // closed
  }
}
