/**
 * The generated interpreter as a thing to keep: generating takes some 700 ms in a fresh process, compiling the kept
 * bytes 10 ms. The module itself can be sent to Workers, which then share its compiled code.
 */
import type { RowHandlers } from "./interpreter/record.ts";

/** The interpreter, ready to be instantiated. */
export interface InterpreterImage {
  readonly module: WebAssembly.Module;
  readonly handlers: readonly RowHandlers[];
}

/** Folders whose files decide what is generated. */
const SOURCES = ["../../isa/ir/", "../../isa/a64/", "../../isa/a64/softfloat/", "./", "./interpreter/"];

/** Names the sources by version, or by size and time of change where they are files. */
function sourceKey(version: string): string {
  const parts = [version, Deno.version.v8];
  if (import.meta.url.startsWith("file:")) {
    for (const folder of SOURCES) {
      const url = new URL(folder, import.meta.url);
      for (const { name } of [...Deno.readDirSync(url)].sort((a, b) => a.name < b.name ? -1 : 1)) {
        if (!name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
        const { size, mtime } = Deno.statSync(new URL(name, url));
        parts.push(`${name}:${size}:${mtime?.getTime()}`);
      }
    }
  }
  // FNV-1a, twice with different seeds: a name, not a defence.
  const hash = (seed: number): string => {
    let h = seed;
    for (const char of parts.join()) h = Math.imul(h ^ char.charCodeAt(0), 0x01000193);
    return (h >>> 0).toString(16).padStart(8, "0");
  };
  return hash(0x811c9dc5) + hash(0x050c5d1f);
}

/**
 * The interpreter from the cache folder, generated and put there if need be. A cache that cannot be read, written or
 * understood is no error: the interpreter is generated.
 *
 * @param cache a folder of the user's, e.g. `~/.cache/elftap`; undefined: no caching
 */
export async function loadInterpreter(cache: string | undefined, version: string): Promise<InterpreterImage> {
  let path: string | undefined;
  if (cache !== undefined) {
    try {
      path = `${cache}/engine/interpreter-${sourceKey(version)}`;
      return readImage(Deno.readFileSync(path));
    } catch {
      // Not there yet, or damaged.
    }
  }
  const { generateInterpreter } = await import("./interpreter/generate.ts");
  const { rows } = await import("../../isa/a64/table.ts");
  const { bytes, handlers } = generateInterpreter(rows);
  const module = new WebAssembly.Module(bytes);
  if (path !== undefined) writeImage(path, bytes, handlers);
  return { module, handlers };
}

/** u32 length of the JSON, the JSON, the module. */
function readImage(file: Uint8Array<ArrayBuffer>): InterpreterImage {
  const length = new DataView(file.buffer).getUint32(0, true);
  const handlers = JSON.parse(new TextDecoder().decode(file.subarray(4, 4 + length))) as RowHandlers[];
  return { module: new WebAssembly.Module(file.subarray(4 + length)), handlers };
}

function writeImage(path: string, bytes: Uint8Array, handlers: readonly RowHandlers[]): void {
  try {
    const json = new TextEncoder().encode(JSON.stringify(handlers));
    const file = new Uint8Array(4 + json.length + bytes.length);
    new DataView(file.buffer).setUint32(0, json.length, true);
    file.set(json, 4);
    file.set(bytes, 4 + json.length);
    const folder = path.slice(0, path.lastIndexOf("/"));
    Deno.mkdirSync(folder, { recursive: true });
    // Written aside and renamed: another process sees the whole file or none.
    const aside = `${path}.${Deno.pid}`;
    Deno.writeFileSync(aside, file);
    Deno.renameSync(aside, path);
  } catch {
    // No right or no room: the next run generates again.
  }
}
