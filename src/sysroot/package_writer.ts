/**
 * Writes the files of one package into a sysroot's folder. The package may be hostile.
 *
 * Several packages are written into the same folder at a time, by threads that know nothing of each other. That is
 * safe because of what is never done: nobody makes a symbolic link until all packages are written (`sysroot_tree.ts`
 * does, having checked them all), so no path in the folder can lead out of it, whoever made it; and files are made
 * with O_EXCL, so that nothing is written twice. Names that leave the folder, entries below a link, device nodes and
 * the like are refused here.
 */
import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import { relativeComponents, show } from "./guest_path.ts";
import { relativeTarget } from "./link_check.ts";
import { explainHostError, SysrootError } from "./sysroot_error.ts";
import type { TarHeader, TarSink } from "./tar.ts";

/** What is more than this is an attack or a mistake. */
export interface PackageLimits {
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of all files. */
  readonly totalBytes: number;
  /** Files, folders and links. */
  readonly entries: number;
}

/** Several times the largest packages of a distribution. */
export const DEFAULT_LIMITS: PackageLimits = {
  fileBytes: 2 * 1024 ** 3,
  totalBytes: 8 * 1024 ** 3,
  entries: 500_000,
};

/** What one package has at one path. */
export type PackageEntry =
  /** `implied`: the package has something in the folder without listing it. `mtime` in seconds since 1970. */
  | {
    readonly kind: "folder";
    readonly path: string;
    readonly mode: number;
    readonly uid: number;
    readonly gid: number;
    readonly mtime: number | undefined;
    readonly implied: boolean;
  }
  | {
    readonly kind: "file";
    readonly path: string;
    readonly mode: number;
    readonly uid: number;
    readonly gid: number;
    readonly size: number;
    readonly sha256: string;
  }
  /** Not made yet. `target` is relative, also where the package spelled it as the absolute path `packaged`. */
  | { readonly kind: "link"; readonly path: string; readonly target: string; readonly packaged: string };

/** What a {@link PackageWriter} must know about the folder. */
export interface RootLayout {
  /** Host path of the sysroot's folder. */
  readonly root: string;
  /** Links that packages may write through, by path: `bin` to `usr/bin`. Targets are relative or absolute. */
  readonly mergedLinks: Readonly<Record<string, string>>;
  /** Paths that are left out; one that ends in a slash stands for the folder and all below it. */
  readonly exclude: readonly string[];
}

/** A link that leads to a link that … is followed this often, as Linux does (path_resolution(7)). */
const MAX_LINKS = 40;

/** Writes one package. Feed {@link PackageWriter.sink}, then read {@link PackageWriter.entries}. */
export class PackageWriter implements Disposable {
  readonly #layout: RootLayout;
  readonly #merged: ReadonlyMap<string, string>;
  readonly #where: string;
  readonly #limits: PackageLimits;
  readonly #entries = new Map<string, PackageEntry>();
  #totalBytes = 0;
  #open: FileWriter | undefined;

  /** @param where the package's name, for messages. */
  constructor(layout: RootLayout, where: string, limits: PackageLimits = DEFAULT_LIMITS) {
    this.#layout = layout;
    this.#where = where;
    this.#limits = limits;
    this.#merged = new Map(
      Object.entries(layout.mergedLinks).map(([path, target]) => [
        path,
        target.startsWith("/") ? relativeTarget(path, target) : target,
      ]),
    );
  }

  /** Everything that the package has, in the order in which it was met. */
  get entries(): PackageEntry[] {
    return [...this.#entries.values()];
  }

  /** Makes a folder with its parents. */
  addFolder(path: string, mode: number): void {
    this.#addFolder(this.#place(path), { mode, uid: 0, gid: 0, mtime: undefined });
  }

  /** Plans a symbolic link. */
  addLink(path: string, target: string): void {
    this.#addLink(this.#place(path), target);
  }

  /** Writes a file. */
  addFile(path: string, content: Uint8Array, mode: number): void {
    const writer = this.#createFile(this.#place(path), { mode, uid: 0, gid: 0, size: content.length });
    writer.write(content);
    writer.close(undefined);
  }

  /** Where the package's archive goes. */
  sink(): TarSink {
    let writer: FileWriter | undefined;
    let mtime = 0;
    return {
      entry: (header) => {
        mtime = header.mtime;
        writer = this.#addEntry(header);
      },
      data: (bytes) => writer?.write(bytes),
      end: () => writer?.close(mtime),
    };
  }

  /** Closes the file that a refused archive left half written. */
  [Symbol.dispose](): void {
    this.#open?.abandon();
    this.#open = undefined;
  }

  #refuse(what: string): never {
    throw new SysrootError(`${this.#where}: ${what}`);
  }

  #addEntry(header: TarHeader): FileWriter | undefined {
    const name = relativeComponents(header.path, this.#where).join("/");
    if (isExcluded(name, this.#layout.exclude)) return undefined;
    if (header.kind !== "file" && header.kind !== "folder" && !header.kind.endsWith("link")) {
      return this.#refuse(`${show(name)} is a ${header.kind}`);
    }
    const place = this.#place(name);
    // Excluded under its other name, as lib/x for usr/lib/x.
    if (isExcluded(place, this.#layout.exclude)) return undefined;
    switch (header.kind) {
      case "folder":
        this.#addFolder(place, header);
        return undefined;
      case "symbolic link":
        this.#addLink(place, header.target);
        return undefined;
      case "hard link":
        this.#addHardLink(place, header.target);
        return undefined;
      default:
        return this.#createFile(place, header);
    }
  }

  /** The path with merged links resolved; makes the folders it lies in. Empty for the root itself. */
  #place(path: string): string {
    const components = relativeComponents(path, this.#where);
    const last = components.pop();
    if (last === undefined) return "";
    const parent = this.#parent("", components, path, { count: 0 });
    const full = parent === "" ? last : `${parent}/${last}`;
    // A package that lists `./lib/` itself means the folder behind the link.
    const merged = this.#merged.get(full);
    return merged === undefined ? full : this.#parent(parent, merged.split("/"), path, { count: 1 });
  }

  #parent(from: string, components: readonly string[], whole: string, links: { count: number }): string {
    let at = from;
    for (const component of components) {
      if (component === "" || component === ".") continue;
      if (component === "..") {
        at = at.slice(0, Math.max(0, at.lastIndexOf("/")));
        continue;
      }
      const next = at === "" ? component : `${at}/${component}`;
      const merged = this.#merged.get(next);
      if (merged !== undefined) {
        if (++links.count > MAX_LINKS) this.#refuse(`${show(whole)} goes through too many links`);
        at = this.#parent(at, merged.split("/"), whole, links);
        continue;
      }
      const entry = this.#entries.get(next);
      if (entry === undefined) this.#makeFolder(next, { mode: 0o755, uid: 0, gid: 0, mtime: undefined }, true);
      else if (entry.kind !== "folder") {
        this.#refuse(`${show(whole)} would be ${entry.kind === "link" ? "written through" : "below"} ${show(next)}`);
      }
      at = next;
    }
    return at;
  }

  #addFolder(place: string, header: FolderHeader): void {
    if (place === "") return;
    const entry = this.#entries.get(place);
    if (entry === undefined) this.#makeFolder(place, header, false);
    else if (entry.kind === "folder") this.#record(folderEntry(place, header, false));
    else this.#taken(place, entry);
  }

  #makeFolder(path: string, header: FolderHeader, implied: boolean): void {
    this.#host(path, (host) => {
      try {
        Deno.mkdirSync(host, { mode: 0o755 });
      } catch (error) {
        // Another package's folder, or one that this host takes for the same (`E` for `e`); lstat: never a link's.
        if (!(error instanceof Deno.errors.AlreadyExists && Deno.lstatSync(host).isDirectory)) throw error;
      }
    });
    this.#record(folderEntry(path, header, implied));
  }

  #addLink(place: string, target: string): void {
    this.#vacant(place);
    if (target === "" || target.includes("\0") || target.length > 4095) {
      this.#refuse(`${show(place)} is a link to ${show(target)}`);
    }
    const relative = target.startsWith("/") ? relativeTarget(place, target) : target;
    this.#record({ kind: "link", path: place, target: relative, packaged: target });
  }

  #addHardLink(place: string, target: string): void {
    this.#vacant(place);
    const from = this.#place(target);
    const entry = this.#entries.get(from);
    if (entry?.kind !== "file") this.#refuse(`hard link ${show(place)} to ${show(target)}, which is no file of it`);
    this.#host(place, (host) => Deno.linkSync(join(this.#layout.root, from), host));
    this.#record({ ...entry, path: place });
  }

  #createFile(place: string, header: FileHeader): FileWriter {
    this.#vacant(place);
    this.#totalBytes += header.size;
    if (header.size > this.#limits.fileBytes || this.#totalBytes > this.#limits.totalBytes) {
      this.#refuse(`${show(place)} of ${header.size} bytes is more than is unpacked`);
    }
    const hostPath = join(this.#layout.root, place);
    const hostMode = (header.mode & 0o777) | 0o400;
    const file = this.#host(place, () => {
      try {
        // createNew is O_EXCL, which follows no link at the end of the path either.
        return Deno.openSync(hostPath, { write: true, createNew: true, mode: hostMode | 0o200 });
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
        return this.#refuse(`${show(place)} is there already, from another package or in other letter case`);
      }
    });
    const writer = new FileWriter(file, hostPath, hostMode, (sha256, size) => {
      const { mode, uid, gid } = header;
      this.#open = undefined;
      this.#record({ kind: "file", path: place, mode, uid, gid, size, sha256 });
    });
    this.#open = writer;
    return writer;
  }

  #record(entry: PackageEntry): void {
    this.#entries.set(entry.path, entry);
    if (this.#entries.size > this.#limits.entries) this.#refuse(`more than ${this.#limits.entries} files`);
  }

  #vacant(place: string): void {
    if (place === "") this.#refuse("the root itself is not a folder");
    const entry = this.#entries.get(place);
    if (entry !== undefined) this.#taken(place, entry);
  }

  #taken(place: string, entry: PackageEntry): never {
    return this.#refuse(`${show(place)} is there already, as a ${entry.kind}`);
  }

  #host<T>(path: string, action: (hostPath: string) => T): T {
    const hostPath = join(this.#layout.root, path);
    try {
      return action(hostPath);
    } catch (error) {
      throw explainHostError(error, `write ${hostPath}`);
    }
  }
}

interface FolderHeader {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number | undefined;
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
  readonly #mode: number;
  readonly #done: (sha256: string, size: number) => void;
  readonly #hash: Hash = createHash("sha256");
  #size = 0;

  constructor(file: Deno.FsFile, path: string, mode: number, done: (sha256: string, size: number) => void) {
    this.#file = file;
    this.#path = path;
    this.#mode = mode;
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
      // The umask may have taken bits away, and the owner's write bit may have been lent.
      const { mode } = this.#file.statSync();
      this.#file.close();
      if (mode !== null && (mode & 0o777) !== this.#mode) Deno.chmodSync(this.#path, this.#mode);
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

function folderEntry(path: string, { mode, uid, gid, mtime }: FolderHeader, implied: boolean): PackageEntry {
  return { kind: "folder", path, mode, uid, gid, mtime, implied };
}

/** Whether a path is left out by patterns as in {@link RootLayout.exclude}. */
export function isExcluded(path: string, exclude: readonly string[]): boolean {
  for (const pattern of exclude) {
    const folder = pattern.endsWith("/");
    if (folder ? path.startsWith(pattern) || path === pattern.slice(0, -1) : path === pattern) return true;
  }
  return false;
}
