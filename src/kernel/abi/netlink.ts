/** Netlink and its routing messages (linux/netlink.h, rtnetlink.h, if_link.h, if_addr.h; netlink(7), rtnetlink(7)). */

export const NETLINK_ROUTE = 0;
export const NETLINK_KOBJECT_UEVENT = 15;

/** struct nlmsghdr: u32 length, u16 type, u16 flags, u32 sequence, u32 port. */
export const NLMSG_HEADER_SIZE = 16;
export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
/** First type that belongs to the protocol. */
export const NLMSG_MIN_TYPE = 0x10;
export const NLM_F_REQUEST = 1;
export const NLM_F_MULTI = 2;
export const NLM_F_ACK = 4;
export const NLM_F_ROOT = 0x100;
export const NLM_F_MATCH = 0x200;
export const NLM_F_DUMP = NLM_F_ROOT | NLM_F_MATCH;
/** A dump that a filter narrowed (since 4.20). */
export const NLM_F_DUMP_FILTERED = 0x20;

export const RTM_NEWLINK = 16;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_GETROUTE = 26;
export const RTM_GETNEIGH = 30;
export const RTM_GETRULE = 34;
/** Highest routing message type. */
export const RTM_MAX = 123;

// struct ifinfomsg attributes
export const IFLA_ADDRESS = 1;
export const IFLA_BROADCAST = 2;
export const IFLA_IFNAME = 3;
export const IFLA_MTU = 4;
export const IFLA_QDISC = 6;
export const IFLA_STATS = 7;
export const IFLA_TXQLEN = 13;
export const IFLA_OPERSTATE = 16;
export const IFLA_LINKMODE = 17;
export const IFLA_STATS64 = 23;
export const IFLA_GROUP = 27;
export const IFLA_PROMISCUITY = 30;
export const IFLA_NUM_TX_QUEUES = 31;
export const IFLA_NUM_RX_QUEUES = 32;
export const IFLA_CARRIER = 33;

// struct ifaddrmsg attributes
export const IFA_ADDRESS = 1;
export const IFA_LOCAL = 2;
export const IFA_LABEL = 3;
export const IFA_CACHEINFO = 6;
export const IFA_FLAGS = 8;
export const IFA_F_PERMANENT = 0x80;

// struct rtmsg attributes
export const RTA_DST = 1;
export const RTA_OIF = 4;
export const RTA_PRIORITY = 6;
export const RTA_PREFSRC = 7;
export const RTA_TABLE = 15;

export const RT_TABLE_LOCAL = 255;
export const RTPROT_KERNEL = 2;
export const RT_SCOPE_UNIVERSE = 0;
export const RT_SCOPE_HOST = 254;
export const RT_SCOPE_LINK = 253;
export const RTN_LOCAL = 2;
export const RTN_BROADCAST = 3;
