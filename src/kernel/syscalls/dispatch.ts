/** The system call table as the kernel's loop uses it: a dense array by number, with the arguments' conversion worked out once. */
import type { Registers } from "../../engine/engine.ts";
import type { Task } from "../task/task.ts";
import type { Blocking } from "../wait.ts";
import type { ArgFormat, SyscallRow } from "./row.ts";

/** Makes a call with its arguments from the registers. */
export type Invoke = (task: Task, regs: Registers) => number | bigint | Blocking;

export class Entry {
  #converters: readonly Convert[] | undefined;
  #count: number | undefined;

  constructor(readonly row: SyscallRow) {}

  /** Worked out at the first call. */
  invoke: Invoke = (task, regs) => (this.invoke = compile(this.row))(task, regs);

  /** The arguments as the handler gets them, for the trace. */
  args(regs: Registers): number[] {
    this.#converters ??= this.row.args.map(({ format }) => converter(format));
    return this.#converters.map((convert, n) => convert(regs, n));
  }

  /** How many there are. */
  get count(): number {
    return this.#count ??= this.row.args.length;
  }
}

/** Highest number a table may hold. */
const MAX_NR = 1023;

type Convert = (regs: Registers, n: number) => number;

const int: Convert = (regs, n) => regs.xi(n);
const unsigned: Convert = (regs, n) => regs.xu(n);
/** Signed 64-bit: a double is exact up to 2^53, and a negative number is not near there as an unsigned double. */
const long: Convert = (regs, n) => {
  const value = regs.xu(n);
  return value < 2 ** 53 ? value : Number(BigInt.asIntN(64, regs.x(n)));
};

/** How the handler gets an argument of a format. */
function converter(format: ArgFormat): Convert {
  switch (format) {
    case "int":
    case "fd":
    case "dirfd":
    case "pid":
    case "signal":
    case "uid":
    case "gid":
    case "mode":
    case "filemode":
    case "uint":
    case "xint":
      return int;
    case "long":
    case "off":
      return long;
    default:
      return /^(flags|int):/.test(format) ? int : unsigned;
  }
}

/** A wait-free call costs one closure: the number of arguments is spelled out so that nothing is allocated. */
function compile(row: SyscallRow): Invoke {
  const { handler } = row;
  const [a, b, c, d, e, f] = row.args.map(({ format }) => converter(format));
  if (!a) return (task) => handler(task);
  if (!b) return (task, regs) => handler(task, a(regs, 0));
  if (!c) return (task, regs) => handler(task, a(regs, 0), b(regs, 1));
  if (!d) return (task, regs) => handler(task, a(regs, 0), b(regs, 1), c(regs, 2));
  if (!e) return (task, regs) => handler(task, a(regs, 0), b(regs, 1), c(regs, 2), d(regs, 3));
  if (!f) return (task, regs) => handler(task, a(regs, 0), b(regs, 1), c(regs, 2), d(regs, 3), e(regs, 4));
  return (task, regs) => handler(task, a(regs, 0), b(regs, 1), c(regs, 2), d(regs, 3), e(regs, 4), f(regs, 5));
}

const compiled = new WeakMap<object, readonly (Entry | undefined)[]>();

/** The table of these rows, made once: every guest has a kernel of its own. @throws Error as {@link compileTable} */
export function tableOf(rows: Iterable<SyscallRow>): readonly (Entry | undefined)[] {
  let table = compiled.get(rows);
  if (table === undefined) compiled.set(rows, table = compileTable(rows));
  return table;
}

/** Makes the table. @throws Error if two rows have one number: a bug */
export function compileTable(rows: Iterable<SyscallRow>): readonly (Entry | undefined)[] {
  const table: (Entry | undefined)[] = [];
  for (const row of rows) {
    if (row.nr < 0 || row.nr > MAX_NR || table[row.nr]) throw new Error(`two rows for system call ${row.nr}`);
    while (table.length < row.nr) table.push(undefined);
    table[row.nr] = new Entry(row);
  }
  return table;
}
