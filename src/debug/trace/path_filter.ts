/** strace's -P: calls that have to do with certain files. */
import { posix } from "node:path";
import { fileName } from "../../kernel/fs/proc/pid_directory.ts";
import { pathName } from "../../kernel/fs/path.ts";
import { UserFault } from "../../kernel/mm/user_fault.ts";
import type { SyscallRow } from "../../kernel/syscalls/row.ts";
import type { Task } from "../../kernel/task/task.ts";

/** PATH_MAX */
const MAX_PATH = 4096;

export class PathFilter {
  readonly #given: ReadonlySet<string>;
  /** The given paths as descriptors show theirs: from the root; known when the first program is. */
  #absolute: ReadonlySet<string> | undefined;

  /** @param paths byte strings; a relative one is looked up from the first program's working directory */
  constructor(paths: readonly string[]) {
    this.#given = new Set(paths);
  }

  /** Whether this is one of the paths, as the call spells it. */
  names(path: string): boolean {
    return this.#given.has(path);
  }

  /** Whether an argument is one of the paths, or a descriptor of one. Structures and sets are not looked into. */
  concerns(task: Task, row: SyscallRow | undefined, args: readonly number[]): boolean {
    this.#absolute ??= this.#resolve(task);
    return row?.args.some(({ format }, index) => {
      const value = args[index]!;
      if (format === "path") return this.#isNamed(task, value);
      return (format === "fd" || format === "dirfd") && this.#isOpen(task, value);
    }) ?? false;
  }

  #resolve(task: Task): ReadonlySet<string> {
    const cwd = pathName(task.fs.cwd, task.fs.root) ?? "/";
    return new Set([...this.#given].map((path) => posix.resolve(cwd, path)));
  }

  #isNamed(task: Task, address: number): boolean {
    if (address === 0) return false;
    let path;
    try {
      path = task.mm.readString(address, MAX_PATH);
    } catch (error) {
      if (!(error instanceof UserFault)) throw error;
      return false;
    }
    return this.#given.has(path) || this.#absolute!.has(path);
  }

  #isOpen(task: Task, fd: number): boolean {
    const file = task.files.get(fd);
    return file !== undefined && this.#absolute!.has(fileName(file, task));
  }
}
