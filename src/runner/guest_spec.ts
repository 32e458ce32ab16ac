/**
 * What it takes to run one guest program, and what came of it: the messages between the command line or the test
 * runner and the Worker that holds the kernel. Plain data only: it crosses `postMessage`.
 */
import type { Tier } from "../engine/wasm/engine.ts";
import type { Crash } from "../kernel/crash.ts";
import type { Ending } from "../kernel/ending.ts";
import type { TerminalSize } from "../kernel/host_stdio.ts";

export type { Crash } from "../kernel/crash.ts";

import type { TraceSpec } from "../debug/trace/spec.ts";

/** A host folder or file shown to the guest. */
export interface Bind {
  /** Absolute host path. */
  readonly host: string;
  /** Absolute guest path. */
  readonly guest: string;
  readonly readOnly: boolean;
  /** With readOnly: the guest may write all the same, to a layer that is thrown away. */
  readonly copyOnWrite?: boolean;
}

/**
 * Where piped streams end, in another process: the guest sees a terminal or /dev/null there, not the pipes to it. Whether
 * standard input is /dev/null is asked of that process when a guest wants to know, as it may take long to find out.
 */
export interface FarEnd {
  /** Streams that are its terminal. */
  readonly terminals: readonly ("stdin" | "stdout" | "stderr")[];
  /** Of the terminal, where that is known. */
  readonly size?: TerminalSize;
}

export type { Tier };
/** All of them. */
export const TIERS: readonly Tier[] = ["auto", "interpreter", "translator"];

/** One guest program and its world. */
export interface GuestSpec {
  /** Absolute guest path of the program. */
  readonly path: string;
  /** argv, including argv[0]. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute guest path. */
  readonly cwd: string;
  /** Host folder that is the guest's root, read-only under a copy-on-write layer; undefined: an empty root. */
  readonly sysroot?: string;
  /** Paths missing in the sysroot are looked up on the host (read-only, copy-on-write). */
  readonly hostFallback: boolean;
  readonly binds: readonly Bind[];
  /** Absolute guest paths that get a fresh tmpfs more, over what is there. */
  readonly tmpfs?: readonly string[];
  readonly uid: number;
  readonly gid: number;
  readonly hostname: string;
  readonly engine: "auto" | "wasm" | "hvf" | "kvm";
  /** Which tiers of the wasm engine execute: `translator` translates whatever is reached. Default: auto. */
  readonly tier?: Tier;
  /** Whether translated code is taken from the user's cache, and put there. Default: it is. */
  readonly cache?: boolean;
  /** Figures of the engine on stderr at the end. */
  readonly stats?: boolean;
  /** Seconds a thread may run without a system call, a fault or new code before the run is given up; 0: no limit. */
  readonly watchdog: number;
  /** Core files of crashed processes: FOLDER/NAME.PROGRAM.PID, host paths; undefined: none are written. */
  readonly core?: { readonly folder: string; readonly name: string };
  /** Milliseconds of wall time for the whole run; undefined: no limit. */
  readonly timeout?: number;
  /** strace-like lines: 0 none, 1 calls and signals, 2 loader steps too. */
  readonly verbose: 0 | 1 | 2;
  /** What to trace and how; without it `verbose` alone decides. */
  readonly trace?: TraceSpec;
  /** For a debugger, which may come at any time; undefined: none. */
  readonly debug?: {
    /** The program waits for it before its first instruction. */
    readonly stopOnEntry: boolean;
    /** A crash or a time-out waits for it, and the run ends when it has detached. */
    readonly holdOnFailure: boolean;
  };
  /** Where each standard stream goes: the host process's own, captured and sent back, or nowhere. */
  readonly stdin: "inherit" | "piped" | "null";
  readonly stdout: "inherit" | "piped" | "null";
  readonly stderr: "inherit" | "piped" | "null";
  /** Of inherited standard input: whether it is /dev/null, if the starting side knows. In a Worker it takes 30 ms. */
  readonly nullInput?: boolean | undefined;
  /** Of piped streams; their output keeps its order then, from one stream to the other. Default: they are pipes. */
  readonly farEnd?: FarEnd;
}

/** How a run ended. */
export interface GuestOutcome {
  readonly ending:
    | Ending
    /** The program could not be started, or elftap itself failed: one line and the exit code to use (126, 127, 125). */
    | { readonly kind: "error"; readonly message: string; readonly hint?: string; readonly exitCode: number };
  /** Crashes of any process of the run, first one first. */
  readonly crashes: readonly Crash[];
  /** Unimplemented system calls met: name → count. */
  readonly unimplemented: Readonly<Record<string, number>>;
  /** Wall milliseconds. */
  readonly milliseconds: number;
  /** Guest instructions executed; with hvf and kvm, which count none, an estimate from the time they ran. */
  readonly instructions: number;
  /** Writes that went to the copy-on-write layer over host folders and are gone (absolute guest paths, at most some hundred). */
  readonly discarded: readonly string[];
}
