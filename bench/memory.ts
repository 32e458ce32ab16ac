/**
 * How much memory a program takes: the largest resident size of the whole process that runs it, elftap's own threads
 * and caches included.
 */

/** Milliseconds between looks. The largest size never shrinks: only the last moments of a process can be missed. */
const INTERVAL = 5;

/**
 * Runs a command to its end; its largest resident size in MiB.
 *
 * @throws {Error} when it fails, or the host does not tell
 */
export async function peakMemory(command: readonly string[]): Promise<number> {
  const [program, ...args] = command;
  const child = new Deno.Command(program!, { args, stdin: "null", stdout: "null", stderr: "null", cwd: "/" }).spawn();
  let peak: number | undefined, isOver = false;
  const ended = child.status.then((status) => (isOver = true, status));
  while (!isOver) {
    peak = highWaterMark(child.pid) ?? peak;
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, INTERVAL))]);
  }
  const { code } = await ended;
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}`);
  if (peak === undefined) throw new Error("the host does not tell the size of a process");
  return peak;
}

/** VmHWM of a process (man 5 proc_pid_status) in MiB; undefined where there is no such thing, or no more. */
function highWaterMark(pid: number): number | undefined {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    return undefined;
  }
}
