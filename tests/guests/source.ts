/** What a guest program's source says about itself: its comment lines `// key: value`. */
import { basename, extname, join, relative } from "node:path";

/** How a program is linked. */
export type Variant = "static" | "static-pie" | "dynamic" | "dynamic-nopie" | "musl-static" | "musl-dynamic";

const VARIANTS: readonly Variant[] = [
  "static",
  "static-pie",
  "dynamic",
  "dynamic-nopie",
  "musl-static",
  "musl-dynamic",
];

/** One program, before it is built. */
export interface GuestSource {
  /** `subject/name`. */
  readonly name: string;
  readonly file: string;
  readonly language: "c" | "c++" | "assembly";
  /** `variants:`, default static. */
  readonly variants: readonly Variant[];
  /** `flags:` for the compiler. */
  readonly flags: readonly string[];
  /** `args:` for the program. */
  readonly args: readonly string[];
  /** `stdin:` text; default none (/dev/null). */
  readonly stdin: string | undefined;
  /** `exit:` status, or 128+N after signal N; default 0. */
  readonly exit: number;
  /** `oracle:` why qemu-user cannot confirm it; undefined if it can. */
  readonly unfaithful: string | undefined;
  /** Content of `name.out`; undefined for programs that print TAP. */
  readonly stdout: string | undefined;
}

function parse(file: string, root: string): GuestSource {
  const text = Deno.readTextFileSync(file);
  const head = text.split("\n");
  const directives = new Map<string, string>();
  for (const line of head) {
    const match = /^\/\/ ([a-z]+): (.*)$/.exec(line);
    if (match) directives.set(match[1]!, match[2]!.trim());
    else if (!line.startsWith("//")) break;
  }
  const words = (key: string): string[] => (directives.get(key) ?? "").split(/\s+/).filter((word) => word !== "");
  const extension = extname(file);
  const name = relative(root, file).slice(0, -extension.length);
  const variants = words("variants").map((word) => {
    const variant = VARIANTS.find((each) => each === word);
    if (!variant) throw new Error(`${file}: unknown variant ${word}`);
    return variant;
  });
  let stdout: string | undefined;
  try {
    stdout = Deno.readTextFileSync(join(root, `${name}.out`));
  } catch {
    // it prints TAP
  }
  const stdin = directives.get("stdin");
  return {
    name,
    file,
    language: extension === ".cc" ? "c++" : extension === ".S" ? "assembly" : "c",
    variants: variants.length > 0 ? variants : ["static"],
    flags: words("flags"),
    args: words("args"),
    stdin: stdin?.replaceAll("\\n", "\n"),
    exit: Number(directives.get("exit") ?? "0"),
    unfaithful: directives.get("oracle"),
    stdout,
  };
}

/** All programs below a folder, sorted by name. */
export function findSources(root: string): GuestSource[] {
  const sources: GuestSource[] = [];
  for (const folder of Deno.readDirSync(root)) {
    if (!folder.isDirectory || folder.name === "build") continue;
    for (const entry of Deno.readDirSync(join(root, folder.name))) {
      if (/\.(c|cc|S)$/.test(basename(entry.name))) sources.push(parse(join(root, folder.name, entry.name), root));
    }
  }
  return sources.sort((a, b) => a.name < b.name ? -1 : 1);
}
