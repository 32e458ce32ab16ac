/** Test doubles for exec: small ELF files and scripts as open files of a guest. */
import type { Engine, Frame } from "../../engine/engine.ts";
import { type FileContext, type Mappable, OpenFile } from "../fs/file.ts";
import type { Inode } from "../fs/inode.ts";
import { FakeFrame, FakeSpace } from "../mm/fake_space.ts";

/** One PT_LOAD of a made-up program. */
export interface FakeSegment {
  readonly vaddr: number;
  /** PF_* */
  readonly flags: number;
  readonly bytes: Uint8Array;
  readonly memsz?: number;
}

/** Builds an ELF file. Each segment's bytes begin on a page of the file, at the address's offset in its page. */
export function fakeElf(
  options: { type: 2 | 3; entry: number; segments: readonly FakeSegment[]; interpreter?: string; machine?: number },
): Uint8Array {
  const { type, entry, segments, interpreter } = options;
  const headers = segments.length + (interpreter === undefined ? 0 : 1);
  const image = new Uint8Array(
    4096 * (segments.length + 1) + segments.reduce((sum, each) => sum + each.bytes.length, 0),
  );
  const view = new DataView(image.buffer);
  image.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, type, true);
  view.setUint16(18, options.machine ?? 183, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(entry), true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, headers, true);
  let at = 64;
  const header = (ptype: number, flags: number, offset: number, vaddr: number, filesz: number, memsz: number) => {
    view.setUint32(at, ptype, true);
    view.setUint32(at + 4, flags, true);
    [offset, vaddr, vaddr, filesz, memsz, 4096].forEach((value, i) =>
      view.setBigUint64(at + 8 + 8 * i, BigInt(value), true)
    );
    at += 56;
  };
  if (interpreter !== undefined) {
    const bytes = new TextEncoder().encode(interpreter + "\0");
    image.set(bytes, 2048);
    header(3, 4, 2048, 0, bytes.length, bytes.length);
  }
  let offset = 4096;
  for (const { vaddr, flags, bytes, memsz } of segments) {
    const start = offset + vaddr % 4096;
    image.set(bytes, start);
    header(1, flags, start, vaddr, bytes.length, memsz ?? bytes.length);
    offset = Math.ceil((start + bytes.length) / 4096) * 4096;
  }
  return image;
}

/** A file of bytes in memory. */
export class FakeFile extends OpenFile {
  readonly #frames = new Map<number, FakeFrame>();

  constructor(readonly content: Uint8Array) {
    const inode = { size: content.length, writers: 0, deniers: 0, stat: () => ({ dev: 1, ino: 2 }) };
    super(0, inode as unknown as Inode);
  }
  override pread(into: Uint8Array, offset: number): number {
    const bytes = this.content.subarray(offset, offset + into.length);
    into.set(bytes);
    return bytes.length;
  }
  override mappable(): Mappable {
    return {
      frame: (index: number): Frame | undefined => {
        if (index * 4096 >= this.content.length) return undefined;
        let frame = this.#frames.get(index);
        if (!frame) {
          this.#frames.set(index, frame = new FakeFrame(this.content.slice(index * 4096, (index + 1) * 4096)));
        }
        return frame;
      },
    };
  }
}

/** An engine with memory and nothing else. */
export function memoryEngine(): Engine {
  return {
    name: "wasm",
    features: new Set(["LSE"]),
    midr: 0,
    createAddressSpace: () => new FakeSpace(),
    createFrame: (content?: Uint8Array) => new FakeFrame(content),
    createCpu: () => {
      throw new Error("no processor here");
    },
    disassemble: () => Promise.resolve(""),
  };
}

/** A context for files that do not look at it. */
export const noContext = {} as FileContext;

/** Bytes of a byte string. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
