/** POSIX message queues (linux/mqueue.h; mq_overview(7)). */

/** struct mq_attr: four longs (mq_flags, mq_maxmsg, mq_msgsize, mq_curmsgs) and four reserved. */
export const MQ_ATTR_SIZE = 64;
/** One above the highest priority. */
export const MQ_PRIO_MAX = 32768;
/** Defaults and limits of /proc/sys/fs/mqueue. */
export const MQ_DEFAULT_MSG = 10;
export const MQ_DEFAULT_MSGSIZE = 8192;
export const MQ_MSG_MAX = 10;
export const MQ_MSGSIZE_MAX = 8192;
export const MQ_QUEUES_MAX = 256;
/** What a privileged process may ask for at most. */
export const HARD_MSGMAX = 65536;
export const HARD_MSGSIZEMAX = 16 * 1024 * 1024;
export const NOTIFY_COOKIE_LEN = 32;
