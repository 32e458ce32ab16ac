/** System V IPC: keys, commands, limits and structures of 64-bit asm-generic Linux (linux/ipc.h, sem.h, msg.h, shm.h; sysvipc(7)). */

export const IPC_PRIVATE = 0;
export const IPC_CREAT = 0o1000;
export const IPC_EXCL = 0o2000;
export const IPC_NOWAIT = 0o4000;

export const IPC_RMID = 0;
export const IPC_SET = 1;
export const IPC_STAT = 2;
export const IPC_INFO = 3;

/** struct ipc64_perm (48 bytes), first member of the three *_ds structures. */
export const IPC_PERM = { size: 48, key: 0, uid: 4, gid: 8, cuid: 12, cgid: 16, mode: 20, seq: 24 } as const;
/** struct semid64_ds */
export const SEMID_DS = { size: 88, otime: 48, ctime: 56, nsems: 64 } as const;
/** struct msqid64_ds */
export const MSQID_DS = {
  size: 120,
  stime: 48,
  rtime: 56,
  ctime: 64,
  cbytes: 72,
  qnum: 80,
  qbytes: 88,
  lspid: 96,
  lrpid: 100,
} as const;
/** struct shmid64_ds */
export const SHMID_DS = {
  size: 112,
  segsz: 48,
  atime: 56,
  dtime: 64,
  ctime: 72,
  cpid: 80,
  lpid: 84,
  nattch: 88,
} as const;

// semctl(2)
export const GETPID = 11;
export const GETVAL = 12;
export const GETALL = 13;
export const GETNCNT = 14;
export const GETZCNT = 15;
export const SETVAL = 16;
export const SETALL = 17;
export const SEM_STAT = 18;
export const SEM_INFO = 19;
export const SEM_STAT_ANY = 20;
export const SEM_UNDO = 0x1000;
/** struct sembuf: u16 sem_num, s16 sem_op, s16 sem_flg. */
export const SEMBUF_SIZE = 6;
export const SEMMNI = 32000;
export const SEMMSL = 32000;
export const SEMMNS = 1024000000;
export const SEMOPM = 500;
export const SEMVMX = 32767;
/** struct seminfo: ten ints. */
export const SEMINFO_SIZE = 40;

// msgctl(2), msgop(2)
export const MSG_STAT = 11;
export const MSG_INFO = 12;
export const MSG_STAT_ANY = 13;
export const MSG_NOERROR = 0o10000;
export const MSG_EXCEPT = 0o20000;
export const MSG_COPY = 0o40000;
export const MSGMAX = 8192;
export const MSGMNB = 16384;
export const MSGMNI = 32000;
/** struct msginfo: seven ints and a short, padded. */
export const MSGINFO_SIZE = 32;

// shmctl(2), shmop(2)
export const SHM_RDONLY = 0o10000;
export const SHM_RND = 0o20000;
export const SHM_REMAP = 0o40000;
export const SHM_EXEC = 0o100000;
export const SHM_LOCK = 11;
export const SHM_UNLOCK = 12;
export const SHM_STAT = 13;
export const SHM_INFO = 14;
export const SHM_STAT_ANY = 15;
export const SHM_HUGETLB = 0o4000;
export const SHM_NORESERVE = 0o10000;
/** Flags in shm_perm.mode. */
export const SHM_DEST = 0o1000;
export const SHM_LOCKED = 0o2000;
export const SHMMNI = 4096;
/** Default limits of a 64-bit kernel: in effect none (SHMMAX in bytes, SHMALL in pages). */
export const SHMMAX = 2 ** 64 - 2 ** 24;
/** SHMLBA of arm64. */
export const SHMLBA = 4096;
/** struct shminfo64: nine longs. */
export const SHMINFO_SIZE = 72;
/** struct shm_info */
export const SHM_INFO_SIZE = 48;
