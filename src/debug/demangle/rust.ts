/** Rust names: the legacy scheme, which looks like C++'s, and v0 (Rust RFC 2603), as c++filt writes them. */

/** Longest name, deepest nesting, and longest result. */
const MAX_LENGTH = 16384, MAX_DEPTH = 128, MAX_RESULT = 65536;

class Refused extends Error {}

const ESCAPES: Record<string, string> = {
  SP: "@",
  BP: "*",
  RF: "&",
  LT: "<",
  GT: ">",
  LP: "(",
  RP: ")",
  C: ",",
};

/** A legacy name: nested C++ components of which the last is a hash; undefined where it is not one. */
export function demangleLegacyRust(name: string): string | undefined {
  const found = /^_ZN((?:\d+[^E]*?)+)17h[0-9a-f]{16}E(?:\.|$)/.exec(name);
  if (!found || name.length > MAX_LENGTH) return undefined;
  const parts: string[] = [];
  for (let at = 0; at < found[1]!.length;) {
    const digits = /^\d+/.exec(found[1]!.slice(at, at + 8))?.[0];
    if (digits === undefined) return undefined;
    const start = at + digits.length, part = found[1]!.slice(start, start + Number(digits));
    if (part.length !== Number(digits)) return undefined;
    parts.push(unescape(part));
    at = start + part.length;
  }
  return parts.join("::");
}

function unescape(part: string): string {
  return part.replace(/^_(?=\$)/, "").replace(/\$(\w+?)\$|\.\./g, (whole, code?: string) => {
    if (code === undefined) return "::";
    if (ESCAPES[code] !== undefined) return ESCAPES[code];
    return /^u[0-9a-f]{1,6}$/.test(code)
      ? String.fromCodePoint(Math.min(0x10ffff, parseInt(code.slice(1), 16)))
      : whole;
  });
}

const BASIC: Record<string, string> = {
  a: "i8",
  b: "bool",
  c: "char",
  d: "f64",
  e: "str",
  f: "f32",
  h: "u8",
  i: "isize",
  j: "usize",
  l: "i32",
  m: "u32",
  n: "i128",
  o: "u128",
  p: "_",
  s: "i16",
  t: "u16",
  u: "()",
  v: "...",
  x: "i64",
  y: "u64",
  z: "!",
};

/** A v0 name, which begins with `_R`; undefined where it cannot be read. */
export function demangleRustV0(name: string): string | undefined {
  if (!/^_R[A-Z]/.test(name) || name.length > MAX_LENGTH) return undefined;
  try {
    return new Parser(name.slice(2).replace(/[.$].*$/, "")).symbol();
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

class Parser {
  #at = 0;
  #depth = 0;
  #length = 0;
  /** Lifetimes bound by the `for<…>` around. */
  #bound = 0;

  constructor(readonly source: string) {}

  symbol(): string {
    const path = this.#path(true);
    // The crate that instantiated it may follow.
    return path;
  }

  #next(): string {
    const char = this.source[this.#at++];
    if (char === undefined) throw new Refused();
    return char;
  }
  #take(char: string): boolean {
    if (this.source[this.#at] !== char) return false;
    this.#at++;
    return true;
  }
  #deeper(read: () => string): string {
    if (++this.#depth > MAX_DEPTH) throw new Refused();
    const result = read();
    this.#depth--;
    // Back references can double what there is, again and again.
    if ((this.#length += result.length) > MAX_RESULT * 16 || result.length > MAX_RESULT) throw new Refused();
    return result;
  }

  /** `_` is 0, `0_` is 1, in base 62. */
  #base62(): number {
    let value = 0;
    if (this.#take("_")) return 0;
    for (;;) {
      const char = this.#next();
      if (char === "_") return value + 1;
      const digit = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".indexOf(char);
      if (digit < 0 || value > 2 ** 64) throw new Refused();
      value = value * 62 + digit;
    }
  }
  #optional62(mark: string): number {
    return this.#take(mark) ? this.#base62() + 1 : 0;
  }

  #backReference(read: () => string): string {
    const mark = this.#at - 1, target = this.#base62();
    if (target >= mark) throw new Refused();
    const after = this.#at;
    this.#at = target;
    const result = read();
    this.#at = after;
    return result;
  }

  #identifier(): { name: string; disambiguator: number } {
    const disambiguator = this.#optional62("s");
    return { name: this.#undisambiguated(), disambiguator };
  }
  #undisambiguated(): string {
    const isPunycode = this.#take("u");
    let digits = "";
    while (/\d/.test(this.source[this.#at] ?? "") && digits !== "0") digits += this.#next();
    if (digits === "") throw new Refused();
    this.#take("_");
    const name = this.source.substr(this.#at, Number(digits));
    if (name.length !== Number(digits)) throw new Refused();
    this.#at += name.length;
    return isPunycode ? punycode(name) : name;
  }

  /** @param inValue a turbofish stands before generic arguments */
  #path(inValue: boolean): string {
    return this.#deeper(() => {
      const tag = this.#next();
      switch (tag) {
        case "C":
          return this.#identifier().name;
        case "M": {
          this.#optional62("s");
          this.#path(false);
          return `<${this.#type()}>`;
        }
        case "X": {
          this.#optional62("s");
          this.#path(false);
          return `<${this.#type()} as ${this.#path(false)}>`;
        }
        case "Y":
          return `<${this.#type()} as ${this.#path(false)}>`;
        case "N": {
          const space = this.#next(), parent = this.#path(inValue), { name, disambiguator } = this.#identifier();
          if (/[a-z]/.test(space)) return name === "" ? parent : `${parent}::${name}`;
          const kind = space === "C" ? "closure" : space === "S" ? "shim" : space;
          return `${parent}::{${kind}${name === "" ? "" : `:${name}`}#${disambiguator}}`;
        }
        case "I": {
          const parent = this.#path(inValue);
          return `${parent}${inValue ? "::" : ""}<${this.#list(() => this.#argument())}>`;
        }
        case "B":
          return this.#backReference(() => this.#path(inValue));
        default:
          throw new Refused();
      }
    });
  }

  #list(read: () => string): string {
    const parts: string[] = [];
    while (!this.#take("E")) parts.push(read());
    return parts.join(", ");
  }

  #argument(): string {
    if (this.#take("L")) return this.#lifetime();
    return this.#take("K") ? this.#constant() : this.#type();
  }

  #lifetime(): string {
    const index = this.#base62();
    if (index === 0) return "'_";
    const depth = this.#bound - index;
    if (depth < 0) throw new Refused();
    return depth < 26 ? `'${String.fromCharCode(97 + depth)}` : `'_${depth}`;
  }

  #type(): string {
    return this.#deeper(() => {
      const tag = this.#next(), basic = BASIC[tag];
      if (basic !== undefined) return basic;
      switch (tag) {
        case "A":
          return `[${this.#type()}; ${this.#constant()}]`;
        case "S":
          return `[${this.#type()}]`;
        case "T": {
          const parts: string[] = [];
          while (!this.#take("E")) parts.push(this.#type());
          return parts.length === 1 ? `(${parts[0]},)` : `(${parts.join(", ")})`;
        }
        case "R":
        case "Q": {
          const lifetime = this.#take("L") ? this.#lifetime() : "'_";
          const named = lifetime === "'_" ? "" : `${lifetime} `;
          return `&${named}${tag === "Q" ? "mut " : ""}${this.#type()}`;
        }
        case "P":
          return `*const ${this.#type()}`;
        case "O":
          return `*mut ${this.#type()}`;
        case "F":
          return this.#bounded(() => this.#functionType());
        case "D": {
          const traits = this.#bounded(() => {
            const parts: string[] = [];
            while (!this.#take("E")) parts.push(this.#dynTrait());
            return parts.join(" + ");
          });
          if (!this.#take("L")) throw new Refused();
          const lifetime = this.#lifetime();
          return `dyn ${traits}${lifetime === "'_" ? "" : ` + ${lifetime}`}`;
        }
        case "B":
          return this.#backReference(() => this.#type());
        default:
          this.#at--;
          return this.#path(false);
      }
    });
  }

  /** With `for<'a, …>` where lifetimes are bound. */
  #bounded(read: () => string): string {
    const count = this.#optional62("G"), before = this.#bound;
    if (count > 64) throw new Refused();
    this.#bound += count;
    const names = Array.from({ length: count }, (_, n) => `'${String.fromCharCode(97 + (before + n) % 26)}`);
    const result = read();
    this.#bound = before;
    return count === 0 ? result : `for<${names.join(", ")}> ${result}`;
  }

  #functionType(): string {
    const isUnsafe = this.#take("U");
    let abi = "";
    if (this.#take("K")) {
      abi = this.#take("C") ? 'extern "C" ' : `extern "${this.#undisambiguated().replaceAll("_", "-")}" `;
    }
    const parameters = this.#list(() => this.#type()), returned = this.#type();
    return `${isUnsafe ? "unsafe " : ""}${abi}fn(${parameters})${returned === "()" ? "" : ` -> ${returned}`}`;
  }

  #dynTrait(): string {
    let path = this.#path(false);
    const bindings: string[] = [];
    while (this.#take("p")) bindings.push(`${this.#undisambiguated()} = ${this.#type()}`);
    if (bindings.length > 0) {
      path = path.endsWith(">") ? `${path.slice(0, -1)}, ${bindings.join(", ")}>` : `${path}<${bindings.join(", ")}>`;
    }
    return path;
  }

  #constant(): string {
    return this.#deeper(() => {
      if (this.#take("B")) return this.#backReference(() => this.#constant());
      if (this.#take("p")) return "_";
      const type = this.#next(), negative = this.#take("n");
      let digits = "";
      for (let char = this.#next(); char !== "_"; char = this.#next()) {
        if (!/[0-9a-f]/.test(char)) throw new Refused();
        digits += char;
      }
      const value = BigInt(`0x${digits || "0"}`);
      if (type === "b") return value === 0n ? "false" : "true";
      if (type === "c") {
        if (value > 0x10ffffn) throw new Refused();
        return `'${String.fromCodePoint(Number(value))}'`;
      }
      if (!/[ahijlmnostxy]/.test(type)) throw new Refused();
      return (negative ? "-" : "") + value;
    });
  }
}

/** RFC 3492 with `_` as the delimiter, as Rust has it. */
function punycode(text: string): string {
  const cut = text.lastIndexOf("_"), output = Array.from(cut < 0 ? "" : text.slice(0, cut));
  let n = 128, i = 0, bias = 72, first = true;
  const rest = cut < 0 ? text : text.slice(cut + 1);
  for (let at = 0; at < rest.length;) {
    const old = i;
    for (let w = 1, k = 36;; k += 36) {
      const char = rest[at++] ?? "", digit = "abcdefghijklmnopqrstuvwxyz0123456789".indexOf(char);
      if (char === "" || digit < 0 || i > 2 ** 31) throw new Refused();
      i += digit * w;
      const t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
      if (digit < t) break;
      w *= 36 - t;
    }
    const size = output.length + 1;
    let delta = first ? Math.floor((i - old) / 700) : Math.floor((i - old) / 2), k = 0;
    first = false;
    delta += Math.floor(delta / size);
    for (; delta > 455; k += 36) delta = Math.floor(delta / 35);
    bias = k + Math.floor(36 * delta / (delta + 38));
    n += Math.floor(i / size);
    i %= size;
    if (n > 0x10ffff || output.length > 1024) throw new Refused();
    output.splice(i++, 0, String.fromCodePoint(n));
  }
  return output.join("");
}
