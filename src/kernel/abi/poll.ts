/** Structures of poll(2) and select(2). The POLL* bits are in fs/file.ts, next to what reports them. */

/** struct pollfd: int fd at 0, short events at 4, short revents at 6. */
export const POLLFD_SIZE = 8;
/** Descriptors an fd_set has room for. */
export const FD_SETSIZE = 1024;
