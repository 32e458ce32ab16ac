/**
 * Completes a crash report with what takes reading memory and files: what the fault address is, instructions around
 * pc, every thread's backtrace with functions and lines, maps, open files, and the last system calls.
 */
import type { Siginfo } from "../../kernel/abi/siginfo.ts";
import type { Crash, CrashThread } from "../../kernel/crash.ts";
import { namedRegisters } from "../../kernel/crash_log.ts";
import { syscallName } from "../../kernel/abi/unistd.ts";
import type { Task } from "../../kernel/task/task.ts";
import { backtrace, startOf } from "../backtrace.ts";
import { saveCore } from "../core/core_file.ts";
import { describeFrames, frameLines } from "./frames.ts";
import { explain } from "./explain.ts";
import { disassembly } from "./disassembly.ts";
import { openFiles } from "./open_files.ts";
import { recentCalls } from "./recent_calls.ts";
import { describeAddress } from "../symbols.ts";
import { describePath } from "../../kernel/fs/path.ts";

/** Threads and lines of maps in a report at most. */
const MAX_THREADS = 64, MAX_MAPS = 2000;

/** What a report comes with. */
export interface CrashOptions {
  /** Host path of core files, without the program's name and its pid; undefined: none is written. */
  readonly core?: string | undefined;
}

/** The whole report. Call it while the crashed process still has its memory and its threads. */
export async function describeCrash(
  task: Task,
  info: Siginfo,
  crash: Crash,
  options: CrashOptions = {},
): Promise<Crash> {
  const { mm, process } = task;
  const others = [...process.threads].filter((each) => each !== task && each.state !== "dead");
  const threads = [task, ...others].slice(0, MAX_THREADS).map((each) => describeThread(each, task));
  const argv = argvOf(task), maps = mm.mapsText().trimEnd().split("\n");
  return {
    ...crash,
    symbol: describeAddress(mm, Number(task.cpu.regs.pc), task),
    backtrace: threads[0]!.backtrace,
    frames: threads[0]!.frames,
    ...explain(task, info),
    disassembly: await disassembly(task),
    threads,
    maps: maps.length > MAX_MAPS ? [...maps.slice(0, MAX_MAPS), `… ${maps.length - MAX_MAPS} more`] : maps,
    files: openFiles(task.files),
    syscalls: recentCalls(process),
    ...(mm.exeFile?.path === undefined ? {} : { executable: describePath(mm.exeFile.path, undefined) }),
    argv,
    ...(options.core === undefined ? {} : saveCore(task, info, argv, options.core)),
  };
}

function describeThread(thread: Task, crashed: Task): CrashThread {
  const trace = backtrace(thread.mm, crashed, startOf(thread.cpu.regs));
  const frames = describeFrames(thread.mm, crashed, trace.frames);
  return {
    tid: thread.tid,
    name: thread.name,
    state: stateOf(thread, crashed),
    frames: frames.flat(),
    backtrace: frameLines(frames, trace.omitted),
    registers: namedRegisters(thread.cpu.regs),
  };
}

function stateOf(thread: Task, crashed: Task): string {
  if (thread === crashed) return "crashed";
  if (thread.state === "stopped") return "stopped";
  return thread.callNumber >= 0 ? `in ${syscallName(thread.callNumber)}` : "running";
}

/** The arguments as they are in memory now, at most 64 KiB of them. */
function argvOf({ mm }: Task): string[] {
  const length = Math.min(65536, mm.argEnd - mm.argStart);
  const view = length > 0 ? mm.space.view(mm.argStart, length, "read", true) : undefined;
  if (!view) return [];
  return new TextDecoder().decode(view.slice()).replace(/\0$/, "").split("\0");
}
