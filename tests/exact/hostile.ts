/**
 * Hostile input: mutated ELF files, mutated interpreters and libraries, and pages of random code. Each must end as a
 * guest's outcome or as an error of one line, within two seconds, and leave no memory behind.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GuestPool } from "../../src/runner/guest_pool.ts";
import { runGuest } from "../../src/runner/guest.ts";
import type { GuestOutcome } from "../../src/runner/guest_spec.ts";
import { PT_LOAD, SIZEOF_EHDR, SIZEOF_PHDR } from "../../src/elf/constants.ts";
import { rows } from "../../src/isa/a64/table.ts";
import { randomWords } from "../isa/encodings.ts";
import { encoding, type Next, variants } from "./cases.ts";
import { Progress } from "./progress.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const CROSS_LIB = "/usr/aarch64-linux-gnu/lib";
/** Milliseconds that a guest gets; a loop of random code does not end by itself. */
const GUEST_TIME = 250;
/** Milliseconds in which everything must be over. */
const LIMIT = 2000;
/** Guests at a time. */
const LANES = 2;

/** What came of a run of many. */
export interface HostileTally {
  runs: number;
  readonly endings: Map<string, number>;
  slowest: number;
  /** Guests that took longer than the limit. */
  readonly late: string[];
  /** MiB of this process: after the first runs, at half, at the end. */
  readonly rss: number[];
  readonly failures: string[];
}

/**
 * Makes the program and what it needs in a folder of the guest's root that no run before has used: what is known of a
 * host file is trusted for a while.
 */
type Make = (folder: string, guestFolder: string, next: Next) => void;

function build(output: string, ...args: string[]): string {
  const { success, stderr } = new Deno.Command("aarch64-linux-gnu-gcc", { args: ["-o", output, ...args] }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return output;
}

/** Values that fields of headers get: limits of sizes, pages, signs. */
const VALUES = [
  0n,
  1n,
  7n,
  0x38n,
  0xfffn,
  0x1000n,
  0x1001n,
  0x10000n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x7ffffffff000n,
  0x800000000000n,
  0xffffffffff000n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xfffffffffffff000n,
  0xffffffffffffffffn,
];

/** Bytes of the ELF header and of the program headers behind it. */
const HEADERS = 64 + 12 * 56;

/** A copy with one to eight mutations, most of them where the loader looks. */
export function mutate(original: Uint8Array, next: Next): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(original), view = new DataView(bytes.buffer);
  const headers = Math.min(HEADERS, bytes.length);
  if (next() % 16 === 0) return bytes.subarray(0, next() % bytes.length);
  for (let n = 1 + next() % 8; n > 0; n--) {
    const inHeaders = next() % 4 !== 0;
    const at = inHeaders ? next() % headers : next() % bytes.length;
    switch (next() % 5) {
      case 0: // a bit
        bytes[at]! ^= 1 << (next() & 7);
        break;
      case 1: // a byte
        bytes[at] = next();
        break;
      case 2: { // a doubleword with a value that is special to somebody
        const aligned = at & ~7;
        if (aligned + 8 <= bytes.length) view.setBigUint64(aligned, VALUES[next() % VALUES.length]!, true);
        break;
      }
      case 3: { // a word
        const aligned = at & ~3;
        if (aligned + 4 <= bytes.length) view.setUint32(aligned, next() & 1 ? next() : next() % 256, true);
        break;
      }
      default: { // a copy of other bytes of the file
        const from = next() % bytes.length, length = Math.min(next() % 64, bytes.length - Math.max(at, from));
        bytes.copyWithin(at, from, from + length);
      }
    }
  }
  return bytes;
}

const put = (path: string, bytes: Uint8Array): void => Deno.writeFileSync(path, bytes, { mode: 0o755 });

/** A copy of a dynamic program with another interpreter, whose name is not longer. */
function withInterpreter(program: Uint8Array, path: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(program), old = new TextEncoder().encode("/lib/ld-linux-aarch64.so.1");
  const at = bytes.findIndex((_, i) => old.every((byte, n) => bytes[i + n] === byte));
  if (at < 0 || path.length > old.length) throw new Error("the program's interpreter cannot be replaced");
  bytes.fill(0, at, at + old.length);
  new TextEncoder().encodeInto(path, bytes.subarray(at));
  return bytes;
}

/** Mutated programs, interpreters and libraries. */
function mutatedFiles(folder: string): { make: Make; prepare: (root: string) => void } {
  const source = join(folder, "hello.c");
  Deno.writeTextFileSync(source, '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n');
  const small = Deno.readFileSync(join(HERE, "..", "fixtures", "hello"));
  const staticProgram = Deno.readFileSync(build(join(folder, "static"), "-O1", "-static", source));
  const staticPie = Deno.readFileSync(build(join(folder, "pie"), "-O1", "-static-pie", source));
  const dynamic = Deno.readFileSync(build(join(folder, "dynamic"), "-O1", source));
  const loader = Deno.readFileSync(`${CROSS_LIB}/ld-linux-aarch64.so.1`);
  const library = Deno.readFileSync(`${CROSS_LIB}/libc.so.6`);
  return {
    prepare: (root) => {
      Deno.mkdirSync(join(root, "lib"), { recursive: true });
      put(join(root, "lib", "libc.so.6"), library);
      put(join(root, "lib", "ld-linux-aarch64.so.1"), loader);
    },
    make: (folder, guestFolder, next) => {
      const kind = next() % 16;
      let program: Uint8Array<ArrayBuffer> = dynamic;
      if (kind < 4) program = mutate(small, next);
      else if (kind < 6) program = mutate(staticProgram, next);
      else if (kind < 8) program = mutate(staticPie, next);
      else if (kind < 10) program = mutate(dynamic, next);
      else if (kind < 15) {
        program = withInterpreter(dynamic, `${guestFolder}/ld.so`);
        put(join(folder, "ld.so"), mutate(loader, next));
      } else put(join(folder, "libc.so.6"), mutate(library, next));
      put(join(folder, "program"), program);
    },
  };
}

/** Pages of random code. */
function codePages(folder: string): { make: Make; prepare: (root: string) => void } {
  const path = build(join(folder, "page"), "-nostdlib", "-static", "-Wl,--no-warnings", join(HERE, "page.S"));
  const template = Deno.readFileSync(path);
  const symbols = new Map<string, number>();
  const listing = new Deno.Command("aarch64-linux-gnu-nm", { args: [path] }).outputSync().stdout;
  for (const line of new TextDecoder().decode(listing).split("\n")) {
    const [address, , name] = line.split(" ");
    if (name !== undefined) symbols.set(name, parseInt(address!, 16));
  }
  const headers = new DataView(template.buffer), count = headers.getUint16(56, true);
  const offset = (name: string): number => {
    const va = symbols.get(name)!;
    for (let i = 0; i < count; i++) {
      const at = SIZEOF_EHDR + i * SIZEOF_PHDR, field = (n: number) => Number(headers.getBigUint64(at + n, true));
      const inside = va >= field(16) && va < field(16) + field(32);
      if (headers.getUint32(at, true) === PT_LOAD && inside) return field(8) + va - field(16);
    }
    throw new Error(`${name} is in no segment`);
  };
  const page = offset("page"),
    registers = offset("registers"),
    vectors = offset("vectors"),
    signals = offset("signals");
  const instructions = rows.filter((row) => row.lift);
  const data = symbols.get("registers")!;
  return {
    prepare: () => {},
    make: (folder, _, next) => {
      const bytes = template.slice(), view = new DataView(bytes.buffer);
      const valid = next() % 4;
      for (let at = 0; at < 4096; at += 4) {
        let word: number | undefined = next();
        if (valid !== 0 && next() % (1 << (3 * valid)) !== 0) {
          const row = instructions[next() % instructions.length]!, all = variants(row);
          word = encoding(row, all[next() % all.length]!, next) ?? word;
        } else if (next() % 16 === 0) {
          // Any system call: svc behind movz x8.
          if (at > 0) view.setUint32(page + at - 4, 0xd2800008 | ((next() % 460) << 5), true);
          word = 0xd4000001;
        }
        view.setUint32(page + at, word, true);
      }
      for (let n = 0; n < 32; n++) {
        const near = next() & 1;
        view.setUint32(registers + 8 * n, near ? data - 2048 + (next() & 0xfff) : next(), true);
        view.setUint32(registers + 8 * n + 4, near ? 0 : next() >>> (next() & 31), true);
      }
      for (let n = 0; n < 512; n += 4) view.setUint32(vectors + n, next(), true);
      if (next() & 1) bytes[signals] = 0;
      put(join(folder, "program"), bytes);
    },
  };
}

export type HostileKind = "files" | "pages";

/** Runs `count` guests of a kind. */
export async function hostile(kind: HostileKind, count: number, seed: number): Promise<HostileTally> {
  const folder = Deno.makeTempDirSync({ prefix: "elftap-hostile-" });
  const tally: HostileTally = { runs: 0, endings: new Map(), slowest: 0, late: [], rss: [], failures: [] };
  const progress = new Progress(kind, count);
  try {
    const { make, prepare } = kind === "files" ? mutatedFiles(folder) : codePages(folder);
    using pool = new GuestPool({ keep: LANES });
    let started = 0, serial = 0;
    const marks = [Math.min(200, count >> 2), count >> 2, count >> 1, 3 * (count >> 2), count];
    const root = join(folder, "root");
    Deno.mkdirSync(root);
    prepare(root);
    // Made now, as the guests' kernel trusts its list of the root's entries for a while, too.
    for (let n = 0; n < count + LANES; n++) Deno.mkdirSync(join(root, `r${n}`));
    const run = async (own: number) => {
      const guestFolder = `/r${serial++}`, folder = root + guestFolder;
      make(folder, guestFolder, randomWords(own));
      const start = performance.now();
      const { outcome } = await runGuest(specOf(root, guestFolder), { pool, limit: 1 << 16 });
      const milliseconds = performance.now() - start;
      for (const { name } of [...Deno.readDirSync(folder)]) Deno.removeSync(join(folder, name));
      return { outcome, milliseconds };
    };
    const lane = async (): Promise<void> => {
      // The lane's Worker starts with a guest that does not count.
      await run(seed);
      while (started < count) {
        const own = (seed + started++ * 7919) >>> 0;
        const { outcome, milliseconds } = await run(own);
        judge(tally, `${kind} ${own}`, outcome, milliseconds);
        if (marks.includes(tally.runs)) tally.rss.push(rss());
        progress.at(tally.runs);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
  progress.end();
  return tally;
}

const rss = (): number => Math.round(Deno.memoryUsage().rss / 2 ** 20);

const specOf = (root: string, guestFolder: string) => ({
  path: `${guestFolder}/program`,
  argv: [`${guestFolder}/program`],
  env: { LD_LIBRARY_PATH: guestFolder },
  cwd: "/",
  sysroot: root,
  hostFallback: false,
  binds: [],
  uid: 1000,
  gid: 1000,
  hostname: "elftap",
  engine: "auto" as const,
  watchdog: 0,
  timeout: GUEST_TIME,
  verbose: 0 as const,
  stdin: "null" as const,
  stdout: "piped" as const,
  stderr: "piped" as const,
});

function judge(tally: HostileTally, what: string, { ending }: GuestOutcome, milliseconds: number): void {
  tally.runs++;
  tally.slowest = Math.max(tally.slowest, milliseconds);
  const name = ending.kind === "exit"
    ? "exit"
    : ending.kind === "signal"
    ? ending.signalName
    : ending.kind === "timeout"
    ? "stopped"
    : "error";
  tally.endings.set(name, (tally.endings.get(name) ?? 0) + 1);
  const wrong = (why: string): void => {
    if (tally.failures.length < 40) tally.failures.push(`${what}: ${why}`);
  };
  if (milliseconds > LIMIT) tally.late.push(`${what}: took ${Math.round(milliseconds)} ms (${name})`);
  if (ending.kind !== "error") return;
  if (/internal error/.test(ending.message) || ending.exitCode === 125) wrong(ending.message);
  if (ending.message.includes("\n")) wrong(`more than one line: ${JSON.stringify(ending.message)}`);
}
