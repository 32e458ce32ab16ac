/** Options of the commands that are for elftap's own developers. */
import { parseArgs, type ParseArgsConfig } from "node:util";

/**
 * Reads the command line as parseArgs does. An option that the command does not know, or one without its value, ends
 * it with one line and exit code 2; `--help` lists the options and their defaults.
 *
 * @param usage the command, and what comes behind its options
 */
export function readOptions<Config extends ParseArgsConfig>(
  usage: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  if (Deno.args.includes("--help")) {
    console.log(`usage: ${usage}\n\noptions:\n${describe(config)}`);
    Deno.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    // The first sentence says what is wrong.
    console.error(`${(error as Error).message.split(". ")[0]}\nusage: ${usage} (--help lists the options)`);
    Deno.exit(2);
  }
}

function describe({ options = {} }: ParseArgsConfig): string {
  return Object.entries(options).map(([name, { type, multiple, default: value }]) => {
    const notes = [
      ...(multiple ? ["may be given several times"] : []),
      ...(type === "string" && value !== undefined ? [`default ${value}`] : []),
    ];
    return `  --${name}${type === "string" ? " VALUE" : ""}${notes.length > 0 ? `  (${notes.join(", ")})` : ""}`;
  }).join("\n");
}
