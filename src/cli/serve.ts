/**
 * `elftap serve`: runs the guests of every `elftap run` that a command starts, so that they find Workers that are up
 * and code that is compiled.
 */
import { buildTime, isBuilt } from "../build_product.ts";
import { ExitCode, Failure } from "../failure.ts";
import { GuestPool } from "../runner/guest_pool.ts";
import { absolutePath } from "../runner/host_path.ts";
import { formatAddress, SERVER_VARIABLE } from "../server/address.ts";
import { GuestServer } from "../server/server.ts";
import { type CommandSyntax, helpText, parseCommandLine } from "./command_line.ts";
import { settleEngine } from "./engine_option.ts";
import { print, talk } from "./talk.ts";

const syntax: CommandSyntax = {
  name: "elftap serve",
  operands: "[COMMAND [args...]]",
  summary:
    `Runs COMMAND with ${SERVER_VARIABLE} set: every elftap run below it has its guest run by this process, which ` +
    "keeps what earlier ones have started, translated and compiled. Without a command it serves until it is stopped.",
  stopAtOperand: true,
  groups: [{
    title: "Options",
    options: [
      { name: "help", short: "h", help: "Show this text." },
      {
        name: "listen",
        value: "PATH",
        help: "The socket. Whoever may connect to it may do what elftap may. Default: one in a fresh folder that is " +
          "the user's alone.",
      },
      {
        name: "workers",
        value: "N",
        help: "Idle Workers to keep, 100 to 600 MB each. Guests that run are never fewer. Default: one a core.",
      },
    ],
  }],
  epilogue: "SIGTERM and SIGHUP are passed on to the command, Ctrl-C reaches it by itself.\n\n" +
    "Exit status: the command's; 128+N when signal N ended it; 125 when elftap itself failed; 126 when the\n" +
    "command cannot be run; 127 when it is missing.",
};

/** Runs the command; resolves with the exit status. */
export async function serve(args: readonly string[]): Promise<number> {
  const line = parseCommandLine(syntax, args);
  if (line.has("help")) return print(helpText(syntax));
  const [command, ...rest] = line.operands, listen = line.value("listen");
  if (listen === "") throw new Failure("--listen is empty");
  const done = await settleEngine("auto", false, ["serve", ...args]);
  if (done !== undefined) return done;
  if (command !== undefined) requireRun(command);
  const ending = new EndingSignals();
  using pool = new GuestPool({
    keep: line.number("workers", { min: 1, max: 1000 }) ?? Math.max(navigator.hardwareConcurrency, 1),
  });
  using place = listen === undefined ? privateFolder() : undefined;
  // The command may change its folder.
  const path = place ? `${place.path}/socket` : absolutePath(listen!, Deno.cwd());
  using _server = new GuestServer(path, pool);
  const address = formatAddress({ path, build: isBuilt() ? buildTime() : undefined });
  if (command !== undefined) return await runCommand(command, rest, address, ending);
  const ended = new Promise<0>((resolve) => ending.tell(() => resolve(0)));
  print(`${SERVER_VARIABLE}=${address}\n`);
  talk("serving until Ctrl-C; processes that have this variable run their guests here");
  return await ended;
}

/** Signals that end this process, heard from now on: the socket is to be removed. */
class EndingSignals {
  #heard: Deno.Signal | undefined;
  #told: ((signal: Deno.Signal) => void) | undefined;

  constructor() {
    for (const signal of ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const) {
      Deno.addSignalListener(signal, () => {
        this.#heard = signal;
        this.#told?.(signal);
      });
    }
  }

  /** Calls a function for each of them, also for one that has come already. */
  tell(told: (signal: Deno.Signal) => void): void {
    this.#told = told;
    if (this.#heard) told(this.#heard);
  }
}

/** Runs a command to its end; resolves with its exit status. */
async function runCommand(
  command: string,
  args: readonly string[],
  address: string,
  ending: EndingSignals,
): Promise<number> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(command, { args: [...args], env: { [SERVER_VARIABLE]: address }, stdin: "inherit" })
      .spawn();
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound;
    throw new Failure(isMissing ? `${command}: no such command` : `${command}: ${(error as Error).message}`, {
      exitCode: isMissing ? ExitCode.notFound : ExitCode.cannotRun,
    });
  }
  ending.tell((signal) => {
    // The keyboard's signals go to all processes of the terminal.
    if (signal === "SIGINT" || signal === "SIGQUIT") return;
    try {
      child.kill(signal);
    } catch {
      // it has just ended
    }
  });
  // 128 + N for signal N, by Deno's own count.
  return (await child.status).code;
}

function requireRun(command: string): void {
  if (Deno.permissions.querySync({ name: "run", command }).state === "granted") return;
  throw new Failure(`no permission to run ${command}`, { hint: `run elftap with --allow-run=${command}` });
}

/** A folder that nobody else may enter; removed at the end. */
function privateFolder(): { readonly path: string; [Symbol.dispose](): void } {
  let path: string;
  try {
    path = Deno.makeTempDirSync({ prefix: "elftap-" });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new Failure("no permission for a socket in the folder for temporary files", {
      hint: "run elftap with --allow-read, --allow-write and --allow-net, or give --listen PATH",
    });
  }
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
