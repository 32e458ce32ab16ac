/** Those who write a trace down: what the call tracer tells them, already filtered. */
import type { Access } from "../../engine/engine.ts";
import type { Siginfo } from "../../kernel/abi/siginfo.ts";
import type { Task } from "../../kernel/task/task.ts";
import type { OpenCall } from "./open_call.ts";

/** How a call ended. */
export interface CallEnd {
  /** What is behind the equals sign: `3`, `-1 ENOENT (No such file or directory)`, `?`. */
  readonly text: string;
  /** A number, or undefined where the call never returned. */
  readonly result: number | undefined;
  /** CLOCK_MONOTONIC ns; 0 where nobody asked for times. */
  readonly end: number;
}

export interface TraceWriter {
  /** A call begins; its early texts are there. */
  begin?(call: OpenCall): void;
  /** It waits while others run. */
  blocked?(call: OpenCall): void;
  /** It has ended, or its thread has. */
  end(call: OpenCall, end: CallEnd): void;
  signal(task: Task, info: Siginfo): void;
  stopped(task: Task, signal: number): void;
  created?(task: Task): void;
  execed?(task: Task): void;
  /** A thread is gone. @param status status word */
  exited(task: Task, status: number): void;
  /** A leader is gone, and another thread has its id now. @param by what that thread's id was */
  superseded(task: Task, by: number): void;
  fault?(task: Task, address: number, access: Access): void;
  slice?(task: Task, start: number, end: number): void;
  /** A line of the loader's. */
  note(text: string): void;
  /** The run is over. */
  finish(): void;
}

/** Takes pieces of the trace's text. */
export type TraceSink = (text: string) => void;
