/** getrandom(2), syslog(2) and uname(2) constants. */

export const GRND_NONBLOCK = 1;
export const GRND_RANDOM = 2;
export const GRND_INSECURE = 4;

export const SYSLOG_ACTION_READ_ALL = 3;
export const SYSLOG_ACTION_SIZE_UNREAD = 9;
export const SYSLOG_ACTION_SIZE_BUFFER = 10;

/** Bytes of each of the six fields of `struct new_utsname`. */
export const UTS_FIELD = 65;
/** What uname(2) and /proc say the kernel is. */
export const UTS_SYSNAME = "Linux", UTS_RELEASE = "6.1.0", UTS_VERSION = "#1 SMP", UTS_MACHINE = "aarch64";

/** sizeof(struct sysinfo) on 64-bit. */
export const SYSINFO_SIZE = 112;
