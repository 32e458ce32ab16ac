/** wait4(2) and waitid(2) options, and the status word (linux/wait.h). */

export const WNOHANG = 1;
export const WUNTRACED = 2;
export const WSTOPPED = 2;
export const WEXITED = 4;
export const WCONTINUED = 8;
export const WNOWAIT = 0x01000000;
export const __WNOTHREAD = 0x20000000;
export const __WALL = 0x40000000;
export const __WCLONE = 0x80000000 | 0;

export const P_ALL = 0;
export const P_PID = 1;
export const P_PGID = 2;
export const P_PIDFD = 3;

/** The status word of a process that called exit. */
export function exitedStatus(code: number): number {
  return (code & 0xff) << 8;
}
/** The status word of a stopped process. */
export function stoppedStatus(signal: number): number {
  return signal << 8 | 0x7f;
}
export const CONTINUED_STATUS = 0xffff;
/** Set in the status word of a process killed by a signal that dumps core. */
export const CORE_FLAG = 0x80;
