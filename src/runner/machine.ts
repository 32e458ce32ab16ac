/**
 * Puts a guest's machine together: engine, kernel, file tree, streams, and the first program in them.
 */
import { checkProgram } from "../elf/preflight.ts";
import { hostFiles } from "../elf/host_files.ts";
import type { CallTracer } from "../debug/trace/call_tracer.ts";
import { describeCrash } from "../debug/describe_crash.ts";
import type { Engine } from "../engine/engine.ts";
import { Failure } from "../failure.ts";
import { EACCES, ENOENT, ENOEXEC, ERRNO_NAMES } from "../kernel/abi/errno.ts";
import { AT_FDCWD, O_RDONLY, O_WRONLY } from "../kernel/abi/fcntl.ts";
import { defaultLimits, RLIMIT_NOFILE } from "../kernel/abi/resource.ts";
import { fromHost, toHost } from "../kernel/fs/byte_string.ts";
import { FdTable } from "../kernel/fs/fd_table.ts";
import type { FsContext } from "../kernel/fs/fs_context.ts";
import { GuestTree, TreeError } from "../kernel/fs/guest_tree.ts";
import { OpenFile } from "../kernel/fs/file.ts";
import { open } from "../kernel/fs/open.ts";
import { openFifo } from "../kernel/ipc/fifo.ts";
import { Kernel } from "../kernel/kernel.ts";
import { Mm } from "../kernel/mm/mm.ts";
import { SIGWINCH } from "../kernel/abi/signal.ts";
import { addProcNet } from "../kernel/syscalls/network.ts";
import { addProcSysvIpc } from "../kernel/syscalls/ipc_namespace.ts";
import { SYSCALLS } from "../kernel/syscalls/table.ts";
import { createTerminals, standardStreams } from "../kernel/syscalls/terminals.ts";
import { initialCapabilities, plainCredentials } from "../kernel/task/credentials.ts";
import { execTask } from "../kernel/task/exec_task.ts";
import { Task } from "../kernel/task/task.ts";
import type { Terminals } from "../kernel/tty/terminals.ts";
import type { GuestKernel, GuestKernelOptions } from "./guest_service.ts";
import type { GuestOutcome, GuestSpec } from "./guest_spec.ts";

/** A machine ready to run its program. */
export class Machine implements GuestKernel {
  readonly #kernel: Kernel;
  readonly #tree: GuestTree;
  readonly #terminals: Terminals;
  readonly #options: GuestKernelOptions;
  readonly #tracer: CallTracer | undefined;

  /** @throws {Failure} when the file tree cannot be built */
  constructor(engine: Engine, options: GuestKernelOptions, tracer: CallTracer | undefined) {
    const { spec, log } = options;
    this.#options = options;
    this.#tracer = tracer;
    this.#tree = makeTree(spec, engine);
    this.#tree.special.fifo = openFifo;
    this.#kernel = new Kernel(engine, SYSCALLS, {
      hostname: spec.hostname,
      watchdog: spec.watchdog,
      log,
      describeCrash,
      ...(tracer ? { tracer } : {}),
    });
    this.#tree.proc.root.kernel = this.#kernel;
    addProcNet(this.#kernel, this.#tree.proc.root.net);
    addProcSysvIpc(this.#kernel, this.#tree.proc.root);
    this.#terminals = createTerminals(this.#kernel, this.#tree);
  }

  async run(spec: GuestSpec): Promise<GuestOutcome> {
    const started = performance.now();
    const kernel = this.#kernel;
    this.#start(spec);
    const ending = await kernel.run();
    this.#tracer?.finish();
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
    const { hostTty } = this.#terminals;
    // A new size is the terminal's to tell, if it is one.
    if (signal === SIGWINCH && hostTty) hostTty.resized();
    else this.#kernel.interrupt(signal);
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
      new FdTable(),
      this.#context(spec),
    );
    process.leader = task;
    this.#addStreams(task, spec);
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
    this.#tracer?.started(task, fromHost(spec.argv[0] ?? spec.path), spec.argv.map(fromHost), env.length);
    kernel.addTask(task);
  }

  /** Descriptors 0, 1 and 2. */
  #addStreams(task: Task, spec: GuestSpec): void {
    const { process, files } = task, limit = process.rlimits[RLIMIT_NOFILE]![0];
    const streams = standardStreams(this.#terminals, this.#tree, this.#options.stdio, spec, process);
    const wanted = [spec.stdin, spec.stdout, spec.stderr];
    streams.forEach((stream, fd) => {
      // Nowhere is a device, not a stream that is empty or thrown away.
      const nowhere = wanted[fd] === "null" ? open(task, task.fs.root, "/dev/null", fd ? O_WRONLY : O_RDONLY, 0) : 0;
      files.add(nowhere instanceof OpenFile ? nowhere : stream, false, limit);
    });
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
