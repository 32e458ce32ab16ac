/** epoll (linux/eventpoll.h; epoll_ctl(2)). Event bits 0..15 are those of poll(2). */

export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;

export const EPOLLEXCLUSIVE = 1 << 28;
export const EPOLLWAKEUP = 1 << 29;
export const EPOLLONESHOT = 1 << 30;
export const EPOLLET = 1 << 31;

/** struct epoll_event is packed on x86-64 only: u32 events at 0, u64 data at 8. */
export const EPOLL_EVENT_SIZE = 16;
export const EPOLL_EVENT_DATA = 8;
/** Most events one wait may ask for (EP_MAX_EVENTS: INT_MAX / sizeof(struct epoll_event)). */
export const EP_MAX_EVENTS = Math.floor(0x7fffffff / EPOLL_EVENT_SIZE);
/** How deep epoll files may watch epoll files. */
export const EP_MAX_NESTS = 4;
