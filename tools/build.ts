/**
 * `deno task build`: bundles the guest's Worker and generates the interpreter into `dist/`, for a fast start. Does
 * nothing when both are up to date. Failing is not fatal: elftap then runs from its sources.
 */
import { fileURLToPath } from "node:url";
import { loadInterpreter } from "../src/engine/wasm/image.ts";
import { type BuildStamp, DIST, freshBuild, STAMP_FILE, WORKER_FILE } from "../src/runner/build_product.ts";
import { VERSION } from "../src/version.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = fileURLToPath(DIST);
const entry = "src/runner/guest_worker.ts";

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

/** Size and time of change of every module of the Worker. */
async function stampOf(): Promise<BuildStamp> {
  const { modules } = JSON.parse(await deno("info", "--json", entry)) as ModuleInfo;
  const files = modules.flatMap(({ local }) => local?.startsWith(root) ? [local] : []).map((local) => {
    const { size, mtime } = Deno.lstatSync(local);
    return [local.slice(root.length), size, mtime!.getTime()] as const;
  });
  return { deno: Deno.version.deno, files };
}

async function build(): Promise<void> {
  if (freshBuild()) return;
  Deno.mkdirSync(dist, { recursive: true });
  // Taken before: a source that changes while it is bundled makes the build stale, not wrong.
  const stamp = await stampOf();
  await deno("bundle", "--quiet", "--platform=deno", "--minify", "--output", dist + WORKER_FILE, entry);
  for (const name of folderNames(dist + "engine")) Deno.removeSync(`${dist}engine/${name}`);
  await loadInterpreter(dist.replace(/\/$/, ""), VERSION);
  Deno.writeTextFileSync(dist + STAMP_FILE, JSON.stringify(stamp));
}

function folderNames(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map((entry) => entry.name);
  } catch {
    return [];
  }
}

try {
  await build();
} catch (error) {
  console.error(`build: elftap starts from its sources, slower: ${(error as Error).message}`);
}
