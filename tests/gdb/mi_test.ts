/**
 * gdb's machine interface, as VS Code's `cppdbg` uses it: the commands that its engine (MIEngine) gives for the
 * `launch.json` in docs/debugging.md, in its order, and what it looks for in the answers.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Guest } from "../guests/build.ts";
import { Debugged, debuggerTest } from "./debugged.ts";

/** The blocks of JSON in the page about debugging. */
function documented(): { readonly [key: string]: unknown }[] {
  const text = Deno.readTextFileSync(new URL("../../docs/debugging.md", import.meta.url));
  return [...text.matchAll(/^```json\n(.*?)^```$/gms)].map(([, json]) => JSON.parse(json!));
}

/** What the engine takes from `launch.json`. */
interface Launch {
  readonly type: string;
  readonly program: string;
  readonly cwd: string;
  readonly miDebuggerPath: string;
  readonly miDebuggerServerAddress: string;
  readonly stopAtEntry: boolean;
  readonly setupCommands: readonly { readonly text: string; readonly ignoreFailures?: boolean }[];
  readonly preLaunchTask: string;
}

const launch = (documented()[0] as { configurations: Launch[] }).configurations.find(({ type }) => type === "cppdbg")!;

/** Longest that gdb may take; a test that waits for what does not come fails. */
const PATIENCE = 60_000;

/** A gdb with its machine interface. */
class Mi implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: string[] = [];
  #changed = Promise.withResolvers<void>();
  #token = 1000;
  /** Lines that {@link stopped} has seen. */
  #seen = 0;
  readonly #reading: Promise<void>;
  readonly #patience: ReturnType<typeof setTimeout>;

  constructor(command: string) {
    this.#child = new Deno.Command(command, {
      args: ["--interpreter=mi", "-nx"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
      env: { LC_ALL: "C", DEBUGINFOD_URLS: "" },
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = this.#read();
    this.#patience = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE);
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (
      const part of this.#child.stdout.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    ) {
      const lines = (rest + part).split("\n");
      rest = lines.pop()!;
      this.#lines.push(...lines);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
    this.#changed.reject(new Error(`gdb has ended:\n${this.#lines.join("\n")}`));
    this.#changed.promise.catch(() => {});
  }

  async #line(from: number, pattern: RegExp): Promise<{ readonly at: number; readonly text: string }> {
    for (;;) {
      const at = this.#lines.findIndex((line, index) => index >= from && pattern.test(line));
      if (at >= 0) return { at, text: this.#lines[at]! };
      await this.#changed.promise;
    }
  }

  /** Gives a command; its result record, which must not be an error, and the console's lines before it. */
  async command(text: string): Promise<string> {
    const token = ++this.#token, from = this.#lines.length;
    await this.#writer.write(new TextEncoder().encode(`${token}${text}\n`));
    const { at, text: result } = await this.#line(from, new RegExp(`^${token}\\^`));
    ok(!result.startsWith(`${token}^error`), `${text}: ${result}`);
    return [...this.#lines.slice(from, at).filter((line) => line.startsWith("~")), result].join("\n");
  }

  /** The next stop. */
  async stopped(): Promise<string> {
    const { at, text } = await this.#line(this.#seen, /^\*stopped/);
    this.#seen = at + 1;
    return text;
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

/** Connects as the engine does. */
async function start(guest: Guest, debugged: Debugged): Promise<Mi> {
  const mi = new Mi(launch.miDebuggerPath), folder = guest.path.slice(0, guest.path.lastIndexOf("/"));
  await mi.command("-gdb-set mi-async on");
  for (const { text } of launch.setupCommands) await mi.command(text);
  await mi.command('-interpreter-exec console "set pagination off"');
  await mi.command(`-gdb-set solib-search-path ${folder}:`);
  await mi.command(`-environment-cd ${folder}`);
  await mi.command(`-file-exec-and-symbols ${guest.path}`);
  match(await mi.command('-interpreter-exec console "show architecture"'), /aarch64/);
  match(await mi.command("-break-insert main"), /\^done,bkpt=\{number="1"/);
  match(await mi.command(`-target-select remote ${await debugged.target}`), /\^connected/);
  match(await mi.stopped(), /frame=\{/);
  return mi;
}

Deno.test("docs/debugging.md: launch.json and tasks.json fit together", () => {
  const [launches, tasks] = documented() as [
    { configurations: Launch[] },
    { tasks: { label: string; command: string; problemMatcher: { background: { endsPattern: string } } }[] },
  ];
  const port = launch.miDebuggerServerAddress.split(":")[1]!;
  for (const { preLaunchTask } of launches.configurations) {
    const task = tasks.tasks.find(({ label }) => label === preLaunchTask)!;
    ok(task.command.includes(`--gdb ${port} --gdb-stop-on-entry`));
    match(
      "elftap: the program is stopped at its entry; gdb: target remote 127.0.0.1:1234",
      new RegExp(task.problemMatcher.background.endsPattern),
    );
  }
});

for (const variant of ["", " [dynamic]", " [musl-dynamic]"]) {
  const title = `debug/everyday${variant}`;
  debuggerTest(`VS Code's cppdbg: break, step, look and go on in ${title}`, "gdb-multiarch", title, async (guest) => {
    await using debugged = new Debugged(guest);
    await using mi = await start(guest, debugged);
    // setBreakpoints comes when the engine is connected; then it continues.
    const line = 1 + Deno.readTextFileSync(guest.source.file).split("\n").findIndex((text) => text.includes("s += i"));
    match(await mi.command(`-break-insert -f ${guest.source.file}:${line}`), /bkpt=\{number="2",.*func="sum"/);
    await mi.command("-exec-continue");
    match(await mi.stopped(), /reason="breakpoint-hit".*bkptno="1".*func="main"/);
    match(await mi.command('-interpreter-exec console "info sharedlibrary"'), /libc|ld-|No shared libraries/);
    match(await mi.command("-thread-info"), /threads=\[\{id="1".*name="everyday".*\],current-thread-id="1"/);
    match(await mi.command("-stack-list-frames --thread 1 0 1000"), /func="main".*fullname="[^"]*everyday\.c"/);
    await mi.command("-break-delete 1");

    await mi.command("-exec-next --thread 1");
    match(await mi.stopped(), /reason="end-stepping-range".*func="main"/);
    await mi.command("-exec-continue");
    match(await mi.stopped(), /reason="breakpoint-hit".*bkptno="2".*func="sum"/);
    match(await mi.command("-stack-list-variables --thread 1 --frame 0 0"), /name="i".*name="n",arg="1".*name="s"/);
    match(await mi.command('-var-create --thread 1 --frame 0 - * "n"'), /name="var1",numchild="0",value="10"/);
    match(await mi.command("-data-evaluate-expression s"), /value="0"/);
    await mi.command("-break-condition 2 i == 5");
    await mi.command("-exec-continue");
    match(await mi.stopped(), /bkptno="2"/);
    match(await mi.command("-data-evaluate-expression i"), /value="5"/);
    match(await mi.command("-gdb-set var s = 100"), /\^done/);
    await mi.command("-break-delete 2");
    await mi.command("-exec-finish --thread 1");
    match(await mi.stopped(), /reason="function-finished".*return-value="135"/);

    await mi.command("-break-insert -f failing");
    await mi.command("-exec-step --thread 1");
    await mi.stopped();
    await mi.command("-exec-continue");
    match(await mi.stopped(), /reason="breakpoint-hit".*func="failing"/);
    match(await mi.command('-var-create --thread 1 --frame 1 - @ "p"'), /numchild="3"/);
    match(
      await mi.command('-var-list-children --simple-values "var2" 0 1000'),
      /exp="x".*value="3".*exp="y".*value="4.5"/,
    );
    match(await mi.command("-data-list-register-names"), /"x0",.*"pc"/);
    match(await mi.command("-data-list-register-values --thread 1 x"), /\{number="32",value="0x/);
    match(await mi.command('-data-read-memory-bytes "&mine" 4'), /contents="05000000"/);
    match(await mi.command('-data-disassemble -s $pc -e "$pc + 16" -- 2'), /inst="[a-z]/);
    await mi.command("-exec-continue");
    match(await mi.stopped(), /reason="exited-normally"/);
    const { code, stdout } = await debugged.end();
    equal(code, 0);
    deepEqual(stdout, "120\n135\npair 3 2.25\n-1 1\n3\n");
  });
}

debuggerTest(
  "VS Code's cppdbg: pause, threads, and the end of a session",
  "gdb-multiarch",
  "debug/waits",
  async (guest) => {
    await using debugged = new Debugged(guest, { args: ["run"] });
    await using mi = await start(guest, debugged);
    await mi.command("-break-delete 1");
    await mi.command("-exec-continue");
    await debugged.printed(/ready/);
    await mi.command("-exec-interrupt");
    match(await mi.stopped(), /reason="signal-received",signal-name="SIGINT".*func="main"/);
    match(await mi.command("-thread-info"), /state="stopped"/);
    await mi.command("-exec-continue");
    // A breakpoint while the program runs is set in a pause that the engine makes.
    await mi.command("-exec-interrupt");
    match(await mi.stopped(), /SIGINT/);
    await mi.command("-gdb-set var done = 1");
    await mi.command("-exec-continue");
    match(await mi.stopped(), /reason="exited-normally"/);
    match(await mi.command("-gdb-exit"), /\^exit/);
    equal((await debugged.end()).stdout, "ready\ndone\n");
  },
);

debuggerTest("VS Code's cppdbg: a crash is an exception at its line", "gdb-multiarch", "debug/crash", async (guest) => {
  await using debugged = new Debugged(guest);
  await using mi = await start(guest, debugged);
  await mi.command("-exec-continue");
  match(await mi.stopped(), /bkptno="1"/);
  await mi.command("-exec-continue");
  match(await mi.stopped(), /signal-name="SIGSEGV",signal-meaning="Segmentation fault".*func="set".*line="8"/);
  // The stop button.
  await mi.command('-interpreter-exec console "kill"');
  await mi.command("-gdb-exit");
  equal((await debugged.end()).code, 137);
});
