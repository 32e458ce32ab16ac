/** Decompresses xz. The one place that knows the package which does it. */
import * as xzDecompress from "xz-decompress";

// A CommonJS package whose types describe an ES module: what it exports arrives as the default.
const { XzReadableStream } = (xzDecompress as unknown as { readonly default: typeof xzDecompress }).default;

/** The uncompressed bytes of an xz stream. Damaged input rejects. */
export function decompressXz(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return new XzReadableStream(ReadableStream.from(pieces) as ReadableStream<Uint8Array<ArrayBuffer>>);
}
