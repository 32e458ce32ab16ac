/** How a run of the kernel ends, and what it leaves behind about crashes: plain data for whoever started the run. */

/** How the first program ended, or who ended it. */
export type Ending =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: number; readonly signalName: string }
  /** Wall-time limit or watchdog. */
  | { readonly kind: "timeout"; readonly which: "timeout" | "watchdog" };
