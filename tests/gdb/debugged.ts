/**
 * A guest that waits for a debugger, and debuggers that talk to it: the ground of the tests in this folder. Everything
 * goes over the loopback interface, by the command line a user has.
 */
import { ok } from "node:assert/strict";
import { buildGuests, type Guest } from "../guests/build.ts";
import { hasCommand } from "../guests/toolchain.ts";
import { elftapCommand, FLAGS } from "../support/elftap.ts";

/** The rights of `deno task gdb`. */
const DEBUG_FLAGS = [...FLAGS, "--allow-net=127.0.0.1"];

const { guests, skipped, failed } = await buildGuests(["debug/"]);

/** Programs by title, e.g. `debug/basic [musl-static]`. */
export const programs: ReadonlyMap<string, Guest> = new Map(guests.map((guest) => [guest.title, guest]));

/** Registers a test for a debugger and a program; it is skipped, loudly, where one of them is missing. */
export function debuggerTest(
  name: string,
  debugger_: "gdb-multiarch" | "lldb",
  title: string,
  test: (guest: Guest) => Promise<void>,
): void {
  const why = failed.find((each) => each.title === title)?.output ?? skipped.find((each) => each.title === title)?.why;
  const guest = programs.get(title);
  if (failed.some((each) => each.title === title)) {
    Deno.test(name, () => {
      throw new Error(`${title} does not build: ${why}`);
    });
    return;
  }
  const missing = !hasCommand(debugger_) ? `${debugger_} is not installed` : guest ? undefined : why ?? "not built";
  if (missing !== undefined) console.error(`skipped ${name}: ${missing}`);
  Deno.test({ name, ignore: missing !== undefined, fn: () => test(guest!) });
}

/** A guest under elftap, and where debuggers find it. */
export class Debugged implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdout: Promise<string>;
  #errors = "";
  #printed = "";
  readonly #reading: Promise<void>;
  readonly #target = Promise.withResolvers<string>();
  readonly #lines: { readonly pattern: RegExp; readonly found: () => void }[] = [];
  readonly #awaited: { readonly pattern: RegExp; readonly found: () => void }[] = [];

  constructor(
    guest: Guest,
    options: { args?: readonly string[]; stopOnEntry?: boolean; command?: readonly string[] } = {},
  ) {
    const { args = [], stopOnEntry = true } = options;
    const sysroot = guest.sysroot === undefined ? [] : ["--sysroot", guest.sysroot];
    const command = options.command ??
      ["run", "--gdb", "0", ...stopOnEntry ? ["--gdb-stop-on-entry"] : [], ...sysroot, guest.path, ...args];
    this.#child = elftapCommand(command, { flags: DEBUG_FLAGS }).spawn();
    this.#stdout = this.#read(this.#child.stdout, (text) => {
      this.#printed = text;
      for (const { pattern, found } of this.#awaited) if (pattern.test(text)) found();
    });
    this.#reading = this.#read(this.#child.stderr, (text) => {
      this.#errors = text;
      const target = /target remote (\S+)/.exec(text);
      if (target) this.#target.resolve(target[1]!);
      for (const { pattern, found } of this.#lines) if (pattern.test(text)) found();
    }).then(() => this.#target.reject(new Error(`elftap has ended: ${this.#errors}`)));
    this.#target.promise.catch(() => {});
  }

  async #read(stream: ReadableStream<Uint8Array>, changed: (text: string) => void): Promise<string> {
    let text = "";
    for await (const part of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
      changed(text += part);
    }
    return text;
  }

  /** `HOST:PORT` */
  get target(): Promise<string> {
    return this.#target.promise;
  }

  /** Resolves when elftap has said something like this on stderr. */
  said(pattern: RegExp): Promise<void> {
    if (pattern.test(this.#errors)) return Promise.resolve();
    return new Promise((found) => this.#lines.push({ pattern, found }));
  }

  /** Resolves when the guest has printed something like this. */
  printed(pattern: RegExp): Promise<void> {
    if (pattern.test(this.#printed)) return Promise.resolve();
    return new Promise((found) => this.#awaited.push({ pattern, found }));
  }

  /** Sends a signal to elftap. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** What came of the guest. */
  async end(): Promise<{ code: number; stdout: string; stderr: string }> {
    const { code } = await this.#child.status;
    await this.#reading;
    return { code, stdout: await this.#stdout, stderr: this.#errors };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await this.end();
  }
}

/** gdb's settings for batches: no questions, no pages, no network look-ups. */
const GDB_SETTINGS = ["set pagination off", "set confirm off", "set width 0", "set debuginfod enabled off"];

/** Runs gdb's commands against a target; what it printed, both streams. */
export async function gdb(target: string, commands: readonly string[]): Promise<string> {
  const all = [...GDB_SETTINGS, `target remote ${target}`, ...commands];
  const args = ["-nx", "-batch", ...all.flatMap((each) => ["-ex", each])];
  return await printedBy("gdb-multiarch", args);
}

/** Longest that a debugger may take: one that hangs is ended, and its test fails for what it has not printed. */
const PATIENCE = 120_000;

async function printedBy(command: string, args: readonly string[]): Promise<string> {
  const signal = AbortSignal.timeout(PATIENCE);
  const { stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    env: { LC_ALL: "C" },
    signal,
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) + (signal.aborted ? "\n(it hung)\n" : "");
}

/** Runs lldb's commands against a target; what it printed, both streams. */
export async function lldb(guest: Guest, target: string, commands: readonly string[]): Promise<string> {
  return await printedBy("lldb", lldbArguments(guest, target, [...commands, "quit"]));
}

/** lldb's arguments that connect it to a guest and give it commands. */
function lldbArguments(guest: Guest, target: string, commands: readonly string[]): string[] {
  const all = [
    "settings set auto-confirm true",
    ...guest.sysroot === undefined ? [] : [`platform select --sysroot ${guest.sysroot} remote-linux`],
    `target create ${guest.path}`,
    `gdb-remote ${target}`,
    ...commands,
  ];
  return ["-x", "--no-use-colors", ...all.flatMap((each) => ["-o", each])];
}

/** A debugger that is talked to command by command. */
class Talk implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #text = "";
  #seen = 0;
  #changed = Promise.withResolvers<void>();
  readonly #reading: Promise<void>;
  readonly #patience: ReturnType<typeof setTimeout>;

  constructor(command: string, args: string[]) {
    const env = { LC_ALL: "C" };
    this.#child = new Deno.Command(command, { args, stdin: "piped", stdout: "piped", stderr: "null", env }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = this.#read();
    this.#patience = setTimeout(() => this.vanish(), PATIENCE);
  }

  async #read(): Promise<void> {
    for await (
      const part of this.#child.stdout.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    ) {
      this.#text += part;
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
    this.#changed.reject(new Error(`the debugger has ended:\n${this.#text}`));
    this.#changed.promise.catch(() => {});
  }

  /** Gives a command and does not wait. */
  async send(command: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(command + "\n"));
  }

  /** What is printed up to a text. */
  async until(text: string): Promise<string> {
    for (;;) {
      const at = this.#text.indexOf(text, this.#seen);
      if (at >= 0) {
        const found = this.#text.slice(this.#seen, at);
        this.#seen = at + text.length;
        return found;
      }
      await this.#changed.promise;
    }
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.#child.kill("SIGINT");
  }
  /** Is gone without a word. */
  vanish(): void {
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#patience);
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended
    }
    await this.#child.status;
    await this.#reading;
    await this.#writer.close().catch(() => {});
  }
}

/** A gdb that is talked to. */
export class Gdb extends Talk {
  constructor() {
    super("gdb-multiarch", ["-nx", "-q", ...GDB_SETTINGS.flatMap((each) => ["-ex", each])]);
  }

  /** Gives a command; what gdb prints up to its next prompt. */
  async ask(command: string): Promise<string> {
    await this.send(command);
    await this.send(`echo <end>\\n`);
    return await this.until("<end>\n");
  }
}

/** An lldb that is talked to. */
export class Lldb extends Talk {
  constructor(guest: Guest, target: string) {
    super("lldb", lldbArguments(guest, target, []));
  }
}

/** Asserts that a text has a match of every pattern, in this order. */
export function inOrder(text: string, patterns: readonly RegExp[]): void {
  let rest = text;
  for (const pattern of patterns) {
    const found = pattern.exec(rest);
    ok(found, `no ${pattern} in what follows of:\n${text}`);
    rest = rest.slice(found.index + found[0].length);
  }
}
