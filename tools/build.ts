/**
 * `deno task build`: bundles the guest's Worker and generates the interpreter into `dist/`, for a fast start. Does
 * nothing when both are up to date. Failing is not fatal: elftap then runs from its sources.
 */
import { fileURLToPath } from "node:url";
import { packInterpreter } from "../src/engine/wasm/image.ts";
import {
  type BuildStamp,
  DIST,
  INTERPRETER_FILE,
  isFresh,
  readStamp,
  STAMP_FILE,
} from "../src/runner/build_product.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = fileURLToPath(DIST);
const entry = "src/runner/guest_worker.ts";
/** What generates the interpreter. */
const generator = "src/engine/wasm/image.ts";

async function deno(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root, stdin: "null" })
    .output();
  if (success) return new TextDecoder().decode(stdout);
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  throw new Error(`deno ${args[0]} failed: ${lines.find((line) => line.startsWith("error")) ?? lines.at(-1)}`);
}

interface ModuleInfo {
  readonly modules: readonly { readonly local?: string }[];
}

/** Size and time of change of every module that the build is made from. */
async function stampOf(): Promise<BuildStamp> {
  const infos = await Promise.all([entry, generator].map((path) => deno("info", "--json", path)));
  const modules = infos.flatMap((info) => (JSON.parse(info) as ModuleInfo).modules);
  const local = new Set(modules.flatMap(({ local }) => local?.startsWith(root) ? [local] : []));
  const files = [...local].map((path) => {
    const { size, mtime } = Deno.lstatSync(path);
    return [path.slice(root.length), size, mtime!.getTime()] as const;
  });
  return { deno: Deno.version.deno, files };
}

async function build(): Promise<void> {
  const before = readStamp();
  if (before && isFresh(before)) return;
  Deno.mkdirSync(dist, { recursive: true });
  // Taken before: a source that changes while it is bundled makes the build stale, not wrong.
  const stamp = await stampOf();
  for (const { name } of [...Deno.readDirSync(dist)]) Deno.removeSync(dist + name, { recursive: true });
  const [file] = await Promise.all([
    packInterpreter(),
    deno("bundle", "--quiet", "--platform=deno", "--minify", "--code-splitting", "--outdir", dist, entry),
  ]);
  Deno.writeFileSync(dist + INTERPRETER_FILE, file);
  Deno.writeTextFileSync(dist + STAMP_FILE, JSON.stringify(stamp));
}

try {
  await build();
} catch (error) {
  console.error(`build: elftap starts from its sources, slower: ${(error as Error).message}`);
}
