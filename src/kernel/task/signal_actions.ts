/** What a process does with each signal (sigaction(2)); CLONE_SIGHAND shares the table. */
import { ignoredByDefault, SIG_DFL, SIG_IGN, SIGRTMAX } from "../abi/signal.ts";

/** One disposition. Never changed in place. */
export interface SignalAction {
  /** SIG_DFL, SIG_IGN or the address of the handler. */
  readonly handler: number;
  /** SA_* as unsigned. */
  readonly flags: number;
  /** Where the handler returns to, with SA_RESTORER. */
  readonly restorer: number;
  /** Blocked while the handler runs. */
  readonly mask: bigint;
}

export const DEFAULT_ACTION: SignalAction = { handler: SIG_DFL, flags: 0, restorer: 0, mask: 0n };

export class SignalActions {
  #actions: SignalAction[];

  constructor(from?: SignalActions) {
    this.#actions = from ? from.#actions.slice() : new Array(SIGRTMAX + 1).fill(DEFAULT_ACTION);
  }

  get(signal: number): SignalAction {
    return this.#actions[signal]!;
  }

  set(signal: number, action: SignalAction): void {
    this.#actions[signal] = action;
  }

  /** Whether the signal would be discarded on arrival. */
  ignores(signal: number): boolean {
    const { handler } = this.#actions[signal]!;
    return handler === SIG_IGN || (handler === SIG_DFL && ignoredByDefault(signal));
  }

  /** Handlers go back to the default, ignored signals stay ignored: execve(2). With `all`: CLONE_CLEAR_SIGHAND, the same. */
  resetHandlers(): void {
    for (let signal = 1; signal <= SIGRTMAX; signal++) {
      const { handler } = this.#actions[signal]!;
      this.#actions[signal] = handler === SIG_IGN ? { ...DEFAULT_ACTION, handler: SIG_IGN } : DEFAULT_ACTION;
    }
  }
}
