/** Whether this process's standard input is /dev/null. */

/** st_rdev of /dev/null. */
const NULL_DEVICE: Readonly<Record<string, number>> = { linux: 0x103, darwin: 0x3000002 };

const isNull = (rdev: number | null): boolean => rdev === NULL_DEVICE[Deno.build.os];

/** What can be seen at once: undefined where elftap may not read /dev, which takes all permissions, and in Workers. */
export function seesNullInput(): boolean | undefined {
  // Where the right is open, Deno would ask the user.
  if (Deno.permissions.querySync({ name: "read", path: "/dev/stdin" }).state !== "granted") return undefined;
  try {
    const { isCharDevice, rdev } = Deno.statSync("/dev/stdin");
    return isCharDevice === true && isNull(rdev);
  } catch {
    return undefined; // not ours to see, or closed
  }
}

/** Takes 30 ms where it cannot be seen at once. */
export function isNullInput(): boolean {
  const seen = seesNullInput();
  if (seen !== undefined) return seen;
  try {
    // Needs no permission, but takes longer to load than the whole kernel.
    const info = globalThis.process.getBuiltinModule("node:fs").fstatSync(0);
    return info.isCharacterDevice() && isNull(info.rdev);
  } catch {
    return false; // closed
  }
}
