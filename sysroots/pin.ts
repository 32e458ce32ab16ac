/**
 * The maintainer's tool that pins profiles: resolves `want` and its dependencies in the suite's signed index, and
 * writes `packages`, `interpreters` and `libraries` into the JSON file.
 *
 * ```sh
 * deno run -A sysroots/pin.ts sysroots/*.json        # needs gpgv and Debian's archive keyring
 * ```
 *
 * The index comes from `--mirror`/`ELFTAP_MIRROR` or the host's own apt mirror and counts only with the archive's
 * signature. The profile is then pulled into the store, since only the unpacked tree tells which libraries it holds.
 */
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { ElfError } from "../src/elf/elf_error.ts";
import { parseElf } from "../src/elf/parse.ts";
import { bytesSource } from "../src/elf/source.ts";
import { type ManifestEntry, parseManifest } from "../src/sysroot/manifest.ts";
import { type Mirror, mirrorsFor } from "../src/sysroot/mirror.ts";
import { parseProfile, type PinnedPackage, type Profile } from "../src/sysroot/profile.ts";
import { pull } from "../src/sysroot/pull.ts";
import { Store } from "../src/sysroot/store.ts";
import { PackageIndex } from "./debian_index.ts";

const ARCHITECTURE = "arm64";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

async function pinFile(path: string): Promise<void> {
  const text = await Deno.readTextFile(path);
  const profile = parseProfile(text, path);
  const index = await fetchIndex(profile);
  const packages = index.resolve(profile.want, profile.omit);
  const pinned: Profile = { ...profile, packages };
  const store = new Store();
  const root = await pull(pinned, {
    store,
    onProgress: (event) => {
      if (event.type === "notice") console.error(event.line);
    },
  });
  const manifestPath = join(store.sysrootFolder(await store.sysrootName(pinned)), "manifest.json");
  const { entries } = parseManifest(await Deno.readTextFile(manifestPath), manifestPath);
  const { interpreters, libraries } = provides(root, entries);
  warnCaseCollisions(entries);
  const json = { ...JSON.parse(text), packages: packages.map(ordered), interpreters, libraries };
  await Deno.writeTextFile(path, `${JSON.stringify(json, null, 2)}\n`);
  const size = packages.reduce((sum, each) => sum + each.size, 0);
  console.error(`${profile.name}: ${packages.length} packages, ${size} bytes, ${entries.length} entries`);
}

function ordered({ name, version, path, size, sha256 }: PinnedPackage): PinnedPackage {
  return { name, version, path, size, sha256 };
}

async function fetchIndex(profile: Profile): Promise<PackageIndex> {
  const mirror = (await mirrorsFor(profile))[0] as Mirror;
  const dist = new URL(`dists/${profile.suite}/`, mirror.base);
  const release = await signedText(await fetchBytes(new URL("InRelease", dist)));
  const file = `${profile.component}/binary-${ARCHITECTURE}/Packages.gz`;
  const bytes = await fetchBytes(new URL(file, dist));
  const listed = new RegExp(`^ ([0-9a-f]{64}) +(\\d+) ${file.replaceAll(".", "\\.")}$`, "m").exec(release);
  if (listed === null) throw new Error(`${file} is not in the signed release file`);
  if (createHash("sha256").update(bytes).digest("hex") !== listed[1]) throw new Error(`${file} has a wrong hash`);
  const unzipped = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new PackageIndex(await new Response(unzipped).text());
}

/** The part of a clear-signed file that is really signed. */
async function signedText(signed: Uint8Array): Promise<string> {
  const input = await Deno.makeTempFile();
  const output = await Deno.makeTempFile();
  try {
    await Deno.writeFile(input, signed);
    const gpgv = new Deno.Command("gpgv", { args: ["--keyring", KEYRING, "--output", output, input], stderr: "piped" });
    const { success, stderr } = await gpgv.output();
    if (!success) throw new Error(`the release file is not signed: ${new TextDecoder().decode(stderr)}`);
    return await Deno.readTextFile(output);
  } finally {
    await Deno.remove(input);
    await Deno.remove(output);
  }
}

async function fetchBytes(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP ${response.status} from ${url}`);
  return await response.bytes();
}

/** Folders in which the dynamic loaders look without being told. */
const LIBRARY_FOLDERS = ["usr/lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-musl", "usr/lib"];

function provides(root: string, entries: readonly ManifestEntry[]) {
  const interpreters: string[] = [];
  const libraries: Record<string, string> = {};
  for (const { path, kind } of entries) {
    const name = basename(path);
    // The path that programs name in PT_INTERP is /lib/…, which merged /usr makes usr/lib/….
    if (/^usr\/lib\/ld-(linux|musl)-[^/]+\.so\.\d+$/.test(path)) interpreters.push(path.replace(/^usr/, ""));
    if (kind === "folder" || !name.includes(".so")) continue;
    const folder = LIBRARY_FOLDERS.find((each) => path === `${each}/${name}`);
    if (folder === undefined) continue;
    try {
      const host = join(root, path);
      const soname = Deno.statSync(host).isFile
        ? parseElf(bytesSource(Deno.readFileSync(host))).dynamic?.soname
        : undefined;
      // Only under the name that the loader looks for.
      if (soname === name) libraries[soname] = `/${path}`;
    } catch (error) {
      if (!(error instanceof ElfError || error instanceof Deno.errors.NotFound)) throw error; // a linker script, …
    }
  }
  return { interpreters, libraries: Object.fromEntries(Object.entries(libraries).sort()) };
}

/** macOS and Windows keep one of two such files: better to leave one out in the profile. */
function warnCaseCollisions(entries: readonly ManifestEntry[]): void {
  const seen = new Map<string, string>();
  for (const { path } of entries) {
    const folded = path.normalize("NFC").toLowerCase();
    const other = seen.get(folded);
    if (other !== undefined) console.error(`differ in case only: ${other} and ${path}`);
    seen.set(folded, path);
  }
}

for (const path of Deno.args) await pinFile(path);
