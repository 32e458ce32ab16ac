/** A call between its beginning and its end, with the text of its arguments. */
import { SigFrame } from "../../kernel/abi/sigframe.ts";
import type { Siginfo } from "../../kernel/abi/siginfo.ts";
import { UserFault } from "../../kernel/mm/user_fault.ts";
import type { SyscallRow } from "../../kernel/syscalls/row.ts";
import type { Task } from "../../kernel/task/task.ts";
import type { Call, Shown, Style } from "./decode/call.ts";
import { signatureOf } from "./decode/signature.ts";
import { sigsetText } from "./decode/signal_types.ts";
import { hex } from "./decode/text.ts";
import type { Tampering } from "../../kernel/tamper.ts";

const NO_ARGUMENTS: readonly Shown[] = [];

export class OpenCall implements Call {
  result: number | undefined;
  /** The thread's id at its beginning: an execve(2) may end under another one. */
  readonly tid: number;
  readonly before: (string | number | undefined)[] = [];
  /** Texts of the arguments so far. */
  readonly texts: string[] = [];
  /** Their positions in the row. */
  readonly positions: number[] = [];
  /** What is done to it. */
  tampering: Tampering | undefined;
  /** Signals that came meanwhile and were ignored. */
  ignored: Siginfo[] | undefined;
  /** CLOCK_MONOTONIC ns at its beginning, where somebody wants to know. */
  start = 0;
  /** ns spent in it without waiting; and when the stretch began. */
  busy = 0;
  since = 0;
  /** For writers: what begins its line; how far that has got. */
  lead: string | undefined;
  written: "not" | "partly" | "split" = "not";
  /** Arguments that were written before the line was cut, and whether a comma behind them. */
  writtenTexts = 0;
  hadMore = false;
  readonly #shown: readonly Shown[];
  #next = 0;

  constructor(
    readonly task: Task,
    readonly nr: number,
    readonly name: string,
    readonly row: SyscallRow | undefined,
    readonly args: readonly number[],
    readonly style: Style,
  ) {
    this.tid = task.tid;
    this.#shown = row ? signatureOf(row).args : NO_ARGUMENTS;
  }

  /** Texts of what can be shown before the call is served. */
  begin(): void {
    if (this.row === undefined) {
      const { regs } = this.task.cpu;
      for (let n = 0; n < 6; n++) this.#add(n, hex(regs.x(n)));
      return;
    }
    if (this.name === "rt_sigreturn") this.#add(0, signalMask(this.task));
    const shown = this.#shown, { args } = this;
    for (; this.#next < shown.length; this.#next++) {
      const n = this.#next, arg = shown[n]!;
      if (arg.late) {
        const text = arg.early?.(this, args[n]!, n);
        if (text === undefined) break;
        this.#add(n, text);
      } else {
        const text = arg.show(this, args[n]!, n);
        if (text !== undefined) this.#add(n, text);
      }
    }
    for (let n = this.#next; n < shown.length; n++) shown[n]!.prepare?.(this, args[n]!, n);
  }

  /** Adds texts that are known. */
  show(...texts: string[]): void {
    texts.forEach((text, index) => this.#add(index, text));
  }

  /** Whether more arguments certainly follow when the call has ended. */
  get more(): boolean {
    const next = this.#shown[this.#next];
    return next !== undefined && next.early === undefined && this.name !== "clone";
  }

  /** All arguments were shown before the call was served. */
  get complete(): boolean {
    return this.#next >= this.#shown.length;
  }

  /** Texts of the rest. */
  end(result: number): void {
    this.result = result;
    const shown = this.#shown, { args } = this;
    for (; this.#next < shown.length; this.#next++) {
      const n = this.#next, text = shown[n]!.show(this, args[n]!, n);
      if (text !== undefined) this.#add(n, text);
    }
  }

  #add(position: number, text: string): void {
    this.texts.push(text);
    this.positions.push(position);
  }
}

/** `{mask=[USR1]}`: what rt_sigreturn goes back to. */
function signalMask({ cpu, mm }: Task): string {
  try {
    return `{mask=${sigsetText(mm.readU64(Number(cpu.regs.sp) + SigFrame.mask))}}`;
  } catch (error) {
    if (!(error instanceof UserFault)) throw error;
    return hex(cpu.regs.sp);
  }
}
