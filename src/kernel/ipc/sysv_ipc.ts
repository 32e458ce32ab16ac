/** All System V IPC objects of a kernel (an IPC namespace), and how /proc/sysvipc shows them. */
import { MSGMNI, SEMMNI, SHMMNI } from "../abi/ipc.ts";
import { MessageQueue } from "./message_queue.ts";
import { SemaphoreSet } from "./semaphores.ts";
import { SharedSegment } from "./shared_segment.ts";
import { type IpcObject, IpcRegistry } from "./sysv_registry.ts";

export class SysvIpc {
  readonly semaphores: IpcRegistry<SemaphoreSet> = new IpcRegistry(SEMMNI);
  readonly queues: IpcRegistry<MessageQueue> = new IpcRegistry(MSGMNI);
  readonly segments: IpcRegistry<SharedSegment> = new IpcRegistry(SHMMNI);

  /** The text of /proc/sysvipc/NAME. */
  text(name: "sem" | "msg" | "shm"): string {
    switch (name) {
      case "sem":
        return "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n" +
          lines(this.semaphores, (set) => [
            [head(set), 0],
            [set.values.length, 10],
            ...owners(set),
            [set.otime, 10],
            [set.ctime, 10],
          ]);
      case "msg":
        return "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n" +
          lines(this.queues, (queue) => [
            [head(queue), 0],
            [queue.bytes, 11],
            [queue.messages.length, 10],
            [queue.lastSender, 5],
            [queue.lastReceiver, 5],
            ...owners(queue),
            [queue.stime, 10],
            [queue.rtime, 10],
            [queue.ctime, 10],
          ]);
      case "shm":
        return "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n" +
          lines(this.segments, (segment) => [
            [head(segment), 0],
            [segment.size, 21],
            [segment.creatorPid, 5],
            [segment.lastPid, 5],
            [segment.attachments, 5],
            ...owners(segment),
            [segment.atime, 10],
            [segment.dtime, 10],
            [segment.ctime, 10],
            [segment.memory.residentPages * 4096, 21],
            [0, 21],
          ]);
    }
  }
}

type Column = readonly [value: string | number, width: number];

function head(object: IpcObject): string {
  return `${String(object.key).padStart(10)} ${String(object.id).padStart(10)}  ${
    (object.mode & 0o7777).toString(8).padStart(4)
  }`;
}

function owners({ uid, gid, cuid, cgid }: IpcObject): Column[] {
  return [[uid, 5], [gid, 5], [cuid, 5], [cgid, 5]];
}

function lines<T extends IpcObject>(registry: IpcRegistry<T>, columns: (object: T) => Column[]): string {
  let text = "";
  for (const object of registry.all()) {
    text += columns(object).map(([value, width]) => String(value).padStart(width)).join(" ") + "\n";
  }
  return text;
}
