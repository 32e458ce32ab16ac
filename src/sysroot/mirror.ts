/**
 * Where packages are downloaded from: what the user says, else the host's own apt configuration where it is
 * Debian's, else the distribution's snapshot archive, which keeps every version for ever.
 */
import { join } from "node:path";
import { aptProxyFor, parseAptConf } from "./apt_conf.ts";
import { type AptSource, archivesFor, parseDeb822Sources, parseOneLineSources } from "./apt_sources.ts";
import { type ReadEnv, readEnv } from "./cache_dir.ts";
import type { Profile } from "./profile.ts";
import { oneLine, SysrootError } from "./sysroot_error.ts";

/** An archive to download from. */
export interface Mirror {
  /** Base URL, ending in a slash. */
  readonly base: URL;
  /** How we came to it. */
  readonly from: "option" | "environment" | "apt" | "snapshot";
  /** Proxy that the host's apt uses for it. */
  readonly proxy?: string;
}

/** What decides on the mirrors; tests give their own. */
export interface MirrorOptions {
  /** The user's `--mirror`. */
  readonly mirror?: string | undefined;
  /** Reads `ELFTAP_MIRROR`. */
  readonly env?: ReadEnv;
  /** Folder of apt's configuration; `/etc/apt` unless given. */
  readonly aptFolder?: string;
}

/**
 * The mirrors to try for a profile, in order. One that the user names is the only one.
 *
 * Needs `--allow-env=ELFTAP_MIRROR`, and `--allow-read=/etc/apt` to find the host's mirrors: without it, the snapshot
 * archive is used.
 */
export async function mirrorsFor(profile: Profile, options: MirrorOptions = {}): Promise<Mirror[]> {
  if (options.mirror !== undefined) return [{ base: userMirror(options.mirror, "--mirror"), from: "option" }];
  const fromEnv = (options.env ?? readEnv)("ELFTAP_MIRROR");
  if (fromEnv !== undefined && fromEnv !== "") {
    return [{ base: userMirror(fromEnv, "ELFTAP_MIRROR"), from: "environment" }];
  }
  const apt = Deno.build.os === "linux" || options.aptFolder !== undefined
    ? await aptMirrors(profile, options.aptFolder ?? "/etc/apt")
    : [];
  return [...apt, { base: new URL(profile.snapshot), from: "snapshot" }];
}

function userMirror(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:", "file:"].includes(url.protocol)) {
    throw new SysrootError(`${what} is not a URL: ${JSON.stringify(oneLine(text))}`, {
      hint: "give the folder that holds pool/ and dists/, as in http://HOST/debian/",
    });
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

async function aptMirrors(profile: Profile, folder: string): Promise<Mirror[]> {
  const sources: AptSource[] = parseOneLineSources(await readOptional(join(folder, "sources.list")));
  for (const path of await confFiles(join(folder, "sources.list.d"))) {
    if (path.endsWith(".list")) sources.push(...parseOneLineSources(await readOptional(path)));
    if (path.endsWith(".sources")) sources.push(...parseDeb822Sources(await readOptional(path)));
  }
  const archives = archivesFor(sources, profile.suite, profile.component);
  if (archives.length === 0) return [];
  let conf = "";
  for (const path of await confFiles(join(folder, "apt.conf.d"))) {
    if (/(^|\/)[\w-]+(\.conf)?$/.test(path)) conf += `${await readOptional(path)}\n`;
  }
  const settings = parseAptConf(`${conf}${await readOptional(join(folder, "apt.conf"))}`);
  return archives.map((uri) => {
    const base = new URL(uri);
    const proxy = aptProxyFor(settings, base);
    return proxy === undefined ? { base, from: "apt" } : { base, from: "apt", proxy };
  });
}

/** Largest file of apt's configuration that is read. */
const MAX_CONF_BYTES = 1024 * 1024;

async function readOptional(path: string): Promise<string> {
  try {
    const { isFile, size } = await Deno.stat(path);
    return isFile && size <= MAX_CONF_BYTES ? await Deno.readTextFile(path) : "";
  } catch {
    return ""; // missing, or not for us to read: then it has no say
  }
}

async function confFiles(folder: string): Promise<string[]> {
  const paths: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) paths.push(join(folder, entry.name));
  } catch {
    return [];
  }
  return paths.sort();
}

/** A URL for messages: without the password that it may carry. */
export function showUrl(url: URL): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  return shown.href;
}
