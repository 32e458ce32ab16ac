/** A calling thread for tests: it collects signals and has a little memory of its own. */
import type { FileContext, UserMemory } from "../fs/file.ts";

/** Guest memory as one array from address 0. */
export class FakeMemory implements UserMemory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  constructor(size = 65536) {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }
  readBytes(va: number, length: number): Uint8Array {
    return this.bytes.slice(va, va + length);
  }
  writeBytes(va: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, va);
  }
  readU32(va: number): number {
    return this.view.getUint32(va, true);
  }
  writeU32(va: number, value: number): void {
    this.view.setUint32(va, value, true);
  }
  readU64(va: number): bigint {
    return this.view.getBigUint64(va, true);
  }
  writeU64(va: number, value: bigint): void {
    this.view.setBigUint64(va, value, true);
  }
}

export class FakeCaller implements FileContext {
  pgid = 100;
  sid = 100;
  readonly memory = new FakeMemory();
  /** Signals raised so far. */
  readonly raised: number[] = [];
  /** Signals that are blocked or ignored. */
  readonly deaf = new Set<number>();
  orphaned = false;

  constructor(readonly pid = 100, readonly uid = 1000, readonly gid = 1000) {}

  raise(signal: number): void {
    this.raised.push(signal);
  }
  ignoresOrBlocks(signal: number): boolean {
    return this.deaf.has(signal);
  }
  inOrphanedGroup(): boolean {
    return this.orphaned;
  }
}

/** UTF-8 bytes. */
export function text(string: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(string);
}
