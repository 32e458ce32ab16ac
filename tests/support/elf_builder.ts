/** Builds small ELF files for tests: valid by default, wrong where a test says so. */

/** A program header as a test wants it; the rest has sane defaults. */
export interface SegmentSpec {
  readonly type?: number;
  readonly flags?: number;
  readonly vaddr?: number;
  readonly filesz?: number;
  readonly memsz?: number;
  readonly offset?: number;
  readonly align?: number;
  /** Placed in the file (at `offset`, or at the next page) and gives `filesz`. */
  readonly content?: Uint8Array;
}

/** A file as a test wants it. */
export interface ElfSpec {
  readonly class?: number;
  readonly data?: number;
  readonly type?: number;
  readonly machine?: number;
  readonly entry?: number;
  readonly phentsize?: number;
  readonly phnum?: number;
  readonly phoff?: number;
  readonly segments?: readonly SegmentSpec[];
}

const PT_LOAD = 1, PT_DYNAMIC = 2, PT_INTERP = 3;
const EHDR = 64, PHDR = 56, PAGE = 4096;

/** The file's bytes. Without segments: one read-execute segment that holds headers and code. */
export function buildElf(spec: ElfSpec = {}): Uint8Array<ArrayBuffer> {
  const segments = spec.segments ??
    [{ type: PT_LOAD, flags: 5, vaddr: 0x400000, offset: 0, filesz: 0x100, memsz: 0x100, align: PAGE }];
  let next = EHDR + PHDR * segments.length;
  const placed = segments.map((segment) => {
    let offset = segment.offset;
    if (segment.content && offset === undefined) {
      const vaddr = segment.vaddr ?? 0;
      next = Math.ceil(next / PAGE) * PAGE + (vaddr % PAGE);
      offset = next;
      next += segment.content.length;
    }
    const filesz = segment.filesz ?? segment.content?.length ?? 0;
    return { ...segment, offset: offset ?? 0, filesz, memsz: segment.memsz ?? filesz };
  });
  const size = Math.max(0x200, ...placed.map((each) => each.offset + (each.content?.length ?? 0)));
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, spec.class ?? 2, spec.data ?? 1, 1, 0]);
  view.setUint16(16, spec.type ?? 2, true);
  view.setUint16(18, spec.machine ?? 183, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, BigInt(spec.entry ?? 0x4000e0), true);
  view.setBigUint64(32, BigInt(spec.phoff ?? EHDR), true);
  view.setUint16(52, EHDR, true);
  view.setUint16(54, spec.phentsize ?? PHDR, true);
  view.setUint16(56, spec.phnum ?? segments.length, true);
  placed.forEach((segment, i) => {
    const at = EHDR + i * PHDR;
    view.setUint32(at, segment.type ?? PT_LOAD, true);
    view.setUint32(at + 4, segment.flags ?? 5, true);
    view.setBigUint64(at + 8, BigInt(segment.offset), true);
    view.setBigUint64(at + 16, BigInt(segment.vaddr ?? 0), true);
    view.setBigUint64(at + 24, BigInt(segment.vaddr ?? 0), true);
    view.setBigUint64(at + 32, BigInt(segment.filesz), true);
    view.setBigUint64(at + 40, BigInt(segment.memsz), true);
    view.setBigUint64(at + 48, BigInt(segment.align ?? PAGE), true);
    if (segment.content) bytes.set(segment.content, segment.offset);
  });
  return bytes;
}

/** What a dynamic program or library of {@link buildDynamic} says. */
export interface DynamicSpec {
  readonly interpreter?: string;
  readonly needed?: readonly string[];
  readonly soname?: string;
  readonly rpath?: string;
  readonly runpath?: string;
  readonly type?: number;
}

/** A dynamic program or library: one segment that holds the string table, the dynamic section and the interpreter. */
export function buildDynamic(spec: DynamicSpec): Uint8Array<ArrayBuffer> {
  const DT_NEEDED = 1, DT_STRTAB = 5, DT_STRSZ = 10, DT_SONAME = 14, DT_RPATH = 15, DT_RUNPATH = 29;
  const encoder = new TextEncoder();
  let strings = "\0";
  const intern = (text: string): number => {
    const at = strings.length;
    strings += text + "\0";
    return at;
  };
  const entries: [number, number][] = (spec.needed ?? []).map((name) => [DT_NEEDED, intern(name)]);
  if (spec.soname !== undefined) entries.push([DT_SONAME, intern(spec.soname)]);
  if (spec.rpath !== undefined) entries.push([DT_RPATH, intern(spec.rpath)]);
  if (spec.runpath !== undefined) entries.push([DT_RUNPATH, intern(spec.runpath)]);
  const interpreter = encoder.encode((spec.interpreter ?? "") + "\0");
  const table = encoder.encode(strings);
  entries.push([DT_STRSZ, table.length], [DT_STRTAB, 0x1000], [0, 0]);
  const dynamicAt = Math.ceil(table.length / 16) * 16;
  const interpreterAt = dynamicAt + entries.length * 16;
  const content = new Uint8Array(interpreterAt + interpreter.length);
  content.set(table);
  const view = new DataView(content.buffer);
  entries.forEach(([tag, value], i) => {
    view.setBigUint64(dynamicAt + i * 16, BigInt(tag), true);
    view.setBigUint64(dynamicAt + i * 16 + 8, BigInt(value), true);
  });
  content.set(interpreter, interpreterAt);
  const base = PAGE;
  const segments: SegmentSpec[] = [
    { type: PT_LOAD, flags: 6, vaddr: 0x1000, offset: base, content },
    { type: PT_DYNAMIC, flags: 6, vaddr: 0x1000 + dynamicAt, offset: base + dynamicAt, filesz: entries.length * 16 },
  ];
  if (spec.interpreter !== undefined) {
    segments.push({
      type: PT_INTERP,
      flags: 4,
      vaddr: 0x1000 + interpreterAt,
      offset: base + interpreterAt,
      filesz: interpreter.length,
    });
  }
  return buildElf({ type: spec.type ?? 3, entry: 0x1000, segments });
}
