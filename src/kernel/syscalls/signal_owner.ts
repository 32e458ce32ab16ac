/** Signals that files send: SIGIO of O_ASYNC files and SIGURG of sockets, to whom F_SETOWN names (fcntl(2)). */
import { F_OWNER_PGRP, F_OWNER_TID, O_ASYNC } from "../abi/fcntl.ts";
import { kernelSiginfo, type Siginfo } from "../abi/siginfo.ts";
import { POLL_HUP, POLL_IN, SIGIO } from "../abi/signal.ts";
import {
  type OpenFile,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLPRI,
  POLLRDBAND,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
} from "../fs/file.ts";
import { PipeFile } from "../ipc/pipe.ts";
import type { Kernel } from "../kernel.ts";
import { Socket } from "../net/socket.ts";
import { sendToGroup, sendToProcess, sendToTask } from "../task/send_signal.ts";
import { PtyMasterFile } from "../tty/pty.ts";
import { TtyFile } from "../tty/tty_file.ts";
import type { Watcher } from "../wait.ts";

/** si_code POLL_* beyond those every file has. */
const POLL_OUT = 2, POLL_ERR = 4, POLL_PRI = 5;

/** Sends to the owner of a file; nobody is the owner of most files. */
export function signalOwner(kernel: Kernel, file: OpenFile, info: Siginfo): void {
  const { type, id } = file.owner;
  if (id === 0) return;
  if (type === F_OWNER_PGRP) {
    sendToGroup(kernel, id, info);
  } else if (type === F_OWNER_TID) {
    const task = kernel.tasks.get(id);
    if (task) sendToTask(task, info);
  } else {
    const process = kernel.processes.get(id);
    if (process) sendToProcess(process, info);
  }
}

const notifiers = new WeakMap<OpenFile, AsyncNotifier>();

/** What an O_ASYNC file tells its owner of. */
class AsyncNotifier implements Watcher {
  constructor(readonly kernel: Kernel, readonly file: OpenFile, readonly fd: number) {}

  detach(): void {
    this.file.wait.unwatch(this);
    this.file.epollItems?.delete(this);
    notifiers.delete(this.file);
  }

  notify(events: number): void {
    const { file } = this;
    // A pipe's ends share one queue: each tells only of its own direction.
    let mask = 0;
    if (file.readable) mask |= POLLIN | POLLRDNORM | POLLPRI | POLLHUP;
    if (file.writable) mask |= POLLOUT | POLLWRNORM | POLLERR;
    const seen = events === 0 ? file.poll() & mask : events & mask;
    if (seen === 0) return;
    if (file.ownerSignal === 0) return signalOwner(this.kernel, file, kernelSiginfo(SIGIO));
    // With F_SETSIG the signal says what happened to which descriptor.
    const [code, band] = seen & (POLLIN | POLLRDNORM)
      ? [POLL_IN, POLLIN | POLLRDNORM]
      : seen & POLLPRI
      ? [POLL_PRI, POLLPRI | POLLRDBAND]
      : seen & (POLLOUT | POLLWRNORM)
      ? [POLL_OUT, POLLOUT | POLLWRNORM | POLLWRBAND]
      : seen & POLLHUP
      ? [POLL_HUP, POLLHUP | POLLERR]
      : [POLL_ERR, POLLERR];
    signalOwner(this.kernel, file, { signo: file.ownerSignal, code, band, fd: this.fd });
  }
}

/** Makes O_ASYNC take effect, or end, after the flag of a file was changed. Files that cannot signal keep the flag. */
export function updateAsync(kernel: Kernel, file: OpenFile, fd: number): void {
  const on = (file.flags & O_ASYNC) !== 0, notifier = notifiers.get(file);
  if (on === (notifier !== undefined)) return;
  if (notifier !== undefined) return notifier.detach();
  const signals = file instanceof PipeFile || file instanceof Socket || file instanceof TtyFile ||
    file instanceof PtyMasterFile;
  if (!signals) return;
  const made = new AsyncNotifier(kernel, file, fd);
  notifiers.set(file, made);
  file.wait.watch(made);
  // It ends with the last descriptor, as epoll items do.
  (file.epollItems ??= new Set()).add(made);
}
