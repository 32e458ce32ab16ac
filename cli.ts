#!/usr/bin/env -S deno run --no-prompt --allow-read --allow-env --allow-sys=uid,gid
/**
 * The command line: picks the command and loads nothing but it.
 *
 * @module
 */
import { buildTime, isBuilt } from "./src/build_product.ts";
import { describeFailure, Failure } from "./src/failure.ts";
import { type FirstWorker, startFirstWorker } from "./src/runner/first_worker.ts";
import { serverAddress } from "./src/server/address.ts";
import { print, reportFailure } from "./src/cli/talk.ts";
import { VERSION } from "./src/version.ts";

const HELP = `elftap runs aarch64 Linux test binaries on any host and reports TAP and JUnit.

Usage: elftap COMMAND [options] ...

Commands:
  run ELF [args...]           run one program
  serve [COMMAND...]          keep warm what the runs of a command need, as of ctest or make check
  test FILE|FOLDER|GLOB...    run test programs in parallel and report them
  sysroot pull|ls|path|rm|verify
                              manage the root file systems that programs need
  doctor                      say which engines work here, and what the others lack

Options:
  -h, --help                  show this text; elftap COMMAND --help shows more
  -V, --version               show the version
`;

/** Runs elftap with these arguments; resolves with the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const [command, ...rest] = args;
    const isWanted = (long: string, short: string) => command === long || command === short;
    if (isWanted("--version", "-V")) {
      return print(`elftap ${VERSION}\n`);
    }
    if (isWanted("--help", "-h") || command === "help") return print(HELP);
    switch (command) {
      case "run":
        return await guests<typeof import("./src/cli/run.ts")>("run", rest, ({ run }, first) => run(rest, first));
      case "serve":
        return await (await load<typeof import("./src/cli/serve.ts")>("serve")).serve(rest);
      case "test":
        return await guests<typeof import("./src/cli/test.ts")>("test", rest, ({ test }, first) => test(rest, first));
      case "sysroot":
        return await (await load<typeof import("./src/cli/sysroot_command.ts")>("sysroot_command")).sysroot(rest);
      case "doctor":
        return await (await load<typeof import("./src/cli/doctor.ts")>("doctor")).doctor(rest);
      case undefined:
        throw new Failure("no command given", { hint: "see elftap --help" });
      default:
        throw new Failure(`unknown command ${command}`, {
          hint: command.includes("/") ? `did you mean elftap run ${command}?` : "see elftap --help",
        });
    }
  } catch (error) {
    return reportFailure(describeFailure(error));
  }
}

/** A command that runs guests: from the build if that is up to date, and with a Worker that starts meanwhile. */
async function guests<Command>(
  name: string,
  args: readonly string[],
  execute: (command: Command, first: FirstWorker | undefined) => Promise<number>,
): Promise<number> {
  // Guests of a server have their Worker there.
  const server = name === "run" ? serverAddress() : undefined, build = buildTime();
  const first = server === undefined && build !== undefined ? startFirstWorker(args) : undefined;
  // What the server has seen to be up to date need not be looked at again: a quarter of a client's time.
  if (build !== undefined && (build === server?.build || isBuilt())) {
    return await execute(await load(name, `dist/${name}.js`), first);
  }
  first?.worker.terminate();
  return await execute(await load(name), undefined);
}

/**
 * Loads a command. Where a specifier stands in the source, Deno looks at all that it leads to before it runs the first
 * line: 6 ms for every command, whichever is wanted.
 */
function load<Command>(name: string, file = `src/cli/${name}.ts`): Promise<Command> {
  return import(new URL(file, import.meta.url).href);
}

// Deno.exit: a Worker or a pending read of stdin must not keep a finished elftap alive.
if (import.meta.main) Deno.exit(await main(Deno.args));
