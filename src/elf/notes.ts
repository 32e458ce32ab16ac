/** Notes: the build id, and the GNU property that says what an aarch64 program was compiled for (BTI, PAC). */
import {
  GNU_PROPERTY_AARCH64_FEATURE_1_AND,
  NT_GNU_BUILD_ID,
  NT_GNU_PROPERTY_TYPE_0,
  PT_GNU_PROPERTY,
  PT_NOTE,
} from "./constants.ts";
import { latin1 } from "./dynamic.ts";
import type { ProgramHeader } from "./program_headers.ts";
import { type ElfSource, readClamped } from "./source.ts";

/** One note. */
export interface Note {
  /** Owner, e.g. `GNU`. */
  readonly name: string;
  readonly type: number;
  readonly descriptor: Uint8Array;
}

/** Bytes of notes looked at per segment, and segments looked at: real ones hold some hundred bytes. */
const MAX_NOTE_BYTES = 65536;

/** Notes of all PT_NOTE segments; stops at the first that does not fit its segment. */
export function parseNotes(source: ElfSource, headers: readonly ProgramHeader[]): Note[] {
  const notes: Note[] = [];
  for (const header of headers) if (header.type === PT_NOTE) notes.push(...parseNoteSegment(source, header));
  return notes;
}

/** The notes of one segment: 4-byte words, padded to 4, or to 8 where the segment is so aligned (gABI, "Note Section"). */
function parseNoteSegment(source: ElfSource, header: ProgramHeader): Note[] {
  return parseNoteBytes(readClamped(source, header.offset, header.filesz, MAX_NOTE_BYTES), header.align === 8 ? 8 : 4);
}

/** The notes in the bytes of a segment or section; stops at the first that does not fit. */
export function parseNoteBytes(bytes: Uint8Array, align: 4 | 8): Note[] {
  const notes: Note[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pad = (at: number): number => Math.ceil(at / align) * align;
  for (let at = 0; at + 12 <= bytes.length;) {
    const nameSize = view.getUint32(at, true), descriptorSize = view.getUint32(at + 4, true);
    const type = view.getUint32(at + 8, true);
    const descriptorAt = pad(at + 12 + nameSize), end = descriptorAt + descriptorSize;
    if (end > bytes.length) break;
    const name = latin1(bytes.subarray(at + 12, at + 12 + Math.max(0, nameSize - 1)));
    notes.push({ name, type, descriptor: bytes.subarray(descriptorAt, end) });
    at = pad(end);
  }
  return notes;
}

/** The linker's build id in hex, or undefined. */
export function buildId(notes: readonly Note[]): string | undefined {
  const note = notes.find((each) => each.name === "GNU" && each.type === NT_GNU_BUILD_ID);
  return note && Array.from(note.descriptor, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** GNU_PROPERTY_AARCH64_FEATURE_1_AND of the PT_GNU_PROPERTY segment: BTI and PAC bits; 0 without one. */
export function aarch64Features(source: ElfSource, headers: readonly ProgramHeader[]): number {
  const segment = headers.find((header) => header.type === PT_GNU_PROPERTY);
  if (!segment) return 0;
  for (const note of parseNoteSegment(source, segment)) {
    if (note.name !== "GNU" || note.type !== NT_GNU_PROPERTY_TYPE_0) continue;
    const { descriptor } = note;
    const view = new DataView(descriptor.buffer, descriptor.byteOffset, descriptor.byteLength);
    for (let at = 0; at + 8 <= descriptor.length;) {
      const type = view.getUint32(at, true), size = view.getUint32(at + 4, true);
      if (at + 8 + size > descriptor.length) break;
      if (type === GNU_PROPERTY_AARCH64_FEATURE_1_AND && size === 4) return view.getUint32(at + 8, true);
      at += 8 + Math.ceil(size / 8) * 8;
    }
  }
  return 0;
}
