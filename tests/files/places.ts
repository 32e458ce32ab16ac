/**
 * Runs the exerciser (exercise.c): on the host's Linux, which is right by definition, and under elftap in each kind of
 * place that a guest's files can be in.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runGuest } from "../../src/runner/guest.ts";
import { GuestPool } from "../../src/runner/guest_pool.ts";
import type { Bind, GuestSpec } from "../../src/runner/guest_spec.ts";
import { hasCommand } from "../guests/toolchain.ts";

const SOURCE = fileURLToPath(new URL("exercise.c", import.meta.url));
/** Where a guest works, in every place. Links may lead a few levels up: there is nothing that differs. */
const WORK = "one/two/work";
const GUEST_TOP = "/mnt/place";
const USER = 1000;

/** A kind of place, and what its file system can do: the letters of exercise.c. */
export interface Place {
  readonly name: "bind" | "layered" | "tmpfs";
  /**
   * Deno has no renameat2, no fallocate, no O_TMPFILE and no SEEK_HOLE. Listing a layer tells no links apart, as on
   * overlayfs without xino, whose d_ino is not st_ino. Holes are left out everywhere: next to a page that was touched
   * through a mapping others count as data, because pages are given in groups (mm/fault.ts).
   */
  readonly features: string;
}

export const PLACES: readonly Place[] = [
  { name: "bind", features: "i" },
  { name: "layered", features: "xft" },
  { name: "tmpfs", features: "xfti" },
];

/** Why the exerciser cannot run here; undefined if it can. */
export function whyNot(): string | undefined {
  if (Deno.build.os !== "linux") return "the truth is Linux itself, and this host is another";
  for (const command of ["gcc", "aarch64-linux-gnu-gcc"]) {
    if (!hasCommand(command)) return `${command} is not installed`;
  }
  if (!isTmpfs("/dev/shm")) return "/dev/shm is no tmpfs";
  return undefined;
}

function isTmpfs(path: string): boolean {
  try {
    const mounts = Deno.readTextFileSync("/proc/mounts").split("\n");
    return mounts.some((line) => line.split(" ")[1] === path && line.split(" ")[2] === "tmpfs");
  } catch {
    return false;
  }
}

/** Lines of one run, and how it ended. */
export interface Log {
  readonly lines: readonly string[];
  readonly end: string;
}

function logOf(output: string, end: string): Log {
  return { lines: output.split("\n").filter((line) => line !== ""), end };
}

/** The exerciser, built for the host and for elftap, and folders of its own that go with it. */
export class Exerciser {
  readonly #folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "elftap-files-" }));
  /** Where tmpfs is right by definition. */
  readonly #memory = Deno.makeTempDirSync({ prefix: "elftap-files-", dir: "/dev/shm" });
  readonly #pool = new GuestPool({ keep: 4 });
  readonly #lower: string;
  #count = 0;

  constructor() {
    Deno.chmodSync(this.#folder, 0o755);
    Deno.chmodSync(this.#memory, 0o755);
    const warnings = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-result"];
    build("gcc", ["-O1", ...warnings, "-o", this.#native, SOURCE]);
    Deno.mkdirSync(join(this.#folder, "root"));
    Deno.mkdirSync(join(this.#folder, "programs"));
    build("aarch64-linux-gnu-gcc", ["-static", "-O1", ...warnings, "-o", this.#guest, SOURCE]);
    this.#lower = this.#prepare(this.#folder, true);
  }

  get #native(): string {
    return join(this.#folder, "exercise");
  }
  get #guest(): string {
    return join(this.#folder, "programs", "exercise");
  }

  /** A new top folder with the folder to work in, filled or empty. */
  #prepare(base: string, filled: boolean): string {
    const top = join(base, `top${++this.#count}`), work = join(top, WORK);
    Deno.mkdirSync(work, { recursive: true });
    if (filled) build(this.#native, ["fill", work]);
    return top;
  }

  /** What Linux makes of these operations. */
  async truth(place: Place, seed: number, count: number): Promise<Log> {
    const top = this.#prepare(place.name === "tmpfs" ? this.#memory : this.#folder, true), work = join(top, WORK);
    const args = ["run", work, `${seed}`, `${count}`, place.features];
    let command = this.#native;
    if (Deno.uid() === 0) {
      // Rights mean something to an ordinary user only.
      build("chown", ["-R", "-h", `${USER}:${USER}`, top]);
      args.unshift(`--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", command);
      command = "setpriv";
    }
    const { code, stdout, stderr } = await new Deno.Command(command, { args, stdin: "null" }).output();
    Deno.removeSync(top, { recursive: true });
    return logOf(new TextDecoder().decode(stdout), `exit ${code} ${new TextDecoder().decode(stderr)}`);
  }

  /** What elftap makes of them. */
  async guest(place: Place, seed: number, count: number): Promise<Log> {
    const binds: Bind[] = [{ host: join(this.#folder, "programs"), guest: "/programs", readOnly: true }];
    let top: string | undefined, work = `${GUEST_TOP}/${WORK}`;
    if (place.name === "bind") {
      top = this.#prepare(this.#folder, true);
      binds.push({ host: top, guest: GUEST_TOP, readOnly: false });
    } else if (place.name === "layered") {
      binds.push({ host: this.#lower, guest: GUEST_TOP, readOnly: true, copyOnWrite: true });
    } else work = `/tmp/${WORK}`;
    const argv = ["/programs/exercise", "run", work, `${seed}`, `${count}`, place.features];
    const spec: GuestSpec = {
      path: argv[0]!,
      argv,
      env: {},
      cwd: "/",
      sysroot: join(this.#folder, "root"),
      hostFallback: false,
      binds,
      uid: USER,
      gid: USER,
      hostname: "elftap",
      engine: "auto",
      watchdog: 60,
      timeout: 120_000,
      verbose: 0,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    };
    const { stdout, stderr, outcome: { ending } } = await runGuest(spec, { pool: this.#pool });
    if (top !== undefined) Deno.removeSync(top, { recursive: true });
    const end = ending.kind === "exit" ? `exit ${ending.code} ` : JSON.stringify(ending);
    return logOf(new TextDecoder().decode(stdout), end + new TextDecoder().decode(stderr));
  }

  /** The first thing that elftap does otherwise than Linux; undefined if there is none. */
  async difference(place: Place, seed: number, count: number): Promise<string | undefined> {
    const [right, ours] = await Promise.all([this.truth(place, seed, count), this.guest(place, seed, count)]);
    const at = right.lines.findIndex((line, index) => ours.lines[index] !== line);
    const title = `place ${place.name}, seed ${seed}`;
    if (at >= 0) {
      const before = right.lines.slice(Math.max(0, at - 3), at).map((line) => `    ${line}\n`).join("");
      return `${title}:\n${before}Linux:  ${right.lines[at]}\nelftap: ${ours.lines[at] ?? ours.end}`;
    }
    if (ours.end !== right.end) return `${title}: Linux ends with ${right.end}, elftap with ${ours.end}`;
    if (right.lines.length < count / 2) return `${title}: only ${right.lines.length} operations were done`;
    return undefined;
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
    Deno.removeSync(this.#folder, { recursive: true });
    Deno.removeSync(this.#memory, { recursive: true });
  }
}

function build(command: string, args: readonly string[]): void {
  const { success, stderr } = new Deno.Command(command, { args: [...args] }).outputSync();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
