/** System V message queue calls (msgget(2), msgop(2), msgctl(2)). */
import { CAP_SYS_RESOURCE } from "../abi/capability.ts";
import { EAGAIN, EINVAL, ENOMSG, EPERM, ERESTARTNOHAND } from "../abi/errno.ts";
import * as ipc from "../abi/ipc.ts";
import { MessageQueue } from "../ipc/message_queue.ts";
import type { IpcRegistry } from "../ipc/sysv_registry.ts";
import type { Task } from "../task/task.ts";
import type { Blocking } from "../wait.ts";
import { actorOf, lookUp, mayControl, seconds, sysvIpcOf } from "./ipc_namespace.ts";
import { row, type SyscallRow } from "./row.ts";

function msgget(task: Task, key: number, flags: number): number {
  const { queues } = sysvIpcOf(task.kernel);
  return queues.get(
    key,
    flags,
    actorOf(task),
    () => new MessageQueue(key, flags & 0o777, task.credentials, seconds(task)),
  );
}

function msgsnd(task: Task, id: number, va: number, size: number, flags: number): number | Blocking {
  const type = task.mm.readI64(va);
  if (size < 0 || size > ipc.MSGMAX || id < 0 || type < 1n) return -EINVAL;
  const data = size === 0 ? new Uint8Array(0) : task.mm.readBytes(va + 8, size).slice();
  const queue = sysvIpcOf(task.kernel).queues.find(id);
  if (typeof queue === "number") return queue;
  const denied = queue.access(actorOf(task), 0o222);
  if (denied) return denied;
  const message = { type, data }, attempt = () => queue.send(message, task.pid, seconds(task));
  const result = attempt();
  return result !== -EAGAIN || flags & ipc.IPC_NOWAIT ? result : tryAgain(queue, -EAGAIN, attempt);
}

/** Attempts something with a queue until it is not refused any more. */
function* tryAgain(queue: MessageQueue, refusal: number, attempt: () => number): Blocking {
  for (;;) {
    const reason = yield { queues: [queue.wait] };
    const result = attempt();
    if (result !== refusal) return result;
    if (reason === "signal") return -ERESTARTNOHAND;
  }
}

function msgrcv(task: Task, id: number, va: number, size: number, _type: number, flags: number): number | Blocking {
  const type = BigInt.asIntN(64, task.cpu.regs.x(3));
  if (id < 0 || size < 0 || size > Number.MAX_SAFE_INTEGER) return -EINVAL;
  if (flags & ipc.MSG_COPY && (flags & ipc.MSG_EXCEPT || !(flags & ipc.IPC_NOWAIT) || type < 0n)) return -EINVAL;
  const queue = sysvIpcOf(task.kernel).queues.find(id);
  if (typeof queue === "number") return queue;
  const denied = queue.access(actorOf(task), 0o444);
  if (denied) return denied;
  const attempt = (): number => {
    const message = queue.receive(type, size, flags, task.pid, seconds(task));
    if (typeof message === "number") return message;
    const length = Math.min(size, message.data.length);
    task.mm.writeU64(va, message.type);
    if (length > 0) task.mm.writeBytes(va + 8, message.data.subarray(0, length));
    return length;
  };
  const result = attempt();
  return result !== -ENOMSG || flags & ipc.IPC_NOWAIT ? result : tryAgain(queue, -ENOMSG, attempt);
}

function msgInfo(task: Task, queues: IpcRegistry<MessageQueue>, usage: boolean, va: number): number {
  let messages = 0, bytes = 0;
  for (const queue of queues.all()) {
    messages += queue.messages.length;
    bytes += queue.bytes;
  }
  // struct msginfo: pool, map, max, mnb, mni, ssz, tql, seg; MSG_INFO has use in pool, map and tql.
  const info = new Uint8Array(ipc.MSGINFO_SIZE), view = new DataView(info.buffer);
  const pool = Math.floor(ipc.MSGMNI * ipc.MSGMNB / 1024);
  [
    usage ? queues.count : pool,
    usage ? messages : ipc.MSGMNB,
    ipc.MSGMAX,
    ipc.MSGMNB,
    ipc.MSGMNI,
    16,
    usage ? bytes : ipc.MSGMNB,
  ].forEach((value, index) => view.setInt32(4 * index, value, true));
  view.setUint16(28, 0xffff, true);
  task.mm.writeBytes(va, info);
  return queues.highest;
}

function msgctl(task: Task, id: number, command: number, va: number): number {
  if (id < 0 || command < 0) return -EINVAL;
  const { queues } = sysvIpcOf(task.kernel), { mm } = task;
  switch (command) {
    case ipc.IPC_INFO:
    case ipc.MSG_INFO:
      return msgInfo(task, queues, command === ipc.MSG_INFO, va);
    case ipc.IPC_STAT:
    case ipc.MSG_STAT:
    case ipc.MSG_STAT_ANY: {
      const queue = lookUp(task, queues, id, command !== ipc.IPC_STAT, command !== ipc.MSG_STAT_ANY);
      if (typeof queue === "number") return queue;
      mm.writeBytes(va, queue.encode());
      return command === ipc.IPC_STAT ? 0 : queue.id;
    }
    case ipc.IPC_SET: {
      const bytes = mm.readBytes(va, ipc.MSQID_DS.size).slice(), view = new DataView(bytes.buffer);
      const queue = queues.find(id);
      if (typeof queue === "number") return queue;
      if (!mayControl(task, queue)) return -EPERM;
      const maxBytes = Number(view.getBigUint64(ipc.MSQID_DS.qbytes, true));
      if (maxBytes > ipc.MSGMNB && !task.capable(CAP_SYS_RESOURCE)) return -EPERM;
      queue.decodePerm(view);
      queue.maxBytes = maxBytes;
      queue.ctime = seconds(task);
      queue.wait.wake();
      return 0;
    }
    case ipc.IPC_RMID: {
      const queue = queues.find(id);
      if (typeof queue === "number") return queue;
      if (!mayControl(task, queue)) return -EPERM;
      queues.remove(queue);
      queue.wait.wake();
      return 0;
    }
    default:
      return -EINVAL;
  }
}

export const rows: SyscallRow[] = [
  row(186, "msgget", "key:int:ipc_key msgflg:int:ipc_flags", msgget),
  row(187, "msgctl", "msqid:int cmd:flags:msgctl buf:arg:msgctl", msgctl),
  row(188, "msgrcv", "msqid:int msgp:out:msgbuf msgsz:size msgtyp:long msgflg:flags:msgop", msgrcv),
  row(189, "msgsnd", "msqid:int msgp:struct:msgbuf msgsz:size msgflg:flags:msgop", msgsnd),
];
