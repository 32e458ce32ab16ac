/** ioctl(2): requests by name, and the third argument of those that the kernel serves. */
import { flagNames, flagSet } from "../../../kernel/abi/flags.ts";
import * as requests from "../../../kernel/abi/ioctl.ts";
import * as tty from "../../../kernel/abi/termios.ts";
import { type Call, failed } from "./call.ts";
import { typeNamed } from "./layout.ts";
import { hex, pointer } from "./text.ts";

/** What a request's argument is. */
type Kind = "none" | "number" | "flush" | "flow" | { readonly in: string } | { readonly out: string };

const int = { in: "int" }, intOut = { out: "int" };
const KINDS = new Map<number, Kind>([
  [tty.TCGETS, { out: "termios" }],
  [tty.TCSETS, { in: "termios" }],
  [tty.TCSETSW, { in: "termios" }],
  [tty.TCSETSF, { in: "termios" }],
  [tty.TCGETS2 | 0, { out: "termios" }],
  [tty.TCSETS2 | 0, { in: "termios" }],
  [tty.TCSETSW2 | 0, { in: "termios" }],
  [tty.TCSETSF2 | 0, { in: "termios" }],
  [tty.TIOCGWINSZ, { out: "winsize" }],
  [tty.TIOCSWINSZ, { in: "winsize" }],
  [tty.TIOCGPGRP, intOut],
  [tty.TIOCSPGRP, int],
  [tty.TIOCGSID, intOut],
  [tty.TIOCGPTN | 0, intOut],
  [tty.TIOCSPTLCK, int],
  [tty.TIOCGPTLCK | 0, intOut],
  [tty.TIOCGPKT | 0, intOut],
  [tty.TIOCGEXCL | 0, intOut],
  [tty.TIOCPKT, int],
  [tty.TIOCOUTQ, intOut],
  [tty.TIOCGETD, intOut],
  [tty.TIOCSETD, int],
  [tty.TIOCSCTTY, "number"],
  [tty.TIOCNOTTY, "none"],
  [tty.TIOCEXCL, "none"],
  [tty.TIOCNXCL, "none"],
  [tty.TCSBRK, "number"],
  [tty.TCSBRKP, "number"],
  [tty.TCFLSH, "flush"],
  [tty.TCXONC, "flow"],
  [requests.FIONREAD, intOut],
  [requests.FIONBIO, int],
  [requests.FIOASYNC, int],
  [requests.FIOCLEX, "none"],
  [requests.NS_GET_NSTYPE, "none"],
  [requests.FIONCLEX, "none"],
  [requests.SIOCATMARK, intOut],
  [requests.SIOCGPGRP, intOut],
  [requests.SIOCSPGRP, int],
  [requests.FICLONE, "number"],
  [requests.FICLONERANGE, { in: "file_clone_range" }],
]);

const DIRECTIONS = ["_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE"];

/** `TCGETS`, or `_IOC(_IOC_READ, 0x5a, 0x3, 0x4)` for a request without a name (ioctl(2)). */
export function showIoctlRequest(_: Call, request: number): string {
  const name = flagSet("ioctl")?.values.get(request | 0);
  if (name !== undefined) return name;
  const bits = request >>> 0;
  return `_IOC(${DIRECTIONS[bits >>> 30]}, ${hex(bits >>> 8 & 0xff)}, ${hex(bits & 0xff)}, ${
    hex(bits >>> 16 & 0x3fff)
  })`;
}

/** Whether the argument is filled in by the call. */
export function ioctlIsLate({ args }: Call): boolean {
  const kind = KINDS.get(args[1]! | 0);
  return typeof kind === "object" && "out" in kind;
}

/** The argument. */
export function showIoctl(call: Call, value: number, index: number): string | undefined {
  const kind = KINDS.get(call.args[1]! | 0);
  switch (kind) {
    case undefined:
      return hex(value);
    case "none":
      return undefined;
    case "number":
      return String(value);
    case "flush":
      return flagNames("tcflush", value | 0);
    case "flow":
      return flagNames("tcxonc", value | 0);
  }
  const type = "in" in kind ? kind.in : kind.out;
  if (value === 0) return "NULL";
  if ("out" in kind && failed(call)) return pointer(value);
  return type === "int" ? `[${call.task.mm.readI32(value)}]` : typeNamed(type).show(call, value, index);
}
