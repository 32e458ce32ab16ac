/** Handing a new open file to the guest: the lowest free descriptor under RLIMIT_NOFILE. */
import { RLIMIT_NOFILE } from "../abi/resource.ts";
import type { OpenFile } from "../fs/file.ts";
import type { Task } from "../task/task.ts";

/** The number of descriptors a process may have. */
export function fdLimit(task: Task): number {
  return task.process.rlimits[RLIMIT_NOFILE]?.[0] ?? 1024;
}

/** Gives the file a descriptor, or drops it and returns `-EMFILE`. */
export function installFd(task: Task, file: OpenFile, cloexec: boolean): number {
  const fd = task.files.add(file, cloexec, fdLimit(task));
  if (fd < 0) file.unref();
  return fd;
}
