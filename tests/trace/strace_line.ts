/**
 * A strict reader of strace's lines: every character has to be accounted for. It knows the grammar, not the calls:
 * strings with escapes and nothing else in quotes, brackets and braces that close, constants joined by bars, results
 * with the words of their errors.
 */

/** What a line is. */
export type StraceLine =
  & { readonly pid: number | undefined }
  & (
    | { readonly kind: "call"; readonly name: string; readonly args: readonly string[]; readonly result: Result }
    | { readonly kind: "unfinished"; readonly name: string }
    | { readonly kind: "resumed"; readonly name: string; readonly result: Result }
    | { readonly kind: "signal" | "stopped"; readonly signal: string }
    | { readonly kind: "exited"; readonly status: string }
    | { readonly kind: "frame" }
  );

/** What is behind the equals sign. */
export interface Result {
  /** Undefined for `?`: the call never returned. */
  readonly value: string | undefined;
  readonly error: string | undefined;
  readonly injected: boolean;
}

/** Reads a line. @throws Error saying where it is not strace's */
export function parseStraceLine(line: string): StraceLine {
  return new LineReader(line).line();
}

class LineReader {
  #at = 0;

  constructor(readonly text: string) {}

  line(): StraceLine {
    if (this.#take(" > ")) {
      this.#match(/\S+\((?:.+\+0x[0-9a-f]+)?\) \[0x[0-9a-f]+\]$/, "a frame");
      return { pid: undefined, kind: "frame" };
    }
    const prefix = this.#try(/\[pid +(\d+)\] |(\d+) +/);
    const pid = prefix ? Number(prefix[1] ?? prefix[2]) : undefined;
    this.#try(/\d\d:\d\d:\d\d(\.\d{6})? | *\d+\.\d{6} /);
    const body = this.#body();
    if (this.#at !== this.text.length) this.#fail("the end of the line");
    return { pid, ...body } as StraceLine;
  }

  #body(): object {
    if (this.#take("--- ")) {
      if (this.#take("stopped by ")) {
        const [signal] = this.#match(/SIG[A-Z0-9_]+/, "a signal");
        this.#expect(" ---");
        return { kind: "stopped", signal };
      }
      const [signal] = this.#match(/SIG[A-Z0-9_]+/, "a signal");
      this.#expect(" ");
      this.#braces();
      this.#expect(" ---");
      return { kind: "signal", signal };
    }
    if (this.#take("+++ ")) {
      const [status] = this.#match(
        /exited with \d+|killed by SIG[A-Z0-9_]+( \(core dumped\))?|superseded by execve in pid \d+/,
        "an end",
      );
      this.#expect(" +++");
      return { kind: "exited", status };
    }
    if (this.#take("<... ")) {
      const [name] = this.#match(/[a-z_0-9]+/, "a name");
      this.#expect(" resumed>");
      this.#take(", ");
      // The thread died in the call before its arguments were all known.
      if (this.text.endsWith("= ?")) this.#take(" <unfinished ...>");
      if (!this.#take(")")) {
        this.#list(")", ", ");
        this.#expect(")");
      }
      return { kind: "resumed", name, result: this.#result() };
    }
    const [name] = this.#match(/[a-z_][a-z_0-9]*/, "a name");
    this.#expect("(");
    const args = this.#list(")", ", ", true);
    if (this.#try(/ ?<unfinished \.\.\.>$/)) return { kind: "unfinished", name };
    if (this.#try(/ ?<unfinished \.\.\.>(?=\))/) && !this.text.includes("= ?")) this.#fail("= ?");
    this.#expect(")");
    return { kind: "call", name, args, result: this.#result() };
  }

  #result(): Result {
    this.#match(/ +/, "spaces");
    this.#expect("= ");
    let value: string | undefined, error: string | undefined;
    const failure = this.#try(/(-1|\?) (E[A-Z0-9]+|ERESTART_RESTARTBLOCK) \(([A-Z][A-Za-z0-9 ,./'_-]+)\)/);
    if (failure) {
      error = failure[2]!;
      value = failure[1] === "?" ? undefined : "-1";
      if ((failure[1] === "?") !== error.startsWith("ERESTART")) this.#fail("a question mark with restarts only");
    } else if (this.#take("?")) value = undefined;
    else {
      value = this.#match(/0x[0-9a-f]+|-?\d+/, "a number")[0];
      this.#annotation();
      if (this.#peek(" (") && !this.#peek(" (INJECTED)") && !this.#peek(" (DELAYED)")) this.#meaning();
    }
    const injected = this.#take(" (INJECTED)");
    this.#take(" (DELAYED)");
    this.#try(/ <\d+\.\d{6}>/);
    return { value, error, injected };
  }

  /** ` (in [3], left {…})`, ` (flags O_RDWR)`, ` (Timeout)` */
  #meaning(): void {
    this.#expect(" (");
    do {
      this.#try(/(in|out|except|left|flags|seals) /);
      this.#value();
    } while (this.#take(", "));
    this.#expect(")");
  }

  /** Values up to a closing character. @param cut whether the line may be cut between them */
  #list(close: string, separator: string, cut = false): string[] {
    const values: string[] = [];
    if (this.#peek(close)) return values;
    for (;;) {
      if (cut && this.#peek("<unfinished") || this.#peek(" <unfinished")) return values;
      const start = this.#at;
      this.#value();
      values.push(this.text.slice(start, this.#at));
      if (this.#peek(close) || cut && this.#peek(" <unfinished")) return values;
      this.#expect(separator);
    }
  }

  /** A value with what may follow it. */
  #value(): void {
    this.#simple();
    this.#annotation();
    while (this.#try(/ \/\* (?:(?!\*\/).)+ \*\//)) {
      // comments: what a number means, how many entries there are
    }
    if (this.#take(" => ")) this.#value();
  }

  /** `<path>` of -y. */
  #annotation(): void {
    if (!this.#peek("<") || this.#peek("<unfinished") || this.#peek("<<")) return;
    this.#expect("<");
    let depth = 1;
    while (depth > 0) {
      const next = this.text[this.#at++];
      if (next === undefined) this.#fail(">");
      if (next === "<") depth++;
      // The arrow of a connection is no bracket.
      if (next === ">" && this.text[this.#at - 2] !== "-") depth--;
    }
  }

  #simple(): void {
    if (this.#take("...")) return;
    this.#take("@");
    if (this.#peek('"')) {
      this.#match(/"(?:[ !#-[\]-~]|\\[tnvfr"\\]|\\[0-7]{1,3}|\\x[0-9a-f]{2})*"(\.\.\.)?/, "a string");
      return;
    }
    this.#take("~");
    if (this.#take("[")) {
      // Sets have spaces between members, arrays commas.
      while (!this.#take("]")) {
        this.#value();
        if (!this.#peek("]") && !this.#take(", ")) this.#expect(" ");
      }
      return;
    }
    if (this.#peek("{")) return this.#braces();
    this.#constant();
  }

  #braces(): void {
    this.#expect("{");
    while (!this.#take("}")) {
      if (!this.#take("...")) this.#field();
      if (!this.#peek("}")) this.#expect(", ");
    }
  }

  /** `name=value`, or what stands for itself: `inet_pton(…)`, `WIFEXITED(s) && WEXITSTATUS(s) == 3`. */
  #field(): void {
    if (this.#try(/WIF[A-Z]+\(s\)( && W[A-Z]+\(s\)( == (\d+|SIG[A-Z0-9_]+))?)*/)) return;
    if (this.#peek("inet_pton(")) return this.#constant();
    this.#match(/[a-z_][a-z_0-9]*=/, "a field");
    this.#value();
  }

  /** Constants and numbers joined by operators, `htons(80)`, `makedev(0x1, 0x3)`, `name=value`. */
  #constant(): void {
    do {
      const [word] = this.#match(/&?-?[A-Za-z0-9_.?]+/, "a constant");
      if (this.#take("(")) {
        this.#list(")", ", ");
        this.#expect(")");
      } else if (this.#take("=")) return this.#value();
      // Names of constants are in capitals: anything else is a slip of the writer's.
      else if (/^[a-z]/.test(word)) this.#fail(`something else than ${word}`);
    } while (this.#try(/\||<<|\*|\+/));
  }

  #peek(text: string): boolean {
    return this.text.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) this.#fail(JSON.stringify(text));
  }

  #try(pattern: RegExp): RegExpExecArray | undefined {
    const sticky = new RegExp(pattern.source, pattern.flags + "y");
    sticky.lastIndex = this.#at;
    const match = sticky.exec(this.text);
    if (match) this.#at = sticky.lastIndex;
    return match ?? undefined;
  }

  #match(pattern: RegExp, what: string): RegExpExecArray {
    return this.#try(pattern) ?? this.#fail(what);
  }

  #fail(expected: string): never {
    const { text } = this;
    throw new Error(`expected ${expected} at column ${this.#at}: ${text.slice(0, this.#at)} ▸ ${text.slice(this.#at)}`);
  }
}
