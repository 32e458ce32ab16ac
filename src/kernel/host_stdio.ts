/**
 * The three standard streams of the guest as the host provides them: what the runner gives the kernel, and what the
 * kernel's terminal and stream files sit on. Binary safe; back-pressure goes both ways, because a read is only started
 * when the guest wants bytes and a write takes only what there is room for.
 */

/** Terminal size in character cells. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Where standard input comes from. */
export interface HostInput {
  /**
   * The next bytes, or null at the end of the input. One read at a time: start it only when the guest reads or polls,
   * so that input which the guest never asks for stays with the host.
   */
  read(): Promise<Uint8Array | null>;
  readonly isTerminal: boolean;
  /** Whether it is /dev/null. Takes long to find out the first time. */
  readonly isNull?: boolean;
  /** Undefined where it is no terminal or its size is unknown. Read anew each time: it changes with SIGWINCH. */
  readonly size: TerminalSize | undefined;
  /**
   * Raw mode of the host's terminal: no echo, no line editing, no signals from keys. Nothing happens where the input
   * is no terminal. The runner restores the terminal when the guest has ended.
   */
  setRaw(raw: boolean): void;
}

/** Where standard output or standard error goes. */
export interface HostOutput {
  /**
   * Takes as many bytes as there is room for now and copies them (the caller may reuse the array).
   *
   * @returns the number of bytes taken (0: full, see {@link writable}), or `-EPIPE` once the reader is known to be gone
   */
  write(bytes: Uint8Array): number;
  /** There is room, right now. */
  readonly hasRoom: boolean;
  /** Resolves when there is room again or the reader is gone. */
  writable(): Promise<void>;
  readonly isTerminal: boolean;
  /** As for {@link HostInput}. */
  readonly size: TerminalSize | undefined;
}

/** The streams of one guest. */
export interface HostStdio {
  readonly stdin: HostInput;
  readonly stdout: HostOutput;
  readonly stderr: HostOutput;
}

/** Standard input that is at its end from the start. */
export const emptyInput: HostInput = {
  read: () => Promise.resolve(null),
  isTerminal: false,
  size: undefined,
  setRaw: () => {},
};

/** Output that takes everything and keeps nothing. */
export const discardingOutput: HostOutput = {
  write: (bytes) => bytes.length,
  hasRoom: true,
  writable: () => Promise.resolve(),
  isTerminal: false,
  size: undefined,
};
