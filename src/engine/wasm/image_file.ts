/**
 * The generated interpreter as a file: {@link HEADER} bytes with a magic number, the length of the tables, that of the
 * module, and the SHA-256 of all that follows; the tables; the module.
 *
 * In a file of its own because elftap opens it before it loads anything else: compiling takes 5 ms of other threads.
 */
import { type DecodeTables, packTables, unpackTables } from "./decode_tables.ts";

/** The interpreter, ready to be instantiated. */
export interface InterpreterImage {
  readonly module: WebAssembly.Module;
  readonly tables: DecodeTables;
}

const MAGIC = 0x33665445; // "ETf3", little-endian
const HEADER = 64, HASH_AT = 16;

/** The content of an image file. */
export async function packImage(module: Uint8Array, tables: DecodeTables): Promise<Uint8Array<ArrayBuffer>> {
  const packed = packTables(tables);
  const file = new Uint8Array(HEADER + packed.length + module.length), view = new DataView(file.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, packed.length, true);
  view.setUint32(8, module.length, true);
  file.set(packed, HEADER);
  file.set(module, HEADER + packed.length);
  file.set(await hashOf(file), HASH_AT);
  return file;
}

/**
 * Compiles the interpreter in a file. The module can be sent to Workers, which then share its compiled code.
 *
 * @throws {TypeError} when it is no image, or not all of one
 */
export async function openImage(file: Uint8Array<ArrayBuffer>): Promise<InterpreterImage> {
  const view = new DataView(file.buffer, file.byteOffset), isImage = view.getUint32(0, true) === MAGIC;
  const length = view.getUint32(4, true);
  if (!isImage || file.length !== HEADER + length + view.getUint32(8, true)) throw new TypeError("not an image");
  const tables = unpackTables(file.slice(HEADER, HEADER + length));
  return { module: await WebAssembly.compile(file.subarray(HEADER + length)), tables };
}

/** Whether a file is what was written. It takes longer than compiling it, 5 ms of the thread that asks. */
export async function isIntact(file: Uint8Array<ArrayBuffer>): Promise<boolean> {
  return (await hashOf(file)).every((byte, i) => byte === file[HASH_AT + i]);
}

async function hashOf(file: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", file.subarray(HEADER)));
}
