/** struct iovec and its limits (linux/uio.h). */

/** sizeof(struct iovec): pointer iov_base at 0, size_t iov_len at 8. */
export const IOVEC_SIZE = 16;
export const IOVEC_BASE = 0;
export const IOVEC_LEN = 8;
/** Most entries of one vector. */
export const UIO_MAXIOV = 1024;
/** Most bytes one read or write moves (MAX_RW_COUNT: INT_MAX rounded down to a page). */
export const MAX_RW_COUNT = 0x7ffff000;
