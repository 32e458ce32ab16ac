/**
 * `elftap sysroot pull|ls|path|rm|verify`: from the command line to the functions that do it.
 */
import { Failure } from "../failure.ts";
import { type CommandLine, type CommandSyntax, helpText, parseCommandLine } from "./command_line.ts";
import { sysrootList, sysrootPath, sysrootPull, sysrootRemove, sysrootVerify } from "./sysroot.ts";
import { print } from "./talk.ts";

const help = { name: "help", short: "h", help: "Show this text." } as const;

interface Subcommand {
  readonly syntax: CommandSyntax;
  run(line: CommandLine): Promise<number>;
}

const subcommands: Readonly<Record<string, Subcommand>> = {
  pull: {
    syntax: {
      name: "elftap sysroot pull",
      operands: "PROFILE...",
      summary: "Downloads the packages of a profile, verifies them and unpacks them into a root. Prints the root's " +
        "path. A pull that was interrupted goes on where it was.",
      groups: [{
        title: "Options",
        options: [
          help,
          {
            name: "mirror",
            value: "URL",
            help: "Where to download from. Default: ELFTAP_MIRROR, else the host's apt sources on Debian-like " +
              "systems, else the distribution's archive.",
          },
          { name: "jobs", short: "j", value: "N", help: "Downloads at a time." },
          { name: "quiet", short: "q", help: "No progress." },
        ],
      }],
    },
    run: (line) =>
      sysrootPull(line.operands, {
        mirror: line.value("mirror"),
        jobs: line.number("jobs", { min: 1, max: 32, integer: true }),
        quiet: line.has("quiet"),
      }),
  },
  ls: {
    syntax: {
      name: "elftap sysroot ls",
      operands: "",
      summary: "Lists the profiles and which of them are there.",
      groups: [{ title: "Options", options: [help, { name: "json", help: "As JSON." }] }],
    },
    run: (line) => sysrootList({ json: line.has("json") }),
  },
  path: {
    syntax: {
      name: "elftap sysroot path",
      operands: "PROFILE",
      summary: "Prints the host path of a pulled sysroot.",
      groups: [{ title: "Options", options: [help] }],
    },
    run: (line) => {
      const [name, ...rest] = line.operands;
      if (name === undefined || rest.length > 0) throw new Failure("exactly one profile is needed");
      return sysrootPath(name);
    },
  },
  rm: {
    syntax: {
      name: "elftap sysroot rm",
      operands: "PROFILE...",
      summary: "Removes pulled sysroots, and the packages that no other one needs.",
      groups: [{ title: "Options", options: [help] }],
    },
    run: (line) => sysrootRemove(line.operands),
  },
  verify: {
    syntax: {
      name: "elftap sysroot verify",
      operands: "[PROFILE...]",
      summary: "Compares sysroots, all unless named, with what was unpacked.",
      groups: [{ title: "Options", options: [help] }],
    },
    run: (line) => sysrootVerify(line.operands),
  },
};

/** Runs the command; resolves with the exit status. */
export async function sysroot(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--help" || name === "-h") return print(overview());
  const subcommand = name === undefined || !Object.hasOwn(subcommands, name) ? undefined : subcommands[name];
  if (!subcommand) {
    throw new Failure(name === undefined ? "elftap sysroot needs a subcommand" : `unknown command sysroot ${name}`, {
      hint: `one of ${Object.keys(subcommands).join(", ")}`,
    });
  }
  const line = parseCommandLine(subcommand.syntax, rest);
  return line.has("help") ? print(helpText(subcommand.syntax)) : await subcommand.run(line);
}

function overview(): string {
  const rows = Object.values(subcommands).map(({ syntax }) =>
    `  ${syntax.name} ${syntax.operands}\n      ${syntax.summary}\n`
  );
  return `Usage: elftap sysroot COMMAND ...\n\n${rows.join("")}`;
}
