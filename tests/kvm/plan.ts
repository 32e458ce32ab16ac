/** What is run in the emulated machine: on which CPUs, how much of it, in which parts. */
import type { Guest } from "../guests/build.ts";
import { SANITIZED_ENV } from "./sanitizers.ts";
import { type EngineName, type Sanitizer, shimName } from "./shims.ts";
import { guestThere } from "./stage.ts";

/** One boot of the machine: every n-th guest program by engine. */
export interface Plan {
  /** QEMU's name. */
  readonly cpu: string;
  readonly every: Readonly<Record<EngineName, number>>;
  /** Whether the shim is tested by itself too: under the address sanitizer, and with vCPUs that do not answer. */
  readonly shim: boolean;
}

/**
 * What fits into ten minutes on two processors. All programs on one engine and CPU; of the others a part each, as the
 * engines share all but the shim's last file, and CPUs differ for the engine in identification and debug registers.
 */
export const SHORT: readonly Plan[] = [
  { cpu: "max", every: { kvm: 1, hvf: 4 }, shim: true },
  { cpu: "cortex-a72", every: { kvm: 4, hvf: 8 }, shim: false },
];

/** Everything: ten minutes if the host does nothing else. */
export const ALL: readonly Plan[] = SHORT.map(({ cpu }) => ({ cpu, every: { kvm: 1, hvf: 1 }, shim: true }));

/** Whether a program is compiled for instructions that a CPU without Armv8.1's lacks. */
const needsFeatures = ({ source }: Guest): boolean => source.flags.some((flag) => /^-march=armv8\.\d/.test(flag));

/** The programs of a plan for an engine. @param all all of them, however often the plan takes one */
export function programsOf(plan: Plan, name: EngineName, guests: readonly Guest[], all: boolean): Guest[] {
  return guests.filter((guest) => plan.cpu === "max" || !needsFeatures(guest))
    .filter((_, i) => all || i % plan.every[name] === 0);
}

/** A script of the machine, with a title of its own. */
export interface Part {
  readonly title: string;
  /** Words of the command. */
  readonly command: readonly string[];
}

const RESULTS = "/results/rows.jsonl";

const deno = (script: string, permissions: readonly string[], args: readonly string[]): string[] => {
  return ["deno", "run", "--no-prompt", "--no-check", ...permissions, `tests/kvm/${script}.ts`, ...args];
};

const sanitized = (command: readonly string[]): string[] => ["/bin/busybox", "env", ...SANITIZED_ENV, ...command];

/** The engine by itself, with the permissions that it needs and no more. */
function enginePart(name: EngineName, sanitizer: Sanitizer): Part {
  const shim = `/payload/${shimName(name, sanitizer)}`;
  const least = ["--allow-read", "--allow-write=/results", `--allow-ffi=${shim}`];
  const title = sanitizer === "address" ? `${name} engine, sanitized` : `${name} engine`;
  const command = deno("inside_engine", least, [name, shim, RESULTS, title]);
  return { title, command: sanitizer === "address" ? sanitized(command) : command };
}

/** The parts of a plan for some engines, in order. @param program of the debugger's session, if it is built */
export function partsOf(plan: Plan, engines: readonly EngineName[], program: Guest | undefined): Part[] {
  const parts: Part[] = [];
  if (plan.shim) {
    const args = ["/payload/libfaulty.so", RESULTS, "sanitizers"];
    parts.push({ title: "sanitizers", command: deno("inside_sanitizer", ["-A"], args) });
  }
  for (const name of engines) {
    const shim = `/payload/${shimName(name, "trap")}`, sanitizedShim = `/payload/${shimName(name, "address")}`;
    parts.push(enginePart(name, "trap"));
    if (plan.shim) {
      const stuck = sanitized(deno("inside_stuck", ["-A"], [name, sanitizedShim, RESULTS]));
      parts.push(enginePart(name, "address"), { title: `${name} stuck`, command: stuck });
    }
    parts.push(
      { title: `${name} counts`, command: deno("inside_counts", ["-A"], [name, shim, RESULTS, "/payload/counted"]) },
      {
        title: `${name} programs`,
        command: deno("inside_guests", ["-A"], [name, shim, RESULTS, `/payload/${name}.json`]),
      },
    );
  }
  if (program && engines.includes("kvm")) {
    const { path } = guestThere(program);
    parts.push(
      { title: "kvm session", command: deno("inside_gdb", ["-A"], [path, RESULTS, "/payload/symbols.json"]) },
      { title: "kvm command", command: deno("inside_command", ["-A"], [path, RESULTS]) },
    );
  }
  return parts;
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** The machine's run.sh: one part after the other. Each leaves a row about its end: what has died has not passed. */
export function script(parts: readonly Part[]): string {
  return `export DENO_DIR=/tmp/deno NO_COLOR=1
cd /payload
part() {
  title=$1
  shift
  began=$(/bin/busybox date +%s)
  "$@"
  status=$?
  echo "$title: $(($(/bin/busybox date +%s) - began)) s"
  if [ $status = 0 ]; then words=; else words="\\"exit status $status\\""; fi
  echo "{\\"title\\":\\"$title: to its end\\",\\"lines\\":[$words]}" >> ${RESULTS}
}
${parts.map(({ title, command }) => ["part", quote(title), ...command.map(quote)].join(" ")).join("\n")}
`;
}
