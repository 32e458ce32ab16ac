/**
 * Structures as the trace shows them, one line each: fields in the order of display, `name:type:format`.
 *
 * - type: `i8` … `u64`, `ptr`, `char[N]` (a NUL-terminated string), another layout, or `TYPE[N]`.
 * - format: decimal without one; `x` hexadecimal, `o` octal, `fd`, `signal`, `uid`, `dev`, or `flags:SET` (flags.ts).
 * - offsets follow from C's natural alignment; `name@OFFSET` sets one where the display's order is another.
 * - `_` is padding; `~name` is left out of the abbreviated form, as strace does.
 *
 * Layouts are those of 64-bit asm-generic Linux (arm64).
 */
export const LAYOUTS: Readonly<Record<string, string>> = {
  // time.h
  timespec: "tv_sec:i64 tv_nsec:i64",
  timeval: "tv_sec:i64 tv_usec:i64",
  itimerspec: "it_interval:timespec it_value:timespec",
  itimerval: "it_interval:timeval it_value:timeval",
  timezone: "tz_minuteswest:i32 tz_dsttime:i32",
  tms: "tms_utime:i64 tms_stime:i64 tms_cutime:i64 tms_cstime:i64",
  timex:
    "modes:u32:x offset:i64 freq:i64 maxerror:i64 esterror:i64 status:i32:x constant:i64 precision:i64 tolerance:i64 " +
    "time:timeval tick:i64 ~ppsfreq:i64 ~jitter:i64 ~shift:i32 ~stabil:i64 ~jitcnt:i64 ~calcnt:i64 ~errcnt:i64 " +
    "~stbcnt:i64 ~tai:i32",
  // resource.h, sysinfo(2), uname(2)
  rusage: "ru_utime:timeval ru_stime:timeval ~ru_maxrss:i64 ~ru_ixrss:i64 ~ru_idrss:i64 ~ru_isrss:i64 ~ru_minflt:i64 " +
    "~ru_majflt:i64 ~ru_nswap:i64 ~ru_inblock:i64 ~ru_oublock:i64 ~ru_msgsnd:i64 ~ru_msgrcv:i64 ~ru_nsignals:i64 " +
    "~ru_nvcsw:i64 ~ru_nivcsw:i64",
  sysinfo: "uptime:i64 loads:u64[3] totalram:u64 freeram:u64 sharedram:u64 bufferram:u64 totalswap:u64 freeswap:u64 " +
    "procs:u16 totalhigh:u64 freehigh:u64 mem_unit:u32",
  utsname: "sysname:char[65] nodename:char[65] ~release:char[65] ~version:char[65] ~machine:char[65] " +
    "~domainname:char[65]",
  // files
  fsid: "val:u32[2]:x",
  statfs: "f_type:i64:flags:fs_magic f_bsize:i64 f_blocks:u64 f_bfree:u64 f_bavail:u64 f_files:u64 f_ffree:u64 " +
    "f_fsid:fsid f_namelen:i64 f_frsize:i64 f_flags:u64:flags:statfs",
  flock: "l_type:i16:flags:flock_type l_whence:i16:flags:seek l_start:i64 l_len:i64",
  flock_found: "l_type:i16:flags:flock_type l_whence:i16:flags:seek l_start:i64 l_len:i64 l_pid:i32",
  f_owner_ex: "type:i32:flags:f_owner pid:i32",
  iocb: "aio_data@0:u64:x aio_key@8:u32 aio_lio_opcode@16:u16:flags:aio aio_reqprio@18:i16 aio_fildes@20:u32:fd " +
    "aio_buf@24:ptr aio_nbytes@32:u64 aio_offset@40:i64",
  io_event: "data:u64:x obj:ptr res:i64 res2:i64",
  file_clone_range: "src_fd:i64:fd src_offset:u64 src_length:u64 dest_offset:u64",
  // signals
  stack_t: "ss_sp:ptr ss_flags:i32:flags:ss ss_size:u64",
  // epoll, message queues
  epoll_event: "events:u32:flags:epoll data@8:epoll_data",
  mq_attr: "mq_flags:i64:flags:mq mq_maxmsg:i64 mq_msgsize:i64 mq_curmsgs:i64",
  // System V IPC
  ipc_perm: "uid@4:u32:uid gid@8:u32:uid mode@20:u32:o key@0:i32 cuid@12:u32:uid cgid@16:u32:uid",
  sembuf: "sem_num:u16 sem_op:i16 sem_flg:i16:flags:semop",
  semid_ds: "sem_perm@0:ipc_perm sem_otime@48:i64 sem_ctime@56:i64 sem_nsems@64:u64",
  shmid_ds: "shm_perm@0:ipc_perm shm_segsz@48:u64 shm_cpid@80:i32 shm_lpid@84:i32 shm_nattch@88:u64 shm_atime@56:i64 " +
    "shm_dtime@64:i64 shm_ctime@72:i64",
  msqid_ds: "msg_perm@0:ipc_perm msg_stime@48:i64 msg_rtime@56:i64 msg_ctime@64:i64 msg_qnum@80:u64 " +
    "msg_qbytes@88:u64 msg_lspid@96:i32 msg_lrpid@100:i32",
  // terminals
  winsize: "ws_row:u16 ws_col:u16 ws_xpixel:u16 ws_ypixel:u16",
  // sockets
  linger: "l_onoff:i32 l_linger:i32",
  ucred: "pid:i32 uid:u32:uid gid:u32:uid",
  // processes
  cap_user_header: "version:u32:flags:cap_version pid:i32",
  sched_attr: "size:u32 sched_policy:u32:flags:sched sched_flags:u64:flags:sched_flags sched_nice:i32 " +
    "sched_priority:u32 sched_runtime:u64 sched_deadline:u64 sched_period:u64 sched_util_min:u32 sched_util_max:u32",
  futex_waitv: "val:u64:x uaddr:ptr flags:u32:flags:futex2",
  inotify_event: "wd:i32 mask:u32:flags:inotify cookie:u32 len:u32",
};
