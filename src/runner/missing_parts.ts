/**
 * Which sysroot profile holds what a program lacks: the better hint for a missing interpreter or library. Runs on the
 * main thread, after the fact, because the profiles are not the guest's to read and rarely needed.
 */
import type { GuestOutcome, GuestSpec } from "./guest_spec.ts";

/** The outcome, with a hint that names profiles where it was about something missing that they hold. */
export async function withProfileHint(outcome: GuestOutcome, spec: GuestSpec): Promise<GuestOutcome> {
  const { ending } = outcome;
  if (ending.kind !== "error" || !/^(interpreter|shared library) .* not found$/.test(ending.message)) return outcome;
  try {
    const { checkProgram } = await import("../elf/preflight.ts");
    const { hostFiles } = await import("../elf/host_files.ts");
    const { fromHost } = await import("../kernel/fs/byte_string.ts");
    const { findProfilesProviding } = await import("../sysroot/shipped_profiles.ts");
    const known = new Map<string, readonly string[]>();
    const asked: string[] = [];
    const check = () =>
      checkProgram(fromHost(spec.path), hostFiles(spec), {
        env: spec.env,
        cwd: fromHost(spec.cwd),
        providers: (name) => known.get(name) ?? (asked.push(name), []),
      });
    check();
    for (const name of asked) known.set(name, await findProfilesProviding(name));
    const hint = check()?.hint;
    return hint === undefined ? outcome : { ...outcome, ending: { ...ending, hint } };
  } catch {
    // The profiles cannot be read: the message without the better hint is still right.
    return outcome;
  }
}
