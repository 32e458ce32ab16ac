/**
 * Puts a guest's machine together: engine, kernel, file tree, streams, and the first program in them.
 */
import { checkProgram } from "../elf/preflight.ts";
import { hostFiles } from "../elf/host_files.ts";
import { describeCrash } from "../debug/describe_crash.ts";
import type { Engine } from "../engine/engine.ts";
import { Failure } from "../failure.ts";
import { EACCES, ENOENT, ENOEXEC, ERRNO_NAMES } from "../kernel/abi/errno.ts";
import { AT_FDCWD } from "../kernel/abi/fcntl.ts";
import { defaultLimits, RLIMIT_NOFILE } from "../kernel/abi/resource.ts";
import { fromHost, toHost } from "../kernel/fs/byte_string.ts";
import { FdTable } from "../kernel/fs/fd_table.ts";
import type { FsContext } from "../kernel/fs/fs_context.ts";
import { GuestTree, TreeError } from "../kernel/fs/guest_tree.ts";
import { openFifo } from "../kernel/ipc/fifo.ts";
import { Kernel } from "../kernel/kernel.ts";
import { Mm } from "../kernel/mm/mm.ts";
import { SYSCALLS } from "../kernel/syscalls/table.ts";
import { initialCapabilities, plainCredentials } from "../kernel/task/credentials.ts";
import { execTask } from "../kernel/task/exec_task.ts";
import { Task } from "../kernel/task/task.ts";
import type { Tracer } from "../kernel/tracer.ts";
import type { GuestKernel, GuestKernelOptions } from "./guest_service.ts";
import type { GuestOutcome, GuestSpec } from "./guest_spec.ts";
import { HostInputFile, HostOutputFile } from "./stdio_file.ts";

/** A machine ready to run its program. */
export class Machine implements GuestKernel {
  readonly #kernel: Kernel;
  readonly #tree: GuestTree;
  readonly #options: GuestKernelOptions;

  /** @throws {Failure} when the file tree cannot be built */
  constructor(engine: Engine, options: GuestKernelOptions, tracer: Tracer | undefined) {
    const { spec, trace } = options;
    this.#options = options;
    this.#tree = makeTree(spec, engine);
    this.#tree.special.fifo = openFifo;
    this.#kernel = new Kernel(engine, SYSCALLS, {
      hostname: spec.hostname,
      watchdog: spec.watchdog,
      log: trace,
      describeCrash,
      ...(tracer ? { tracer } : {}),
    });
    this.#tree.proc.root.kernel = this.#kernel;
  }

  async run(spec: GuestSpec): Promise<GuestOutcome> {
    const started = performance.now();
    const kernel = this.#kernel;
    this.#start(spec);
    const ending = await kernel.run();
    this.#tree.sync();
    return {
      ending,
      crashes: kernel.crashes,
      unimplemented: kernel.unimplemented,
      milliseconds: performance.now() - started,
      instructions: kernel.instructions,
      discarded: this.#tree.discarded().map((path) => toHost(path) ?? path),
    };
  }

  interrupt(signal: number): void {
    this.#kernel.interrupt(signal);
  }

  stop(): void {
    this.#kernel.end({ kind: "timeout", which: "timeout" });
  }

  /** Makes the first process and lets it execute the program. */
  #start(spec: GuestSpec): void {
    const kernel = this.#kernel;
    const env = Object.entries(spec.env).map(([name, value]) => fromHost(`${name}=${value}`));
    const process = kernel.createFirstProcess(defaultLimits());
    const task = new Task(
      kernel,
      process,
      process.pid,
      kernel.engine.createCpu(),
      plainCredentials(spec.uid, spec.gid),
      initialCapabilities(spec.uid),
      new Mm(kernel.engine),
      this.#descriptors(spec),
      this.#context(spec),
    );
    process.leader = task;
    const error = execTask(task, {
      dirfd: AT_FDCWD,
      path: fromHost(spec.path),
      argv: spec.argv.map(fromHost),
      envp: env,
      flags: 0,
    });
    if (error < 0) throw explain(error, spec);
    // The loader tells its own story about a library that is missing; one line that names it is better.
    const missing = preflight(spec);
    if (missing) throw missing;
    kernel.addTask(task);
  }

  #descriptors(spec: GuestSpec): FdTable {
    const { stdin, stdout, stderr } = this.#options.stdio;
    const files = new FdTable();
    const limit = defaultLimits()[RLIMIT_NOFILE]![0];
    files.add(new HostInputFile(stdin, spec.uid, spec.gid), false, limit);
    files.add(new HostOutputFile(stdout, spec.uid, spec.gid), false, limit);
    files.add(new HostOutputFile(stderr, spec.uid, spec.gid), false, limit);
    return files;
  }

  #context(spec: GuestSpec): FsContext {
    const context = this.#tree.context(spec.cwd);
    if (typeof context !== "number") return context;
    throw new Failure(`working directory ${spec.cwd}: ${errnoText(context)}`, {
      hint: "--workdir DIR chooses another",
    });
  }
}

function makeTree(spec: GuestSpec, engine: Engine): GuestTree {
  try {
    return new GuestTree(spec, engine);
  } catch (error) {
    if (error instanceof TreeError) throw new Failure(error.message);
    throw error;
  }
}

function preflight(spec: GuestSpec): ReturnType<typeof checkProgram> {
  return checkProgram(fromHost(spec.path), hostFiles(spec), { env: spec.env, cwd: fromHost(spec.cwd) });
}

/** Why the program could not be executed. */
function explain(error: number, spec: GuestSpec): Error {
  const exitCode = error === -ENOENT ? 127 : 126;
  return preflight(spec) ?? new Failure(`${spec.argv[0] ?? spec.path}: ${errnoText(error)}`, {
    exitCode,
    hint: error === -EACCES
      ? "is it executable, and may the guest's user read it?"
      : error === -ENOEXEC
      ? "it is neither an ELF program nor a script with #!"
      : undefined,
  });
}

function errnoText(error: number): string {
  const name = ERRNO_NAMES.get(-error) ?? `error ${-error}`;
  return error === -ENOENT
    ? `no such file or folder (${name})`
    : error === -EACCES
    ? `permission denied (${name})`
    : name;
}
