#!/usr/bin/env -S deno run --no-prompt --allow-read --allow-env --allow-sys=uid,gid
/**
 * The command line: picks the command and loads nothing but it.
 *
 * @module
 */
import { COMMANDS, isBuilt } from "./src/build_product.ts";
import { describeFailure, Failure } from "./src/failure.ts";
import { print, reportFailure } from "./src/cli/talk.ts";
import { VERSION } from "./src/version.ts";

const HELP = `elftap runs aarch64 Linux test binaries on any host and reports TAP and JUnit.

Usage: elftap COMMAND [options] ...

Commands:
  run ELF [args...]           run one program
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
        return await (await load<typeof import("./src/cli/run.ts")>("run")).run(rest);
      case "test":
        return await (await load<typeof import("./src/cli/test.ts")>("test")).test(rest);
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

/**
 * Loads a command, from the build if that is up to date. Where a specifier stands in the source, Deno looks at all that
 * it leads to before it runs the first line: 6 ms for every command, whichever is wanted.
 */
function load<Command>(name: string): Promise<Command> {
  const path = COMMANDS.includes(name) && isBuilt() ? `./dist/${name}.js` : `./src/cli/${name}.ts`;
  return import(new URL(path, import.meta.url).href);
}

// Deno.exit: a Worker or a pending read of stdin must not keep a finished elftap alive.
if (import.meta.main) Deno.exit(await main(Deno.args));
