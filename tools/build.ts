/**
 * `deno task build`: bundles the commands and the guest's Worker and generates the interpreter into `dist/`, for a fast
 * start. Does nothing when all are up to date. Failing is not fatal: elftap then runs from its sources.
 */
import { fileURLToPath } from "node:url";
import { type BuildStamp, COMMANDS, DIST, INTERPRETER_FILE, isBuilt } from "../src/build_product.ts";
import { type SourceFile, STAMP_FILE } from "../src/build_product.ts";
import { packInterpreter } from "../src/engine/wasm/image.ts";
import { PROJECT } from "../src/project.ts";

const root = fileURLToPath(PROJECT), dist = fileURLToPath(DIST);
const commands = COMMANDS.map((name) => `src/cli/${name}.ts`);
const worker = "src/runner/guest_worker.ts";
/** What generates the interpreter. */
const generator = "src/engine/wasm/build_image.ts";

async function deno(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root, stdin: "null" })
    .output();
  if (success) return new TextDecoder().decode(stdout);
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  throw new Error(`deno ${args[0]} failed: ${lines.find((line) => line.startsWith("error")) ?? lines.at(-1)}`);
}

/** Everything an entry leads to in one file, but for what is loaded later. Entries of one call share their parts. */
function bundle(...entries: string[]): Promise<string> {
  return deno("bundle", "--quiet", "--platform=deno", "--minify", "--code-splitting", "--outdir", dist, ...entries);
}

/**
 * Hides from Deno what bundles load later: it reads all that it sees before the first line runs, 6 ms for most commands.
 * Not in the Worker's: what Deno has not seen takes permission to read, which guests' Workers lack.
 */
function hideImports(): void {
  for (const { name } of [...Deno.readDirSync(dist)]) {
    const path = dist + name, code = Deno.readTextFileSync(path);
    Deno.writeTextFileSync(path, code.replaceAll(/\bimport\("(\.\/[^"]+)"\)/g, 'import(import.meta.resolve("$1"))'));
  }
}

interface ModuleInfo {
  readonly modules: readonly { readonly local?: string }[];
}

/** Size and time of change of every module of the project that these lead to. */
async function sourcesOf(entries: readonly string[]): Promise<SourceFile[]> {
  const infos = await Promise.all(entries.map((path) => deno("info", "--json", path)));
  const modules = infos.flatMap((info) => (JSON.parse(info) as ModuleInfo).modules);
  const local = new Set(modules.flatMap(({ local }) => local?.startsWith(root) ? [local] : []));
  return [...local].map((path) => {
    const { size, mtime } = Deno.lstatSync(path);
    return [path.slice(root.length), size, mtime!.getTime()];
  });
}

async function build(): Promise<void> {
  if (isBuilt()) return;
  Deno.mkdirSync(dist, { recursive: true });
  // Taken before: a source that changes while it is bundled makes the build stale, not wrong.
  const stamp: BuildStamp = {
    deno: Deno.version.deno,
    files: await sourcesOf([...commands, worker, generator, "tools/build.ts"]),
  };
  for (const { name } of [...Deno.readDirSync(dist)]) Deno.removeSync(dist + name, { recursive: true });
  const [file] = await Promise.all([packInterpreter(), bundle(...commands)]);
  hideImports();
  await bundle(worker);
  Deno.writeFileSync(dist + INTERPRETER_FILE, file);
  Deno.writeTextFileSync(dist + STAMP_FILE, JSON.stringify(stamp));
}

try {
  await build();
} catch (error) {
  console.error(`build: elftap starts from its sources, slower: ${(error as Error).message}`);
}
