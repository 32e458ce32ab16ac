/** What a descriptor refers to, for -y and -yy. */
import { AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, SOCK_STREAM } from "../../../kernel/abi/socket.ts";
import { major, minor, S_IFBLK, S_IFCHR, S_IFMT } from "../../../kernel/abi/stat.ts";
import type { OpenFile } from "../../../kernel/fs/file.ts";
import { fileName } from "../../../kernel/fs/proc/pid_directory.ts";
import { describePath } from "../../../kernel/fs/path.ts";
import { Socket } from "../../../kernel/net/socket.ts";
import type { Task } from "../../../kernel/task/task.ts";
import { endpoint } from "./socket_address.ts";
import { quote } from "./text.ts";

/** A path between angle brackets: with C escapes, and without quotes. */
const bare = (text: string) => quote(text).slice(1, -1).replaceAll("<", "\\74").replaceAll(">", "\\76");

/** `/etc/passwd`, `pipe:[12]`; with `detail` 2 `TCP:[127.0.0.1:80]`, `/dev/null<char 1:3>`. */
export function descriptorName(task: Task, fd: number, detail: 1 | 2): string | undefined {
  const file = task.files.get(fd);
  if (!file) return undefined;
  const name = bare(fileName(file, task));
  if (detail === 1) return name;
  if (file instanceof Socket) return socketName(file) ?? name;
  return name + deviceNumber(file);
}

/** The working directory, which AT_FDCWD stands for. */
export function directoryName(task: Task): string {
  return bare(describePath(task.fs.cwd, task.fs.root));
}

function deviceNumber({ inode }: OpenFile): string {
  const type = inode.mode & S_IFMT;
  if (type !== S_IFCHR && type !== S_IFBLK) return "";
  return `<${type === S_IFCHR ? "char" : "block"} ${major(inode.rdev)}:${minor(inode.rdev)}>`;
}

function socketName(socket: Socket): string | undefined {
  const kind = socketKind(socket);
  if (kind === undefined) return undefined;
  const own = endpoint(socket.name()), peer = socket.peerName();
  if (own === undefined) return `${kind}:[${socket.inode.ino}]`;
  const other = typeof peer === "number" ? undefined : endpoint(peer);
  return `${kind}:[${bare(own)}${other === undefined ? "" : `->${bare(other)}`}]`;
}

function socketKind({ domain, type }: Socket): string | undefined {
  const stream = type === SOCK_STREAM;
  switch (domain) {
    case AF_INET:
      return stream ? "TCP" : "UDP";
    case AF_INET6:
      return stream ? "TCPv6" : "UDPv6";
    case AF_UNIX:
      return stream ? "UNIX-STREAM" : "UNIX-DGRAM";
    case AF_NETLINK:
      return "NETLINK";
    default:
      return undefined;
  }
}
