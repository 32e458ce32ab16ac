/**
 * The generated interpreter as a thing to keep: generating takes some 700 ms in a fresh process, compiling the kept
 * bytes 5 ms of background threads.
 */
import { textName } from "../../content_name.ts";
import { PROJECT } from "../../project.ts";
import { writeAside } from "../../write_aside.ts";
import { type InterpreterImage, isIntact, openImage, packImage } from "./image_file.ts";

/** Folders whose files decide what is generated, as the interpreter and as translated code. */
const GENERATOR = ["isa/ir/", "isa/a64/", "isa/a64/softfloat/", "engine/wasm/", "engine/wasm/interpreter/"];
const TRANSLATOR = [...GENERATOR, "engine/wasm/translator/"];

/** Names everything that decides what translated code looks like, and whether it fits the interpreter. */
export const translatorName = (version: string): string => sourceName(version, TRANSLATOR);

/** Names the sources in these folders by version, or by size and time of change where they are files. */
function sourceName(version: string, folders: readonly string[]): string {
  const parts = [version, Deno.version.v8];
  if (PROJECT.protocol === "file:") {
    for (const folder of folders) {
      const url = new URL(`src/${folder}`, PROJECT);
      for (const { name } of [...Deno.readDirSync(url)].sort((a, b) => a.name < b.name ? -1 : 1)) {
        if (!name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
        const { size, mtime } = Deno.statSync(new URL(name, url));
        parts.push(`${name}:${size}:${mtime?.getTime()}`);
      }
    }
  }
  return textName(parts.join());
}

/**
 * The interpreter from the cache folder, generated and put there if need be. A cache that cannot be read, written or
 * understood is no error: the interpreter is generated.
 *
 * @param cache a folder of the user's, e.g. `~/.cache/elftap`; undefined: no caching
 */
export async function loadInterpreter(cache: string | undefined, version: string): Promise<InterpreterImage> {
  const path = cache === undefined ? undefined : imagePath(cache, version);
  const kept = path === undefined ? undefined : await readInterpreter(path);
  if (kept !== undefined) return kept;
  const file = await packInterpreter();
  if (path !== undefined) writeAside(path, file);
  return await openImage(file);
}

/** Where the image of these sources is in a cache; undefined where elftap may not read its own sources. */
function imagePath(cache: string, version: string): string | undefined {
  try {
    return `${cache}/engine/interpreter-${sourceName(version, GENERATOR)}`;
  } catch {
    return undefined;
  }
}

/** The interpreter in a file; undefined if there is none, or if it is not what was written. */
export async function readInterpreter(path: string | URL): Promise<InterpreterImage | undefined> {
  try {
    const file = Deno.readFileSync(path);
    // Compiled while it is checked: both happen on other threads.
    const [image, intact] = await Promise.all([openImage(file), isIntact(file)]);
    return intact ? image : undefined;
  } catch {
    return undefined; // Not there yet, or damaged.
  }
}

/** Generates the interpreter as the content of an image file. */
export async function packInterpreter(): Promise<Uint8Array<ArrayBuffer>> {
  // Not by a name that bundling sees: a hundred modules that are wanted once.
  const generator = new URL("src/engine/wasm/build_image.ts", PROJECT).href;
  const { generateFromRows } = await import(generator) as typeof import("./build_image.ts");
  const { bytes, tables } = generateFromRows();
  return await packImage(bytes, tables);
}
