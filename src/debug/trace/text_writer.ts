/**
 * The trace as strace writes it. A call is one line, written when it has ended; one that gives way to other threads
 * is written as far as it is known, and if others have something to write meanwhile its line is cut:
 * `read(0,  <unfinished ...>`, later `<... read resumed>"x", 1) = 1`.
 */
import type { Siginfo } from "../../kernel/abi/siginfo.ts";
import { signalName } from "../../kernel/abi/signal.ts";
import type { Task } from "../../kernel/task/task.ts";
import { realtime } from "../../kernel/time/clock.ts";
import { siginfoText } from "./decode/signal_types.ts";
import type { OpenCall } from "./open_call.ts";
import type { TraceSpec } from "./spec.ts";
import { stackLines } from "./stack_lines.ts";
import type { CallEnd, TraceSink, TraceWriter } from "./writer.ts";

/** Spaces up to the column of results. */
const SPACES = " ".repeat(256);

export class TextWriter implements TraceWriter {
  /** The call whose line has been begun and not ended. */
  #partial: OpenCall | undefined;
  /** Characters of that line. */
  #width = 0;
  /** Threads alive, as far as they are known. */
  readonly #alive = new Set<Task>();
  /** Whose line was the last in a file, and how it began. */
  #tid = 0;
  #who = "";
  /** CLOCK_MONOTONIC ns of the line before; for -r. */
  #last: number | undefined;

  constructor(readonly spec: TraceSpec, readonly write: TraceSink) {}

  begin(call: OpenCall): void {
    call.lead = this.#lead(call.task);
  }

  blocked(call: OpenCall): void {
    if (call.written !== "not") return;
    this.#cut();
    const texts = call.texts.join(", ");
    call.hadMore = call.more && texts !== "";
    const line = `${call.lead ?? ""}${call.name}(${texts}${call.hadMore ? ", " : ""}`;
    this.write(line);
    call.written = "partly";
    call.writtenTexts = call.texts.length;
    this.#partial = call;
    this.#width = line.length;
  }

  end(call: OpenCall, { text, result, end }: CallEnd): void {
    let line: string, width = 0;
    if (call.written === "not") {
      this.#cut();
      // A filtered or never-ending call has not begun a line yet.
      call.lead ??= this.#lead(call.task);
      line = `${call.lead}${call.name}(${call.texts.join(", ")}`;
    } else {
      const rest = call.texts.slice(call.writtenTexts).join(", ");
      const comma = rest === "" || call.writtenTexts === 0 || call.hadMore ? "" : ", ";
      if (this.#partial === call) {
        line = comma + rest;
        width = this.#width;
        this.#partial = undefined;
      } else {
        this.#cut();
        line = `${this.#lead(call.task)}<... ${call.name} resumed>${comma}${rest}`;
      }
    }
    // A thread that died in a call whose arguments were not all known.
    line += result === undefined && !call.complete ? " <unfinished ...>) " : ") ";
    const missing = this.spec.column - width - line.length;
    line += missing > 0 ? SPACES.slice(0, missing) : "";
    line += `= ${text}`;
    if (this.spec.durations && result !== undefined) line += ` <${((end - call.start) / 1e9).toFixed(6)}>`;
    this.write(line + "\n");
    if (this.spec.stack && result !== undefined) this.#stack(call.task);
  }

  signal(task: Task, info: Siginfo): void {
    this.#line(task, `--- ${signalName(info.signo)} ${siginfoText(info)} ---`);
    if (this.spec.stack) this.#stack(task);
  }

  stopped(task: Task, signal: number): void {
    this.#line(task, `--- stopped by ${signalName(signal)} ---`);
  }

  created(task: Task): void {
    this.#alive.add(task);
  }

  exited(task: Task, status: number): void {
    const signal = status & 0x7f;
    this.#line(task, `+++ ${signal ? `killed by ${signalName(signal)}` : `exited with ${status >> 8 & 0xff}`} +++`);
    this.#alive.delete(task);
  }

  superseded(task: Task, by: number): void {
    this.#line(task, `+++ superseded by execve in pid ${by} +++`);
    this.#alive.delete(task);
  }

  note(text: string): void {
    this.#cut();
    this.write(`/* ${text} */\n`);
  }

  finish(): void {
    if (this.#partial) this.write(" <unfinished ...>\n");
    this.#partial = undefined;
  }

  #line(task: Task, text: string): void {
    this.#cut();
    this.write(`${this.#lead(task)}${text}\n`);
  }

  #stack(task: Task): void {
    for (const line of stackLines(task)) this.write(` > ${line}\n`);
  }

  /** Ends the line that another call has begun. */
  #cut(): void {
    if (this.#partial === undefined) return;
    this.write(" <unfinished ...>\n");
    this.#partial.written = "split";
    this.#partial = undefined;
  }

  /** What begins a line: who, and when. */
  #lead(task: Task): string {
    const { timestamps, relative, toFile } = this.spec;
    // In a file every line says whose it is; on a terminal only while there are several.
    let who = "";
    if (toFile) {
      if (task.tid !== this.#tid) {
        this.#tid = task.tid;
        this.#who = String(task.tid).padEnd(5) + " ";
      }
      who = this.#who;
    } else {
      // A trace that is switched on later has not seen them begin.
      this.#alive.add(task);
      if (this.#alive.size > 1) who = `[pid ${String(task.tid).padStart(5)}] `;
    }
    if (timestamps === "none" && !relative) return who;
    const { clock } = task.kernel;
    let when = "";
    if (timestamps !== "none") when = timestampText(realtime(clock), timestamps) + " ";
    if (relative) {
      const now = clock.monotonic();
      const since = (now - (this.#last ?? now)) / 1e9;
      when += timestamps === "none" ? since.toFixed(6).padStart(13) + " " : `(+${since.toFixed(6).padStart(13)}) `;
      this.#last = now;
    }
    return who + when;
  }
}

/** `01:56:33`, `01:56:33.299442`, `1795830993.311137` @param time ns since the epoch */
export function timestampText(time: bigint, kind: "seconds" | "microseconds" | "epoch"): string {
  const seconds = Number(time / 1_000_000_000n);
  const micros = String(time / 1000n % 1_000_000n).padStart(6, "0");
  if (kind === "epoch") return `${seconds}.${micros}`;
  const date = new Date(seconds * 1000);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, "0")).join(
    ":",
  );
  return kind === "seconds" ? clock : `${clock}.${micros}`;
}
