/**
 * Puts a guest's machine together: engine, kernel, file tree, streams, and the first program in them.
 */
import { parseElf } from "../elf/parse.ts";
import { checkProgram, isKnownComplete } from "../elf/preflight.ts";
import { hostFiles } from "../elf/host_files.ts";
import type { CallTracer } from "../debug/trace/call_tracer.ts";
import type { DebugServer, DebugServerOptions } from "../debug/gdb/server.ts";
import type { LaunchRequest } from "../debug/gdb/launch.ts";
import type { Engine } from "../engine/engine.ts";
import { Failure } from "../failure.ts";
import { EACCES, ENOENT, ENOEXEC, ERRNO_NAMES } from "../kernel/abi/errno.ts";
import { AT_FDCWD, O_RDONLY, O_WRONLY } from "../kernel/abi/fcntl.ts";
import { defaultLimits, RLIMIT_NOFILE } from "../kernel/abi/resource.ts";
import { openFileSource } from "../kernel/exec/exec_source.ts";
import { fromHost, toHost } from "../kernel/fs/byte_string.ts";
import { FdTable } from "../kernel/fs/fd_table.ts";
import type { FsContext } from "../kernel/fs/fs_context.ts";
import { GuestTree, TreeError } from "../kernel/fs/guest_tree.ts";
import { OpenFile } from "../kernel/fs/file.ts";
import { open } from "../kernel/fs/open.ts";
import { openFifo } from "../kernel/ipc/fifo.ts";
import { Kernel } from "../kernel/kernel.ts";
import { Mm } from "../kernel/mm/mm.ts";
import { signalName, SIGWINCH } from "../kernel/abi/signal.ts";
import { addProcNet } from "../kernel/syscalls/network.ts";
import { addProcSysvIpc } from "../kernel/syscalls/ipc_namespace.ts";
import { SYSCALLS } from "../kernel/syscalls/table.ts";
import { createTerminals, standardStreams } from "../kernel/syscalls/terminals.ts";
import { initialCapabilities, plainCredentials } from "../kernel/task/credentials.ts";
import { exitProcess } from "../kernel/task/exit_process.ts";
import { execTask } from "../kernel/task/exec_task.ts";
import { Task } from "../kernel/task/task.ts";
import type { Terminals } from "../kernel/tty/terminals.ts";
import type { GuestKernel, GuestKernelOptions } from "./guest_service.ts";
import type { GuestOutcome, GuestSpec } from "./guest_spec.ts";
import type { DebuggerEvent } from "./worker_messages.ts";

/** A machine ready to run its program. */
export class Machine implements GuestKernel {
  readonly #kernel: Kernel;
  readonly #tree: GuestTree;
  readonly #terminals: Terminals;
  readonly #options: GuestKernelOptions;
  #tracer: CallTracer | undefined;
  #debugServer: DebugServer | undefined;
  /** Of the first program; a debugger's next ones get them too. */
  #streams: readonly OpenFile[] | undefined;

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
      describeCrash: async (task, info, crash) =>
        (await import("../debug/crash/describe_crash.ts")).describeCrash(task, info, crash, {
          core: spec.core && `${spec.core.folder}/${spec.core.name}`,
        }),
      ...(tracer ? { tracer } : {}),
    });
    const { root } = this.#tree.proc;
    root.kernel = this.#kernel;
    root.net.later(() => addProcNet(this.#kernel, root.net));
    root.later(() => addProcSysvIpc(this.#kernel, root));
    this.#terminals = createTerminals(this.#kernel, this.#tree);
  }

  get programs(): number {
    return this.#kernel.engine.programs ?? 0;
  }

  async run(spec: GuestSpec): Promise<GuestOutcome> {
    const started = performance.now();
    const kernel = this.#kernel;
    this.#start(spec);
    const ending = await kernel.run();
    kernel.engine.idle?.();
    if (spec.stats) this.#tellStatistics();
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

  #tellStatistics(): void {
    const figures = { instructions: this.#kernel.instructions, ...this.#kernel.engine.statistics?.() };
    for (const [name, value] of Object.entries(figures)) this.#options.log(`elftap: stats: ${name} ${value}`);
  }

  interrupt(signal: number): void {
    const { hostTty } = this.#terminals;
    // A new size is the terminal's to tell, if it is one.
    if (signal === SIGWINCH && hostTty) hostTty.resized();
    // Held, the guest would take the signal when a debugger lets it go on: whoever ends elftap wants it ended now.
    else if (signal !== SIGWINCH && this.#debugServer?.isHeld) {
      this.#kernel.end({ kind: "signal", signal, signalName: signalName(signal) });
    } else this.#kernel.interrupt(signal);
  }

  stop(): void {
    this.#kernel.end({ kind: "timeout", which: "timeout" });
  }

  /** Lets debuggers come. @param Server where the protocol is: loaded only when it is wanted */
  allowDebugger(Server: new (kernel: Kernel, options: DebugServerOptions) => DebugServer): void {
    const { spec, debuggee, trace } = this.#options;
    this.#debugServer = new Server(this.#kernel, {
      stopOnEntry: spec.debug?.stopOnEntry ?? false,
      holdOnFailure: spec.debug?.holdOnFailure ?? false,
      program: programOf(spec),
      send: (bytes) => debuggee({ kind: "bytes", bytes }),
      close: () => debuggee({ kind: "close" }),
      wanted: (why) => debuggee({ kind: "wanted", why }),
      launch: (request) => this.#launch(request),
      setTrace: async (on) => {
        if (on && !this.#tracer) {
          const { startTrace } = await import("../debug/trace/start.ts");
          const { PLAIN_TRACE } = await import("../debug/trace/spec.ts");
          this.#tracer = startTrace(PLAIN_TRACE, trace);
        }
        this.#kernel.tracer = on ? this.#tracer : undefined;
      },
    });
  }

  debugger(event: DebuggerEvent): void {
    if (event.kind === "bytes") this.#debugServer?.receive(event.bytes);
    else if (event.kind === "connected") this.#debugServer?.connected();
    else this.#debugServer?.disconnected();
  }

  hold(why: string): void {
    if (this.#debugServer) this.#debugServer.hold(why, () => this.stop());
    else this.stop();
  }

  /** Makes the first process and lets it execute the program. */
  #start(spec: GuestSpec): void {
    const program = programOf(spec), task = this.#spawn(program, this.#context(spec));
    if (typeof task === "number") throw explain(task, spec);
    // The loader tells its own story about a library that is missing; one line that names it is better.
    const missing = task.mm.hasLoader && !isLikeOthers(task, spec) ? preflight(spec) : undefined;
    if (missing) throw missing;
    const { path, argv0 = path, args, env } = program;
    this.#tracer?.started(task, argv0, [argv0, ...args], env.length);
    this.#kernel.addTask(task);
    this.#debugServer?.started(task);
  }

  /** Starts another program for a debugger. */
  #launch(request: LaunchRequest): Task | string {
    const context = this.#tree.context(toHost(request.cwd) ?? request.cwd);
    if (typeof context === "number") return `${request.cwd}: ${errnoText(context)}`;
    const task = this.#spawn(request, context);
    if (typeof task === "number") return `${request.path}: ${errnoText(task)}`;
    this.#kernel.addTask(task);
    return task;
  }

  /** Makes a process without a parent in the guest and lets it execute a program. */
  #spawn(program: LaunchRequest, context: FsContext): Task | number {
    const kernel = this.#kernel, { spec } = this.#options;
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
      context,
    );
    process.leader = task;
    this.#addStreams(task, spec);
    const { path, args, env, argv0 = path } = program;
    // There are no other threads that it would wait for.
    const error = execTask(task, { dirfd: AT_FDCWD, path, argv: [argv0, ...args], envp: env, flags: 0 }) as number;
    if (error === 0) return task;
    process.threads.add(task);
    exitProcess(process, 127 << 8);
    return error;
  }

  /** Descriptors 0, 1 and 2. */
  #addStreams(task: Task, spec: GuestSpec): void {
    const { process, files } = task, limit = process.rlimits[RLIMIT_NOFILE]![0];
    const streams = this.#streams ?? standardStreams(this.#terminals, this.#tree, this.#options.stdio, spec, process);
    const wanted = [spec.stdin, spec.stdout, spec.stderr];
    if (spec.debug) {
      this.#streams = streams;
      for (const stream of streams) stream.references++;
    }
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

/** The program of a spec, as byte strings. */
function programOf({ path, argv, env, cwd }: GuestSpec): LaunchRequest {
  const [argv0, ...args] = argv.map(fromHost);
  return {
    path: fromHost(path),
    ...(argv0 === undefined ? {} : { argv0 }),
    args,
    env: Object.entries(env).map(([name, value]) => fromHost(`${name}=${value}`)),
    cwd: fromHost(cwd),
  };
}

function makeTree(spec: GuestSpec, engine: Engine): GuestTree {
  try {
    return new GuestTree(spec, engine);
  } catch (error) {
    if (error instanceof TreeError) throw new Failure(error.message);
    throw error;
  }
}

/** What programs of a tree and an environment were found to have, in the guests before. */
const complete = new Map<string, Set<string>>();
const MAX_WORLDS = 100;

function completeIn({ sysroot, hostFallback, binds, cwd, env }: GuestSpec): Set<string> {
  const search = Object.entries(env).filter(([name]) => name.startsWith("LD_"));
  const key = JSON.stringify([sysroot, hostFallback, binds, cwd, search]);
  let known = complete.get(key);
  if (known === undefined) {
    if (complete.size >= MAX_WORLDS) complete.clear();
    complete.set(key, known = new Set());
  }
  return known;
}

/** Whether the program that is there, a script's interpreter perhaps, needs what one of the guests before needed. */
function isLikeOthers(task: Task, spec: GuestSpec): boolean {
  const elf = parseElf(openFileSource(task.mm.exeFile!, task));
  return isKnownComplete(elf, fromHost(spec.path), completeIn(spec));
}

function preflight(spec: GuestSpec): ReturnType<typeof checkProgram> {
  return checkProgram(fromHost(spec.path), hostFiles(spec), {
    env: spec.env,
    cwd: fromHost(spec.cwd),
    complete: completeIn(spec),
  });
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
