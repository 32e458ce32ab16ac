/**
 * Reads command lines from a table of options, and writes the help from the same table.
 *
 * Own code because a kept package costs more start-up time than the guest (commander: 30 ms), and because
 * everything behind the program's path must be left alone word for word, which is a switch here.
 */
import { Failure } from "../failure.ts";

/** One option of a command. */
export interface Option {
  /** Long name without dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** Name of its value in the help; without it the option is a switch. */
  readonly value?: string;
  /** Only these values, listed in the help. */
  readonly choices?: readonly string[];
  /** May be given several times. */
  readonly repeatable?: boolean;
  /** One or two sentences for the help. */
  readonly help: string;
}

/** A command as its help shows it. */
export interface CommandSyntax {
  /** E.g. `elftap run`. */
  readonly name: string;
  /** What follows the options in the usage line. */
  readonly operands: string;
  readonly summary: string;
  readonly groups: readonly { readonly title: string; readonly options: readonly Option[] }[];
  /** Text at the end of the help. */
  readonly epilogue?: string;
  /** The first operand ends the options: what follows belongs to someone else. */
  readonly stopAtOperand?: boolean;
}

/** A command line taken apart. */
export class CommandLine {
  constructor(
    /** Options in the order given; the value of a switch is "". */
    readonly options: readonly { readonly name: string; readonly value: string }[],
    readonly operands: readonly string[],
  ) {}

  has(name: string): boolean {
    return this.options.some((each) => each.name === name);
  }

  /** The last value given. */
  value(name: string): string | undefined {
    return this.options.findLast((each) => each.name === name)?.value;
  }

  values(name: string): string[] {
    return this.options.filter((each) => each.name === name).map((each) => each.value);
  }

  /**
   * A number.
   *
   * @throws {Failure} when it is none, or out of range
   */
  number(name: string, range: { min: number; max: number; integer?: boolean }): number | undefined {
    const text = this.value(name);
    if (text === undefined) return undefined;
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (!(value >= range.min && value <= range.max) || (range.integer && !Number.isInteger(value))) {
      const kind = range.integer ? "a whole number" : "a number";
      throw new Failure(`--${name} ${text}: must be ${kind} from ${range.min} to ${range.max}`);
    }
    return value;
  }
}

/**
 * Takes the arguments behind the command's name apart.
 *
 * @throws {Failure} when they do not fit the table
 */
export function parseCommandLine(syntax: CommandSyntax, args: readonly string[]): CommandLine {
  const table = syntax.groups.flatMap((group) => group.options);
  const usage = `see ${syntax.name} --help`;
  const options: { name: string; value: string }[] = [];
  const operands: string[] = [];
  let at = 0;

  const add = (option: Option, shown: string, attached: string | undefined): void => {
    if (option.value === undefined) {
      if (attached !== undefined) throw new Failure(`${shown} takes no value`, { hint: usage });
      options.push({ name: option.name, value: "" });
      return;
    }
    const value = attached ?? args[at++];
    if (value === undefined) throw new Failure(`${shown} needs a value: ${option.value}`, { hint: usage });
    if (option.choices && !option.choices.includes(value)) {
      throw new Failure(`${shown} ${value}: must be one of ${option.choices.join(", ")}`);
    }
    if (!option.repeatable && options.some((each) => each.name === option.name && each.value !== value)) {
      throw new Failure(`${shown} is given twice with different values`);
    }
    options.push({ name: option.name, value });
  };

  while (at < args.length) {
    const arg = args[at++]!;
    if (arg === "--") {
      operands.push(...args.slice(at));
      break;
    }
    if (arg.startsWith("--")) {
      const equals = arg.indexOf("=");
      const name = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
      const option = table.find((each) => each.name === name);
      if (!option) throw unknownOption(`--${name}`, table, usage);
      add(option, `--${name}`, equals < 0 ? undefined : arg.slice(equals + 1));
    } else if (arg.startsWith("-") && arg !== "-") {
      for (let letter = 1; letter < arg.length; letter++) {
        const option = table.find((each) => each.short === arg[letter]);
        if (!option) throw unknownOption(`-${arg[letter]}`, table, usage);
        const takesRest = option.value !== undefined && letter + 1 < arg.length;
        add(option, `-${option.short}`, takesRest ? arg.slice(letter + 1) : undefined);
        if (takesRest) break;
      }
    } else {
      operands.push(arg);
      if (syntax.stopAtOperand) {
        operands.push(...args.slice(at));
        break;
      }
    }
  }
  return new CommandLine(options, operands);
}

function unknownOption(shown: string, table: readonly Option[], usage: string): Failure {
  const near = shown.startsWith("--")
    ? table.find((each) => each.name.startsWith(shown.slice(2)) || shown.slice(2).startsWith(each.name))
    : undefined;
  return new Failure(`unknown option ${shown}`, { hint: near ? `did you mean --${near.name}?` : usage });
}

/** Width of the help; the usual terminal's. */
const WIDTH = 100, INDENT = 28;

/** The help of a command. */
export function helpText(syntax: CommandSyntax): string {
  const lines = [`Usage: ${syntax.name} [options] ${syntax.operands}`.trimEnd(), "", ...wrap(syntax.summary, WIDTH)];
  for (const group of syntax.groups) {
    lines.push("", `${group.title}:`);
    for (const option of group.options) {
      const flags = `  ${option.short ? `-${option.short}, ` : "    "}--${option.name}` +
        (option.value ? ` ${option.value}` : "");
      const help = wrap(option.help, WIDTH - INDENT);
      if (flags.length > INDENT - 2) lines.push(flags);
      else lines.push(flags.padEnd(INDENT) + help.shift()!);
      lines.push(...help.map((line) => " ".repeat(INDENT) + line));
    }
  }
  if (syntax.epilogue) lines.push("", syntax.epilogue.trimEnd());
  return lines.join("\n") + "\n";
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
