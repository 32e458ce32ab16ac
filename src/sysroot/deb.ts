/** Reads the files of a Debian binary package (deb(5)): an `ar` of a version, a control tar and a data tar. */
import { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";

import { arMembers } from "./ar.ts";
import { show } from "./guest_path.ts";
import { SysrootError } from "./sysroot_error.ts";
import { TarParser, type TarSink } from "./tar.ts";
import { decompressXz } from "./xz.ts";

/** Bytes given to a decompressor at a time. */
const INPUT_CHUNK = 256 * 1024;

/**
 * Hands the files of a package to a sink, in archive order. Maintainer scripts are not even looked at.
 *
 * @param deb the whole `.deb`, already verified.
 * @param where the package's name, for messages.
 * @throws SysrootError when it is not a package, is damaged, or the sink refuses an entry.
 */
export async function readDeb(deb: Uint8Array, sink: TarSink, where: string): Promise<void> {
  let versionSeen = false;
  for (const { name, data } of arMembers(deb, where)) {
    if (!versionSeen) {
      const version = new TextDecoder().decode(data.subarray(0, 16));
      if (name !== "debian-binary" || !/^2\.\d+\n/.test(version)) break;
      versionSeen = true;
    } else if (name.startsWith("data.tar")) {
      await readTar(decompress(data, name.slice("data.tar".length), where), sink, where);
      return;
    }
  }
  throw new SysrootError(versionSeen ? `${where} has no data archive` : `${where} is not a Debian package`);
}

/** Pushes a whole stream through a {@link TarParser}. */
export async function readTar(chunks: AsyncIterable<Uint8Array>, sink: TarSink, where: string): Promise<void> {
  const parser = new TarParser(sink, where);
  for await (const chunk of chunks) parser.push(chunk);
  parser.finish();
}

async function* decompress(data: Uint8Array, suffix: string, where: string): AsyncGenerator<Uint8Array> {
  const output = decompressor(data, suffix, where);
  const iterator = output[Symbol.asyncIterator]();
  try {
    while (true) {
      let next: IteratorResult<Uint8Array>;
      try {
        next = await iterator.next();
      } catch (cause) {
        throw new SysrootError(`${where} has damaged ${suffix.slice(1)} data`, { cause });
      }
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

function decompressor(data: Uint8Array, suffix: string, where: string): AsyncIterable<Uint8Array> {
  switch (suffix) {
    case "":
      return pieces(data);
    case ".gz":
      return Readable.from(pieces(data)).pipe(createGunzip());
    case ".zst":
      return Readable.from(pieces(data)).pipe(createZstdDecompress());
    case ".xz":
      return decompressXz(pieces(data));
    default:
      throw new SysrootError(`${where}: a data archive named ${show(`data.tar${suffix}`)} is not supported`);
  }
}

async function* pieces(data: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += INPUT_CHUNK) yield data.subarray(at, at + INPUT_CHUNK);
}
