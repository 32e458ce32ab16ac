/**
 * The guest's files looked up on the host before any kernel runs: a sysroot folder, host folders bound into it, and
 * the host itself where that is allowed. Links are the guest's: they are followed here, component by component,
 * and never by the host.
 */
import { latin1 } from "./dynamic.ts";
import { absolute, type GuestFile, type GuestFiles } from "./guest_files.ts";
import { fileSource } from "./source.ts";

/** Where the guest's tree comes from. */
export interface HostTree {
  /** Host folder that is the guest's `/`; undefined: an empty root. */
  readonly sysroot?: string;
  /** Host paths that appear at guest paths, the deepest one wins. */
  readonly binds?: readonly { readonly host: string; readonly guest: string }[];
  /** What is missing in the sysroot is looked up at the same path of the host. */
  readonly hostFallback?: boolean;
}

/** Linux's limit (man 7 path_resolution). */
const MAX_LINKS = 40;

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** Host names are text, guest names byte strings. */
function toHost(path: string): string {
  return decoder.decode(Uint8Array.from(path, (char) => char.charCodeAt(0)));
}

function toGuest(name: string): string {
  return latin1(encoder.encode(name));
}

/** The host path of a guest path whose parents have no links, or undefined where no layer has it. */
function locate(tree: HostTree, guest: string): { host: string; info: Deno.FileInfo } | undefined {
  const candidates: string[] = [];
  const binds = (tree.binds ?? [])
    .map((bind) => ({ host: bind.host, guest: toGuest(bind.guest).replace(/\/+$/, "") }))
    .filter((bind) => guest === bind.guest || guest.startsWith(bind.guest + "/"))
    .sort((a, b) => b.guest.length - a.guest.length);
  if (binds[0]) candidates.push(binds[0].host + toHost(guest.slice(binds[0].guest.length)));
  else {
    if (tree.sysroot !== undefined) candidates.push(tree.sysroot + toHost(guest));
    if (tree.hostFallback) candidates.push(toHost(guest));
  }
  for (const host of candidates) {
    try {
      return { host, info: Deno.lstatSync(host) };
    } catch {
      // not in this layer, or not readable: the next one
    }
  }
  return undefined;
}

/** Host path and stat of what a guest path leads to. */
function resolve(tree: HostTree, path: string): { guest: string; host: string; info: Deno.FileInfo } | undefined {
  const pending = path.split("/").filter((part) => part !== "").reverse();
  let guest = "", links = 0;
  let here = locate(tree, "/");
  while (pending.length > 0) {
    const name = pending.pop()!;
    if (name === ".") continue;
    if (name === "..") {
      guest = guest.slice(0, Math.max(0, guest.lastIndexOf("/")));
      here = locate(tree, guest || "/");
      continue;
    }
    const next = `${guest}/${name}`;
    const found = locate(tree, next);
    if (!found) {
      // A folder that exists only as the way to a bind.
      if ((tree.binds ?? []).some((bind) => toGuest(bind.guest).startsWith(next + "/"))) {
        guest = next;
        here = undefined;
        continue;
      }
      return undefined;
    }
    if (found.info.isSymlink && !(tree.binds ?? []).some((bind) => toGuest(bind.guest) === next)) {
      if (++links > MAX_LINKS) return undefined;
      const target = toGuest(Deno.readLinkSync(found.host));
      if (target.startsWith("/")) guest = "";
      pending.push(...target.split("/").filter((part) => part !== "").reverse());
      continue;
    }
    guest = next;
    here = found;
  }
  return here && { guest: guest || "/", ...here };
}

/**
 * The guest's files as they will be when it starts.
 *
 * Needs read permission for the folders of the tree; what may not be read is not there.
 */
export function hostFiles(tree: HostTree): GuestFiles {
  const attempt = <T>(look: () => T): T | undefined => {
    try {
      return look();
    } catch (error) {
      if (error instanceof TypeError || error instanceof ReferenceError) throw error;
      return undefined;
    }
  };
  return {
    open: (path) =>
      attempt((): GuestFile | undefined => {
        const found = resolve(tree, absolute(path, "/"));
        if (!found) return undefined;
        // A bind may be a link on the host: what it points to is what is bound.
        const info = found.info.isSymlink ? Deno.statSync(found.host) : found.info;
        const executable = info.mode === null || (info.mode & 0o111) !== 0;
        if (!info.isFile) {
          const kind = info.isDirectory ? "directory" as const : "other" as const;
          return { kind, executable, size: 0, read: () => new Uint8Array(), close() {} };
        }
        const file = Deno.openSync(found.host);
        const source = fileSource(file);
        return { kind: "file", executable, size: source.size, read: source.read, close: () => file.close() };
      }),
    realpath: (path) => attempt(() => resolve(tree, absolute(path, "/"))?.guest),
    list: (path) =>
      attempt(() => {
        const found = resolve(tree, absolute(path, "/"));
        return found ? Array.from(Deno.readDirSync(found.host), (entry) => toGuest(entry.name)) : [];
      }) ?? [],
  };
}
