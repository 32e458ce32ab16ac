/**
 * Runs the guest programs on something that is not elftap, to find out whether they are right themselves: under
 * qemu-user, or rebuilt for the host and run on its own kernel.
 *
 *     deno run -A tests/guests/oracle.ts [--native | --all] [filter…]
 *
 * Under qemu-user, programs that it is known to fail are left out unless `--all` is given.
 */
import { dirname, join } from "node:path";
import { buildGuests, type Guest, GUESTS_ROOT } from "./build.ts";
import type { GuestRun } from "./verdict.ts";
import { judge } from "./verdict.ts";

/** Environment in which programs run, everywhere. */
export const GUEST_ENV: Readonly<Record<string, string>> = {
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/tmp",
  LC_ALL: "C.UTF-8",
  TZ: "UTC",
  TERM: "dumb",
};

async function collect(command: string, args: string[], stdin: string | undefined): Promise<GuestRun> {
  const cwd = Deno.makeTempDirSync();
  Deno.chmodSync(cwd, 0o777);
  // Tests of permissions need an ordinary user.
  const root = Deno.uid() === 0 ? ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"] : [];
  const [program, ...rest] = ["timeout", "-k", "1", "60", ...root, command, ...args];
  try {
    const child = new Deno.Command(program!, {
      args: rest,
      cwd,
      clearEnv: true,
      env: GUEST_ENV,
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    if (stdin !== undefined) {
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(stdin));
      await writer.close();
    }
    const output = await child.output();
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    return { stdout: text(output.stdout), stderr: text(output.stderr), exit: output.code };
  } finally {
    Deno.removeSync(cwd, { recursive: true });
  }
}

/** Runs a program under qemu-user. */
export function runUnderQemu(guest: Guest): Promise<GuestRun> {
  const sysroot = guest.sysroot === undefined ? [] : ["-L", guest.sysroot];
  return collect(
    "qemu-aarch64",
    ["-cpu", "max,sve=off", ...sysroot, guest.path, ...guest.source.args],
    guest.source.stdin,
  );
}

/** Rebuilds a program for the host and runs it there; undefined if it is for aarch64 only. */
async function runNatively(guest: Guest): Promise<GuestRun | undefined> {
  const { source } = guest;
  if (source.language === "assembly" || guest.variant !== "static") return undefined;
  const path = join(GUESTS_ROOT, "build", "native", source.name);
  Deno.mkdirSync(dirname(path), { recursive: true });
  const libraries = source.flags.filter((flag) => flag.startsWith("-l"));
  const flags = source.flags.filter((flag) => !flag.startsWith("-m"));
  const args = ["-g", "-O1", "-w", "-pthread", ...flags, "-o", path, source.file, ...libraries, "-lm"];
  const built = await new Deno.Command(source.language === "c" ? "gcc" : "g++", { args }).output();
  if (!built.success) return undefined;
  return await collect(path, [...source.args], source.stdin);
}

if (import.meta.main) {
  const native = Deno.args.includes("--native"), all = Deno.args.includes("--all");
  const { guests, skipped, failed } = await buildGuests(Deno.args.filter((arg) => !arg.startsWith("--")));
  for (const { title, why } of skipped) console.log(`skipped ${title}: ${why}`);
  for (const { title, output } of failed) console.log(`failed to build ${title}\n${output}`);
  let right = 0, wrong = failed.length;
  for (const guest of guests) {
    if (!native && !all && guest.source.unfaithful !== undefined) continue;
    const start = performance.now();
    const run = native ? await runNatively(guest) : await runUnderQemu(guest);
    if (!run) continue;
    const lines = judge(guest.source, run);
    const seconds = (performance.now() - start) / 1000;
    if (seconds > 3) console.log(`slow ${guest.title}: ${seconds.toFixed(1)} s`);
    if (lines.length === 0) right++;
    else {
      wrong++;
      const known = !native && guest.source.unfaithful !== undefined ? " (not faithful under qemu-user)" : "";
      console.log(`wrong ${guest.title}${known}\n  ${lines.join("\n  ")}`);
    }
  }
  console.log(`${right} right, ${wrong} wrong`);
}
