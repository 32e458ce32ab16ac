/**
 * The trace as JSON, an object a line. `type` says what it is: `call`, `signal`, `stopped`, `exec`, `fault`, `exit`,
 * `note`. Times are ns of CLOCK_MONOTONIC. Arguments are texts as strace shows them, by the names in
 * `docs/syscalls.md`. Fields may be added; readers skip what they do not know.
 */
import type { Access } from "../../engine/engine.ts";
import { ERRNO_NAMES } from "../../kernel/abi/errno.ts";
import type { Siginfo } from "../../kernel/abi/siginfo.ts";
import { signalCodeName, signalName } from "../../kernel/abi/signal.ts";
import type { Task } from "../../kernel/task/task.ts";
import { siginfoText } from "./decode/signal_types.ts";
import type { OpenCall } from "./open_call.ts";
import type { CallEnd, TraceSink, TraceWriter } from "./writer.ts";

/** Arguments of a call by name. */
export function namedArguments({ row, texts, positions }: OpenCall): Record<string, string> {
  const named: Record<string, string> = {};
  texts.forEach((text, n) => named[row?.args[positions[n]!]?.name ?? `arg${positions[n]! + 1}`] = text);
  return named;
}

export class JsonWriter implements TraceWriter {
  constructor(readonly write: TraceSink) {}

  end(call: OpenCall, { text, result, end }: CallEnd): void {
    const failed = result !== undefined && result < 0 && result > -4096;
    this.#object("call", call.task, call.start, {
      tid: call.tid,
      name: call.name,
      args: namedArguments(call),
      ...(result === undefined ? {} : { result }),
      text,
      ...(failed ? { error: ERRNO_NAMES.get(-result) ?? String(-result) } : {}),
      ...(call.tampering ? { injected: true } : {}),
      duration: end - call.start,
    });
  }

  signal(task: Task, info: Siginfo): void {
    this.#object("signal", task, undefined, {
      signal: signalName(info.signo),
      code: signalCodeName(info.signo, info.code),
      text: siginfoText(info),
    });
  }

  stopped(task: Task, signal: number): void {
    this.#object("stopped", task, undefined, { signal: signalName(signal) });
  }

  execed(task: Task): void {
    this.#object("exec", task, undefined, { program: task.name });
  }

  fault(task: Task, address: number, access: Access): void {
    this.#object("fault", task, undefined, { address: "0x" + address.toString(16), access });
  }

  exited(task: Task, status: number): void {
    const signal = status & 0x7f;
    this.#object("exit", task, undefined, signal ? { signal: signalName(signal) } : { code: status >> 8 & 0xff });
  }

  superseded(task: Task, by: number): void {
    this.#object("exit", task, undefined, { supersededBy: by });
  }

  note(text: string): void {
    this.write(JSON.stringify({ type: "note", text }) + "\n");
  }

  finish(): void {}

  #object(type: string, task: Task, time: number | undefined, fields: Record<string, unknown>): void {
    const head = { type, time: time ?? task.kernel.clock.monotonic(), pid: task.process.pid, tid: task.tid };
    this.write(JSON.stringify({ ...head, ...fields }) + "\n");
  }
}
