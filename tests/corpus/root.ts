/** The root that rows run in: made by the corpus's own scripts, and looked at when a row misses something. */
import { join } from "node:path";
import { EXTRA_LINKS, EXTRA_PACKAGES } from "./packages.ts";

/** Where the rows' PATH leads. */
const PATH = ["usr/sbin", "usr/bin"];

/** Makes the root, or adds what a root made before lacks. A root that somebody else made is only used. */
export async function prepareRoot(corpus: string, root: string, isOwn: boolean): Promise<void> {
  if (!exists(join(root, "opt/rw"))) {
    console.error(`making the root in ${root} (about 800 MB)`);
    await script(join(corpus, "make-root.sh"), root);
    isOwn = true;
  }
  const missing = missingPackages(root);
  if (missing.length === 0) return;
  if (!isOwn) {
    console.error(
      `${root} lacks ${missing.join(" ")}: rows that need them cannot pass; ` +
        `to add them: ${join(corpus, "arm64-root.sh")} ${root} ${missing.join(" ")}`,
    );
    return;
  }
  console.error(`adding ${missing.join(" ")}`);
  await script(join(corpus, "arm64-root.sh"), root, ...missing);
  for (const [name, target] of EXTRA_LINKS) {
    const link = join(root, "usr/bin", name);
    if (!exists(link)) Deno.symlinkSync(target, link);
  }
}

/** Extra packages that are not in the root: each leaves a folder in /usr/share/doc. */
export function missingPackages(root: string): string[] {
  return EXTRA_PACKAGES.filter((name) => !exists(join(root, "usr/share/doc", name)));
}

/** Programs that shells of a row did not find, and that indeed are not in the root. */
export function missingPrograms(stderr: string, root: string): string[] {
  const names = new Set<string>();
  // bash says "command not found", dash, mksh and busybox "not found", zsh has the name last.
  for (
    const match of stderr.matchAll(/(?:^|: )(?:([\w.+-]+): (?:command )?not found|command not found: ([\w.+-]+))$/gm)
  ) {
    names.add((match[1] ?? match[2])!);
  }
  return [...names].filter((name) => !PATH.some((folder) => exists(join(root, folder, name))));
}

async function script(path: string, ...args: string[]): Promise<void> {
  const { success } = await new Deno.Command("bash", { args: [path, ...args], stdout: "null" }).output();
  if (!success) throw new Error(`${path} failed`);
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
