/**
 * Where reporters write: `--reporter NAME[:FILE]` and `--output FILE`, and the terminal with its live progress.
 */
import { Failure } from "../failure.ts";
import { GithubReporter } from "../report/github.ts";
import { JsonReporter } from "../report/json.ts";
import { JunitReporter } from "../report/junit.ts";
import { PrettyReporter } from "../report/pretty.ts";
import { Progress } from "../report/progress.ts";
import type { Reporter } from "../report/reporter.ts";
import { TapReporter } from "../report/tap.ts";
import type { TestEvent } from "../runner/events.ts";
import { consoleSize } from "../runner/host_writer.ts";
import type { CommandLine } from "./command_line.ts";
import { GatheredOutput, type Sink, writeText } from "./gathered_output.ts";

/** The reporters by name. */
export const REPORTERS = ["pretty", "tap", "tap13", "junit", "json", "github"] as const;
type ReporterName = typeof REPORTERS[number];

/** One reporter and where it writes. */
export interface Destination {
  readonly reporter: ReporterName;
  /** Undefined: stdout. */
  readonly file: string | undefined;
}

/**
 * Reads the options in their order: `--output` is the file of the reporter named before it. When all reporters write
 * to files, `pretty` speaks on stdout.
 *
 * @throws {Failure} for an unknown name, or two reporters on stdout
 */
export function destinations(line: CommandLine): Destination[] {
  const list: Destination[] = [];
  for (const { name, value } of line.options) {
    if (name === "reporter") {
      const colon = value.indexOf(":");
      const reporter = colon < 0 ? value : value.slice(0, colon);
      if (!REPORTERS.some((each) => each === reporter)) {
        throw new Failure(`--reporter ${value}: must be one of ${REPORTERS.join(", ")}, with :FILE or without`);
      }
      if (colon >= 0 && colon + 1 === value.length) throw new Failure(`--reporter ${value}: the file name is empty`);
      list.push({ reporter: reporter as ReporterName, file: colon < 0 ? undefined : value.slice(colon + 1) });
    } else if (name === "output") {
      const last = list.pop() ?? { reporter: "pretty" as const, file: undefined };
      if (last.file !== undefined) {
        throw new Failure(`--output ${value}: --reporter ${last.reporter} has a file already`);
      }
      list.push({ reporter: last.reporter, file: value });
    }
  }
  const onStdout = list.filter((each) => each.file === undefined);
  if (onStdout.length > 1) {
    throw new Failure(`two reporters would write to stdout: ${onStdout.map((each) => each.reporter).join(" and ")}`, {
      hint: "give all but one a file: --reporter junit:results.xml",
    });
  }
  return onStdout.length === 0 ? [...list, { reporter: "pretty", file: undefined }] : list;
}

function makeReporter(name: ReporterName, color: boolean): Reporter {
  switch (name) {
    case "pretty":
      return new PrettyReporter({ color });
    case "tap":
      return new TapReporter();
    case "tap13":
      return new TapReporter(13);
    case "junit":
      return new JunitReporter();
    case "json":
      return new JsonReporter();
    case "github":
      return new GithubReporter();
  }
}

/** Times per second that the live lines are painted. */
const FRAMES = 10;

/** Feeds events to all reporters and writes what they say. */
export class Outputs implements Disposable {
  readonly #sinks: { reporter: Reporter; write: (text: string) => void }[] = [];
  readonly #files: Deno.FsFile[] = [];
  readonly #gathered: GatheredOutput[] = [];
  readonly #progress = new Progress();
  /** The terminal with the live lines; undefined: none. */
  readonly #live: { writeSync(bytes: Uint8Array): number } | undefined;
  readonly #color: boolean;
  #timer: ReturnType<typeof setInterval> | undefined;
  #painted = 0;
  #started = 0;

  /** @throws {Failure} when a file cannot be made */
  constructor(list: readonly Destination[], options: { readonly color?: boolean | undefined; readonly live: boolean }) {
    const wantsColor = (stream: { isTerminal(): boolean }) => options.color ?? (stream.isTerminal() && !Deno.noColor);
    // The live lines go where pretty goes; beside a machine's format on stdout they go to stderr.
    const terminal = list.some((each) => each.reporter === "pretty" && each.file === undefined)
      ? Deno.stdout
      : Deno.stderr;
    this.#live = options.live && terminal.isTerminal() ? terminal : undefined;
    this.#color = wantsColor(terminal);
    for (const { reporter, file } of list) {
      const write = this.#writer(file === undefined ? Deno.stdout : this.#open(file));
      this.#sinks.push({
        reporter: makeReporter(reporter, file === undefined && wantsColor(Deno.stdout)),
        write: file === undefined && this.#live === Deno.stdout ? (text) => this.#above(() => write(text)) : write,
      });
    }
  }

  /** People at a terminal see each line at once. */
  #writer(to: Sink & { isTerminal(): boolean }): (text: string) => void {
    if (to.isTerminal()) return (text) => writeText(to, text);
    const gathered = new GatheredOutput(to);
    this.#gathered.push(gathered);
    return (text) => gathered.write(text);
  }

  #open(path: string): Deno.FsFile {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(path, { write: true, create: true, truncate: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) {
        throw new Failure(`no permission to write ${path}`, { hint: `run elftap with --allow-write=${path}` });
      }
      throw new Failure(`cannot write ${path}: ${(error as Error).message.split("\n")[0]}`);
    }
    this.#files.push(file);
    return file;
  }

  /** Writes what has been said so far. */
  flush(): void {
    for (const each of this.#gathered) each.flush();
  }

  /** Takes an event of the run. */
  event(event: TestEvent): void {
    this.#progress.event(event);
    if (event.type === "run-started" && this.#live) {
      this.#started = performance.now();
      this.#timer = setInterval(() => this.#paint(), 1000 / FRAMES);
    }
    if (event.type === "run-finished") this.#stopLive();
    for (const { reporter, write } of this.#sinks) {
      const text = reporter.event(event);
      if (text !== "") write(text);
    }
    if (event.type === "run-finished") this.flush();
  }

  /** Writes something above the live lines. */
  #above(write: () => void): void {
    this.#erase();
    write();
    if (this.#timer !== undefined) this.#paint();
  }

  #erase(): void {
    if (this.#painted === 0) return;
    // Up, and clear to the end of the screen (ECMA-48 CUU, ED).
    writeText(this.#live!, `\x1b[${this.#painted}A\r\x1b[J`);
    this.#painted = 0;
  }

  #paint(): void {
    const width = consoleSize()?.columns ?? 80;
    const lines = this.#progress.lines(performance.now() - this.#started, width, this.#color);
    const up = this.#painted > 0 ? `\x1b[${this.#painted}A\r\x1b[J` : "";
    writeText(this.#live!, up + lines.join("\n") + "\n");
    this.#painted = lines.length;
  }

  #stopLive(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#live) this.#erase();
  }

  [Symbol.dispose](): void {
    this.#stopLive();
    try {
      this.flush();
    } finally {
      for (const file of this.#files.splice(0)) file.close();
    }
  }
}
