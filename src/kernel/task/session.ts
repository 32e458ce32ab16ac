/** A session (setsid(2)): process groups under one controlling terminal. */

/** What a terminal tells its session and learns from it; the tty room implements it. */
export interface ControllingTerminal {
  /** Foreground process group; 0 for none. */
  foregroundGroup: number;
  /** The session leader is gone or gave the terminal up: later reads and writes fail with EIO where Linux says so. */
  sessionEnded?(): void;
  /** Device number for /proc/PID/stat's tty_nr. */
  readonly rdev?: number;
}

export class Session {
  terminal: ControllingTerminal | undefined;
  constructor(readonly sid: number) {}
}
