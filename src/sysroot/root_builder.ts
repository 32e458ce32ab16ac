/**
 * Builds a sysroot's folder from archives that may be hostile.
 *
 * The folder begins empty and only we write to it, so a tree in memory says exactly what stands where: every decision
 * is made on that tree, never by asking the host to follow a path. An entry is never written through a symbolic link,
 * save the few that the profile itself declares (`bin` → `usr/bin`); nothing is written twice; device nodes and the
 * like are refused; absolute links become relative ones that stay inside; at the end every link is followed in
 * memory, and one that would leave the folder is refused. Symbolic links are only planned here and made at the very
 * end (`host_links.ts`): until then no path on the host can lead anywhere else.
 */
import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import { relativeComponents, show } from "./guest_path.ts";
import { linkTrouble, relativeTarget, type TreeView } from "./link_check.ts";
import type { ManifestEntry } from "./manifest.ts";
import { explainHostError, SysrootError } from "./sysroot_error.ts";
import type { TarHeader, TarSink } from "./tar.ts";

/** What is more than this is an attack or a mistake. */
export interface RootLimits {
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of all files. */
  readonly totalBytes: number;
  /** Files, folders and links. */
  readonly entries: number;
}

/** Room for a whole desktop's packages; a hostile archive stops here. */
export const DEFAULT_LIMITS: RootLimits = {
  fileBytes: 1024 ** 3,
  totalBytes: 16 * 1024 ** 3,
  entries: 1_000_000,
};

interface FolderNode {
  readonly kind: "folder";
  mode: number;
  uid: number;
  gid: number;
  mtime: number | undefined;
}
interface FileNode {
  readonly kind: "file";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly sha256: string;
}
interface LinkNode {
  readonly kind: "link";
  /** As it will stand on the host: always relative. */
  readonly target: string;
  /** As packaged, for messages. */
  readonly packaged: string;
  /** Declared by the profile before unpacking: packages may write through it. */
  readonly merged: boolean;
  readonly from: string;
}
type Node = FolderNode | FileNode | LinkNode;

/** A link that leads to a link that … is followed this often, as Linux does (path_resolution(7)). */
const MAX_LINKS = 40;

/** Writes one sysroot; see the top of the file. */
export class RootBuilder implements Disposable {
  readonly #root: string;
  readonly #limits: RootLimits;
  readonly #umask: number;
  readonly #nodes = new Map<string, Node>();
  #totalBytes = 0;
  #open: FileWriter | undefined;

  /**
   * @param root an existing, empty host folder.
   */
  constructor(root: string, limits: RootLimits = DEFAULT_LIMITS) {
    this.#root = root;
    this.#limits = limits;
    this.#umask = probeUmask(root);
    this.#nodes.set("", { kind: "folder", mode: 0o755, uid: 0, gid: 0, mtime: undefined });
  }

  /** Bytes of all files written so far. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Makes a folder with its parents, or gives a folder that is there its mode. */
  addFolder(path: string, mode: number, where: string): void {
    this.#folder(this.#place(path, where), mode, 0, 0, undefined);
  }

  /** Makes a symbolic link of the profile's own. @param merged whether packages may write through it. */
  addLink(path: string, target: string, merged: boolean, where: string): void {
    this.#link(this.#place(path, where), target, merged, where);
  }

  /** Writes a file of the profile's own. */
  addFile(path: string, content: Uint8Array, mode: number, where: string): void {
    const writer = this.#create(this.#place(path, where), { mode, uid: 0, gid: 0, size: content.length }, where);
    writer.write(content);
    writer.close(undefined);
  }

  /**
   * Where an archive's entries go.
   *
   * @param where the package's name, for messages.
   * @param exclude paths that are left out; one that ends in a slash stands for all below it.
   */
  sink(where: string, exclude: readonly string[] = []): TarSink {
    let writer: FileWriter | undefined;
    let mtime = 0;
    return {
      entry: (header) => {
        const name = relativeComponents(header.path, where).join("/");
        mtime = header.mtime;
        writer = isExcluded(name, exclude) ? undefined : this.#entry(name, header, where, exclude);
      },
      data: (bytes) => writer?.write(bytes),
      end: () => writer?.close(mtime),
    };
  }

  /**
   * Checks all links, sets the folders' times, and tells what there is, sorted by path. Links are still to be made.
   *
   * @param exclude what {@link RootBuilder.sink} left out: links to it dangle for a reason.
   * @throws SysrootError when a link leads out of the root.
   */
  finish(exclude: readonly string[] = []): ManifestEntry[] {
    const tree: TreeView = (path) => {
      const node = this.#nodes.get(path);
      if (node === undefined) return isExcluded(path, exclude) ? "absent" : undefined;
      return node.kind === "link" ? { target: node.target } : node.kind;
    };
    for (const [path, node] of this.#nodes) {
      if (node.kind !== "link") continue;
      const trouble = linkTrouble(path, node.packaged.startsWith("/"), tree);
      if (trouble !== undefined) {
        throw new SysrootError(`${node.from}: link ${show(path)} to ${show(node.packaged)} ${trouble}`);
      }
    }
    const paths = [...this.#nodes.keys()].sort();
    // Deepest first, since making something in a folder changes the folder's time.
    for (const path of paths.toReversed()) {
      const node = this.#nodes.get(path);
      if (node?.kind !== "folder" || path === "") continue;
      this.#host(path, (host) => {
        if (node.mtime !== undefined) Deno.utimeSync(host, node.mtime, node.mtime);
      });
    }
    return paths.filter((path) => path !== "").map((path) => manifestEntry(path, this.#nodes.get(path) as Node));
  }

  /** Closes the file that a refused archive left half written. */
  [Symbol.dispose](): void {
    this.#open?.abandon();
    this.#open = undefined;
  }

  #entry(name: string, header: TarHeader, where: string, exclude: readonly string[]): FileWriter | undefined {
    const place = this.#place(name, where);
    // Excluded under its other name, as /lib/x for usr/lib/x.
    if (isExcluded(place.path, exclude)) return undefined;
    switch (header.kind) {
      case "folder":
        this.#folder(place, header.mode, header.uid, header.gid, header.mtime);
        return undefined;
      case "file":
        return this.#create(place, header, where);
      case "symbolic link":
        this.#link(place, header.target, false, where);
        return undefined;
      case "hard link":
        this.#hardLink(place, header.target, where);
        return undefined;
      default:
        throw new SysrootError(`${where}: ${show(name)} is a ${header.kind}`);
    }
  }

  /** Resolves all but the last component through the folders and merged links, making missing folders. */
  #place(path: string, where: string): Place {
    const components = relativeComponents(path, where);
    const last = components.pop();
    if (last === undefined) return { path: "", where };
    const parent = this.#resolveFolder("", components, where, path, { links: 0 });
    const full = parent === "" ? last : `${parent}/${last}`;
    // The folder a merged link stands for, when the archive lists `./lib/` itself.
    const node = this.#nodes.get(full);
    if (node?.kind === "link" && node.merged) {
      return { path: this.#resolveFolder(parent, [last], where, path, { links: 0 }), where, through: full };
    }
    return { path: full, where };
  }

  #resolveFolder(from: string, components: readonly string[], where: string, whole: string, seen: Seen): string {
    let at = from;
    for (const component of components) {
      if (component === "..") {
        at = parentOf(at);
        continue;
      }
      const next = at === "" ? component : `${at}/${component}`;
      const node = this.#nodes.get(next);
      if (node === undefined) {
        this.#makeFolder(next, 0o755, where);
        at = next;
      } else if (node.kind === "folder") {
        at = next;
      } else if (node.kind === "link" && node.merged) {
        if (++seen.links > MAX_LINKS) throw new SysrootError(`${where}: ${show(whole)} goes through too many links`);
        const target = node.target.split("/").filter((part) => part !== "" && part !== ".");
        at = this.#resolveFolder(at, target, where, whole, seen);
      } else if (node.kind === "link") {
        throw new SysrootError(`${where}: ${show(whole)} would be written through the link ${show(next)}`);
      } else {
        throw new SysrootError(`${where}: ${show(whole)} would be below the file ${show(next)}`);
      }
    }
    return at;
  }

  #makeFolder(path: string, mode: number, where: string): FolderNode {
    this.#count(where);
    this.#host(path, (host) => {
      try {
        Deno.mkdirSync(host, { mode: 0o755 });
      } catch (error) {
        // Ours is the only hand here: a host that takes `E` for `e` keeps both folders in one.
        if (!(error instanceof Deno.errors.AlreadyExists && Deno.lstatSync(host).isDirectory)) throw error;
      }
      if ((0o755 & this.#umask) !== 0) Deno.chmodSync(host, 0o755);
    });
    const node: FolderNode = { kind: "folder", mode, uid: 0, gid: 0, mtime: undefined };
    this.#nodes.set(path, node);
    return node;
  }

  #folder(place: Place, mode: number, uid: number, gid: number, mtime: number | undefined): void {
    if (place.path === "") return;
    let node = this.#nodes.get(place.path);
    if (node !== undefined && node.kind !== "folder") this.#taken(place, node);
    node ??= this.#makeFolder(place.path, mode, place.where);
    node.mode = mode;
    node.uid = uid;
    node.gid = gid;
    node.mtime = mtime;
    // The owner must be able to look in, and to remove it again.
    const wanted = (mode & 0o777) | 0o700;
    this.#host(place.path, (host) => Deno.chmodSync(host, wanted));
  }

  #link(place: Place, target: string, merged: boolean, where: string): void {
    this.#vacant(place);
    if (target === "" || target.includes("\0")) {
      throw new SysrootError(`${where}: ${show(place.path)} is an empty link`);
    }
    this.#count(where);
    const relative = target.startsWith("/") ? relativeTarget(place.path, target) : target;
    this.#nodes.set(place.path, { kind: "link", target: relative, packaged: target, merged, from: where });
  }

  #hardLink(place: Place, target: string, where: string): void {
    this.#vacant(place);
    const from = this.#place(target, where).path;
    const node = this.#nodes.get(from);
    if (node?.kind !== "file") {
      throw new SysrootError(`${where}: hard link ${show(place.path)} to ${show(target)}, which is no file of it`);
    }
    this.#count(where);
    this.#host(place.path, (host) => Deno.linkSync(join(this.#root, from), host));
    this.#nodes.set(place.path, node);
  }

  #create(place: Place, header: FileHeader, where: string): FileWriter {
    this.#vacant(place);
    this.#count(where);
    if (header.size > this.#limits.fileBytes || header.size + this.#totalBytes > this.#limits.totalBytes) {
      throw new SysrootError(`${where}: ${show(place.path)} of ${header.size} bytes is more than is unpacked`);
    }
    this.#totalBytes += header.size;
    const hostMode = (header.mode & 0o777) | 0o400;
    const hostPath = join(this.#root, place.path);
    // createNew is O_EXCL, which follows no link at the end of the path either.
    const file = this.#host(place.path, () => {
      try {
        return Deno.openSync(hostPath, { write: true, createNew: true, mode: hostMode | 0o200 });
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
        const why = "differs from another file only in ways that this disk does not tell apart";
        throw new SysrootError(`${where}: ${show(place.path)} ${why}`, { cause: error });
      }
    });
    const chmod = (hostMode & this.#umask) !== 0 || (hostMode & 0o200) === 0 ? hostMode : undefined;
    const writer = new FileWriter(file, hostPath, chmod, (sha256, size) => {
      const { mode, uid, gid } = header;
      this.#nodes.set(place.path, { kind: "file", mode, uid, gid, size, sha256 });
      this.#open = undefined;
    });
    this.#open = writer;
    return writer;
  }

  #vacant(place: Place): void {
    if (place.path === "") throw new SysrootError(`${place.where}: the root itself is not a folder there`);
    const through = place.through === undefined ? undefined : this.#nodes.get(place.through);
    const node = through ?? this.#nodes.get(place.path);
    if (node !== undefined) this.#taken(place, node);
  }

  #taken(place: Place, node: Node): never {
    const path = show(place.through ?? place.path);
    throw new SysrootError(`${place.where}: ${path} is there already, as a ${node.kind}`);
  }

  #count(where: string): void {
    if (this.#nodes.size > this.#limits.entries) {
      throw new SysrootError(`${where}: more than ${this.#limits.entries} files`);
    }
  }

  #host<T>(path: string, action: (hostPath: string) => T): T {
    const hostPath = join(this.#root, path);
    try {
      return action(hostPath);
    } catch (error) {
      throw explainHostError(error, `write ${hostPath}`);
    }
  }
}

interface Place {
  /** Below the root, resolved. */
  readonly path: string;
  readonly where: string;
  /** The merged link that the path itself names. */
  readonly through?: string;
}

interface Seen {
  links: number;
}

interface FileHeader {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

/** One file being written and hashed. */
class FileWriter {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  readonly #chmod: number | undefined;
  readonly #done: (sha256: string, size: number) => void;
  readonly #hash: Hash = createHash("sha256");
  #size = 0;

  constructor(
    file: Deno.FsFile,
    path: string,
    chmod: number | undefined,
    done: (sha256: string, size: number) => void,
  ) {
    this.#file = file;
    this.#path = path;
    this.#chmod = chmod;
    this.#done = done;
  }

  write(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#size += bytes.length;
    try {
      for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
    } catch (error) {
      throw explainHostError(error, `write ${this.#path}`);
    }
  }

  /** @param mtime seconds since 1970, or undefined for now. */
  close(mtime: number | undefined): void {
    try {
      if (mtime !== undefined) this.#file.utimeSync(mtime, mtime);
      this.#file.close();
      if (this.#chmod !== undefined) Deno.chmodSync(this.#path, this.#chmod);
    } catch (error) {
      throw explainHostError(error, `write ${this.#path}`);
    }
    this.#done(this.#hash.digest("hex"), this.#size);
  }

  abandon(): void {
    try {
      this.#file.close();
    } catch {
      // closed already: close itself failed
    }
  }
}

function manifestEntry(path: string, node: Node): ManifestEntry {
  if (node.kind === "link") return { path, kind: "link", mode: 0o777, target: node.target };
  const owner = { ...(node.uid === 0 ? {} : { uid: node.uid }), ...(node.gid === 0 ? {} : { gid: node.gid }) };
  if (node.kind === "folder") return { path, kind: "folder", mode: node.mode, ...owner };
  return { path, kind: "file", mode: node.mode, ...owner, size: node.size, sha256: node.sha256 };
}

function isExcluded(path: string, exclude: readonly string[]): boolean {
  for (const pattern of exclude) {
    if (pattern.endsWith("/") ? path.startsWith(pattern) || path === pattern.slice(0, -1) : path === pattern) {
      return true;
    }
  }
  return false;
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** The process's umask, found by trying: asking for it needs a permission of its own in Deno. */
function probeUmask(root: string): number {
  const probe = join(root, ".umask");
  try {
    Deno.openSync(probe, { write: true, createNew: true, mode: 0o777 }).close();
    const mode = Deno.lstatSync(probe).mode;
    Deno.removeSync(probe);
    return mode === null ? 0 : 0o777 & ~mode;
  } catch (error) {
    throw explainHostError(error, `write ${probe}`);
  }
}
