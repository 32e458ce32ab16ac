/**
 * The record of what a sysroot holds, written when it is unpacked: what `verify` compares with, and where the owner
 * and the set-id bits are kept that the host's files do not carry.
 */
import { SysrootError } from "./sysroot_error.ts";

/** One entry of a sysroot. */
export interface ManifestEntry {
  /** Path below the root, without leading slash. */
  readonly path: string;
  readonly kind: "file" | "folder" | "link";
  /** Permission bits as packaged, with set-id and sticky bits. */
  readonly mode: number;
  /** Packaged owner; 0 when absent. */
  readonly uid?: number;
  /** Packaged group; 0 when absent. */
  readonly gid?: number;
  /** Length in bytes; files only. */
  readonly size?: number;
  /** SHA-256 of the content, hexadecimal; files only. */
  readonly sha256?: string;
  /** Where it points; links only. */
  readonly target?: string;
}

/** What a sysroot holds, sorted by path. */
export interface Manifest {
  readonly version: 1;
  readonly entries: readonly ManifestEntry[];
}

/** Text of a manifest's file, one entry a line so that it can be read and compared. */
export function formatManifest(entries: readonly ManifestEntry[]): string {
  return `{"version":1,"entries":[\n${entries.map((entry) => JSON.stringify(entry)).join(",\n")}\n]}\n`;
}

/** Reads a manifest that {@link formatManifest} wrote; the file may have been damaged since. */
export function parseManifest(text: string, where: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SysrootError(`${where} is damaged`, { cause });
  }
  const manifest = json as Manifest | null;
  const whole = typeof manifest === "object" && manifest !== null && manifest.version === 1 &&
    Array.isArray(manifest.entries) && manifest.entries.every(isEntry);
  if (!whole) throw new SysrootError(`${where} is damaged`);
  return manifest;
}

function isEntry(value: unknown): value is ManifestEntry {
  const entry = value as ManifestEntry | null;
  if (typeof entry !== "object" || entry === null || typeof entry.path !== "string") return false;
  if (typeof entry.mode !== "number") return false;
  switch (entry.kind) {
    case "folder":
      return true;
    case "file":
      return typeof entry.size === "number" && typeof entry.sha256 === "string";
    case "link":
      return typeof entry.target === "string";
    default:
      return false;
  }
}
