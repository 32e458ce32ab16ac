/** Where the symbolic links of a tree lead, decided in memory: no link may lead the host out of the tree. */

/**
 * What stands at a path below the root: a folder, a file, a link with its relative target, `"absent"` for what was left
 * out on purpose, or nothing.
 */
export type TreeView = (path: string) => "folder" | "file" | "absent" | { readonly target: string } | undefined;

/** As Linux gives up with ELOOP (path_resolution(7)). */
const MAX_LINKS = 40;

/** Folders that the guest's kernel fills: a link to something below them leads nowhere before the guest runs. */
const MOUNT_POINTS: ReadonlySet<string> = new Set(["dev", "proc", "run", "sys", "tmp"]);

/**
 * The relative spelling of an absolute link, so that following it on the host stays in the tree.
 *
 * @param linkPath resolved path of the link, below the root.
 */
export function relativeTarget(linkPath: string, target: string): string {
  // `..` at the root is the root: clamp it away, since below the host's folder it would not be.
  const components: string[] = [];
  for (const part of target.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") components.pop();
    else components.push(part);
  }
  const up = linkPath.split("/").length - 1;
  const relative = [...Array<string>(up).fill(".."), ...components].join("/");
  return relative === "" ? "." : relative;
}

/**
 * Follows a link as the host would and says what is wrong with it, or undefined when it stays in the tree.
 *
 * A relative link may dangle inside (packages often point at files of packages that are not there). One that climbs
 * above the root is refused, and so is a circle. An absolute link has to arrive: at something in the tree, at something
 * left out of it on purpose, or below a folder that the guest's kernel fills; else it was meant for another tree,
 * such as the host's.
 *
 * @param absolute whether the package spelled it as an absolute path.
 */
export function linkTrouble(path: string, absolute: boolean, tree: TreeView): string | undefined {
  const pending = path.split("/").reverse();
  let at: string[] = [];
  let links = 0;
  while (pending.length > 0) {
    const part = pending.pop() as string;
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (at.length === 0) return "leaves the sysroot";
      at = at.slice(0, -1);
      continue;
    }
    const next = [...at, part];
    const node = tree(next.join("/"));
    if (typeof node === "object") {
      if (++links > MAX_LINKS) return "leads in a circle";
      pending.push(...node.target.split("/").reverse());
    } else {
      at = next;
    }
  }
  const arrives = at.length === 0 || MOUNT_POINTS.has(at[0] ?? "") || tree(at.join("/")) !== undefined;
  return absolute && !arrives ? "is absolute, and there is no such file in the sysroot" : undefined;
}
