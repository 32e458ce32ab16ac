/** strace's classes of calls, for `-e trace=%file` and the like (strace(1)). */
import type { SyscallRow } from "../../kernel/syscalls/row.ts";

/** Calls that follow from no argument's format. */
const LISTED: Readonly<Record<string, string>> = {
  file: "getcwd quotactl symlinkat fanotify_mark open_tree move_mount fspick mount_setattr inotify_add_watch",
  desc: "ppoll pselect6 pipe2 eventfd2 bpf perf_event_open userfaultfd fanotify_init io_uring_setup io_uring_enter " +
    "io_uring_register fsopen fsmount open_tree move_mount mount_setattr memfd_secret",
  process: "clone clone3 execve execveat exit exit_group wait4 waitid unshare kill tkill tgkill rt_sigqueueinfo " +
    "rt_tgsigqueueinfo pidfd_send_signal",
  network: "socket socketpair bind listen accept accept4 connect getsockname getpeername sendto recvfrom setsockopt " +
    "getsockopt shutdown sendmsg recvmsg sendmmsg recvmmsg sendfile",
  signal: "kill tkill tgkill sigaltstack rt_sigsuspend rt_sigaction rt_sigprocmask rt_sigpending rt_sigtimedwait " +
    "rt_sigqueueinfo rt_sigreturn rt_tgsigqueueinfo signalfd4 pidfd_send_signal",
  ipc: "msgget msgctl msgrcv msgsnd semget semctl semtimedop semop shmget shmctl shmat shmdt",
  memory: "brk mmap munmap mprotect mremap msync mlock mlock2 munlock mlockall munlockall mincore madvise " +
    "remap_file_pages mbind get_mempolicy set_mempolicy set_mempolicy_home_node migrate_pages move_pages " +
    "pkey_mprotect pkey_alloc pkey_free shmat shmdt io_setup io_destroy process_madvise",
  creds: "getuid geteuid getgid getegid setuid setgid setreuid setregid setresuid setresgid getresuid getresgid " +
    "setfsuid setfsgid getgroups setgroups capget capset prctl",
  stat: "",
  lstat: "",
  fstat: "newfstatat fstat statx",
  "%stat": "newfstatat fstat statx",
  statfs: "statfs",
  fstatfs: "fstatfs",
  "%statfs": "statfs fstatfs",
  clock: "clock_gettime clock_settime clock_adjtime gettimeofday settimeofday adjtimex",
  pure: "getpid getppid gettid getuid geteuid getgid getegid",
};

/** Other names of classes. */
const ALIASES: Readonly<Record<string, string>> = { net: "network" };

/** Names of all classes, without their percent sign. */
export const CLASS_NAMES: readonly string[] = [...Object.keys(LISTED), ...Object.keys(ALIASES)];

/** Whether a call takes a path, or a descriptor other than a socket. */
function follows(name: string, row: SyscallRow): boolean {
  const formats = row.args.map(({ format }) => format);
  if (name === "file") return formats.includes("path");
  if (name !== "desc" || LISTED.network!.split(" ").includes(row.name) && row.name !== "sendfile") return false;
  return row.result === "fd" || formats.includes("fd") || formats.includes("dirfd");
}

/** Names of the calls of a class; undefined for none of this name. */
export function callsOfClass(name: string, rows: readonly SyscallRow[]): ReadonlySet<string> | undefined {
  const known = ALIASES[name] ?? name, listed = LISTED[known];
  if (listed === undefined) return undefined;
  const names = new Set(listed.split(" ").filter(Boolean));
  for (const row of rows) if (follows(known, row)) names.add(row.name);
  return names;
}
