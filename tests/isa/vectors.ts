/** Reads single-instruction test vectors: gzip files of a JSON header and packed records ("a64v/1"). */
import { gunzipSync } from "node:zlib";

/** One instruction form: every record has the same registers in and the same register out. */
export interface Group {
  readonly name: string;
  readonly feature: string;
  readonly count: number;
  /** Registers with the same start value in every record, as hexadecimal bytes. */
  readonly const: Readonly<Record<string, string>>;
  readonly inputs: readonly { readonly reg: string; readonly at: number; readonly size: number }[];
  readonly out: { readonly reg: string; readonly at: number; readonly size: number };
  /** Assembly text by opcode in hexadecimal. */
  readonly asm: Readonly<Record<string, string>>;
  readonly offset: number;
  readonly stride: number;
}

export interface VectorFile {
  readonly groups: readonly Group[];
  /** Bytes of record `index`. */
  record(group: Group, index: number): Uint8Array;
}

/** @throws if the file is not in the format */
export function readVectors(path: string): VectorFile {
  const raw = new Uint8Array(gunzipSync(Deno.readFileSync(path)));
  const text = new TextDecoder();
  if (text.decode(raw.subarray(0, 8)) !== "A64V0001") throw new Error(`${path}: not a vector file`);
  const headerLength = new DataView(raw.buffer, raw.byteOffset).getUint32(8, true);
  const header = JSON.parse(text.decode(raw.subarray(12, 12 + headerLength))) as { groups: Group[] };
  const base = 12 + headerLength;
  return {
    groups: header.groups,
    record(group, index) {
      const start = base + group.offset + index * group.stride;
      return raw.subarray(start, start + group.stride);
    },
  };
}
