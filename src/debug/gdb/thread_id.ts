/** Thread ids as the protocol writes them: `p PID . TID` with the multiprocess extension, else `TID`; hexadecimal. */
import type { Task } from "../../kernel/task/task.ts";

/** A thread or a set of threads: 0 is any, -1 all; `pid` is undefined where the peer named none. */
export interface ThreadId {
  readonly pid: number | undefined;
  readonly tid: number;
}

const NUMBER = /^(-1|[0-9a-fA-F]{1,8})$/;

function number(text: string): number | undefined {
  return NUMBER.test(text) ? parseInt(text, 16) : undefined;
}

/** Reads a thread id; undefined where it is malformed. */
export function parseThreadId(text: string): ThreadId | undefined {
  if (!text.startsWith("p")) {
    const tid = number(text);
    return tid === undefined ? undefined : { pid: undefined, tid };
  }
  const [process = "", thread] = text.slice(1).split(".", 2);
  const pid = number(process), tid = thread === undefined ? -1 : number(thread);
  return pid === undefined || tid === undefined ? undefined : { pid, tid };
}

export function formatThreadId(pid: number, tid: number, multiprocess: boolean): string {
  return multiprocess ? `p${pid.toString(16)}.${tid.toString(16)}` : tid.toString(16);
}

/** Whether a thread is, or is among, what an id names. */
export function matches(id: ThreadId, task: Task): boolean {
  if (id.pid !== undefined && id.pid > 0 && id.pid !== task.process.pid) return false;
  return id.tid <= 0 || id.tid === task.tid;
}
