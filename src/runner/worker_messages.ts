/**
 * What a guest's Worker and the thread that started it say to each other. One guest at a time per Worker; messages
 * carry the number of the run, so that a late one is recognised as such.
 */
import type { InterpreterImage } from "../engine/wasm/image_file.ts";
import type { TerminalSize } from "../kernel/host_stdio.ts";
import type { GuestOutcome, GuestSpec } from "./guest_spec.ts";

/** A stream of bytes from the Worker: the guest's, the trace of `-v`, or a trace that goes to a file of its own. */
export type OutputStream = "stdout" | "stderr" | "trace" | "trace-file";

/** What a debugger does. */
export type DebuggerEvent =
  | { readonly kind: "connected" | "disconnected" }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

/** What is for a debugger. */
export type DebuggeeEvent =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "close" }
  /** @param why for the user */
  | { readonly kind: "wanted"; readonly why: string };

/** What an engine is made from. */
export type EngineParts =
  /** Compiled once, shared by all Workers. */
  | { readonly name: "wasm"; readonly interpreter: InterpreterImage }
  /** The file of the native shim. */
  | { readonly name: "hvf" | "kvm"; readonly shim: string };

/** To the Worker. */
export type ToWorker =
  /** Once, at any time: what the engine is made from. */
  | { readonly type: "engine"; readonly engine: EngineParts }
  | { readonly type: "run"; readonly run: number; readonly spec: GuestSpec }
  /** A signal for the guest's foreground process group. */
  | { readonly type: "interrupt"; readonly run: number; readonly signal: number }
  /** The terminal at the far end of piped streams has another size. */
  | { readonly type: "resize"; readonly run: number; readonly size: TerminalSize }
  /** Give up: the run ends with its time-out. */
  | { readonly type: "stop"; readonly run: number }
  /** The answer to `pull`: bytes, or null at the end. */
  | { readonly type: "stdin"; readonly run: number; readonly bytes: Uint8Array | null }
  /** Nobody reads this stream any more: the guest's writes are to fail with EPIPE. */
  | { readonly type: "close"; readonly run: number; readonly stream: OutputStream }
  /** A debugger has connected, has sent bytes, has gone. */
  | { readonly type: "debugger"; readonly run: number; readonly event: DebuggerEvent }
  /** Hold the guest for a debugger; when that has detached, the run ends with its time-out. */
  | { readonly type: "hold"; readonly run: number; readonly why: string }
  /** The answer to `recall`: null if nothing is kept of the program. */
  | { readonly type: "recalled"; readonly run: number; readonly program: string; readonly archive: Uint8Array | null }
  /** So many bytes of a stream were consumed. */
  | { readonly type: "consumed"; readonly run: number; readonly stream: OutputStream; readonly count: number };

/** From the Worker. */
export type FromWorker =
  | { readonly type: "output"; readonly run: number; readonly stream: OutputStream; readonly bytes: Uint8Array }
  /** For the debugger: bytes, or the end of its connection. Or the guest has stopped and wants one. */
  | { readonly type: "debugger"; readonly run: number; readonly event: DebuggeeEvent }
  /** What was translated of a program in earlier runs is wanted; is to be kept. */
  | { readonly type: "recall"; readonly run: number; readonly program: string }
  | { readonly type: "keep"; readonly run: number; readonly program: string; readonly archive: Uint8Array }
  /** The guest wants standard input. */
  | { readonly type: "pull"; readonly run: number }
  /** Whether standard input is /dev/null at the far end: the Worker waits for an {@link InputKind} in the one element. */
  | { readonly type: "probe"; readonly run: number; readonly answer: Int32Array<SharedArrayBuffer> }
  /** The terminal at the far end of piped streams is to be raw, or no longer. */
  | { readonly type: "raw"; readonly run: number; readonly raw: boolean }
  /** @param programs different ones that this Worker has run so far: what it keeps grows with each */
  | { readonly type: "outcome"; readonly run: number; readonly outcome: GuestOutcome; readonly programs: number };

/** What standard input is at the far end. */
export const InputKind = { unknown: 0, other: 1, null: 2 } as const;

/** Bytes of one stream that may be under way to a consumer that has not taken them yet. */
export const OUTPUT_WINDOW = 1 << 20;
