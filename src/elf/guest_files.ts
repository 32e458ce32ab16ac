/**
 * The guest's files as diagnosis sees them: opened by guest path, with the guest's links followed inside of the
 * guest's tree. Paths are byte strings (one char code per byte) with `/` between components.
 */
import type { ElfSource } from "./source.ts";

/** What a path leads to. */
export interface GuestFile extends ElfSource {
  readonly kind: "file" | "directory" | "other";
  /** Some execute permission bit is set. */
  readonly executable: boolean;
  close(): void;
}

/** Looks up guest paths. Absolute paths only; nothing throws for a path that does not exist or cannot be read. */
export interface GuestFiles {
  /** What the path leads to, links followed; undefined if there is nothing. */
  open(path: string): GuestFile | undefined;
  /** The path without links, as `/proc/self/exe` would show it; undefined if there is nothing. */
  realpath(path: string): string | undefined;
  /** Names in a directory; empty if it is none. */
  list(path: string): readonly string[];
}

/** Joins a possibly relative path to a directory and resolves `.` and doubled slashes, but not `..` (links decide that). */
export function absolute(path: string, directory: string): string {
  const joined = path.startsWith("/") ? path : `${directory}/${path}`;
  return "/" + joined.split("/").filter((part) => part !== "" && part !== ".").join("/");
}

/** Everything before the last slash. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

/** Everything behind the last slash. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
