/**
 * C++ names (Itanium C++ ABI, 5.1 "External Names") as c++filt writes them. What is rare in function names, mostly
 * expressions that depend on template parameters, is refused: the name then stays as it is.
 */

/** Longest name and deepest nesting that are read; results are bounded too, as substitutions can double them. */
const MAX_LENGTH = 16384, MAX_DEPTH = 128, MAX_RESULT = 65536;

class Refused extends Error {}

/** A type around its declarator: `int (*` and `)(char)`. A pack has several. */
interface Piece {
  readonly left: string;
  readonly right: string;
  readonly pack?: readonly Piece[];
  /** Pointers to it need parentheses. */
  readonly wraps?: boolean;
}

const piece = (left: string, right = ""): Piece => ({ left, right });
const text = (each: Piece): string => each.pack ? each.pack.map(text).join(", ") : each.left + each.right;

const BUILTINS: Record<string, string> = {
  v: "void",
  w: "wchar_t",
  b: "bool",
  c: "char",
  a: "signed char",
  h: "unsigned char",
  s: "short",
  t: "unsigned short",
  i: "int",
  j: "unsigned int",
  l: "long",
  m: "unsigned long",
  x: "long long",
  y: "unsigned long long",
  n: "__int128",
  o: "unsigned __int128",
  f: "float",
  d: "double",
  e: "long double",
  g: "__float128",
  z: "...",
};

const D_BUILTINS: Record<string, string> = {
  a: "auto",
  c: "decltype(auto)",
  n: "decltype(nullptr)",
  i: "char32_t",
  s: "char16_t",
  u: "char8_t",
  h: "half",
};

const OPERATORS: Record<string, string> = {
  nw: " new",
  na: " new[]",
  dl: " delete",
  da: " delete[]",
  aw: " co_await",
  ps: "+",
  ng: "-",
  ad: "&",
  de: "*",
  co: "~",
  pl: "+",
  mi: "-",
  ml: "*",
  dv: "/",
  rm: "%",
  an: "&",
  or: "|",
  eo: "^",
  aS: "=",
  pL: "+=",
  mI: "-=",
  mL: "*=",
  dV: "/=",
  rM: "%=",
  aN: "&=",
  oR: "|=",
  eO: "^=",
  ls: "<<",
  rs: ">>",
  lS: "<<=",
  rS: ">>=",
  eq: "==",
  ne: "!=",
  lt: "<",
  gt: ">",
  le: "<=",
  ge: ">=",
  ss: "<=>",
  nt: "!",
  aa: "&&",
  oo: "||",
  pp: "++",
  mm: "--",
  cm: ",",
  pm: "->*",
  pt: "->",
  cl: "()",
  ix: "[]",
};

const STANDARD: Record<string, string> = {
  t: "std",
  a: "std::allocator",
  b: "std::basic_string",
  s: "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
  i: "std::basic_istream<char, std::char_traits<char> >",
  o: "std::basic_ostream<char, std::char_traits<char> >",
  d: "std::basic_iostream<char, std::char_traits<char> >",
};

/** Literals of these types have a suffix and no cast. */
const SUFFIXES: Record<string, string> = {
  "int": "",
  "unsigned int": "u",
  "long": "l",
  "unsigned long": "ul",
  "long long": "ll",
  "unsigned long long": "ull",
};

/** Demangles a name that begins with `_Z`; undefined where it cannot. */
export function demangleItanium(name: string): string | undefined {
  if (!name.startsWith("_Z") || name.length > MAX_LENGTH) return undefined;
  // What compilers append to copies of functions: .constprop.0, .cold, .isra.1.
  const dot = name.indexOf("."), clone = dot < 0 ? "" : name.slice(dot);
  try {
    const result = new Parser(dot < 0 ? name : name.slice(0, dot)).mangled();
    return clone === "" ? result : `${result} [clone ${clone}]`;
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

interface Name {
  readonly text: string;
  /** Ends in template arguments: a function's return type follows. */
  readonly isTemplate: boolean;
  /** Constructors, destructors and conversions have no return type. */
  readonly isSpecial: boolean;
  /** ` const`, ` &` behind the parameters. */
  readonly suffix: string;
}

class Parser {
  #at = 2;
  #depth = 0;
  readonly #substitutions: Piece[] = [];
  /** Arguments of the function template whose signature is being read. */
  #arguments: readonly Piece[] = [];
  /** Inside of a pack expansion: which element, and how many there turned out to be. */
  #element = 0;
  #count = -1;
  #expanding = false;

  constructor(readonly source: string) {}

  mangled(): string {
    const result = this.#encoding();
    if (this.#at < this.source.length) throw new Refused();
    return result;
  }

  #peek(length = 1): string {
    return this.source.substr(this.#at, length);
  }
  #take(wanted: string): boolean {
    if (!this.source.startsWith(wanted, this.#at)) return false;
    this.#at += wanted.length;
    return true;
  }
  #expect(wanted: string): void {
    if (!this.#take(wanted)) throw new Refused();
  }
  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.source);
    if (!found) return undefined;
    this.#at += found[0].length;
    return found[0];
  }
  #deeper<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new Refused();
    const result = read();
    this.#depth--;
    return result;
  }
  #remember(each: Piece): Piece {
    if (each.left.length + each.right.length > MAX_RESULT) throw new Refused();
    this.#substitutions.push(each);
    return each;
  }

  #encoding(): string {
    return this.#deeper(() => {
      const special = this.#special();
      if (special !== undefined) return special;
      const name = this.#name(true);
      if (this.#at >= this.source.length || this.#peek() === "E") return name.text + name.suffix;
      const returned = name.isTemplate && !name.isSpecial ? this.#type() : undefined;
      const parameters = this.#parameters();
      const call = `${name.text}(${parameters})${name.suffix}`;
      if (!returned) return call;
      return returned.right === "" ? `${returned.left} ${call}` : `${returned.left}${call}${returned.right}`;
    });
  }

  #special(): string | undefined {
    const TABLES: Record<string, string> = {
      TV: "vtable for ",
      TT: "VTT for ",
      TI: "typeinfo for ",
      TS: "typeinfo name for ",
    };
    const table = TABLES[this.#peek(2)];
    if (table) {
      this.#at += 2;
      return table + text(this.#type());
    }
    if (this.#take("GV")) return `guard variable for ${this.#name(false).text}`;
    if (this.#take("TW")) return `TLS wrapper function for ${this.#name(false).text}`;
    if (this.#take("TH")) return `TLS init function for ${this.#name(false).text}`;
    const thunk = this.#match(/Thn?\d+_|Tvn?\d+_n?\d+_/y);
    if (thunk) return `${thunk[1] === "h" ? "non-virtual" : "virtual"} thunk to ${this.#encoding()}`;
    return undefined;
  }

  /** void alone means none. */
  #parameters(): string {
    if (this.#take("v")) return "";
    const list: string[] = [];
    while (this.#at < this.source.length && this.#peek() !== "E") {
      const each = text(this.#type());
      if (each !== "") list.push(each);
      if (list.length > 1024) throw new Refused();
    }
    return list.join(", ");
  }

  /** @param isFunction the name of what is being described: its template arguments are what T_ means */
  #name(isFunction: boolean): Name {
    return this.#deeper(() => {
      if (this.#peek() === "N") return this.#nested(isFunction);
      if (this.#peek() === "Z") return this.#local();
      let scope: Piece;
      if (this.#peek() === "S" && this.#peek(2) !== "St") {
        scope = this.#substitution();
      } else {
        const inStd = this.#take("St");
        const { text: own, isSpecial } = this.#unqualified("");
        scope = piece(inStd ? `std::${own}` : own);
        if (this.#peek() !== "I") return { text: scope.left, isTemplate: false, isSpecial, suffix: "" };
        this.#remember(scope);
      }
      if (this.#peek() !== "I") return { text: text(scope), isTemplate: false, isSpecial: false, suffix: "" };
      return {
        text: text(scope) + this.#templateArguments(isFunction),
        isTemplate: true,
        isSpecial: false,
        suffix: "",
      };
    });
  }

  #nested(isFunction: boolean): Name {
    this.#expect("N");
    const qualifiers = this.#match(/[rVK]*/y) ?? "";
    const reference = this.#match(/[RO]/y) ?? "";
    let suffix = "";
    if (qualifiers.includes("K")) suffix += " const";
    if (qualifiers.includes("V")) suffix += " volatile";
    if (reference !== "") suffix += reference === "R" ? " &" : " &&";
    let prefix = "", last = "", isTemplate = false, isSpecial = false;
    while (!this.#take("E")) {
      const next = this.#peek();
      if (next === "I") {
        if (prefix === "") throw new Refused();
        prefix += this.#templateArguments(isFunction);
        isTemplate = true;
      } else if (next === "S" && this.#peek(2) !== "St") {
        if (prefix !== "") throw new Refused();
        const found = this.#substitution();
        prefix = text(found);
        last = baseName(prefix);
        continue;
      } else if (next === "T") {
        prefix = text(this.#templateParameter());
        isTemplate = false;
      } else if (this.#take("St")) {
        prefix = "std";
        continue;
      } else if (this.#take("M")) {
        // A lambda in a member's initializer.
        continue;
      } else {
        const own = this.#unqualified(last);
        isSpecial = own.isSpecial;
        prefix = prefix === "" ? own.text : `${prefix}::${own.text}`;
        last = own.text;
        isTemplate = false;
      }
      // The whole name is no substitution of itself.
      if (this.#peek() !== "E") this.#remember(piece(prefix));
      if (prefix.length > MAX_RESULT) throw new Refused();
    }
    return { text: prefix, isTemplate, isSpecial, suffix };
  }

  #local(): Name {
    this.#expect("Z");
    const scope = this.#encoding();
    this.#expect("E");
    if (this.#take("s")) {
      this.#match(/_\d|__\d+_/y);
      return { text: `${scope}::string literal`, isTemplate: false, isSpecial: false, suffix: "" };
    }
    let argument = "";
    if (this.#take("d")) {
      const number = this.#match(/n?\d*_/y);
      if (number === undefined) throw new Refused();
      argument = `{default arg#${number === "_" ? 1 : Number(number.slice(0, -1)) + 2}}::`;
    }
    const name = this.#name(true);
    this.#match(/_\d|__\d+_/y);
    return { ...name, text: `${scope}::${argument}${name.text}` };
  }

  /** @param enclosing the class's name, which constructors have */
  #unqualified(enclosing: string): { text: string; isSpecial: boolean } {
    const result = this.#unqualifiedName(enclosing);
    let tags = "";
    while (this.#peek() === "B") {
      this.#at++;
      tags += `[abi:${this.#sourceName()}]`;
    }
    return { text: result.text + tags, isSpecial: result.isSpecial };
  }

  #unqualifiedName(enclosing: string): { text: string; isSpecial: boolean } {
    this.#take("L");
    if (/\d/.test(this.#peek())) return { text: this.#sourceName(), isSpecial: false };
    if (this.#match(/C[1-5]/y)) return { text: baseName(enclosing), isSpecial: true };
    if (this.#match(/D[0-5]/y)) return { text: `~${baseName(enclosing)}`, isSpecial: true };
    if (this.#take("Ut")) return { text: `{unnamed type#${this.#ordinal()}}`, isSpecial: false };
    if (this.#take("Ul")) {
      const outer = this.#arguments;
      const parameters = this.#parameters();
      this.#arguments = outer;
      this.#expect("E");
      return { text: `{lambda(${parameters})#${this.#ordinal()}}`, isSpecial: false };
    }
    if (this.#take("cv")) return { text: `operator ${text(this.#type())}`, isSpecial: true };
    if (this.#take("li")) return { text: `operator"" ${this.#sourceName()}`, isSpecial: false };
    const operator = OPERATORS[this.#peek(2)];
    if (operator === undefined) throw new Refused();
    this.#at += 2;
    return { text: `operator${operator}`, isSpecial: false };
  }

  /** `_` is the first, `0_` the second. */
  #ordinal(): number {
    const number = this.#match(/\d*_/y);
    if (number === undefined) throw new Refused();
    return number === "_" ? 1 : Number(number.slice(0, -1)) + 2;
  }

  #sourceName(): string {
    const digits = this.#match(/\d+/y), length = Number(digits);
    if (digits === undefined || length === 0 || this.#at + length > this.source.length) throw new Refused();
    const name = this.#peek(length);
    this.#at += length;
    return /^_GLOBAL_[._$]N/.test(name) ? "(anonymous namespace)" : name;
  }

  #substitution(): Piece {
    this.#expect("S");
    const seq = this.#match(/[0-9A-Z]*_/y);
    if (seq !== undefined) {
      const found = this.#substitutions[seq === "_" ? 0 : parseInt(seq.slice(0, -1), 36) + 1];
      if (!found) throw new Refused();
      return found;
    }
    const standard = STANDARD[this.#peek()];
    if (standard === undefined) throw new Refused();
    this.#at++;
    return piece(standard);
  }

  #templateParameter(): Piece {
    this.#expect("T");
    const number = this.#match(/\d*_/y);
    if (number === undefined) throw new Refused();
    const found = this.#arguments[number === "_" ? 0 : Number(number.slice(0, -1)) + 1];
    if (!found) throw new Refused();
    if (!found.pack || !this.#expanding) return found;
    this.#count = found.pack.length;
    return found.pack[this.#element] ?? piece("");
  }

  #templateArguments(isFunction: boolean): string {
    const start = this.#at;
    this.#expect("I");
    const list = this.#argumentList();
    if (isFunction) this.#arguments = list;
    const inside = list.map(text).filter((each) => each !== "").join(", ");
    // No operator is made by accident.
    const open = this.source.slice(0, start).match(/(?:ls|lt|lS)$/) ? " <" : "<";
    return inside.endsWith(">") ? `${open}${inside} >` : `${open}${inside}>`;
  }

  #argumentList(): Piece[] {
    const list: Piece[] = [];
    while (!this.#take("E")) {
      list.push(this.#argument());
      if (list.length > 1024) throw new Refused();
    }
    return list;
  }

  #argument(): Piece {
    return this.#deeper(() => {
      if (this.#peek() === "L") return piece(this.#literal());
      if (this.#take("J")) {
        const pack = this.#argumentList();
        return { left: "", right: "", pack };
      }
      if (this.#peek() === "X") throw new Refused();
      return this.#type();
    });
  }

  #literal(): string {
    this.#expect("L");
    if (this.#take("_Z")) {
      const name = this.#encoding();
      this.#expect("E");
      return `&${name}`;
    }
    const type = text(this.#type()), value = this.#match(/n?[0-9a-f]*/y) ?? "";
    this.#expect("E");
    const number = value.replace(/^n/, "-");
    if (type === "bool") return number === "1" ? "true" : "false";
    const suffix = SUFFIXES[type];
    return suffix === undefined ? `(${type})${number}` : number + suffix;
  }

  #type(): Piece {
    return this.#deeper(() => this.#typeOf());
  }

  #typeOf(): Piece {
    const letter = this.#peek();
    const builtin = BUILTINS[letter];
    if (builtin !== undefined) {
      this.#at++;
      return piece(builtin);
    }
    switch (letter) {
      case "r":
      case "V":
      case "K": {
        const qualifiers = this.#match(/r?V?K?/y)!;
        const inner = this.#type();
        const words = (qualifiers.includes("K") ? " const" : "") + (qualifiers.includes("V") ? " volatile" : "");
        return this.#remember(
          inner.wraps ? { ...inner, right: inner.right + words } : { ...inner, left: inner.left + words },
        );
      }
      case "P":
        return this.#pointer("*");
      case "R":
        return this.#pointer("&");
      case "O":
        return this.#pointer("&&");
      case "F":
        return this.#function();
      case "A": {
        this.#at++;
        const size = this.#match(/\d*/y) ?? "";
        this.#expect("_");
        const inner = this.#type();
        return this.#remember({ left: inner.left, right: ` [${size}]${inner.right}`, wraps: true });
      }
      case "M": {
        this.#at++;
        const owner = text(this.#type()), member = this.#type();
        return this.#remember(
          member.wraps
            ? { left: `${member.left} (${owner}::*`, right: `)${member.right.replace(/^ /, "")}` }
            : piece(`${member.left} ${owner}::*`),
        );
      }
      case "T": {
        const parameter = this.#templateParameter();
        this.#remember(parameter);
        if (this.#peek() !== "I") return parameter;
        return this.#remember(piece(text(parameter) + this.#templateArguments(false)));
      }
      case "D":
        return this.#typeD();
      case "u": {
        this.#at++;
        return this.#remember(piece(this.#sourceName()));
      }
      case "S":
        if (this.#peek(2) !== "St") {
          const found = this.#substitution();
          return this.#peek() === "I" ? this.#remember(piece(text(found) + this.#templateArguments(false))) : found;
        }
    }
    const name = this.#name(false);
    return this.#remember(piece(name.text + name.suffix));
  }

  #typeD(): Piece {
    const second = this.#peek(2)[1] ?? "";
    const builtin = D_BUILTINS[second];
    if (builtin !== undefined) {
      this.#at += 2;
      return piece(builtin);
    }
    if (this.#take("Dp")) return this.#expansion();
    if (this.#take("Do")) {
      const inner = this.#function();
      return { ...inner, right: `${inner.right} noexcept` };
    }
    throw new Refused();
  }

  /** A pattern with every element of the pack that is in it. */
  #expansion(): Piece {
    const start = this.#at, known = this.#substitutions.length;
    const outer = [this.#element, this.#count, this.#expanding] as const;
    const pack: Piece[] = [];
    this.#expanding = true;
    this.#count = -1;
    let end = start;
    for (let n = 0; n === 0 || n < this.#count; n++) {
      this.#at = start;
      if (n > 0) this.#substitutions.length = known;
      this.#element = n;
      const each = this.#type();
      end = this.#at;
      if (this.#count !== 0) pack.push(each);
      if (pack.length > 256) throw new Refused();
    }
    this.#at = end;
    [this.#element, this.#count, this.#expanding] = outer;
    return this.#remember({ left: "", right: "", pack });
  }

  #pointer(mark: string): Piece {
    this.#at++;
    const inner = this.#type();
    if (inner.pack) throw new Refused();
    // References to references are one.
    if (!inner.wraps && /&$/.test(inner.left) && mark !== "*") {
      return this.#remember(mark === "&" ? { ...inner, left: inner.left.replace(/&+$/, "&") } : inner);
    }
    return this.#remember(
      inner.wraps
        ? { left: `${inner.left} (${mark}`, right: `)${inner.right}` }
        : { left: inner.left + mark, right: inner.right },
    );
  }

  #function(): Piece {
    this.#expect("F");
    this.#take("Y");
    const returned = this.#type(), parameters = this.#parameters();
    this.#match(/[RO]/y);
    this.#expect("E");
    return this.#remember({ left: returned.left, right: `(${parameters})${returned.right}`, wraps: true });
  }
}

/** The last component, without template arguments. */
function baseName(qualified: string): string {
  const name = qualified.replace(/(?:\[abi:\w+\])+$/, "");
  let depth = 0, start = 0, end = name.length;
  for (let at = name.length - 1; at >= 0; at--) {
    const char = name[at];
    if (char === ">") depth++;
    else if (char === "<") {
      if (--depth === 0 && end === name.length) end = at;
    } else if (depth === 0 && char === ":") {
      start = at + 1;
      break;
    }
  }
  return name.slice(start, Math.max(start, end));
}
