/** inotify(7) event bits and struct inotify_event. */

export const IN_ACCESS = 1, IN_MODIFY = 2, IN_ATTRIB = 4, IN_CLOSE_WRITE = 8, IN_CLOSE_NOWRITE = 0x10, IN_OPEN = 0x20;
export const IN_MOVED_FROM = 0x40, IN_MOVED_TO = 0x80, IN_CREATE = 0x100, IN_DELETE = 0x200, IN_DELETE_SELF = 0x400;
export const IN_MOVE_SELF = 0x800,
  IN_ALL_EVENTS = 0xfff,
  IN_UNMOUNT = 0x2000,
  IN_Q_OVERFLOW = 0x4000,
  IN_IGNORED = 0x8000;
export const IN_ONLYDIR = 0x1000000,
  IN_DONT_FOLLOW = 0x2000000,
  IN_EXCL_UNLINK = 0x4000000,
  IN_MASK_CREATE = 0x10000000;
export const IN_MASK_ADD = 0x20000000, IN_ISDIR = 0x40000000, IN_ONESHOT = 0x80000000;
export const IN_NONBLOCK = 0o4000, IN_CLOEXEC = 0o2000000;

/** Bytes of an event with this name: the name is padded with NULs to a multiple of 16, no name is none. */
export function inotifyEventSize(name: string): number {
  return 16 + (name === "" ? 0 : (name.length + 1 + 15) & ~15);
}

/** Writes one event; the caller has checked the room. */
export function putInotifyEvent(
  bytes: Uint8Array,
  at: number,
  wd: number,
  mask: number,
  cookie: number,
  name: string,
): void {
  const size = inotifyEventSize(name);
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  view.setInt32(0, wd, true);
  view.setUint32(4, mask, true);
  view.setUint32(8, cookie, true);
  view.setUint32(12, size - 16, true);
  bytes.fill(0, at + 16, at + size);
  for (let i = 0; i < name.length; i++) bytes[at + 16 + i] = name.charCodeAt(i);
}
