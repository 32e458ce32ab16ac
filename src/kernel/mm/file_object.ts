/** A file as VMAs map it: pages from the file, identity from its inode, one reference to the description per VMA. */
import type { Frame } from "../../engine/engine.ts";
import { major, minor } from "../abi/stat.ts";
import type { Mappable, OpenFile } from "../fs/file.ts";
import type { PageUser } from "../fs/inode.ts";
import { describePath } from "../fs/path.ts";
import type { MapObject, MapUser } from "./map_object.ts";
import { MapUsers } from "./map_users.ts";
import { Vm } from "./vma.ts";

/** What mmap of this description maps, or a negative errno (ENODEV) if it cannot be mapped. */
export function fileObject(file: OpenFile): MapObject | number {
  const known = file.mapped;
  if (known instanceof FileObject) {
    known.lookAgain();
    return known;
  }
  const mappable: Mappable | MapObject | number = file.mappable();
  if (typeof mappable === "number") return mappable;
  // Devices such as /dev/zero hand out an object of their own for each mapping.
  if (isMapObject(mappable)) return mappable;
  return file.mapped = new FileObject(file, mappable);
}

function isMapObject(mappable: Mappable | MapObject): mappable is MapObject {
  return "kind" in mappable && "unref" in mappable;
}

/** Whether a VMA with these flags may change the file, now or after mprotect. */
function writesShared(vmFlags: number): boolean {
  return (vmFlags & (Vm.shared | Vm.mayWrite)) === (Vm.shared | Vm.mayWrite);
}

/** Pages of a file. */
export class FileObject implements MapObject, PageUser {
  readonly kind = "file";
  readonly major: number;
  readonly minor: number;
  readonly ino: number;
  #users = new MapUsers();
  #mapped = false;
  #mappable: Mappable;

  constructor(readonly file: OpenFile, mappable: Mappable) {
    this.#mappable = mappable;
    const { dev, ino } = file.inode.stat();
    this.major = major(dev);
    this.minor = minor(dev);
    this.ino = ino;
  }

  /** Only where the file wants to know which pages shared mappings change. */
  get written(): ((pageIndex: number) => void) | undefined {
    return this.#mappable.written?.bind(this.#mappable);
  }
  get sync(): ((first: number, end: number) => number) | undefined {
    return this.#mappable.sync?.bind(this.#mappable);
  }
  get punch(): ((first: number, end: number) => void) | undefined {
    return this.#mappable.punch?.bind(this.#mappable);
  }

  get isWriteSealed(): boolean {
    return this.#mappable.isWriteSealed === true;
  }

  frame(pageIndex: number): Frame | undefined {
    return this.#mappable.frame(pageIndex);
  }

  label(): string {
    return this.file.path === undefined ? "" : describePath(this.file.path, undefined);
  }

  ref(user: MapUser, vmFlags: number): number {
    if (writesShared(vmFlags)) {
      const refusal = this.#mappable.sharedWritable?.(1) ?? 0;
      if (refusal < 0) return refusal;
    }
    this.file.references++;
    this.#users.add(user);
    if (!this.#mapped) {
      this.#mapped = true;
      (this.file.inode.pageUsers ??= new Set()).add(this);
    }
    return 0;
  }

  unref(user: MapUser, vmFlags: number): void {
    if (writesShared(vmFlags)) this.#mappable.sharedWritable?.(-1);
    if (this.#users.remove(user)) {
      this.#mapped = false;
      this.file.inode.pageUsers?.delete(this);
    }
    this.file.unref();
  }

  /** The file may have moved its content elsewhere (copied up before its first write), or others changed it. */
  lookAgain(): void {
    const mappable = this.file.mappable();
    if (typeof mappable !== "number") this.#mappable = mappable;
  }

  /** The file was truncated (end is Infinity) or a hole was punched into it. */
  dropPages(first: number, end: number): void {
    this.lookAgain();
    for (const user of this.#users) user.dropObjectPages(this, first, end, end === Infinity);
  }
}
